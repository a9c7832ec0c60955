// Where the free texts of an institution's break-glasses lie: beside its data folder, one file a commitment.

import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'

export const commentFolder = (folder: string): string => join(folder, 'break-glass')

export const commentFile = (folder: string, commitment: string): string =>
  join(commentFolder(folder), `${commitment}.json`)

/** Text and salt: the commitment on the chain then says nothing any more. Answers whether there was one. */
export function forgetComment({ folder, commitment }: { folder: string; commitment: string }): boolean {
  const file = commentFile(folder, commitment)
  if (!existsSync(file)) return false
  rmSync(file)
  return true
}
