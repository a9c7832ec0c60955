// SHA-256, and the domain separation of everything that the protocol hashes or signs: tag || 0x00 || bytes
// (spec/ledger.md). The tag says what kind of thing the bytes are ("assent/tx/1"), so bytes of one kind never stand
// for another.

import { backend } from '#crypto-backend'
import type { Hash } from '../types/brand.ts'
import { takeBytes } from './byte-room.ts'
import { badArgument, checkBytes } from './errors.ts'

/** SHA-256 as 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  checkBytes('bytes', bytes)
  return backend.sha256(bytes)
}

/** SHA-256 as the protocol's Hash, 64 lowercase hex characters. Under Node twice as fast as the bytes. */
export function sha256Hex(bytes: Uint8Array): Hash {
  checkBytes('bytes', bytes)
  return backend.sha256Hex(bytes) as Hash
}

/** What is hashed or signed: tag || 0x00 || bytes. The tag is printable ASCII, so the first 0x00 ends it. */
export function taggedBytes(tag: string, bytes: Uint8Array): Uint8Array {
  checkBytes('bytes', bytes)
  const prefix = tagPrefix(tag)
  const tagged = takeBytes(prefix.length + bytes.length)
  tagged.set(prefix)
  tagged.set(bytes, prefix.length)
  return tagged
}

/** SHA-256 of the tagged bytes, as the protocol's Hash. */
export function taggedHash(tag: string, bytes: Uint8Array): Hash {
  return backend.sha256Hex(taggedBytes(tag, bytes)) as Hash
}

/** SHA-256 of the tagged bytes, as 32 bytes. */
export function taggedDigest(tag: string, bytes: Uint8Array): Uint8Array {
  return backend.sha256(taggedBytes(tag, bytes))
}

/** Commitment to bytes that stay elsewhere: the tagged hash of salt and bytes. Without the salt it says nothing. */
export function commitment(tag: string, { salt, bytes }: { salt: Uint8Array; bytes: Uint8Array }): Hash {
  const salted = new Uint8Array(salt.length + bytes.length)
  salted.set(salt)
  salted.set(bytes, salt.length)
  return taggedHash(tag, salted)
}

const TAG = /^[\x21-\x7e]{1,64}$/
// Tags are constants of the protocol, a few dozen; the bound is there for callers that make them up.
const PREFIXES_KEPT_MAX = 256
const prefixes = new Map<string, Uint8Array>()

function tagPrefix(tag: string): Uint8Array {
  const kept = prefixes.get(tag)
  if (kept !== undefined) return kept
  if (typeof tag !== 'string' || !TAG.test(tag)) {
    throw badArgument('tag', 'expected 1 to 64 printable ASCII characters without spaces')
  }
  const prefix = new TextEncoder().encode(`${tag}\0`)
  if (prefixes.size < PREFIXES_KEPT_MAX) prefixes.set(tag, prefix)
  return prefix
}
