// Truncation moves the tip only (R5): what a member has acked is on its disk until it is certified, or a certified block excludes
// it. Asked at every start, of the acks of all terms.

import type { Hash, Seat } from '../../src/types/brand.ts'
import { type CreateInvariant, short } from './invariant.ts'

export const keptBranches: CreateInvariant = ({ blocks, violate }) => {
  const acked = new Map<Seat, Map<Hash, number>>()
  return {
    name: 'kept-branches',
    onSend(from, message) {
      if (message.kind !== 'appendReply') return
      const ofMember = acked.get(from) ?? new Map<Hash, number>()
      acked.set(from, ofMember)
      for (const { ack } of message.acks) ofMember.set(ack.blockHash, ack.height)
    },
    onStart(member, head, { stored, hasLostLedger }) {
      const ofMember = acked.get(member)
      if (ofMember === undefined) return
      if (hasLostLedger) ofMember.clear()
      for (const [hash, height] of ofMember) {
        const isDecided = height <= head.height || blocks.contains(hash, head.hash) === false
        if (isDecided) ofMember.delete(hash)
        else if (!stored.has(hash) && blocks.header(hash) !== undefined) {
          violate(`seat ${member} starts without ${short(hash)}, which it acked at height ${height}`)
        }
      }
    },
  }
}
