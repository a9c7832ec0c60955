// A leader that turns liar: from then on its own core is silent, and it says what the script wants in its name.

import { canPropose } from '../../../src/consensus/can-propose.ts'
import { createCommitCert } from '../../../src/consensus/certificate.ts'
import { CHAIN_ID, createSet, createTransaction, execute, signAs } from '../../../src/consensus/fakes.test-support.ts'
import type { Append } from '../../../src/consensus/messages.ts'
import type { State } from '../../../src/consensus/state.ts'
import type { Block } from '../../../src/types/block.ts'
import type { Height, Seat } from '../../../src/types/brand.ts'
import { ackMessage, blockHash, signHeader } from '../../../src/types/signing.ts'
import type { Stage } from './stage.ts'

interface Side {
  readonly block: Block
  readonly members: readonly Seat[]
}

export class Liar {
  readonly #stage: Stage
  readonly #seat: Seat
  readonly #state: State
  #left: Side | null = null
  #right: Side | null = null

  constructor(stage: Stage, seat: Seat) {
    const { state } = stage.player(seat)
    if (state === null || state.role.kind !== 'leader') throw new Error(`member ${seat} does not lead`)
    this.#stage = stage
    this.#seat = seat
    this.#state = state
    stage.player(seat).state = null
  }

  equivocate(left: readonly Seat[], right: readonly Seat[]): void {
    this.#left = { block: this.#block(9_001), members: left }
    this.#right = { block: this.#block(9_002), members: right }
    for (const { block, members } of [this.#left, this.#right]) {
      for (const member of members) this.#stage.carry(this.#seat, member, this.#append({ blocks: [block] }))
    }
  }

  /** With its own ack, and those that the members of that side have given: they are on their disks. */
  certify(which: 'left' | 'right'): void {
    const side = which === 'left' ? this.#left : this.#right
    if (side === null) throw new Error('nothing was equivocated yet')
    const { block, members } = side
    const { epoch, term, height } = block.header
    const ack = { chainId: CHAIN_ID, epoch, term, height, blockHash: block.hash }
    const signers = [this.#seat, ...members.filter((member) => this.#hasAcked(member, block))]
    const set = createSet(16)
    const signatures = new Map(signers.map((signer) => [signer, signAs(set, signer)(ackMessage(ack))]))
    const commitCert = createCommitCert(ack, signatures)
    for (const member of members) this.#stage.carry(this.#seat, member, this.#append({ commitCert }))
  }

  #hasAcked(member: Seat, { hash }: Block): boolean {
    return this.#stage.player(member).disk.signState.lastAck?.hash === hash
  }

  #block(number: number): Block {
    const chance = canPropose(this.#state)
    const parent = this.#state.tree.entries.get(this.#state.tipHash)?.block
    if (chance === null || parent === undefined) throw new Error('there is no room for a block')
    const { timeMs } = parent.header
    const { transactions, ...roots } = execute(parent, {
      timeMs: timeMs + 1,
      transactions: [createTransaction(number)],
    })
    const header = {
      ...parent.header,
      ...roots,
      height: (parent.header.height + 1) as Height,
      term: this.#state.term,
      proposer: this.#seat,
      leaderCertHash: this.#state.leaderCertHash ?? parent.header.leaderCertHash,
    }
    const { version, chainId, epoch, height, term, parentHash, proposer, txRoot, receiptRoot, stateRoot, logRoot } =
      header
    const { leaderCertHash, commitCertHash } = header
    const signed = {
      version,
      chainId,
      epoch,
      height,
      term,
      parentHash,
      timeMs: header.timeMs,
      proposer,
      txRoot,
      receiptRoot,
      stateRoot,
      logRoot,
      leaderCertHash,
      commitCertHash,
    }
    const sign = signAs(createSet(16), this.#seat)
    return { ...signHeader(signed, sign), hash: blockHash(signed), transactions, epochCert: null }
  }

  #append({ blocks = [], commitCert = null }: Partial<Pick<Append, 'blocks' | 'commitCert'>>): Append {
    const { term, tree, tipHash, leaderCerts, leaderCertHash } = this.#state
    const certificate = leaderCertHash === null ? undefined : leaderCerts.get(leaderCertHash)
    const height = tree.entries.get(tipHash)?.block.header.height ?? (0 as Height)
    const previous = { height, hash: tipHash }
    return { kind: 'append', term, leaderCerts: certificate ? [certificate] : [], previous, blocks, commitCert }
  }
}
