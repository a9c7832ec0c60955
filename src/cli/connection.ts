// How commands reach a node: by the institution's folder, which knows port, genesis and token, or by --url and --genesis.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { type Client, connect } from '../client/client.ts'
import { InstitutionClient } from '../client/institution-client.ts'
import type { Signer } from '../client/signer.ts'
import { loadConfig } from '../node/config.ts'
import { type LoadedGenesis, loadGenesis } from '../node/genesis-file.ts'
import { loadKeyFile } from '../node/key-file.ts'
import { loadPersonFile } from '../node/person-file.ts'
import type { PublicKey } from '../types/brand.ts'
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

/** To be added last: help lists them under a heading of their own. */
export function addNodeOptions(command: Command): Command {
  return command
    .optionsGroup('Node and output:')
    .option('--folder <folder>', "the institution's folder: its configuration names port and genesis", '.')
    .option('--url <url>', "the node's RPC, instead of the folder's")
    .option('--genesis <file>', 'the genesis file, with --url')
    .option('--json', 'print the result as JSON')
}

export function connectTo(options: NodeOptions): Connection {
  const { url, genesis } = locate(options)
  return { client: connect({ url, genesis: genesis.signed }), genesis }
}

/** The institution's own methods of its node: by the token that lies in its data folder. */
export function connectToDesk(options: NodeOptions): { desk: InstitutionClient; genesis: LoadedGenesis } {
  const { url, genesis } = locate(options)
  return { desk: new InstitutionClient({ url, genesis: genesis.signed }, readToken(options)), genesis }
}

function locate({ folder, url, genesis: genesisFile }: NodeOptions): { url: string; genesis: LoadedGenesis } {
  if (url !== undefined) {
    if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw new UsageError('--url: expected http:// or https://')
    if (genesisFile === undefined) throw new UsageError('--genesis: needed with --url, to check what the node says')
    return { url, genesis: loadGenesis(genesisFile, { complete: true }) }
  }
  const config = loadConfig(join(folder, 'assent.json'))
  if (config.rpc.port === 0) throw new UsageError('--url: needed, since the configured rpc.port is 0 (any free port)')
  const scheme = config.rpc.tls === undefined ? 'http' : 'https'
  return {
    url: `${scheme}://${config.rpc.host}:${config.rpc.port}`,
    genesis: loadGenesis(genesisFile ?? config.genesis, { complete: true }),
  }
}

function readToken({ folder }: NodeOptions): string {
  const file = join(loadConfig(join(folder, 'assent.json')).dataFolder, 'rpc-token')
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    throw new UsageError(`${file}: cannot be read; is --folder the folder of a node that has been started?`)
  }
}

/** Who signs: a person with a key file, or the institution of the folder. */
export interface Actor extends Signer {
  readonly kind: 'person' | 'institution'
  readonly encryptionKey: PublicKey
}

/** What --as takes for the institution of --folder. */
export const AS_INSTITUTION = 'institution'

/** `--as FILE`: that person; `--as institution`, or nothing: the institution of the folder. */
export function actorFrom({ as = AS_INSTITUTION, folder }: { as?: string | undefined; folder: string }): Actor {
  if (as === AS_INSTITUTION) {
    const { institution, signing, encryption } = loadKeyFile(join(folder, 'keys.json'))
    const { publicKey: encryptionKey } = encryption
    return { kind: 'institution', identity: institution, keyId: 0, sign: signing.sign, encryptionKey }
  }
  const { identity, signing, encryption } = loadPersonFile(as)
  return { kind: 'person', identity, keyId: 0, sign: signing.sign, encryptionKey: encryption.publicKey }
}
