// The free text with which somebody breaks the glass: it stays at the institution, the chain holds a salted commitment.
// Whoever reviews the access is given text and salt, and checks them against the chain.

import { mkdirSync, writeFileSync } from 'node:fs'
import { commitment } from '../crypto/hash.ts'
import { randomBytes } from '../crypto/random.ts'
import { commentFile, commentFolder } from '../node/break-glass-comments.ts'
import type { Hash } from '../types/brand.ts'
import { TAG } from '../types/tags.ts'

export interface BreakGlassComment {
  readonly reason: string
  readonly text: string
  /** 32 random bytes as hex. */
  readonly salt: string
  readonly commitment: Hash
}

const SALT_BYTES = 32

export function commitToComment({ reason, text }: { reason: string; text: string }): BreakGlassComment {
  const salt = randomBytes(SALT_BYTES)
  return { reason, text, salt: salt.toHex(), commitment: commentCommitment({ text, salt }) }
}

/** SHA-256 of `assent/comment/1` 0x00 salt, text in UTF-8. */
export function commentCommitment({ text, salt }: { text: string; salt: Uint8Array }): Hash {
  return commitment(TAG.comment, { salt, bytes: new TextEncoder().encode(text) })
}

/** Kept before the request is sent, so that no commitment on the chain is without its text. Answers the file. */
export function keepComment(comment: BreakGlassComment, { folder }: { folder: string }): string {
  mkdirSync(commentFolder(folder), { recursive: true, mode: 0o700 })
  const file = commentFile(folder, comment.commitment)
  writeFileSync(file, `${JSON.stringify(comment, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  return file
}
