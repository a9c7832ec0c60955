// A group of cores in one process under virtual time: a seeded network that delays, reorders, loses and repeats, disks
// that keep exactly what was persisted before a crash, and a liar that runs twice. laws.test-support.ts watches.

import { assert } from '../types/assert.ts'
import type { Block } from '../types/block.ts'
import type { Hash, Seat } from '../types/brand.ts'
import type { CommitCert, LeaderCert } from '../types/certificate.ts'
import { quorum, type ValidatorSet } from '../types/validator-set.ts'
import { canPropose } from './can-propose.ts'
import { step } from './core.ts'
import { createState } from './create-state.ts'
import type { Effect, Timer } from './effects.ts'
import type { Occurrence } from './events.ts'
import type { Evidence } from './evidence/evidence.ts'
import {
  createGenesisBlock,
  createSet,
  createSettings,
  createTransaction,
  execute,
  isExecutionOf,
  rangeBefore,
} from './fakes.test-support.ts'
import { Laws } from './laws.test-support.ts'
import { decodeMessage, encodeMessage, type Message } from './messages.ts'
import { decodeSignState, EMPTY_SIGN_STATE, encodeSignState, type SignState } from './sign-state.ts'
import type { State } from './state.ts'
import { Statements } from './statements.test-support.ts'
import { VirtualTime } from './virtual-time.test-support.ts'

/** Probabilities are per message, `crash` is per step. */
export interface Faults {
  readonly loss: number
  readonly repetition: number
  readonly disconnect: number
  readonly crash: number
  readonly delayMaxMs: number
}

export const NO_FAULTS: Faults = { loss: 0, repetition: 0, disconnect: 0, crash: 0, delayMaxMs: 5 }

export interface ClusterOptions {
  readonly memberCount: number
  readonly seed: number
  readonly faults: Faults
  /** This member runs twice with one key and one leadership: its two selves know nothing of each other's signatures. */
  readonly liar?: number
  /** Every message goes through its bytes. */
  readonly throughBytes?: boolean
}

/** What survives a crash. */
interface Disk {
  readonly blocks: Map<Hash, Block>
  leaderCerts: LeaderCert[]
  chain: Block[]
  commitCerts: Map<Hash, CommitCert>
  signState: SignState
}

interface Self {
  readonly member: Seat
  readonly isHonest: boolean
  readonly disk: Disk
  /** Null while it is down. */
  state: State | null
  /** Rises with every start and crash: what was scheduled before is void. */
  incarnation: number
  readonly timers: Map<Timer, number>
  /** Blocks that its ledger has executed and not stored. */
  readonly executed: Map<Hash, Block>
  readonly skewMs: number
  isDrafting: boolean
}

export class Cluster {
  readonly set: ValidatorSet
  readonly laws: Laws
  /** Accusations by honest members. */
  readonly misbehaviours: { readonly member: number; readonly what: string }[] = []
  /** Found by honest members while they ran. */
  readonly evidence: { readonly evidence: Evidence; readonly accused: readonly number[] }[] = []
  private readonly statements = new Statements()
  private readonly options: ClusterOptions
  private readonly time: VirtualTime
  private readonly genesis = createGenesisBlock()
  private readonly selves: Self[] = []
  private faults: Faults
  private transactionCount = 0

  constructor(options: ClusterOptions) {
    this.options = options
    this.faults = options.faults
    this.time = new VirtualTime(options.seed)
    this.laws = new Laws(() => `seed ${options.seed}, ${this.time.nowMs} ms`)
    this.set = createSet(options.memberCount)
    for (let member = 0; member < options.memberCount; member++) {
      this.addSelf(member)
      if (member === options.liar) this.addSelf(member)
    }
    for (const self of this.selves) this.start(self)
  }

  run(durationMs: number): void {
    this.time.run(durationMs)
  }

  /** Ends all faults: who crashed starts again, the liar falls silent. */
  heal(): void {
    this.faults = NO_FAULTS
    for (const self of this.selves) {
      if (!self.isHonest) this.crash(self)
      else if (self.state === null) this.start(self)
    }
  }

  /** Certified heights of the honest members. */
  heights(): number[] {
    return this.chains().map((chain) => chain.length - 1)
  }

  checkAckedSurvive(): void {
    this.laws.checkAckedSurvive(this.chains(), quorum(this.set))
  }

  /** Who is proven to have lied by all that anybody, liars included, ever said. */
  guilty(): readonly number[] {
    const settings = createSettings(this.set, 0)
    const verifier = { ...settings, setOf: settings.restoredSetOf }
    return this.statements.investigate({ genesis: this.genesis, verifier }).guilty
  }

  private chains(): Block[][] {
    return this.selves.filter(({ isHonest }) => isHonest).map(({ disk }) => disk.chain)
  }

  // ── life of a node ──

  private addSelf(member: number): void {
    this.selves.push({
      member: member as Seat,
      isHonest: member !== this.options.liar,
      disk: {
        blocks: new Map([[this.genesis.hash, this.genesis]]),
        leaderCerts: [],
        chain: [this.genesis],
        commitCerts: new Map(),
        signState: EMPTY_SIGN_STATE,
      },
      state: null,
      incarnation: 0,
      timers: new Map(),
      executed: new Map(),
      skewMs: this.time.below(200) - 100,
      isDrafting: false,
    })
  }

  private start(self: Self): void {
    const { disk } = self
    const head = disk.chain.at(-1) as Block
    self.incarnation++
    self.timers.clear()
    self.executed.clear()
    self.isDrafting = false
    self.state = createState(createSettings(this.set, self.member), {
      certified: { block: head, commitCert: disk.commitCerts.get(head.hash) ?? null, ancestors: rangeBefore(head) },
      uncommitted: uncommittedBlocks(disk, head),
      leaderCerts: disk.leaderCerts,
      signState: decodeSignState(encodeSignState(disk.signState)),
      certifiedHashAt: (height) => disk.chain[height]?.hash,
      nextSetOf: () => null,
    })
    this.step(self, { kind: 'start' })
    for (const other of this.others(self)) {
      this.time.later(this.time.below(20), () => this.step(other, { kind: 'peerConnected', member: self.member }))
    }
  }

  private crash(self: Self): void {
    self.state = null
    self.incarnation++
    for (const other of this.others(self)) {
      this.time.later(this.time.below(20), () => this.step(other, { kind: 'peerDisconnected', member: self.member }))
    }
  }

  /** One event. A crash may hit between any two of its effects: the rest of them has never happened. */
  private step(self: Self, occurrence: Occurrence): void {
    if (self.state === null) return
    const random = this.time.below(2 ** 32)
    const effects = step(self.state, { ...occurrence, nowMs: this.clockOf(self), random })
    const crashes = this.time.chance(this.faults.crash)
    const performed = crashes ? effects.slice(0, this.time.below(effects.length + 1)) : effects
    for (const effect of performed) this.perform(self, effect)
    if (crashes) {
      this.crash(self)
      this.time.later(50 + this.time.below(3_000), () => {
        if (self.state === null && self.isHonest) this.start(self)
      })
    } else this.maybeDraft(self)
  }

  private perform(self: Self, effect: Effect): void {
    const { disk, member, isHonest } = self
    switch (effect.kind) {
      case 'persistBlock':
        disk.blocks.set(effect.block.hash, effect.block)
        if (isHonest && effect.block.header.proposer === member) this.laws.onProposal(effect.block)
        break
      case 'persistLeaderCert':
        disk.leaderCerts.push(effect.certificate)
        break
      case 'persistSignState':
        disk.signState = effect.signState
        if (isHonest) this.laws.onSignState(member, effect.signState)
        break
      case 'send':
        if (isHonest) this.laws.onSend(effect.message, disk)
        if (this.options.seed % 8 === 1 || this.options.liar !== undefined)
          this.statements.onSend(member, effect.message)
        this.route(self, effect)
        break
      case 'execute':
        this.execute(self, effect.block)
        break
      case 'commit':
        this.commit(self, effect)
        break
      case 'setTimer': {
        const { timer, delayMs } = effect
        const ticket = this.time.jobCount
        self.timers.set(timer, ticket)
        this.after(self, delayMs, () => {
          if (self.timers.get(timer) === ticket) this.step(self, { kind: 'timeout', timer })
        })
        break
      }
      case 'cancelTimer':
        self.timers.delete(effect.timer)
        break
      case 'needSync':
        this.after(self, 5 + this.time.below(50), () => this.sync(self, effect))
        break
      case 'roleChanged':
        if (effect.role !== 'leader') break
        this.laws.onLeader(member, effect.term)
        if (!isHonest) this.shareLeadership(self)
        break
      case 'evidence':
        if (isHonest) this.evidence.push(effect)
        break
      case 'misbehaviour':
        if (isHonest) this.misbehaviours.push(effect)
        break
      case 'diverged':
      case 'invalidBlock':
        if (isHonest) this.laws.violate(`${effect.kind} at ${effect.height}: ${effect.reason}`)
        break
      case 'moveTip':
      case 'returned':
        break
    }
  }

  // ── the runtime's and the ledger's part ──

  private maybeDraft(self: Self): void {
    if (self.state === null || self.isDrafting) return
    const chance = canPropose(self.state)
    if (chance === null) return
    self.isDrafting = true
    this.after(self, chance.opening ? 1 : this.time.below(160), () => {
      self.isDrafting = false
      const parent = self.disk.blocks.get(chance.parentHash)
      if (parent === undefined) return
      const timeMs = Math.max(this.clockOf(self), chance.parentTimeMs + 1)
      const transactions = chance.bytesMax > 0 ? [createTransaction(this.transactionCount++)] : []
      this.step(self, { kind: 'propose', ...execute(parent, { timeMs, transactions }) })
    })
  }

  private execute(self: Self, block: Block): void {
    const { parentHash } = block.header
    const parent = self.disk.blocks.get(parentHash) ?? self.executed.get(parentHash)
    const isValid = parent !== undefined && isExecutionOf(block, parent)
    const verdict = isValid
      ? ({ kind: 'valid', nextSet: null } as const)
      : ({ kind: 'invalid', reason: 'roots' } as const)
    self.executed.set(block.hash, block)
    this.after(self, 1, () => this.step(self, { kind: 'executed', blockHash: block.hash, verdict }))
  }

  private commit(
    { disk, isHonest }: Self,
    { certificate, blocks, dropped }: Extract<Effect, { kind: 'commit' }>,
  ): void {
    assert(blocks.at(-1)?.hash === certificate.blockHash, 'the certificate is on the last block')
    for (const block of blocks) {
      assert(block.header.parentHash === disk.chain.at(-1)?.hash, 'commits are consecutive')
      assert(disk.blocks.has(block.hash), 'only what is persisted is committed')
      disk.chain.push(block)
      if (isHonest) this.laws.onCommit(block)
    }
    disk.commitCerts.set(certificate.blockHash, certificate)
    for (const hash of dropped) disk.blocks.delete(hash)
  }

  /** A run of at most 20 blocks, up to the last of them that the peer has a certificate on. */
  private sync(self: Self, { from, fromHeight }: Extract<Effect, { kind: 'needSync' }>): void {
    const peer = this.selves.find(({ member, state }) => member === from && state !== null)
    const blocks = peer?.disk.chain.slice(fromHeight, fromHeight + 20) ?? []
    const commitCert = blocks.map(({ hash }) => peer?.disk.commitCerts.get(hash)).findLast((held) => held !== undefined)
    if (peer === undefined || commitCert === undefined || this.time.chance(this.faults.loss)) {
      this.step(self, { kind: 'syncFailed', from })
      return
    }
    const run = blocks.filter(({ header }) => header.height <= commitCert.height)
    const leaderCerts = peer.disk.leaderCerts.filter(({ term }) => run.some(({ header }) => header.term === term))
    this.step(self, { kind: 'synced', from, blocks: run, leaderCerts, commitCert })
  }

  // ── network ──

  private route(self: Self, { to, message }: { to: Seat; message: Message }): void {
    const carried = this.options.throughBytes ? decodeMessage(encodeMessage(message)) : message
    for (const target of this.selves.filter(({ member }) => member === to)) {
      // Of the liar's two selves each hears about half.
      if (!target.isHonest && this.time.chance(0.4)) continue
      if (this.time.chance(this.faults.loss)) continue
      const copies = this.time.chance(this.faults.repetition) ? 2 : 1
      for (let copy = 0; copy < copies; copy++) {
        const delayMs = 1 + this.time.below(this.faults.delayMaxMs)
        this.time.later(delayMs, () => this.step(target, { kind: 'received', from: self.member, message: carried }))
      }
      if (this.time.chance(this.faults.disconnect)) {
        this.time.later(1, () => this.step(target, { kind: 'peerDisconnected', member: self.member }))
      }
    }
  }

  private others({ member }: Self): Self[] {
    return this.selves.filter((self) => self.member !== member)
  }

  // ── the liar ──

  /** Its other self gets the same memory: it leads the same term, on the same tip, and will make other blocks. */
  private shareLeadership(self: Self): void {
    const other = this.selves.find((candidate) => candidate.member === self.member && candidate !== self)
    if (other === undefined || other.state === null || self.state === null) return
    for (const [hash, block] of self.disk.blocks) other.disk.blocks.set(hash, block)
    other.disk.leaderCerts = [...self.disk.leaderCerts]
    other.disk.chain = [...self.disk.chain]
    other.disk.commitCerts = new Map(self.disk.commitCerts)
    const { settings, ...memory } = self.state
    other.state = { ...structuredClone(memory), settings }
    other.incarnation++
    other.isDrafting = false
    this.after(other, 1, () => this.step(other, { kind: 'timeout', timer: 'heartbeat' }))
    this.after(other, 4_000, () => this.step(other, { kind: 'timeout', timer: 'quorum' }))
  }

  // ── time ──

  private clockOf({ skewMs }: Self): number {
    return this.genesis.header.timeMs + 1_000 + this.time.nowMs + skewMs
  }

  private after(self: Self, delayMs: number, run: () => void): void {
    const { incarnation } = self
    this.time.later(delayMs, () => {
      if (self.incarnation === incarnation) run()
    })
  }
}

/** Stored blocks that stand on the head, parents first. */
function uncommittedBlocks({ blocks }: Disk, head: Block): Block[] {
  const kept = new Set([head.hash])
  const above = [...blocks.values()].sort((left, right) => left.header.height - right.header.height)
  return above.filter(({ header, hash }) => {
    const stands = header.height > head.header.height && kept.has(header.parentHash)
    if (stands) kept.add(hash)
    return stands
  })
}
