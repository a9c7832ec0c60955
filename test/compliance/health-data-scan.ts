// The scan as a whole: everything that a devnet has left on disk, searched for everything that its FHIR folder says about
// people. spec/privacy.md, "Nothing on the chain names a person".

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Genesis } from '../../src/types/genesis.ts'
import { readChain } from './chain-pieces.ts'
import { readDatabase, readFolder } from './file-pieces.ts'
import type { Piece } from './matcher.ts'

/** Databases in a data folder whose values are encrypted. */
const SEALED_DATABASES = ['consents', 'index', 'records']

export interface NodeHaystack {
  readonly height: number
  readonly transactions: number
  readonly events: number
  readonly stateEntries: number
  readonly pieces: readonly Piece[]
}

/** One stopped node's folder. Raw files come first: opening a database rewrites it. */
export async function readNode(
  folder: string,
  { genesis, name }: { genesis: Genesis; name: string },
): Promise<NodeHaystack> {
  const files = [...readFolder(folder, { name })]
  const data = join(folder, 'data')
  const chain = await readChain(join(data, 'ledger'), { genesis, name })
  const sealed: Piece[] = []
  for (const each of SEALED_DATABASES) sealed.push(...(await readDatabase(join(data, each), `${name}, ${each}`)))
  return { ...chain, pieces: [...files, ...chain.pieces, ...sealed] }
}

/** All JSON resources of a folder, Bundles as they are. */
export function* readResources(folder: string): Generator<object> {
  if (!existsSync(folder)) return
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.json')) continue
    yield JSON.parse(readFileSync(join(entry.parentPath, entry.name), 'utf8'))
  }
}
