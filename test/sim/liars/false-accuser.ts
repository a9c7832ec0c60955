// Accuses members who have done nothing: makes what looks like evidence from what they truly signed, or from what it signed in
// their name, tells it to everybody, and has its institution submit it to the chain.

import type { Evidence } from '../../../src/consensus/evidence/evidence.ts'
import { encodeEvidence } from '../../../src/consensus/evidence/evidence.ts'
import type { AckBy, VoteBy } from '../../../src/consensus/evidence/statements.ts'
import { evidenceCall } from '../../../src/ledger/evidence-call.ts'
import type { SignedHeader } from '../../../src/types/block.ts'
import type { Seat } from '../../../src/types/brand.ts'
import { signTransaction } from '../../../src/types/signing.ts'
import type { CreateLiar, Liar } from './liar.ts'

export const falseAccuser: CreateLiar = (liar) => {
  const { random } = liar
  const heard: Heard = { headers: [], acks: [], votes: [] }
  return {
    incoming(from, message) {
      if (message.kind === 'append') {
        keep(heard.headers, message.blocks)
        for (const { signatures, ...certificate } of message.commitCert === null ? [] : [message.commitCert]) {
          keep(
            heard.acks,
            signatures.map(({ member, signature }) => ({ member, ack: certificate, signature })),
          )
        }
      } else if (message.kind === 'appendReply') {
        keep(
          heard.acks,
          message.acks.map((signed) => ({ member: liar.seatOf(from), ...signed })),
        )
      } else if (message.kind === 'vote') {
        keep(heard.votes, [{ member: liar.seatOf(from), vote: message.vote, signature: message.signature }])
      }
      if (!random.chance(0.02)) return true
      const evidence = makeUp(liar, heard)
      if (evidence !== null) accuse(liar, evidence)
      return true
    },
  }
}

/** The latest of each kind. */
interface Heard {
  readonly headers: SignedHeader[]
  readonly acks: AckBy[]
  readonly votes: VoteBy[]
}

const KEPT_MAX = 100

function keep<T>(list: T[], more: readonly T[]): void {
  list.push(...more)
  list.splice(0, Math.max(0, list.length - KEPT_MAX))
}

function makeUp({ random, sign }: Liar, { headers, acks, votes }: Heard): Evidence | null {
  switch (random.below(4)) {
    case 0: {
      // A twin of a true header, signed by whoever can: itself.
      if (headers.length === 0) return null
      const { header, signature } = random.pick(headers)
      const twin = { header: { ...header, timeMs: header.timeMs + 1 }, signature: sign(random.bytes(40)) }
      return { kind: 'E1', first: { header, signature }, second: twin }
    }
    case 1: {
      // Two acks of one chain.
      const [lower] = acks
      const upper = acks.findLast(({ member, ack }) => member === lower?.member && ack.term === lower.ack.term)
      return lower === undefined || upper === undefined ? null : { kind: 'E2', lower, upper, lineage: null }
    }
    case 2: {
      // One vote, twice, the second one with its signature bent.
      if (votes.length === 0) return null
      const first = random.pick(votes)
      const second = { ...first, vote: { ...first.vote, candidate: ((first.vote.candidate + 1) % 4) as Seat } }
      return { kind: 'E3', first, second }
    }
    default: {
      // A vote for a tip of a later term than the ack, or before it: nothing follows from either.
      if (votes.length === 0) return null
      const word = random.pick(votes)
      const ack = acks.find(({ member }) => member === word.member)
      return ack === undefined
        ? null
        : { kind: 'E4', ack, word: { kind: 'vote', ...word }, releases: [], lineage: null }
    }
  }
}

function accuse(liar: Liar, evidence: Evidence): void {
  const { node, random } = liar
  const { running, keys, clock } = node
  if (running === null) return
  const victim = random.pick(liar.peers)
  liar.lied(`accuses ${String.fromCharCode(65 + victim)} by a made-up ${evidence.kind}`)
  void running.transport.publish('evidence', encodeEvidence(evidence))
  const transaction = {
    version: 1,
    chainId: node.parts.consortium.chainId,
    sender: keys.institution,
    keyId: 0,
    calls: [evidenceCall(evidence, [liar.seatOf(victim)])],
    atomic: false,
    gasLimit: 20_000_000,
    expiresAtMs: clock.nowMs() + 30_000,
    salt: random.bytes(16),
  } as const
  running.participant.intake.submissions.submit(signTransaction(transaction, keys.signing.sign).bytes)
}
