// A group of cores in one process under virtual time: a seeded network that delays, reorders, loses and repeats, disks
// that keep exactly what was persisted before a crash, and a liar that runs twice. After every effect the laws are checked.

import { assert } from '../types/assert.ts'
import type { Block } from '../types/block.ts'
import type { Hash, MemberIndex } from '../types/brand.ts'
import type { CommitCert, LeaderCert } from '../types/certificate.ts'
import { quorum, type ValidatorSet } from '../types/validator-set.ts'
import { canPropose } from './can-propose.ts'
import { step } from './core.ts'
import { createState } from './create-state.ts'
import type { Effect, Timer } from './effects.ts'
import type { Occurrence } from './events.ts'
import {
  createGenesisBlock,
  createSet,
  createSettings,
  createTransaction,
  execute,
  isExecutionOf,
} from './fakes.test-support.ts'
import type { Timing } from './limits.ts'
import { decodeMessage, encodeMessage, type Message } from './messages.ts'
import { decodeSignState, EMPTY_SIGN_STATE, encodeSignState, type SignState } from './sign-state.ts'
import type { State } from './state.ts'

export interface Faults {
  /** Parts of 1. */
  readonly loss: number
  readonly repetition: number
  readonly delayMaxMs: number
  /** Per step; at any of its effects. */
  readonly crash: number
  readonly disconnect: number
}

export const NO_FAULTS: Faults = { loss: 0, repetition: 0, delayMaxMs: 5, crash: 0, disconnect: 0 }

export interface ClusterOptions {
  readonly memberCount: number
  readonly seed: number
  readonly faults: Faults
  /** This member runs twice with one key and one leadership: its two selves know nothing of each other's signatures. */
  readonly liar?: number
  /** Every message goes through its bytes. */
  readonly throughBytes?: boolean
  readonly timing?: Partial<Timing>
}

/** What survives a crash. */
interface Disk {
  readonly blocks: Map<Hash, Block>
  readonly leaderCerts: LeaderCert[]
  signState: SignState
  readonly chain: Block[]
  commitCerts: Map<Hash, CommitCert>
}

interface Self {
  readonly member: MemberIndex
  readonly name: string
  readonly disk: Disk
  state: State | null
  /** Rises with every start: what was scheduled before a crash is void. */
  incarnation: number
  readonly timers: Map<Timer, number>
  skewMs: number
  isDrafting: boolean
}

type Job = { readonly atMs: number; readonly order: number; readonly run: () => void }

export class Cluster {
  readonly set: ValidatorSet
  readonly selves: Self[] = []
  readonly certified = new Map<number, Hash>()
  readonly violations: string[] = []
  readonly misbehaviours: string[] = []
  faults: Faults
  nowMs = 0
  private readonly options: ClusterOptions
  private readonly genesis = createGenesisBlock()
  private readonly leaders = new Map<number, string>()
  private readonly ackers = new Map<Hash, { readonly height: number; readonly members: Set<number> }>()
  private readonly proposed = new Map<string, Hash>()
  private readonly jobs: Job[] = []
  private jobCount = 0
  private transactionCount = 0
  private random: number

  constructor(options: ClusterOptions) {
    this.options = options
    this.faults = options.faults
    this.random = options.seed * 2_654_435_761 + 1
    this.set = createSet(options.memberCount)
    this.certified.set(0, this.genesis.hash)
    for (let member = 0; member < options.memberCount; member++) {
      this.addSelf(member, `${member}`)
      if (member === options.liar) this.addSelf(member, `${member}'`)
    }
    for (const self of this.selves) this.start(self)
  }

  // ── running ──

  /** Performs what is due within the next `durationMs`. */
  run(durationMs: number): void {
    const endMs = this.nowMs + durationMs
    for (;;) {
      const next = this.jobs[0]
      if (next === undefined || next.atMs > endMs) break
      this.popJob()
      this.nowMs = next.atMs
      next.run()
    }
    this.nowMs = endMs
  }

  /** Ends all faults: who crashed starts again, the liar falls silent. */
  heal(): void {
    this.faults = NO_FAULTS
    for (const self of this.selves) {
      if (self.member === this.options.liar) {
        self.state = null
        self.incarnation++
      } else if (self.state === null) this.start(self)
      self.skewMs = 0
    }
  }

  crash(self: Self): void {
    if (self.state === null) return
    self.state = null
    self.incarnation++
    self.timers.clear()
    for (const other of this.selves) {
      if (other.member !== self.member) this.later(this.below(20), () => this.disconnected(other, self))
    }
  }

  start(self: Self): void {
    const { disk } = self
    const head = disk.chain.at(-1) as Block
    const uncommitted = [...disk.blocks.values()].filter((block) => this.isAbove(disk, { block, head }))
    uncommitted.sort((left, right) => left.header.height - right.header.height)
    self.timers.clear()
    self.isDrafting = false
    self.incarnation++
    self.state = createState(createSettings(this.set, self.member, this.options.timing), {
      certified: { block: head, commitCert: disk.commitCerts.get(head.hash) ?? null },
      uncommitted,
      leaderCerts: disk.leaderCerts,
      signState: decodeSignState(encodeSignState(disk.signState)),
      certifiedHashAt: (height) => disk.chain[height]?.hash,
    })
    this.step(self, { kind: 'start' })
    for (const other of this.selves) {
      if (other.member === self.member) continue
      this.later(this.below(20), () => this.step(other, { kind: 'peerConnected', member: self.member }))
    }
  }

  honest(): Self[] {
    return this.selves.filter(({ member }) => member !== this.options.liar)
  }

  heights(): number[] {
    return this.honest().map(({ disk }) => disk.chain.length - 1)
  }

  /** Whatever a quorum of acks stood for has stayed. */
  checkAckedSurvive(): void {
    const q = quorum(this.set)
    for (const [hash, { height, members }] of this.ackers) {
      if (members.size < q) continue
      for (const { name, disk } of this.honest()) {
        const block = disk.chain[height]
        if (block !== undefined && block.hash !== hash) this.violate(`${name} lost a block that a quorum had acked`)
      }
    }
  }

  // ── one node ──

  private step(self: Self, occurrence: Occurrence): void {
    if (self.state === null) return
    const { state } = self
    const nowMs = this.clock(self)
    const effects = step(state, { ...occurrence, nowMs, random: this.below(2 ** 32) })
    const crashAt = this.chance(this.faults.crash) ? this.below(effects.length + 1) : Number.POSITIVE_INFINITY
    for (const [index, effect] of effects.entries()) {
      if (index === crashAt) break
      this.perform(self, effect)
    }
    if (crashAt !== Number.POSITIVE_INFINITY) {
      this.crash(self)
      this.later(50 + this.below(3_000), () => this.start(self))
      return
    }
    this.draft(self)
  }

  private perform(self: Self, effect: Effect): void {
    const { disk, incarnation } = self
    switch (effect.kind) {
      case 'persistBlock':
        disk.blocks.set(effect.block.hash, effect.block)
        this.checkProposal(self, effect.block)
        break
      case 'persistLeaderCert':
        disk.leaderCerts.push(effect.certificate)
        break
      case 'persistSignState':
        disk.signState = effect.signState
        this.countAck(self)
        break
      case 'send':
        this.checkStatement(self, effect.message)
        this.route(self, effect)
        break
      case 'execute': {
        const parent = this.blockAt(self, effect.block.header.parentHash)
        const isValid = parent !== undefined && isExecutionOf(effect.block, parent)
        const verdict = isValid ? ({ kind: 'valid' } as const) : ({ kind: 'invalid', reason: 'roots' } as const)
        // The ledger executes in order; its answers keep it.
        self.disk.blocks.has(effect.block.hash)
        this.after(self, 1, () => this.step(self, { kind: 'executed', blockHash: effect.block.hash, verdict }))
        this.executing.set(effect.block.hash, effect.block)
        break
      }
      case 'commit':
        this.commit(self, effect)
        break
      case 'setTimer': {
        const ticket = this.jobCount
        self.timers.set(effect.timer, ticket)
        this.after(self, effect.delayMs, () => {
          if (self.timers.get(effect.timer) === ticket) this.step(self, { kind: 'timeout', timer: effect.timer })
        })
        break
      }
      case 'cancelTimer':
        self.timers.delete(effect.timer)
        break
      case 'needSync':
        this.later(5 + this.below(50), () => {
          if (self.incarnation === incarnation) this.sync(self, effect)
        })
        break
      case 'roleChanged':
        if (effect.role === 'leader') this.checkLeader(self, effect.term)
        break
      case 'diverged':
        if (this.isHonest(self)) this.violate(`${self.name} diverged at ${effect.height}: ${effect.reason}`)
        break
      case 'misbehaviour':
        if (this.isHonest(self)) this.misbehaviours.push(`${effect.member} ${effect.what}`)
        break
      case 'invalidBlock':
        if (this.isHonest(self)) this.violate(`${self.name} found an invalid block`)
        break
      case 'moveTip':
      case 'returned':
        break
    }
  }
  private readonly executing = new Map<Hash, Block>()

  /** The runtime's part: a draft where one may be made. */
  private draft(self: Self): void {
    if (self.state === null || self.isDrafting) return
    const chance = canPropose(self.state)
    if (chance === null) return
    self.isDrafting = true
    this.after(self, chance.opening ? 1 : this.below(160), () => {
      self.isDrafting = false
      const parent = this.blockAt(self, chance.parentHash)
      if (parent === undefined) return
      const timeMs = Math.max(this.clock(self), chance.parentTimeMs + 1)
      const transactions = chance.bytesMax > 0 ? [createTransaction(this.transactionCount++)] : []
      this.step(self, { kind: 'propose', ...execute(parent, { timeMs, transactions }) })
    })
  }

  private commit(self: Self, { certificate, blocks, dropped }: Extract<Effect, { kind: 'commit' }>): void {
    const { disk } = self
    assert(blocks.at(-1)?.hash === certificate.blockHash, 'the certificate is on the last block')
    disk.commitCerts.set(certificate.blockHash, certificate)
    for (const block of blocks) {
      const { height } = block.header
      assert(block.header.parentHash === disk.chain.at(-1)?.hash, 'commits are consecutive')
      assert(disk.blocks.has(block.hash), 'only what is persisted is committed')
      disk.chain.push(block)
      const other = this.certified.get(height)
      if (!this.isHonest(self)) continue
      if (other !== undefined && other !== block.hash) this.violate(`two certified blocks at height ${height}`)
      this.certified.set(height, block.hash)
    }
    for (const hash of dropped) disk.blocks.delete(hash)
  }

  private sync(self: Self, { from, fromHeight }: Extract<Effect, { kind: 'needSync' }>): void {
    const peer = this.selves.find(({ member, state }) => member === from && state !== null)
    const run: Block[] = []
    let commitCert: CommitCert | undefined
    for (const block of peer?.disk.chain.slice(fromHeight, fromHeight + 20) ?? []) {
      run.push(block)
      commitCert = peer?.disk.commitCerts.get(block.hash) ?? commitCert
    }
    const end = run.findIndex(({ hash }) => hash === commitCert?.blockHash)
    if (peer === undefined || commitCert === undefined || this.chance(this.faults.loss)) {
      this.step(self, { kind: 'syncFailed', from })
      return
    }
    const blocks = run.slice(0, end + 1)
    const leaderCerts = peer.disk.leaderCerts.filter(({ term }) => blocks.some(({ header }) => header.term === term))
    this.step(self, { kind: 'synced', from, blocks, leaderCerts, commitCert })
  }

  private disconnected(self: Self, other: Self): void {
    this.step(self, { kind: 'peerDisconnected', member: other.member })
  }

  private blockAt(self: Self, hash: Hash): Block | undefined {
    return (
      self.disk.blocks.get(hash) ?? this.executing.get(hash) ?? (hash === this.genesis.hash ? this.genesis : undefined)
    )
  }

  private isAbove(disk: Disk, { block, head }: { block: Block; head: Block }): boolean {
    let at: Block | undefined = block
    while (at !== undefined && at.header.height > head.header.height)
      at = disk.blocks.get(at.header.parentHash) ?? (at.header.parentHash === head.hash ? head : undefined)
    return at?.hash === head.hash && block.hash !== head.hash
  }

  private addSelf(member: number, name: string): void {
    this.selves.push({
      member: member as MemberIndex,
      name,
      disk: {
        blocks: new Map(),
        leaderCerts: [],
        signState: EMPTY_SIGN_STATE,
        chain: [this.genesis],
        commitCerts: new Map(),
      },
      state: null,
      incarnation: 0,
      timers: new Map(),
      skewMs: this.below(200) - 100,
      isDrafting: false,
    })
  }

  private clock(self: Self): number {
    return this.genesis.header.timeMs + 1_000 + this.nowMs + self.skewMs
  }

  // ── network ──

  private route(self: Self, { to, message }: { to: MemberIndex; message: Message }): void {
    const targets = this.selves.filter(({ member }) => member === to)
    for (const target of targets) {
      // Of the liar's two selves each hears about half.
      if (targets.length > 1 && this.chance(0.4)) continue
      if (this.chance(this.faults.loss)) continue
      this.deliver(self, { target, message })
      if (this.chance(this.faults.repetition)) this.deliver(self, { target, message })
    }
    if (this.chance(this.faults.disconnect)) {
      const target = targets[0]
      if (target !== undefined) this.later(1, () => this.disconnected(target, self))
    }
  }

  private deliver(self: Self, { target, message }: { target: Self; message: Message }): void {
    const carried = this.options.throughBytes ? decodeMessage(encodeMessage(message)) : message
    const delayMs = 1 + this.below(this.faults.delayMaxMs)
    this.later(delayMs, () => this.step(target, { kind: 'received', from: self.member, message: carried }))
  }

  // ── laws ──

  private isHonest(self: Self): boolean {
    return self.member !== this.options.liar
  }

  private checkLeader(self: Self, term: number): void {
    const other = this.leaders.get(term)
    if (other !== undefined && other !== self.name) this.violate(`two leaders in term ${term}`)
    this.leaders.set(term, self.name)
    if (!this.isHonest(self)) this.shareLeadership(self)
  }

  private checkProposal(self: Self, { header, hash }: Block): void {
    if (header.proposer !== self.member || !this.isHonest(self)) return
    const place = `${header.term}/${header.height}`
    const other = this.proposed.get(place)
    if (other !== undefined && other !== hash) this.violate(`two blocks of ${self.name} at term/height ${place}`)
    this.proposed.set(place, hash)
  }

  /** What is said is covered by what is on disk (R4 after a crash rests on it). */
  private checkStatement(self: Self, message: Message): void {
    const { signState } = self.disk
    if (message.kind === 'appendReply') {
      for (const { ack } of message.acks) {
        const { lastAck, vote, promise } = signState
        if (lastAck === null || lastAck.term !== ack.term || lastAck.height < ack.height)
          this.violate('ack before disk')
        if (ack.term < Math.max(vote?.term ?? 0, promise?.term ?? 0)) this.violate('ack below a vote')
        if (!self.disk.blocks.has(ack.blockHash)) this.violate('ack of a block that is not on disk')
      }
    }
    if (message.kind === 'vote' && signState.vote?.term !== message.vote.term) this.violate('vote before disk')
    if (message.kind === 'promise' && signState.promise?.term !== message.promise.term)
      this.violate('promise before disk')
  }

  private countAck(self: Self): void {
    if (!this.isHonest(self)) return
    const { lastAck } = self.disk.signState
    if (lastAck === null) return
    const entry = this.ackers.get(lastAck.hash) ?? { height: lastAck.height, members: new Set() }
    entry.members.add(self.member)
    this.ackers.set(lastAck.hash, entry)
  }

  private violate(what: string): void {
    this.violations.push(`seed ${this.options.seed}, ${this.nowMs} ms: ${what}`)
  }

  /** The liar's other self leads the same term, on the same tip, with other blocks. */
  private shareLeadership(self: Self): void {
    const other = this.selves.find(({ member, name }) => member === self.member && name !== self.name)
    if (other === undefined || other.state === null || self.state === null) return
    for (const [hash, block] of self.disk.blocks) other.disk.blocks.set(hash, block)
    other.disk.leaderCerts.push(...self.disk.leaderCerts)
    other.disk.chain.splice(0, other.disk.chain.length, ...self.disk.chain)
    other.disk.commitCerts = new Map(self.disk.commitCerts)
    other.state = cloneState(self.state)
    other.isDrafting = false
    other.incarnation++
    this.later(1, () => this.step(other, { kind: 'timeout', timer: 'heartbeat' }))
    this.after(other, 4_000, () => this.step(other, { kind: 'timeout', timer: 'quorum' }))
  }

  // ── time and chance ──

  private after(self: Self, delayMs: number, run: () => void): void {
    const { incarnation } = self
    this.later(delayMs, () => {
      if (self.incarnation === incarnation) run()
    })
  }

  private later(delayMs: number, run: () => void): void {
    const job = { atMs: this.nowMs + delayMs, order: this.jobCount++, run }
    const { jobs } = this
    let at = jobs.length
    jobs.push(job)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(job, jobs[parent] as Job)) break
      jobs[at] = jobs[parent] as Job
      at = parent
    }
    jobs[at] = job
  }

  private popJob(): void {
    const { jobs } = this
    const last = jobs.pop() as Job
    if (jobs.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= jobs.length) break
      if (child + 1 < jobs.length && isBefore(jobs[child + 1] as Job, jobs[child] as Job)) child++
      if (!isBefore(jobs[child] as Job, last)) break
      jobs[at] = jobs[child] as Job
      at = child
    }
    jobs[at] = last
  }

  private chance(part: number): boolean {
    return part > 0 && this.below(1_000_000) < part * 1_000_000
  }

  /** 0 to limit - 1, from the seed. mulberry32. */
  private below(limit: number): number {
    this.random = (this.random + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.random ^ (this.random >>> 15), 1 | this.random)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
}

const isBefore = (left: Job, right: Job): boolean =>
  left.atMs !== right.atMs ? left.atMs < right.atMs : left.order < right.order

/** A second mind with the same memory. */
function cloneState(state: State): State {
  const { settings, ...data } = state
  return { ...structuredClone(data), settings }
}
