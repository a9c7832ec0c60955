// When it leads, it makes two blocks in one place and tells one half of the group of the one, the other half of the other. Both
// branches go on: it acks both, and certifies whichever gets a quorum.

import { createCommitCert } from '../../../src/consensus/certificate.ts'
import type { Append, AppendReply, Message, Position, SignedAck } from '../../../src/consensus/messages.ts'
import type { Block } from '../../../src/types/block.ts'
import type { Hash, Seat } from '../../../src/types/brand.ts'
import type { Ack, CommitCert } from '../../../src/types/certificate.ts'
import { ackMessage, blockHash, signHeader } from '../../../src/types/signing.ts'
import { quorum } from '../../../src/types/validator-set.ts'
import type { CreateLiar, Liar } from './liar.ts'

export const equivocatingLeader: CreateLiar = (liar) => {
  let branch: Branch | null = null
  const branchOf = (term: number): Branch => {
    if (branch?.term !== term) branch = new Branch(liar, term)
    return branch
  }
  return {
    outgoing(to, message) {
      if (message.kind !== 'append') return true
      const told = branchOf(message.term).retell(to, message)
      if (told === message) return true
      if (told !== null) liar.send(to, told)
      return false
    },
    incoming(from, message) {
      if (message.kind !== 'appendReply' || branch === null || message.term !== branch.term) return true
      return branch.hear(from, message)
    },
  }
}

/** Its second branch in one term. */
class Branch {
  readonly term: number
  readonly #liar: Liar
  /** Those who hear of this branch, and not of the one that its node builds. */
  readonly #audience: ReadonlySet<Seat>
  /** By the block of its node in the same place. */
  readonly #twins = new Map<Hash, Block>()
  readonly #originals = new Map<Hash, Position>()
  readonly #acks = new Map<Hash, Map<Seat, Uint8Array>>()
  #certificate: CommitCert | null = null
  #isBroken = false

  constructor(liar: Liar, term: number) {
    this.term = term
    this.#liar = liar
    const { peers, random } = liar
    this.#audience = new Set(random.sample(peers, Math.max(1, random.below(peers.length))))
  }

  /** What this peer is told instead; the message itself when it is to hear the truth, null for nothing. */
  retell(to: Seat, message: Append): Message | null {
    for (const block of message.blocks) this.#fork(block)
    if (!this.#audience.has(to) || this.#twins.size === 0) return message
    const { blocks, previous, commitCert } = message
    // A certificate on the other branch would give the game away.
    const isOnOther = commitCert !== null && this.#twins.has(commitCert.blockHash)
    return {
      ...message,
      previous: this.#twinPosition(previous),
      blocks: blocks.map((block) => this.#twins.get(block.hash) ?? block),
      commitCert: isOnOther || this.#certificate !== null ? this.#certificate : commitCert,
    }
  }

  /** A reply about the twins is told to its node as one about the originals; the acks stay here. */
  hear(from: Seat, message: AppendReply): boolean {
    if (!this.#audience.has(from) || this.#twins.size === 0) return true
    const isAbout = (ack: Ack): boolean => this.#originals.has(ack.blockHash)
    const kept = message.acks.filter(({ ack }) => isAbout(ack))
    for (const ack of kept) this.#collect(from, ack)
    const match = this.#originals.get(message.match.hash)
    const certified = this.#originals.get(message.certified.hash)
    if (kept.length === 0 && match === undefined && certified === undefined) return true
    const translated: AppendReply = {
      ...message,
      match: match ?? message.match,
      certified: certified ?? message.certified,
      acks: message.acks.filter(({ ack }) => !isAbout(ack)),
    }
    this.#liar.hear(from, translated)
    return false
  }

  #twinPosition(position: Position): Position {
    const twin = this.#twins.get(position.hash)
    return twin === undefined ? position : { height: position.height, hash: twin.hash }
  }

  /** Makes the twin of a block of its own, once it has begun, or begins to. */
  #fork(block: Block): void {
    const { node, random, seat } = this.#liar
    const { header } = block
    const ledger = node.running?.ledger
    const isMine = header.proposer === seat && header.term === this.term
    if (ledger === undefined || !isMine || this.#isBroken || this.#twins.has(block.hash)) return
    const parent = this.#twins.get(header.parentHash)
    if (parent === undefined && (this.#twins.size > 0 || !random.chance(0.5))) return
    // Only an opening block may be empty.
    const kept = block.transactions.slice(Math.min(random.below(2), Math.max(0, block.transactions.length - 1)))
    const isOther = parent !== undefined || kept.length < block.transactions.length
    const timeMs = isOther ? header.timeMs : header.timeMs + 1
    const parentHash = parent?.hash ?? header.parentHash
    const execution = ledger.execute({ epoch: header.epoch, parentHash, timeMs, transactions: kept })
    if (!execution.ok) {
      // Its node has certified the other branch, and with it forgotten this one.
      this.#isBroken = true
      return
    }
    const { txRoot, receiptRoot, stateRoot, logRoot } = execution.executed
    const signed = signHeader(
      { ...header, parentHash, timeMs, txRoot, receiptRoot, stateRoot, logRoot },
      this.#liar.sign,
    )
    const twin: Block = { ...block, ...signed, hash: blockHash(signed.header), transactions: kept }
    ledger.adopt(twin, execution.executed)
    this.#twins.set(block.hash, twin)
    this.#originals.set(twin.hash, { height: header.height, hash: block.hash })
    this.#liar.lied(
      `makes two blocks at height ${header.height}: ${block.hash.slice(0, 8)} and ${twin.hash.slice(0, 8)}`,
    )
  }

  #collect(from: Seat, { ack, signature }: SignedAck): void {
    const { node, seat, sign } = this.#liar
    const signatures = this.#acks.get(ack.blockHash) ?? new Map([[seat, sign(ackMessage(ack))]])
    this.#acks.set(ack.blockHash, signatures)
    signatures.set(from, signature)
    if (signatures.size < quorum(node.parts.consortium.validators)) return
    this.#certificate = createCommitCert(ack, signatures)
    this.#liar.lied(`certifies its second branch at height ${ack.height}`)
  }
}
