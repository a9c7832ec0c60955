// Why somebody reads the log, where the command line does not say: what their place in the consortium suggests.

import type { LoadedGenesis } from '../node/genesis-file.ts'
import type { ReadReason } from '../types/signed-read.ts'
import type { Actor } from './connection.ts'

export interface ReadOptions {
  readonly as?: string
  readonly reason?: ReadReason
}

export function defaultReason({ kind, identity }: Actor, { genesis }: LoadedGenesis): ReadReason {
  if (kind === 'person') return 'ownData'
  const founder = genesis.founders.find(({ institution }) => institution === identity)
  return founder?.kind === 'regulator' ? 'oversight' : 'review'
}
