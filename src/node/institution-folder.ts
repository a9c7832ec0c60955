// The folder of one institution: keys.json and wrapping-key (secret), assent.json, join-card.json, genesis.json, data/.

import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomBytes } from '../crypto/random.ts'
import type { InstitutionKind, JoinCard } from '../types/genesis.ts'
import { type ConfigInput, parseConfig } from './config.ts'
import { createJoinCard, saveJoinCard } from './genesis-file.ts'
import { createKeyFile, KeyFileError, loadKeyFile } from './key-file.ts'

export interface InstitutionOptions {
  readonly name: string
  readonly kind: InstitutionKind
  readonly role: 'validator' | 'observer'
  /** Multiaddress to listen on, which peers dial. */
  readonly listen: string
  readonly rpcPort: number
  /** Further configuration. */
  readonly config?: Partial<ConfigInput>
}

/** Never overwritten: keys and wrapping key exist nowhere else. */
const OWN_FILES = ['keys.json', 'wrapping-key', 'assent.json', 'join-card.json'] as const

/** Makes the folder of a new institution; refuses to touch one that has any of its files. Throws KeyFileError. */
export function initInstitution(folder: string, options: InstitutionOptions): JoinCard {
  for (const file of OWN_FILES.map((name) => join(folder, name))) {
    if (existsSync(file)) throw new KeyFileError(`${file}: exists already; expected a folder without it`)
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const config: ConfigInput = {
    role: options.role,
    p2p: { listen: options.listen },
    rpc: { port: options.rpcPort },
    vault: { wrappingKey: { file: 'wrapping-key' } },
    ...options.config,
  }
  const file = join(folder, 'assent.json')
  parseConfig(config, { file, folder })
  const keyFile = join(folder, 'keys.json')
  createKeyFile(keyFile, { validator: options.role === 'validator' })
  const wrappingKeyFile = join(folder, 'wrapping-key')
  writeFileSync(wrappingKeyFile, `${randomBytes(32).toHex()}\n`, { mode: 0o600, flag: 'wx' })
  chmodSync(wrappingKeyFile, 0o600)
  writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`)
  const { kind, name, listen } = options
  const card = createJoinCard(loadKeyFile(keyFile), { kind, name, addresses: [listen] })
  saveJoinCard(join(folder, 'join-card.json'), card)
  return card
}
