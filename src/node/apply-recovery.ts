// Takes an institution's folder from a chain that ended to the one that goes on from it. The old ledger, its genesis and
// what was signed on it are set aside, not deleted: receipts can still be looked up in them, and nobody signs on that chain
// again. Every step is done again after a crash; until the last rename the folder runs on the old chain.
//
//   data/ledger               the new chain's, with the state carried over
//   data/ended-CHAIN/         ledger, sign-state and genesis.json of the chain that ended
//   data/ledger.recovering    under construction

import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { carryOver } from '../ledger/carry-over.ts'
import { openLevelStore } from '../ledger/level-store.ts'
import type { Genesis } from '../types/genesis.ts'
import type { Config } from './config.ts'

export interface Applied {
  /** Where what belonged to the old chain is now. */
  readonly setAside: string
}

export function setAsideIn(dataFolder: string, { predecessor }: Pick<Genesis, 'predecessor'>): string {
  return join(dataFolder, `ended-${(predecessor?.chains[0]?.chainId ?? '').slice(0, 16)}`)
}

/**
 * `from`: a ledger of the chain that ended, at its last head; this folder's own or anybody's copy. Null where there is none: the
 * node fetches the state from a peer when it is started. It is stopped.
 */
export async function applyRecovery(options: {
  readonly config: Pick<Config, 'dataFolder' | 'genesis'>
  readonly genesis: Genesis
  readonly genesisFile: string
  readonly from: string | null
}): Promise<Applied> {
  const { config, genesis, genesisFile, from } = options
  const at = (...names: string[]): string => join(config.dataFolder, ...names)
  const setAside = setAsideIn(config.dataFolder, genesis)
  const building = at('ledger.recovering')
  rmSync(building, { recursive: true, force: true })
  mkdirSync(config.dataFolder, { recursive: true, mode: 0o700 })

  if (from !== null) await carryInto(building, { from, genesis })

  mkdirSync(setAside, { recursive: true, mode: 0o700 })
  for (const name of ['sign-state', 'ledger']) {
    if (existsSync(at(name)) && !existsSync(join(setAside, name))) renameSync(at(name), join(setAside, name))
  }
  if (from !== null) renameSync(building, at('ledger'))
  if (existsSync(config.genesis) && config.genesis !== genesisFile) {
    const kept = join(setAside, 'genesis.json')
    if (!existsSync(kept)) copyFileSync(config.genesis, kept)
  }
  if (config.genesis !== genesisFile) copyFileSync(genesisFile, config.genesis)
  return { setAside }
}

async function carryInto(folder: string, { from, genesis }: { from: string; genesis: Genesis }): Promise<void> {
  const store = await openLevelStore(from)
  try {
    const made = await openLevelStore(folder)
    try {
      await carryOver({ from: store, to: made, genesis })
    } finally {
      await made.close()
    }
  } finally {
    await store.close()
  }
}
