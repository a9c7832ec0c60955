// A leader's block reaches the disk before the sign-state that covers it; a crash in between leaves a block of one's own
// that the sign-state does not know. Nobody has seen it: it is sent only after both. From then on it counts as acked, which
// it was to be, so that it may be shown to others.

import type { Block } from '../types/block.ts'
import type { Seat } from '../types/brand.ts'
import type { Tip } from '../types/certificate.ts'
import { ACKED_PATH_MAX, EARLIER_ACKS_MAX, type SignState } from './sign-state.ts'
import { compareTips } from './tip.ts'

/** Null when a crash does not explain what is on the disk: the sign-state is older than the blocks. */
export function coverOwnBlocks(
  signState: SignState,
  { seat, uncommitted, isAlone }: { seat: Seat; uncommitted: readonly Block[]; isAlone: boolean },
): SignState | null {
  let { lastAck } = signState
  for (const { header, hash } of uncommitted) {
    const { term, height, proposer } = header
    if (proposer !== seat || (lastAck !== null && compareTips(header, lastAck) <= 0)) continue
    // It led, and has signed nothing since. A single validator votes for itself and proposes in one write.
    const { vote, promise } = signState
    const hasLed = vote?.term === term && vote.candidate === seat
    if (!isAlone && (!hasLed || (promise?.term ?? 0) > term)) return null
    lastAck = { term, height, hash }
  }
  if (lastAck === signState.lastAck) return signState
  // Whether the block stands on what was acked in an earlier term is not asked here: remembered, it only makes more careful.
  const before = signState.lastAck
  const isEarlier = before !== null && before.term < (lastAck?.term ?? 0)
  const earlierAcks = isEarlier ? [...signState.earlierAcks, before].slice(-EARLIER_ACKS_MAX) : signState.earlierAcks
  return { ...signState, lastAck, ackedPath: pathTo(lastAck, uncommitted), earlierAcks, branch: null }
}

/** Every uncommitted block stands on the certified head. */
function pathTo(lastAck: Tip | null, uncommitted: readonly Block[]): readonly Tip[] {
  const path: Tip[] = []
  let at = lastAck?.hash
  for (const { header, hash } of uncommitted.toReversed()) {
    if (hash !== at) continue
    path.push({ term: header.term, height: header.height, hash })
    at = header.parentHash
  }
  return path.reverse().slice(0, ACKED_PATH_MAX)
}
