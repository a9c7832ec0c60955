// A proof of a lie in words: what was done, by whom, and the statements that show it, side by side.

import type { Complicity } from '../consensus/evidence/complicity.ts'
import type { Evidence } from '../consensus/evidence/evidence.ts'
import type { Header, SignedHeader } from '../types/block.ts'
import type { Seat } from '../types/brand.ts'
import type { Ack, CommitCert, Tip, Vote, VotePromise } from '../types/certificate.ts'
import { blockHash } from '../types/signing.ts'
import { timeInWords } from './words.ts'

export type NameOfSeat = (seat: Seat) => string

/** Field by field; what differs is what was lied about. */
type Statement = readonly (readonly [field: string, value: string])[]

export interface EvidenceInWords {
  readonly title: string
  readonly meaning: string
  readonly left: Statement
  readonly right: Statement
}

export function describeEvidence(evidence: Evidence, nameOf: NameOfSeat): EvidenceInWords {
  switch (evidence.kind) {
    case 'E1':
      return {
        title: 'two blocks in one place',
        meaning: 'The leader signed two different blocks for one height of its term.',
        left: ofHeader(evidence.first, nameOf),
        right: ofHeader(evidence.second, nameOf),
      }
    case 'E2':
      return {
        title: 'acks of two chains',
        meaning: 'It acked two blocks in one term that are not on one chain.',
        left: ofAck(evidence.lower.ack),
        right: ofAck(evidence.upper.ack),
      }
    case 'E3':
      return {
        title: 'two votes in one term',
        meaning: 'It voted twice in one term.',
        left: ofVote(evidence.first.vote, nameOf),
        right: ofVote(evidence.second.vote, nameOf),
      }
    case 'E4':
      return {
        title: 'an acked block let go',
        meaning: 'It acked a block, and in a later term spoke for a tip that is older or lies beside it.',
        left: ofAck(evidence.ack.ack),
        right: evidence.word.kind === 'vote' ? ofVote(evidence.word.vote, nameOf) : ofPromise(evidence.word.promise),
      }
    case 'E5':
      return {
        title: 'a term opened without election',
        meaning: `The first block of a term does not stand on the tip for which its leader was elected.${accomplices(evidence.complicity)}`,
        left: ofHeader(evidence.header, nameOf),
        right: ofParent(evidence.parent),
      }
    case 'E6':
      return {
        title: 'a certified block passed over',
        meaning: 'It acked a block that was then certified, and led a later term without it.',
        left: ofCommitCert(evidence.commitCert),
        right: ofHeader(evidence.header, nameOf),
      }
    case 'E7':
      return {
        title: 'a block that nobody honest makes',
        meaning: `${FAULT_TEXT[evidence.fault.kind]}${accomplices(evidence.complicity)}`,
        left: ofHeader(evidence.header, nameOf),
        right: evidence.fault.kind === 'transaction' ? ofTransaction(evidence.fault) : ofParent(evidence.fault.parent),
      }
    case 'E8':
      return {
        title: 'a header under a false certificate',
        meaning: 'Its header names the hash of bytes that are no valid certificate.',
        left: ofHeader(evidence.header, nameOf),
        right: [['it opens to', `${evidence.opened.bytes.length} bytes: no valid ${evidence.opened.kind}`]],
      }
  }
}

const FAULT_TEXT = {
  link: 'The block does not follow from its parent: place, time, term or leader.',
  log: 'The logRoot of the block does not stand for the blocks before it.',
  transaction: 'The block holds a transaction that may not be in it.',
} as const

const accomplices = (complicity: readonly Complicity[]): string =>
  complicity.length === 0 ? '' : ' Others acked it, or voted for a chain that contains it.'

function ofHeader({ header }: SignedHeader, nameOf: NameOfSeat): Statement {
  return [
    ['says', 'block'],
    ['signed by', nameOf(header.proposer)],
    ['term', `${header.term}`],
    ['height', `${header.height}`],
    ['block', blockHash(header)],
    ['parent', header.parentHash],
    ['time', timeInWords(header.timeMs)],
    ['transactions', header.txRoot],
    ['state', header.stateRoot],
  ]
}

function ofParent(header: Header): Statement {
  return [
    ['says', 'the parent'],
    ['term', `${header.term}`],
    ['height', `${header.height}`],
    ['block', blockHash(header)],
    ['time', timeInWords(header.timeMs)],
  ]
}

const ofAck = ({ term, height, blockHash: block }: Ack): Statement => [
  ['says', 'ack'],
  ['term', `${term}`],
  ['height', `${height}`],
  ['block', block],
]

const ofCommitCert = ({ term, height, blockHash: block, signatures }: CommitCert): Statement => [
  ['says', `certified, ${signatures.length} signatures`],
  ['term', `${term}`],
  ['height', `${height}`],
  ['block', block],
]

const ofTip = (tip: Tip | null): Statement =>
  tip === null
    ? [['tip', 'none']]
    : [
        ['tip term', `${tip.term}`],
        ['tip height', `${tip.height}`],
        ['tip', tip.hash],
      ]

const ofVote = ({ term, candidate, tip }: Vote, nameOf: NameOfSeat): Statement => [
  ['says', 'vote'],
  ['term', `${term}`],
  ['for', nameOf(candidate)],
  ...ofTip(tip),
]

const ofPromise = ({ term, lastAck }: VotePromise): Statement => [
  ['says', 'promise, with its last ack'],
  ['term', `${term}`],
  ...ofTip(lastAck),
]

const ofTransaction = ({ index, bytes }: { index: number; bytes: Uint8Array }): Statement => [
  ['says', 'the transaction'],
  ['number', `${index}`],
  ['bytes', `${bytes.length}`],
]

/** Long values cut, so that two columns fit on a screen. */
const CELL_MAX = 34
const cut = (text: string): string => (text.length <= CELL_MAX ? text : `${text.slice(0, CELL_MAX - 3)}...`)

/** Two columns under each other's field; a star where they differ. */
export function sideBySide({ left, right }: Pick<EvidenceInWords, 'left' | 'right'>): readonly string[] {
  const fields = [...new Set([...left, ...right].map(([field]) => field))]
  const textOf = (statement: Statement, field: string): string => statement.find(([name]) => name === field)?.[1] ?? ''
  const width = Math.max(...fields.map((field) => field.length))
  return fields.map((field) => {
    const [one, other] = [textOf(left, field), textOf(right, field)]
    const mark = one !== '' && other !== '' && one !== other ? '*' : ' '
    return `${mark} ${field.padEnd(width)}  ${cut(one).padEnd(CELL_MAX)}  ${cut(other)}`.trimEnd()
  })
}
