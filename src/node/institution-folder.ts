// The folder of one institution: keys.json and wrapping-key (secret), assent.json, join-card.json, genesis.json, data/.

import { chmodSync, copyFileSync, existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { randomBytes } from '../crypto/random.ts'
import type { InstitutionKind, JoinCard } from '../types/genesis.ts'
import { BOOTSTRAP_PEERS_MAX, type ConfigInput, parseConfig } from './config.ts'
import { createJoinCard, GenesisError, loadGenesis, saveJoinCard } from './genesis-file.ts'
import { createKeyFile, KeyFileError, loadKeyFile } from './key-file.ts'
import { makeFolder } from './make-folder.ts'

export interface InstitutionOptions {
  readonly name: string
  readonly kind: InstitutionKind
  readonly role: 'validator' | 'observer'
  /** Multiaddress to listen on, which peers dial. */
  readonly listen: string
  readonly rpcPort: number
  /** Genesis file of a running consortium that the institution joins: its founders' nodes are asked for the chain. */
  readonly joins?: string | undefined
  /** Further configuration. */
  readonly config?: Partial<ConfigInput>
}

/** Never overwritten: keys and wrapping key exist nowhere else. */
const OWN_FILES = ['keys.json', 'wrapping-key', 'assent.json', 'join-card.json'] as const

/** Makes the folder of a new institution; refuses to touch one that has any of its files. Throws KeyFileError. */
export function initInstitution(folder: string, options: InstitutionOptions): JoinCard {
  const { joins } = options
  const genesisFile = join(folder, 'genesis.json')
  const bringsGenesis = joins !== undefined && resolve(joins) !== resolve(genesisFile)
  for (const file of [...OWN_FILES.map((name) => join(folder, name)), ...(bringsGenesis ? [genesisFile] : [])]) {
    if (existsSync(file)) throw new KeyFileError(`${file}: exists already; expected a folder without it`)
  }
  const bootstrap = joins === undefined ? [] : bootstrapPeers(joins)
  try {
    makeFolder(folder)
  } catch (error) {
    throw new KeyFileError(`${folder}: the folder cannot be made: ${(error as NodeJS.ErrnoException).code}`)
  }
  const config: ConfigInput = {
    role: options.role,
    p2p: { listen: options.listen, ...(bootstrap.length > 0 && { bootstrap }) },
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
  if (bringsGenesis) copyFileSync(joins, genesisFile)
  const { kind, name, listen } = options
  const card = createJoinCard(loadKeyFile(keyFile), { kind, name, addresses: [listen] })
  saveJoinCard(join(folder, 'join-card.json'), card)
  return card
}

/** The founders' nodes, as far as the genesis file says where they are. */
function bootstrapPeers(file: string): { transportKey: string; addresses: string[] }[] {
  const { addresses } = loadGenesis(file, { complete: true })
  const peers = [...addresses]
    .filter(([, known]) => known.length > 0)
    .map(([transportKey, known]) => ({ transportKey, addresses: [...known] }))
  if (peers.length === 0) throw new GenesisError(`${file}: says of no founder where its node is reached`)
  return peers.slice(0, BOOTSTRAP_PEERS_MAX)
}
