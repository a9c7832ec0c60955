// Where signed statements of a validator turn up: in what members send, and in what a core holds. Nothing is verified here.

import type { Block } from '../types/block.ts'
import type { Seat } from '../types/brand.ts'
import type { CommitCert, LeaderCert } from '../types/certificate.ts'
import type { Event } from './events.ts'
import type { Candidacy, Message } from './messages.ts'
import { ackIn, type SignedStatement, voteIn } from './own-statements.ts'
import type { State } from './state.ts'

/** Statements of one seat in what an event brought. */
export function statementsIn(event: Event, seat: Seat): SignedStatement[] {
  if (event.kind === 'received') return inMessage(event.message, seat)
  return event.kind === 'synced' ? inChain(event, seat) : []
}

function inMessage(message: Message, seat: Seat): SignedStatement[] {
  switch (message.kind) {
    case 'append':
      return inChain(message, seat)
    case 'voteRequest':
    case 'preVoteRequest':
      return inCandidacy(message, seat)
    case 'staleTerm':
      return message.leaderCert === null ? [] : voteIn(message.leaderCert, seat)
    default:
      return []
  }
}

interface ShownBlocks {
  readonly blocks: readonly Block[]
  readonly leaderCerts: readonly LeaderCert[]
  readonly commitCert: CommitCert | null
}

function inChain({ blocks, leaderCerts, commitCert }: ShownBlocks, seat: Seat): SignedStatement[] {
  return [
    ...headersBy(blocks, seat),
    ...leaderCerts.flatMap((certificate) => voteIn(certificate, seat)),
    ...(commitCert === null ? [] : ackIn(commitCert, seat)),
  ]
}

function inCandidacy({ headers, leaderCert, commitCert }: Candidacy, seat: Seat): SignedStatement[] {
  return [
    ...headersBy(headers, seat),
    ...(leaderCert === null ? [] : voteIn(leaderCert, seat)),
    ...(commitCert === null ? [] : ackIn(commitCert, seat)),
  ]
}

function headersBy(headers: readonly Pick<Block, 'header' | 'signature'>[], seat: Seat): SignedStatement[] {
  return headers
    .filter(({ header }) => header.proposer === seat)
    .map(({ header, signature }) => ({ kind: 'header', header, signature }))
}

/** What this core could show a member of its own statements: the latest of each kind that it has seen and verified. */
export function latestStatementsOf({ witness: { index } }: State, seat: Seat): SignedStatement[] {
  const latest = new Map<SignedStatement['kind'], SignedStatement>()
  const offer = (statement: SignedStatement | undefined): void => {
    if (statement === undefined) return
    const known = latest.get(statement.kind)
    if (known === undefined || isLater(statement, known)) latest.set(statement.kind, statement)
  }
  for (const { header, signature } of index.headers.values()) {
    if (header.proposer === seat && header.height > 0) offer({ kind: 'header', header, signature })
  }
  for (const { acks, votes, promises } of index.terms.values()) {
    const ack = acks.get(seat)
    const vote = votes.get(seat)
    if (ack !== undefined) offer({ kind: 'ack', ...ack })
    if (vote !== undefined) offer({ kind: 'vote', ...vote })
    offer(promises.get(seat))
  }
  return [...latest.values()]
}

function isLater(left: SignedStatement, right: SignedStatement): boolean {
  const [a, b] = [placeOf(left), placeOf(right)]
  return a.term !== b.term ? a.term > b.term : a.height > b.height
}

function placeOf(statement: SignedStatement): { term: number; height: number } {
  switch (statement.kind) {
    case 'header':
      return statement.header
    case 'ack':
      return statement.ack
    case 'vote':
      return { term: statement.vote.term, height: 0 }
    case 'promise':
      return { term: statement.promise.term, height: 0 }
  }
}
