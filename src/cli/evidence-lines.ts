// A proof of a lie in words: what was done, by whom, and the statements that show it, side by side.

import type { BadTransaction } from '../consensus/evidence/bad-transaction.ts'
import type { Complicity } from '../consensus/evidence/complicity.ts'
import type { E7 } from '../consensus/evidence/e7.ts'
import type { Evidence } from '../consensus/evidence/evidence.ts'
import type { OpenedCertificate } from '../consensus/evidence/opened-certificate.ts'
import type { Header, SignedHeader } from '../types/block.ts'
import type { Seat } from '../types/brand.ts'
import { type Codec, fromBytes } from '../types/canonical.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import {
  type Ack,
  type BareLeaderCert,
  bareLeaderCertCodec,
  type CommitCert,
  commitCertCodec,
  type Tip,
  type Vote,
  type VotePromise,
} from '../types/certificate.ts'
import { blockHash, decodeTransaction } from '../types/signing.ts'
import type { SignedTransaction } from '../types/transaction.ts'
import { type TermsFault, termsFault } from '../types/transaction-terms.ts'
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
        meaning: `${faultText(evidence)}${accomplices(evidence.complicity)}`,
        left: ofHeader(evidence.header, nameOf),
        right: evidence.fault.kind === 'transaction' ? ofTransaction(evidence.fault) : ofParent(evidence.fault.parent),
      }
    case 'E8':
      return {
        title: 'a header under a false certificate',
        meaning: 'Its header names the hash of bytes that are no valid certificate.',
        left: ofHeader(evidence.header, nameOf),
        right: ofFalseCertificate(evidence.opened),
      }
  }
}

function faultText({ fault, header }: E7): string {
  switch (fault.kind) {
    case 'link':
      return 'The block does not follow from its parent: place, time, term or leader.'
    case 'log':
      return 'The logRoot of the block does not stand for the blocks before it.'
    case 'transaction':
      return `The block holds a transaction that may not be in it: ${wrongWith(fault, header.header)}.`
  }
}

function wrongWith({ bytes, signer }: BadTransaction, header: Header): string {
  const signed = readIn(() => decodeTransaction(bytes))
  if (signed === undefined) return 'it is none'
  const fault = termsFault(signed.transaction, header)
  if (fault !== null) return WRONG_TERMS[fault]
  return signer?.entry ? 'it is not signed by an active signing key of its sender' : 'its sender has no such key'
}

const WRONG_TERMS: Readonly<Record<TermsFault, string>> = {
  WRONG_CHAIN: 'it was made for another chain',
  GAS_LIMIT: 'its gas limit is out of bounds',
  EXPIRED: 'it had expired at the time of the block',
  EXPIRES_TOO_LATE: 'it expires too late for the time of the block',
}

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

function ofTransaction({ index, bytes }: BadTransaction): Statement {
  const signed = readIn(() => decodeTransaction(bytes))
  return [
    ['says', `transaction ${index} of the block`],
    ['bytes', `${bytes.length}`],
    ...(signed === undefined ? [] : termsOf(signed)),
  ]
}

const termsOf = ({ transaction, id }: SignedTransaction): Statement => [
  ['transaction', id],
  ['sender', transaction.sender],
  ['key', `${transaction.keyId}`],
  ['expires', timeInWords(transaction.expiresAtMs)],
]

function ofFalseCertificate(opened: OpenedCertificate): Statement {
  const name = opened.kind === 'leaderCert' ? 'LeaderCert' : 'CommitCert'
  const codec: Codec<BareLeaderCert | CommitCert> = opened.kind === 'leaderCert' ? bareLeaderCertCodec : commitCertCodec
  const certificate = readIn(() => fromBytes(codec, opened.bytes))
  if (certificate === undefined) return [['says', `${opened.bytes.length} bytes that are no ${name} at all`]]
  const { epoch, term, signatures } = certificate
  return [
    ['says', `${name}, not valid`],
    ['epoch', `${epoch}`],
    ['term', `${term}`],
    ['signatures', `${signatures.length}`],
    ['seats', signatures.map(({ member }) => member).join(' ')],
  ]
}

function readIn<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

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
