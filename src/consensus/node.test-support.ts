// One core under test, and the statements that the other members of its group would make.

import type { Block } from '../types/block.ts'
import type { Epoch, Height, Seat, Term } from '../types/brand.ts'
import { ZERO_HASH } from '../types/brand.ts'
import type { CommitCert, LeaderCert, Tip, Vote } from '../types/certificate.ts'
import {
  ackMessage,
  blockHash,
  commitCertHash,
  hashReleases,
  leaderCertHash,
  promiseMessage,
  signHeader,
  transferNoticeMessage,
  voteMessage,
} from '../types/signing.ts'
import type { SignedTransaction } from '../types/transaction.ts'
import { type NextSet, quorum, type ValidatorSet } from '../types/validator-set.ts'
import { createCommitCert, createLeaderCert } from './certificate.ts'
import { step } from './core.ts'
import { createState, type Restored } from './create-state.ts'
import type { Effect } from './effects.ts'
import { presentSet } from './epochs.ts'
import type { Occurrence, Propose } from './events.ts'
import {
  CHAIN_ID,
  createGenesisBlock,
  createMember,
  createSet,
  createSettings,
  createTransaction,
  execute,
  GENESIS_TIME_MS,
  rangeBefore,
  signAs,
} from './fakes.test-support.ts'
import type {
  Append,
  AppendReply,
  Candidacy,
  Message,
  PreVoteRequest,
  SignedAck,
  SignedTransferNotice,
  VoteRequest,
} from './messages.ts'
import { EMPTY_SIGN_STATE } from './sign-state.ts'
import type { State } from './state.ts'
import { trace } from './trace.test-support.ts'

export const genesis = createGenesisBlock()

export const tipOfBlock = ({ header, hash }: Block): Tip => ({ term: header.term, height: header.height, hash })
export const positionOfBlock = ({ header, hash }: Block): { height: Height; hash: Block['hash'] } => ({
  height: header.height,
  hash,
})

/** What the members of a set can say. */
export class Group {
  readonly set: ValidatorSet

  constructor(members: number | ValidatorSet) {
    this.set = typeof members === 'number' ? createSet(members) : members
  }

  /** After this one: a block of this height adds a seat of the next number, or ends one. */
  next(decidedAt: number, { without }: { without?: number } = {}): NextSet {
    const { epoch, b, members } = this.set
    const stay = members.filter(({ seat }) => seat !== without)
    const added = without === undefined ? [createMember(members.length, members.length)] : []
    return { epoch: (epoch + 1) as Epoch, b, members: [...stay, ...added], decidedAt: decidedAt as Height }
  }

  member(index: number): Seat {
    return index as Seat
  }

  height(number: number): Height {
    return number as Height
  }

  term(number: number): Term {
    return number as Term
  }

  vote(term: number, { candidate, tip }: { candidate: number; tip: Block }): Vote {
    return {
      chainId: CHAIN_ID,
      epoch: this.set.epoch,
      term: term as Term,
      candidate: candidate as Seat,
      tip: tipOfBlock(tip),
      releasesHash: hashReleases([]),
    }
  }

  signedVote(vote: Vote, by: number): Message {
    return { kind: 'vote', vote, signature: signAs(this.set, by)(voteMessage(vote)) }
  }

  transferNotice(term: number, { by, target }: { by: number; target: number }): SignedTransferNotice {
    const notice = { chainId: CHAIN_ID, term: term as Term, target: target as Seat }
    return { notice, signature: signAs(this.set, by)(transferNoticeMessage(notice)) }
  }

  promise(term: number, by: number): Message {
    const promise = { chainId: CHAIN_ID, epoch: this.set.epoch, term: term as Term, lastAck: null }
    return { kind: 'promise', promise, release: null, signature: signAs(this.set, by)(promiseMessage(promise)) }
  }

  leaderCert(term: number, { leader, tip, signers }: { leader: number; tip: Block; signers?: number[] }): LeaderCert {
    const vote = this.vote(term, { candidate: leader, tip })
    return createLeaderCert(vote, this.signatures(voteMessage(vote), signers))
  }

  /** A block of the certificate's leader, with roots that execution confirms; empty by default where it opens the term. */
  block(
    leaderCert: LeaderCert,
    parent: Block,
    content: {
      transactions?: readonly SignedTransaction[]
      timeMs?: number
      commitCert?: CommitCert
      epochCert?: CommitCert
    } = {},
  ): Block {
    const { term, candidate } = leaderCert
    const work = term > parent.header.term ? [] : [createTransaction(parent.header.height)]
    const { transactions = work, timeMs = parent.header.timeMs + 10, epochCert = null } = content
    const commitCert = epochCert ?? content.commitCert
    const { epoch } = this.set
    const { txRoot, receiptRoot, stateRoot, logRoot } = execute(parent, { epoch, timeMs, transactions })
    const header = {
      ...genesis.header,
      epoch,
      height: (parent.header.height + 1) as Height,
      term,
      parentHash: parent.hash,
      timeMs,
      proposer: candidate,
      txRoot,
      receiptRoot,
      stateRoot,
      logRoot,
      leaderCertHash: leaderCertHash(leaderCert),
      commitCertHash: commitCert === undefined ? ZERO_HASH : commitCertHash(commitCert),
    }
    return {
      ...signHeader(header, signAs(this.set, candidate)),
      hash: blockHash(header),
      transactions,
      epochCert,
    }
  }

  ack(block: Block, by: number): SignedAck {
    const { term, height } = block.header
    const ack = { chainId: CHAIN_ID, epoch: this.set.epoch, term, height, blockHash: block.hash }
    return { ack, signature: signAs(this.set, by)(ackMessage(ack)) }
  }

  commitCert(block: Block, signers?: number[]): CommitCert {
    const { ack } = this.ack(block, 0)
    return createCommitCert(ack, this.signatures(ackMessage(ack), signers))
  }

  private signatures(message: Uint8Array, signers?: number[]): Map<Seat, Uint8Array> {
    const by = signers ?? Array.from({ length: quorum(this.set) }, (_, index) => index)
    return new Map(by.map((member) => [member as Seat, signAs(this.set, member)(message)]))
  }
}

/** What the disk kept; the blocks before the certified one follow from it. */
export type RestoredBlocks = Omit<Restored, 'certified'> & {
  readonly certified: Omit<Restored['certified'], 'ancestors'>
}

export function withAncestors(certified: RestoredBlocks['certified']): Restored['certified'] {
  return { ...certified, ancestors: rangeBefore(certified.block) }
}

/** A core, fed one occurrence at a time; answers are traces. While `random` is 0, every timeout is its shortest. */
export class Node {
  readonly state: State
  nowMs = GENESIS_TIME_MS + 1_000
  random = 0

  constructor(group: Group, { self, restored = {} }: { self: number; restored?: Partial<RestoredBlocks> }) {
    this.state = createState(createSettings(group.set, self), {
      uncommitted: [],
      leaderCerts: [],
      signState: EMPTY_SIGN_STATE,
      certifiedHashAt: () => undefined,
      nextSetOf: () => null,
      lineageAt: () => null,
      ...restored,
      certified: withAncestors(restored.certified ?? { block: genesis, commitCert: null }),
    })
  }

  effects(occurrence: Occurrence): readonly Effect[] {
    return step(this.state, { ...occurrence, nowMs: this.nowMs, random: this.random })
  }

  on(occurrence: Occurrence): string[] {
    return trace(this.effects(occurrence))
  }

  receive(from: number, message: Message): string[] {
    return this.on({ kind: 'received', from: from as Seat, message })
  }

  executed(block: Block, nextSet: NextSet | null = null): string[] {
    return this.on({ kind: 'executed', blockHash: block.hash, verdict: { kind: 'valid', nextSet } })
  }

  /** Nothing is heard of the leader for the minimum election timeout. */
  missLeader(): string[] {
    return this.on({ kind: 'timeout', timer: 'election' })
  }

  /** No leader is heard for an election timeout, and everybody else would vote for it: the lines of its candidacy. */
  stand(): string[] {
    this.missLeader()
    if (this.state.liveness.preCampaign === null) this.on({ kind: 'timeout', timer: 'election' })
    const lines: string[] = []
    for (const { seat } of presentSet(this.state).members) {
      const term = this.state.liveness.preCampaign?.term
      if (term !== undefined && seat !== this.state.settings.self)
        lines.push(...this.receive(seat, { kind: 'preVote', term }))
    }
    return lines
  }

  /** Takes blocks in, executed. */
  store(from: number, message: Message, blocks: readonly Block[]): void {
    this.receive(from, message)
    for (const block of blocks) this.executed(block)
  }
}

export function append(leaderCert: LeaderCert, fields: Partial<Append> & { previous: Append['previous'] }): Append {
  return { kind: 'append', term: leaderCert.term, leaderCerts: [leaderCert], blocks: [], commitCert: null, ...fields }
}

export function reply(block: Block, fields: Omit<Partial<AppendReply>, 'term'> & { term: number }): AppendReply {
  const { term, ...rest } = fields
  return {
    kind: 'appendReply',
    term: term as Term,
    status: 'matched',
    match: positionOfBlock(block),
    certified: positionOfBlock(genesis),
    acks: [],
    timeRefused: false,
    ...rest,
  }
}

export function voteRequest(term: number, tip: Block, fields: Partial<VoteRequest> = {}): VoteRequest {
  return {
    kind: 'voteRequest',
    epoch: 0 as Epoch,
    term: term as Term,
    tip: tipOfBlock(tip),
    commitCert: null,
    headers: [],
    leaderCert: null,
    releases: [],
    transfer: null,
    ...fields,
  }
}

export function preVoteRequest(term: number, tip: Block, fields: Partial<Candidacy> = {}): PreVoteRequest {
  const { transfer: _, ...candidacy } = voteRequest(term, tip, fields)
  return { ...candidacy, kind: 'preVoteRequest' }
}

/** A draft on `parent`, executed. */
export function draft(parent: Block, transactionCount: number): Propose {
  const transactions = Array.from({ length: transactionCount }, (_, index) => createTransaction(index))
  return { kind: 'propose', ...execute(parent, { timeMs: parent.header.timeMs + 10, transactions }) }
}

export const signedHeaders = (...blocks: readonly Block[]): Pick<Block, 'header' | 'signature'>[] =>
  blocks.map(({ header, signature }) => ({ header, signature }))
