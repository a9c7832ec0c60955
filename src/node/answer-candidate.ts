// What a node without a seat says to a validator that stands for election in an epoch that is over.

import { certifiedAnswer } from '../consensus/epoch-gap.ts'
import type { MessageWire } from '../consensus/messages.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import { isHelloMessage } from './hello/messages.ts'

/** The certificate of this node's head, encoded; null where there is nothing to say. */
export function answerCandidate(
  message: Uint8Array,
  { ledger, wire }: { ledger: Pick<Ledger, 'epoch' | 'head'>; wire: MessageWire },
): Uint8Array | null {
  if (isHelloMessage(message)) return null
  try {
    const asked = wire.decode(message)
    if (asked.kind !== 'voteRequest' && asked.kind !== 'preVoteRequest') return null
    const answer = certifiedAnswer(asked, { epoch: ledger.epoch, commitCert: ledger.head.commitCert })
    return answer === null ? null : wire.encode(answer)
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
}
