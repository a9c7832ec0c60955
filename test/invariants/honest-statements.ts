// Nobody honest is framed: no two statements that an honest member has sent contradict each other (spec/consensus.md, rules
// R1, R3, R4), through crash and restart. Each message names the evidence that the two would be.

import { type Hash, type Seat, ZERO_HASH } from '../../src/types/brand.ts'
import type { Ack, Tip, Vote } from '../../src/types/certificate.ts'
import { hashReleases } from '../../src/types/signing.ts'
import { type CreateInvariant, short } from './invariant.ts'

interface Said {
  /** By term: the acks of the term, by height. */
  readonly acks: Map<number, Map<number, Hash>>
  readonly votes: Map<number, Vote>
}

export const honestStatements: CreateInvariant = ({ blocks, memberOf, violate }) => {
  const bySeat = new Map<Seat, Said>()
  /** Certified heads. */
  const heads = new Map<Seat, Hash>()
  const saidBy = (seat: Seat): Said => {
    const said = bySeat.get(seat) ?? { acks: new Map(), votes: new Map() }
    bySeat.set(seat, said)
    return said
  }

  const onAck = (seat: Seat, { term, height, blockHash }: Ack): void => {
    const said = saidBy(seat)
    const ofTerm = said.acks.get(term) ?? new Map<number, Hash>()
    said.acks.set(term, ofTerm)
    const before = ofTerm.get(height)
    if (before === blockHash) return
    if (before !== undefined) {
      violate(`E2: seat ${seat} acked ${short(before)} and ${short(blockHash)} in term ${term} at height ${height}`)
      return
    }
    ofTerm.set(height, blockHash)
    for (const near of [ofTerm.get(height - 1), ofTerm.get(height + 1)]) {
      if (near === undefined) continue
      const [tip, base] = near === ofTerm.get(height - 1) ? [blockHash, near] : [near, blockHash]
      if (blocks.contains(tip, base) === false) {
        violate(`E2: seat ${seat} acked ${short(base)} and ${short(tip)} in term ${term}, which are not on one chain`)
      }
    }
    for (const vote of said.votes.values()) {
      if (vote.term <= term) continue
      checkE4(seat, { term, height, hash: blockHash }, vote)
      // What was said before is said again; what is new was signed now.
      violate(`R4: seat ${seat} voted in term ${vote.term} and then acked ${short(blockHash)} of term ${term}`)
    }
  }

  const onVote = (seat: Seat, vote: Vote): void => {
    const said = saidBy(seat)
    const before = said.votes.get(vote.term)
    if (before !== undefined) {
      const isSame = before.candidate === vote.candidate && before.tip.hash === vote.tip.hash
      if (!isSame)
        violate(`E3: seat ${seat} voted for seats ${before.candidate} and ${vote.candidate} in term ${vote.term}`)
      return
    }
    said.votes.set(vote.term, vote)
    for (const [term, acks] of said.acks) {
      if (term >= vote.term) continue
      const height = Math.max(...acks.keys())
      checkE4(seat, { term, height, hash: acks.get(height) } as Tip, vote)
    }
  }

  const checkE4 = (seat: Seat, ack: Tip, { term, tip, releasesHash }: Vote): void => {
    // Under a Release a vote lets go. Whether the Release is valid, forks would tell.
    if (tip.term > ack.term || releasesHash !== ZERO_HASH || isSuperseded(seat, ack)) return
    const isOlder = tip.term < ack.term || tip.height < ack.height
    if (isOlder || blocks.contains(tip.hash, ack.hash) === false) {
      violate(
        `E4: seat ${seat} acked ${short(ack.hash)} (term ${ack.term}, height ${ack.height}) and voted in term ${term} ` +
          `for the tip ${short(tip.hash)} (term ${tip.term}, height ${tip.height}), which does not contain it`,
      )
    }
  }

  // Another block was certified in its place, in the same term: its proposer lied, and the ack has lost its force.
  const isSuperseded = (seat: Seat, ack: Tip): boolean => {
    const head = heads.get(seat)
    return (
      head !== undefined &&
      blocks.contains(head, ack.hash) === false &&
      (blocks.header(head)?.height ?? 0) >= ack.height
    )
  }

  return {
    name: 'honest-statements',
    onNewVoice(member) {
      bySeat.delete(member)
    },
    onCommit(by, committed) {
      const head = committed.at(-1)
      if (head !== undefined) heads.set(by, head.hash)
    },
    onSend(from, message) {
      if (message.kind === 'appendReply') for (const { ack } of message.acks) onAck(from, ack)
      else if (message.kind === 'vote') onVote(from, message.vote)
      else if (message.kind === 'append') {
        // A leader's own ack goes out in its certificate, its own vote in the LeaderCert.
        const { commitCert, leaderCerts } = message
        if (
          commitCert?.signatures.some(({ member }) => memberOf(member) === from) &&
          commitCert.term === message.term
        ) {
          onAck(from, commitCert)
        }
        for (const cert of leaderCerts) {
          if (memberOf(cert.candidate) === from && cert.signatures.some(({ member }) => memberOf(member) === from)) {
            onVote(from, { ...cert, releasesHash: hashReleases(cert.releases) })
          }
        }
      }
    },
  }
}
