// Two nodes may end up with two connections to each other. Gossip and channels live on one, so one must go, and both
// ends must choose the same one without talking.

import type { PublicKey } from '../types/brand.ts'
import { SIMULTANEOUS_DIAL_MS } from './limits.ts'

export interface Candidate {
  readonly openedAtMs: number
  readonly dialledBy: PublicKey
}

/**
 * Opened at about the same time: both dialled at once, and the dial of the smaller key stays. Otherwise the peer dialled
 * again because its end of the old one is dead (killed, or cut off without a word): the newer stays.
 */
export function keepsExisting(existing: Candidate, opened: Candidate): boolean {
  if (opened.openedAtMs - existing.openedAtMs > SIMULTANEOUS_DIAL_MS) return false
  if (existing.dialledBy === opened.dialledBy) return false
  return existing.dialledBy < opened.dialledBy
}
