// A liar under the hands of an attack. Until it is seized it is a member like any other. Then its core is cut off, in and out:
// the attack reads what it is sent, and says in its name whatever its one key can sign.

import { createCommitCert } from '../../../src/consensus/certificate.ts'
import type { Append, Message, SignedAck } from '../../../src/consensus/messages.ts'
import type { Ledger } from '../../../src/ledger/ledger.ts'
import { certifiedRunCodec } from '../../../src/node/certified-run.ts'
import { SYNC_PROTOCOL } from '../../../src/p2p/transport.ts'
import type { Block, Header } from '../../../src/types/block.ts'
import { type Epoch, type Hash, type Height, type Seat, ZERO_HASH } from '../../../src/types/brand.ts'
import { toBytes } from '../../../src/types/canonical.ts'
import type { CommitCert, LeaderCert } from '../../../src/types/certificate.ts'
import { blockHash, commitCertHash, leaderCertHash, signHeader } from '../../../src/types/signing.ts'
import type { SignedTransaction } from '../../../src/types/transaction.ts'
import { EPOCH_MS } from '../clock.ts'
import type { Liar, LiarScript } from '../liars/liar.ts'
import { ackFor, acksOf, signAck, voteFor } from '../liars/statements.ts'
import type { SimulatedNode } from '../node.ts'
import { writeUnwatched } from '../register-call.ts'

/** What all liars of an attack have heard together. */
export interface Shared {
  readonly acks: Map<Hash, Map<Seat, Uint8Array>>
  /** Of each term, the one that was seen. */
  readonly leaderCerts: Map<number, LeaderCert>
}

export const createShared = (): Shared => ({ acks: new Map(), leaderCerts: new Map() })

interface Make {
  readonly parent: Pick<Block, 'hash' | 'header'>
  /** Of the block's term. */
  readonly leaderCert: LeaderCert
  /** Above the parent's time; blocks of different times are different. */
  readonly laterMs: number
  /** By default one, and none in the first block of a term. */
  readonly transactions?: readonly SignedTransaction[]
  /** Claims to be of an epoch that is over. */
  readonly epochsBack?: number
  /** False: its ledger does not take it in. */
  readonly isKept?: boolean
}

interface Told {
  readonly blocks: readonly Block[]
  readonly on?: Block
  readonly commitCert?: CommitCert | null
}

export class Puppet {
  isSeized = false
  readonly #liar: Liar
  readonly #shared: Shared
  /** Whom it votes for and whose blocks it acks, whatever they are. */
  #obeyed: Seat | null = null
  #served: Uint8Array | null = null

  constructor(liar: Liar, shared: Shared) {
    this.#liar = liar
    this.#shared = shared
  }

  get script(): LiarScript {
    return {
      outgoing: (_to, message) => {
        this.#learn(this.seat, message)
        return !this.isSeized
      },
      incoming: (from, message) => {
        this.#learn(from, message)
        if (!this.isSeized) return true
        if (from === this.#obeyed) this.#follow(from, message)
        return false
      },
      serves: (protocol, reply) => (protocol === SYNC_PROTOCOL && this.#served !== null ? this.#served : reply),
    }
  }

  get seat(): Seat {
    return this.#liar.seat
  }

  get node(): SimulatedNode {
    return this.#liar.node
  }

  get sign() {
    return this.#liar.sign
  }

  get ledger(): Ledger {
    const { running } = this.node
    if (running === null) throw new Error('a liar has no faults of its own')
    return running.ledger
  }

  /** The certified head of its node. */
  get head(): Pick<Block, 'hash' | 'header'> {
    return this.ledger.head
  }

  /** Its core says and hears nothing any more. */
  seize(): void {
    this.isSeized = true
  }

  /** Votes for this member and acks all its blocks. */
  obey(member: Seat): void {
    this.#obeyed = member
  }

  leaderCertOf(term: number): LeaderCert {
    const certificate = this.#shared.leaderCerts.get(term)
    if (certificate === undefined) throw new Error(`no liar has seen the LeaderCert of term ${term}`)
    return certificate
  }

  knowLeaderCert(certificate: LeaderCert): void {
    this.#shared.leaderCerts.set(certificate.term, certificate)
  }

  say(to: SimulatedNode, message: Message): void {
    this.#liar.send(to.seat, message)
  }

  // ── blocks ──

  /** A block of its own, sound by itself, that its ledger knows from now on. */
  block({ parent, leaderCert, laterMs, epochsBack = 0, isKept = true, ...content }: Make): Block {
    const { ledger } = this
    const { timeMs: parentMs, height, term } = parent.header
    const epoch = (parent.header.epoch - epochsBack) as Epoch
    const parentHash = parent.hash
    const timeMs = Math.max(parentMs, this.node.clock.nowMs()) + laterMs
    const { transactions = leaderCert.term > term ? [] : [this.#write(timeMs)] } = content
    const execution = ledger.execute({ parentHash, epoch, timeMs, transactions })
    if (!execution.ok) throw new Error(`the attack's block: ${execution.refusal.message}`)
    const { version, txRoot, receiptRoot, stateRoot, logRoot } = execution.executed
    const { commitCert } = ledger.head
    const block = this.signed(
      {
        version,
        chainId: leaderCert.chainId,
        epoch,
        height: (height + 1) as Height,
        term: leaderCert.term,
        parentHash,
        timeMs,
        proposer: this.seat,
        txRoot,
        receiptRoot,
        stateRoot,
        logRoot,
        leaderCertHash: leaderCertHash(leaderCert),
        commitCertHash: commitCert === null ? ZERO_HASH : commitCertHash(commitCert),
      },
      transactions,
    )
    if (isKept) ledger.adopt(block, execution.executed)
    return block
  }

  /** Whatever the header says. */
  signed(header: Header, transactions: readonly SignedTransaction[] = []): Block {
    return { ...signHeader(header, this.sign), hash: blockHash(header), transactions, epochCert: null }
  }

  /** Makes its ledger know a block of somebody else. */
  adopt(block: Block): void {
    const execution = this.ledger.check(block)
    if (execution.ok) this.ledger.adopt(block, execution.executed)
  }

  /** Blocks, or nothing on top of `on`. */
  append(to: SimulatedNode, { blocks, on, commitCert = null }: Told): void {
    const top = blocks[0] ?? on
    if (top === undefined) throw new Error('an append stands on something')
    const { term, height, parentHash } = top.header
    const previous = on === undefined ? { height: (height - 1) as Height, hash: parentHash } : { height, hash: on.hash }
    const message: Append = {
      kind: 'append',
      term,
      leaderCerts: [this.leaderCertOf(term)],
      previous,
      blocks,
      commitCert,
    }
    this.say(to, message)
  }

  /** What whoever asks it for certified blocks gets. */
  serve(blocks: readonly Block[], commitCert: CommitCert): void {
    const leaderCerts = [...new Set(blocks.map(({ header }) => header.term))].map((term) => this.leaderCertOf(term))
    this.#served = toBytes(certifiedRunCodec, { blocks, leaderCerts, commitCert })
  }

  // ── certificates ──

  signAck(block: Block): SignedAck {
    return signAck(this.#liar, block)
  }

  /** Have these members acked it? As far as liars have heard. */
  hasAcksOf(block: Block, members: readonly SimulatedNode[]): boolean {
    const acks = this.#shared.acks.get(block.hash)
    return members.every(({ seat }) => acks?.has(seat) ?? false)
  }

  /** By what it has, its own and other liars' acks included. */
  commitCert(block: Block, liars: readonly Puppet[] = [this]): CommitCert {
    const signatures = new Map(this.#shared.acks.get(block.hash))
    for (const liar of liars) signatures.set(liar.seat, liar.signAck(block).signature)
    return createCommitCert(ackFor(block), signatures)
  }

  // ──

  #write(blockMs: number): SignedTransaction {
    const { random, node } = this.#liar
    return writeUnwatched(node.parts.consortium, { random, nowMs: blockMs - EPOCH_MS })
  }

  #learn(from: Seat, message: Message): void {
    const { acks, leaderCerts } = this.#shared
    if (message.kind === 'append') {
      for (const certificate of message.leaderCerts) leaderCerts.set(certificate.term, certificate)
    } else if (message.kind === 'appendReply') {
      for (const { ack, signature } of message.acks) {
        const signatures = acks.get(ack.blockHash) ?? new Map<Seat, Uint8Array>()
        acks.set(ack.blockHash, signatures.set(from, signature))
      }
    }
  }

  #follow(from: Seat, message: Message): void {
    switch (message.kind) {
      case 'preVoteRequest':
        this.#liar.send(from, { kind: 'preVote', term: message.term })
        break
      case 'voteRequest':
        this.#liar.send(from, voteFor(this.#liar, from, message))
        break
      case 'append': {
        const { term, blocks, previous } = message
        const ofTerm = blocks.filter(({ header }) => header.term === term)
        const head = this.ledger.head
        const empty = { match: previous, certified: { height: head.header.height, hash: head.hash }, acks: [] } as const
        const nothing = { kind: 'appendReply', term, status: 'matched', ...empty, timeRefused: false } as const
        this.#liar.send(from, acksOf(this.#liar, term, ofTerm) ?? nothing)
        break
      }
      default:
        break
    }
  }
}
