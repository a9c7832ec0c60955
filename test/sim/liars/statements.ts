// What a liar can sign at any time, whatever it has signed before.

import type { AppendReply, Candidacy, PromiseReply, SignedAck, VoteReply } from '../../../src/consensus/messages.ts'
import type { Block } from '../../../src/types/block.ts'
import type { Height, Seat, Term } from '../../../src/types/brand.ts'
import type { Ack, Vote } from '../../../src/types/certificate.ts'
import { ackMessage, hashReleases, promiseMessage, voteMessage } from '../../../src/types/signing.ts'
import type { Liar } from './liar.ts'

export function voteFor(liar: Liar, candidate: Seat, { term, tip, releases, epoch }: Candidacy): VoteReply {
  const { chainId } = liar.node.parts.consortium
  const vote: Vote = {
    chainId,
    epoch,
    term,
    candidate: liar.seatOf(candidate),
    tip,
    releasesHash: hashReleases(releases),
  }
  return { kind: 'vote', vote, signature: liar.sign(voteMessage(vote)) }
}

/** That its last ack is of the certified block of this height; null where its node has not got it. */
export function promiseAt(liar: Liar, { term, height }: { term: Term; height: number }): PromiseReply | null {
  const ledger = liar.node.running?.ledger
  const block = ledger?.block(height as Height)
  if (ledger === undefined || block === undefined) return null
  const { header, hash } = block
  const lastAck = { term: header.term, height: header.height, hash }
  const promise = { chainId: ledger.chainId, epoch: ledger.epoch, term, lastAck }
  return { kind: 'promise', promise, signature: liar.sign(promiseMessage(promise)), release: null }
}

export function ackFor({ header, hash }: Block): Ack {
  const { chainId, epoch, term, height } = header
  return { chainId, epoch, term, height, blockHash: hash }
}

export function signAck(liar: Liar, block: Block): SignedAck {
  const ack = ackFor(block)
  return { ack, signature: liar.sign(ackMessage(ack)) }
}

/** Acks of all these blocks, as if they were stored. */
export function acksOf(liar: Liar, term: Term, blocks: readonly Block[]): AppendReply | null {
  const head = liar.node.running?.ledger.head
  const last = blocks.at(-1)
  if (head === undefined || last === undefined) return null
  return {
    kind: 'appendReply',
    term,
    status: 'matched',
    match: { height: last.header.height, hash: last.hash },
    certified: { height: head.header.height, hash: head.hash },
    acks: blocks.map((block) => signAck(liar, block)),
    timeRefused: false,
  }
}

/** A candidacy that is sound in itself and ends in the certified block of this height; null where its node has not got it. */
export function candidacyAt(liar: Liar, { height, term }: { height: number; term: number }): Candidacy | null {
  const ledger = liar.node.running?.ledger
  const block = ledger?.block(height as Height)
  const commitCert = ledger?.commitCert(height as Height)
  if (ledger === undefined || block === undefined || commitCert === undefined) return null
  const { header, hash } = block
  const leaderCert = ledger.leaderCertByHash(header.leaderCertHash)
  if (leaderCert === undefined) return null
  const tip = { term: header.term, height: header.height, hash }
  return { epoch: ledger.epoch, term: term as Term, tip, commitCert, headers: [], leaderCert, releases: [] }
}
