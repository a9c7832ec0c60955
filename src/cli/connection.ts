// How commands reach a node: by the institution's folder, which knows port, genesis and token, or by --url and --genesis.

import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { type Client, connect } from '../client/client.ts'
import type { Signer } from '../client/signer.ts'
import { loadConfig } from '../node/config.ts'
import { type LoadedGenesis, loadGenesis } from '../node/genesis-file.ts'
import { loadKeyFile } from '../node/key-file.ts'
import { loadPersonFile } from '../node/person-file.ts'
import { asIdentityId, type IdentityId } from '../types/brand.ts'
import { UsageError } from './output.ts'

export interface NodeOptions {
  readonly folder: string
  readonly url?: string
  readonly genesis?: string
  readonly json?: boolean
}

export interface Connection {
  readonly client: Client
  readonly genesis: LoadedGenesis
}

export function addNodeOptions(command: Command): Command {
  return command
    .option('--folder <folder>', "the institution's folder: its configuration names port and genesis", '.')
    .option('--url <url>', "the node's RPC, instead of the folder's")
    .option('--genesis <file>', 'the genesis file, with --url')
    .option('--json', 'print the result as JSON')
}

export function connectTo({ folder, url, genesis: genesisFile }: NodeOptions): Connection {
  if (url !== undefined) {
    if (genesisFile === undefined) throw new UsageError('--genesis: needed with --url, to check what the node says')
    const genesis = loadGenesis(genesisFile, { complete: true })
    return { client: connect({ url, genesis: genesis.signed }), genesis }
  }
  const config = loadConfig(join(folder, 'assent.json'))
  if (config.rpc.port === 0) throw new UsageError('--url: needed, the configured port is 0')
  const genesis = loadGenesis(genesisFile ?? config.genesis, { complete: true })
  const scheme = config.rpc.tls === undefined ? 'http' : 'https'
  return {
    client: connect({ url: `${scheme}://${config.rpc.host}:${config.rpc.port}`, genesis: genesis.signed }),
    genesis,
  }
}

/** The secret of the institution's own methods. */
export function readToken({ folder }: NodeOptions): string {
  const file = join(loadConfig(join(folder, 'assent.json')).dataFolder, 'rpc-token')
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    throw new UsageError(`${file}: cannot be read; is this the folder of a node that has been started?`)
  }
}

/** `--as FILE`: a person's key file; without it, the institution of the folder. */
export function signerFrom(options: { as?: string; folder: string }): Signer & { encryptionKey: string } {
  if (options.as !== undefined) {
    const { identity, signing, encryption } = loadPersonFile(options.as)
    return { identity, keyId: 0, sign: signing.sign, encryptionKey: encryption.publicKey }
  }
  const { institution, signing, encryption } = loadKeyFile(join(options.folder, 'keys.json'))
  return { identity: institution, keyId: 0, sign: signing.sign, encryptionKey: encryption.publicKey }
}

/** An id as 64 hex characters, the name of a founder, or @FILE of a person's key file. */
export function identityFrom(
  text: string,
  { genesis, option }: { genesis: LoadedGenesis; option: string },
): IdentityId {
  if (text.startsWith('@')) return loadPersonFile(resolve(text.slice(1))).identity
  const founder = genesis.genesis.founders.find(({ name }) => name.toLowerCase() === text.toLowerCase())
  return founder?.institution ?? asIdentityId(text, option)
}
