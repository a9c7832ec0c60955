// A folder with all that leads to it. Node's own recursive mkdir asks for ever where a file system has no room for folders at
// all and says that the parent is missing, as /proc does.

import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

export interface FolderOptions {
  /** Of every folder that is made. */
  readonly mode: number
}

/** Nothing happens where it is there. Throws what the system says, with its code; ENOTDIR where a file stands in the way. */
export function makeFolder(folder: string, { mode }: FolderOptions = { mode: 0o700 }): void {
  const missing: string[] = []
  let at = resolve(folder)
  for (; !existsSync(at); at = dirname(at)) missing.push(at)
  if (!statSync(at).isDirectory()) throw Object.assign(new Error(`${at}: is not a folder`), { code: 'ENOTDIR' })
  for (const next of missing.reverse()) {
    try {
      mkdirSync(next, { mode })
    } catch (error) {
      // Somebody else was faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}
