// For commands that change what a running node holds in memory: they run only while the node does not.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openLevelStore } from '../ledger/level-store.ts'

/** Holds the lock of the node's database meanwhile. Throws LedgerError DATA_LOCKED while the node runs. */
export async function withStoppedNode<T>(dataFolder: string, run: () => Promise<T>): Promise<T> {
  const folder = join(dataFolder, 'ledger')
  if (!existsSync(folder)) return run()
  const store = await openLevelStore(folder)
  try {
    return await run()
  } finally {
    await store.close()
  }
}
