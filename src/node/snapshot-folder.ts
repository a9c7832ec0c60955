// The ledger's place on disk, and that of a snapshot which is to replace it. Each step of the exchange is a rename or a
// removal, and is done again after a crash: at no moment is there less than one whole ledger.
//
//   ledger                    what the node runs on
//   ledger.incoming           a snapshot under construction; whole once the file ledger.incoming.complete is there
//   ledger.pieces             verified pieces of its state; they outlive a fetch that is cut short
//   ledger.replaced           what it replaces, until it is gone

import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openLevelStore } from '../ledger/level-store.ts'
import type { SnapshotPlace } from './snapshot-place.ts'

const CURRENT = 'ledger'
const INCOMING = 'ledger.incoming'
const PIECES = 'ledger.pieces'
const COMPLETE = 'ledger.incoming.complete'
const REPLACED = 'ledger.replaced'

export function snapshotFolderIn(dataFolder: string): SnapshotPlace {
  return {
    create() {
      remove(dataFolder, COMPLETE)
      remove(dataFolder, INCOMING)
      mkdirSync(join(dataFolder, INCOMING), { mode: 0o700 })
      return openLevelStore(join(dataFolder, INCOMING))
    },
    async complete() {
      writeFileSync(join(dataFolder, COMPLETE), '')
      syncFolder(dataFolder)
    },
    pieces() {
      mkdirSync(join(dataFolder, PIECES), { recursive: true, mode: 0o700 })
      return openLevelStore(join(dataFolder, PIECES))
    },
    forget: () => remove(dataFolder, PIECES),
  }
}

/** Before the ledger is opened: takes a whole snapshot into use, and clears away one that is not, but for its pieces. Answers whether it did. */
export function adoptSnapshot(dataFolder: string): boolean {
  const at = (name: string): string => join(dataFolder, name)
  const isComplete = existsSync(at(COMPLETE))
  if (isComplete && existsSync(at(INCOMING))) {
    if (existsSync(at(CURRENT))) {
      remove(dataFolder, REPLACED)
      renameSync(at(CURRENT), at(REPLACED))
    }
    renameSync(at(INCOMING), at(CURRENT))
    syncFolder(dataFolder)
  }
  for (const rest of [...(isComplete ? [PIECES] : []), COMPLETE, INCOMING, REPLACED]) remove(dataFolder, rest)
  return isComplete
}

function remove(folder: string, name: string): void {
  rmSync(join(folder, name), { recursive: true, force: true })
}

/** A rename is on disk when its folder is. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
