// What an attack is played on: it decides which messages arrive, who may stand for election, who is cut off or crashes, and
// has the liars under its hands. Everything that it does to honest members a network, a scheduler or a power cut can do.

import type { Message } from '../../../src/consensus/messages.ts'
import type { Block } from '../../../src/types/block.ts'
import type { Hash, Seat } from '../../../src/types/brand.ts'
import type { SignedTransaction } from '../../../src/types/transaction.ts'
import { quorum, type ValidatorSet } from '../../../src/types/validator-set.ts'
import type { SimulatedNode } from '../node.ts'
import type { Random } from '../random.ts'
import { writeUnwatched } from '../register-call.ts'
import type { World } from '../world.ts'
import type { Puppet } from './puppet.ts'

export interface Passage {
  readonly from: Seat
  readonly to: Seat
  readonly message: Message
}

/** False: the message gets lost. */
export type Rule = (passage: Passage) => boolean

interface Waiting {
  readonly condition: () => boolean
  readonly untilMs: number
  readonly resolve: (isMet: boolean) => void
}

/** Long enough for any election, with its back-off. */
const PATIENCE_MS = 20_000
/** An attack begins in a chain that has some length. */
const HEIGHT_MIN = 20

export class Stage {
  readonly random: Random
  readonly puppets: readonly Puppet[]
  /** The attack has come to its end: repelled, or nobody has noticed. */
  isOver = false
  /** What honest members have said, whoever got it. */
  readonly said: Passage[] = []
  readonly #world: World
  readonly #rules = new Set<Rule>()
  #waiting: Waiting[] = []
  #candidate: Seat | null = null

  constructor(world: World, { random, liars }: { random: Random; liars: readonly Puppet[] }) {
    this.#world = world
    this.random = random
    this.puppets = liars
  }

  /** By its seat; a liar of that place in the budget. */
  puppet(index: number): Puppet {
    const puppet = this.puppets[index]
    if (puppet === undefined) throw new Error(`the budget of this attack has no liar ${index}`)
    return puppet
  }

  get honest(): readonly SimulatedNode[] {
    return this.#world.honest
  }

  get set(): ValidatorSet {
    return this.#world.consortium.validators
  }

  get quorum(): number {
    return quorum(this.set)
  }

  /** Of anybody honest. */
  get certifiedHeight(): number {
    return this.#world.certifiedHeight
  }

  get nowMs(): number {
    return this.#world.queue.nowMs
  }

  /** For the trace. */
  tell(what: () => string): void {
    this.#world.trace.line('attack', what)
  }

  // ── time ──

  /** Whether it came true in time. */
  until(condition: () => boolean, withinMs = PATIENCE_MS): Promise<boolean> {
    return new Promise((resolve) => {
      const untilMs = this.nowMs + withinMs
      this.#waiting.push({ condition, untilMs, resolve })
      this.#world.queue.after(withinMs, () => undefined)
    })
  }

  pause(forMs: number): Promise<boolean> {
    return this.until(() => false, forMs)
  }

  /** The world asks after everything that happens. */
  look(): void {
    const { nowMs } = this
    const ready = this.#waiting.filter(({ condition, untilMs }) => nowMs >= untilMs || condition())
    if (ready.length === 0) return
    this.#waiting = this.#waiting.filter((waiting) => !ready.includes(waiting))
    for (const { condition, resolve } of ready) resolve(condition())
  }

  // ── network ──

  /** From now on, until the answer is called. */
  rule(rule: Rule): () => void {
    this.#rules.add(rule)
    return () => this.#rules.delete(rule)
  }

  mayPass(passage: Passage): boolean {
    for (const rule of this.#rules) if (!rule(passage)) return false
    return this.#mayStand(passage)
  }

  /** Nobody reaches it, it reaches nobody, and all are told. */
  isolate(node: SimulatedNode): void {
    for (const other of this.#others(node)) this.#world.network.cut(node.self, other.self)
  }

  rejoin(node: SimulatedNode): void {
    for (const other of this.#others(node)) this.#world.network.mend(node.self, other.self)
  }

  /** An attack is over: the network is free again. */
  release(): void {
    this.#rules.clear()
    this.rouse()
    this.#candidate = null
  }

  /** Between these two only. */
  cut(a: SimulatedNode, b: SimulatedNode): void {
    this.#world.network.cut(a.self, b.self)
  }

  mend(a: SimulatedNode, b: SimulatedNode): void {
    this.#world.network.mend(a.self, b.self)
  }

  mendAll(): void {
    const { nodes } = this.#world
    for (const a of nodes) for (const b of nodes) if (a !== b) this.mend(a, b)
  }

  // ── what happens ──

  /** Nobody else may stand for election, and no other leader is heard. Whether it leads. */
  async elect(node: SimulatedNode, withinMs = PATIENCE_MS): Promise<boolean> {
    this.#candidate = node.seat
    const isElected = await this.until(() => node.isLeader, withinMs)
    this.tell(() => (isElected ? `${node.name} leads` : `${node.name} is not elected`))
    return isElected
  }

  /** Everybody may stand for election again. */
  free(): void {
    this.#candidate = null
  }

  /** Whoever follows gets a seat, and everybody is in the epoch in which all have one. */
  async promoteFollowers(): Promise<void> {
    const { institutions, nodes, seats } = this.#world
    for (const node of nodes) {
      const key = node.keys.consensus?.publicKey
      if (key !== undefined && seats.seatOf(node.seat) === undefined)
        institutions.want('promoted', { kind: 'add', node, key })
    }
    const isThere = ({ running }: SimulatedNode): boolean => running?.ledger.epoch === seats.present.epoch
    await this.until(() => !institutions.isBusy && nodes.every(isThere))
  }

  /** How many members have started again with a snapshot. */
  get snapshots(): number {
    return this.#world.fired.get('snapshot') ?? 0
  }

  /** It starts again, at once, with an empty one. */
  loseLedger(node: SimulatedNode): void {
    this.#world.loseLedger(node)
  }

  /** A chain of some length, led by this member; then no new transactions, and everybody has the same. */
  async prepare(leader: SimulatedNode): Promise<void> {
    await this.elect(leader)
    await this.until(() => this.#world.nodes.every(({ height }) => height >= HEIGHT_MIN))
    this.hush()
    await this.pause(this.random.between(400, 900))
    const { height } = leader
    this.tell(() => `everybody has height ${height}`)
  }

  /** No new transactions. */
  hush(): void {
    this.#world.clients.isPaused = true
  }

  /** New transactions. */
  rouse(): void {
    this.#world.clients.isPaused = false
  }

  /** How long a sync takes everywhere; null: as usual. */
  setDisks(syncMs: number | null): void {
    for (const { disk } of this.#world.nodes) disk.health.syncMs = syncMs ?? 0.4
  }

  crash(node: SimulatedNode, downMs: number): void {
    this.#world.crash(node, downMs)
  }

  /** Somebody has lied: the run counts. */
  lied(what: string): void {
    this.#world.lied(what)
  }

  isCertified(node: SimulatedNode, block: Block): boolean {
    return this.certifiedAt(node, block.header.height) === block.hash
  }

  certifiedAt(node: SimulatedNode, height: number): Hash | undefined {
    return node.running?.ledger.block(height as Block['header']['height'])?.hash
  }

  transaction(): SignedTransaction {
    return writeUnwatched(this.#world.consortium, this)
  }

  /** As a client of this node. */
  submit(node: SimulatedNode, transaction: SignedTransaction): void {
    node.running?.participant.intake.submissions.submit(transaction.bytes)
  }

  /** The highest term of blocks above this height that the member has acked, whoever got to know; 0 for none. */
  ackedTermAbove(node: SimulatedNode, height: number): number {
    const terms = this.said.flatMap(({ from, message }) =>
      from === node.seat && message.kind === 'appendReply'
        ? message.acks.filter(({ ack }) => ack.height > height).map(({ ack }) => ack.term)
        : [],
    )
    return Math.max(0, ...terms)
  }

  /** From now on the leader's new blocks reach one member alone. */
  tellOnly(leader: SimulatedNode, told: SimulatedNode): void {
    this.rule(
      ({ from, to, message }) =>
        from !== leader.seat || message.kind !== 'append' || to === told.seat || message.blocks.length === 0,
    )
  }

  #others(node: SimulatedNode): readonly SimulatedNode[] {
    return this.#world.nodes.filter((other) => other !== node)
  }

  #mayStand({ from, message }: Passage): boolean {
    if (this.#candidate === null || this.puppets.some(({ seat, isSeized }) => seat === from && isSeized)) return true
    switch (message.kind) {
      case 'preVoteRequest':
      case 'voteRequest':
      case 'append':
        return from === this.#candidate
      default:
        return true
    }
  }
}

export type Attack = (stage: Stage) => Promise<void>
