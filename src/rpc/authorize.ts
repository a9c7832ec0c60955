// Methods for the institution's own people and systems: whoever shows the token that lies in the node's data folder.

import { sha256Hex } from '../crypto/hash.ts'
import { RpcError } from './errors.ts'
import type { Caller } from './method.ts'

/** Throws TOKEN_REQUIRED. Compares hashes, so that the time taken says nothing about the token. */
export function createAuthorizer(token: string): (caller: Caller) => void {
  const hashOf = (text: string): string => sha256Hex(new TextEncoder().encode(text))
  const expected = hashOf(token)
  return ({ credential }) => {
    if (credential === null || hashOf(credential) !== expected) throw new RpcError('TOKEN_REQUIRED')
  }
}
