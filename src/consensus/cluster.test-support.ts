// A group of cores in one process under virtual time: a seeded network that delays, reorders, loses and repeats, disks
// that keep exactly what was persisted before a crash, and a liar that runs twice. laws.test-support.ts watches.

import { EMPTY_RANGE } from '../crypto/mountain-range.ts'
import { AssertionError, assert } from '../types/assert.ts'
import type { Block } from '../types/block.ts'
import type { Epoch, Hash, IdentityId, Seat } from '../types/brand.ts'
import type { CommitCert, LeaderCert } from '../types/certificate.ts'
import { quorum, type ValidatorSet } from '../types/validator-set.ts'
import { canPropose } from './can-propose.ts'
import { handle, step } from './core.ts'
import { createState } from './create-state.ts'
import type { Effect, Timer } from './effects.ts'
import { certifiedAnswer } from './epoch-gap.ts'
import type { Event, Occurrence } from './events.ts'
import { createLineage } from './evidence/create-lineage.ts'
import type { Evidence } from './evidence/evidence.ts'
import { type Change, createChange, FakeLedger, type Wish } from './fake-ledger.test-support.ts'
import {
  createGenesisBlock,
  createMember,
  createSet,
  createSettings,
  createTransaction,
  rangeBefore,
  signAsSeat,
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
  /** Further institutions, which follow until they get a seat. */
  readonly learners?: number
  /** Every message goes through its bytes. */
  readonly throughBytes?: boolean
}

/** What survives a crash. */
interface Disk {
  readonly blocks: Map<Hash, Block>
  leaderCerts: LeaderCert[]
  chain: Block[]
  commitCerts: Map<Hash, CommitCert>
  /** Of the latest key that signed here. */
  signState: SignState
}

interface Self {
  readonly institution: IdentityId
  /** The seat that it runs for, or ran for last. */
  member: Seat
  readonly isHonest: boolean
  readonly disk: Disk
  isUp: boolean
  /** Null while it is down, or has no seat. */
  state: State | null
  /** Rises with every start and crash: what was scheduled before is void. */
  incarnation: number
  readonly timers: Map<Timer, number>
  /** Blocks that its ledger has executed and not stored. */
  readonly executed: Map<Hash, Block>
  skewMs: number
  /** Stopped until then: what happens to it meanwhile happens afterwards. */
  pausedUntilMs: number
  isDrafting: boolean
  /** Stays down until the faults end. */
  isCutOff: boolean
  /** Leads by heartbeats alone: proposes nothing of what waits. */
  withholds: boolean
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
  private readonly ledger: FakeLedger
  /** Not yet in a certified block. */
  private wanted: Wish | null = null
  private wishCount = 0
  private readonly selves: Self[] = []
  private faults: Faults
  private transactionCount = 0
  private isolatedMember: number | null = null

  constructor(options: ClusterOptions) {
    this.options = options
    this.faults = options.faults
    this.time = new VirtualTime(options.seed)
    this.laws = new Laws(() => `seed ${options.seed}, ${this.time.nowMs} ms`)
    this.set = createSet(options.memberCount)
    this.ledger = new FakeLedger(this.genesis, this.set)
    for (let member = 0; member < options.memberCount + (options.learners ?? 0); member++) {
      this.addSelf(member)
      if (member === options.liar) this.addSelf(member)
    }
    for (const self of this.selves) this.start(self)
  }

  run(durationMs: number): void {
    this.time.run(durationMs)
  }

  /** Until it is certified, every draft says so again. */
  decide(change: Change): void {
    this.wanted = { ...change, id: ++this.wishCount }
  }

  get isDecided(): boolean {
    return this.wanted === null
  }

  /** Power off, and on again at the end of the faults. */
  cutOff(institution: number): void {
    for (const self of this.selves.filter((each) => each.institution === createMember(0, institution).institution)) {
      this.crash(self)
      self.isCutOff = true
    }
  }

  /** Who votes on what comes next, as the highest chain has it. */
  presentSet(): ValidatorSet {
    const longest = this.chains().reduce((best, chain) => (chain.length > best.length ? chain : best))
    return this.ledger.presentSet(longest.at(-1) as Block)
  }

  /** Institutions whose core runs. */
  running(): number[] {
    return this.selves
      .filter(({ state }) => state !== null)
      .map(({ institution }) => Number.parseInt(institution.slice(2), 16))
  }

  leader(): number | null {
    const leader = this.selves.find(({ state }) => state?.role.kind === 'leader')
    return leader === undefined ? null : Number.parseInt(leader.institution.slice(2), 16)
  }

  /** Ends all faults: who crashed starts again, the liar falls silent. */
  heal(): void {
    this.faults = NO_FAULTS
    for (const self of this.selves) {
      self.isCutOff = false
      if (!self.isHonest) this.crash(self)
      else if (!self.isUp) this.start(self)
    }
  }

  // ── what a test does to a member ──

  /** The member that leads the highest term, as it sees itself. */
  leadership(): { readonly member: number; readonly term: number } | null {
    const leading = this.selves.flatMap(({ member, state }) =>
      state?.role.kind === 'leader' ? [{ member, term: state.term }] : [],
    )
    return leading.sort((left, right) => right.term - left.term)[0] ?? null
  }

  /** SIGSTOP, and SIGCONT after a while. */
  pause(member: number, durationMs: number): void {
    for (const self of this.selvesOf(member)) self.pausedUntilMs = this.time.nowMs + durationMs
  }

  stepClock(member: number, byMs: number): void {
    for (const self of this.selvesOf(member)) self.skewMs += byMs
  }

  withhold(member: number): void {
    for (const self of this.selvesOf(member)) self.withholds = true
  }

  /** Nothing goes from or to this member, and nobody notices a closed connection. */
  isolate(member: number | null): void {
    this.isolatedMember = member
  }

  restartAll(): void {
    for (const self of this.selves) this.crash(self)
    for (const self of this.selves) this.start(self)
  }

  transfer(member: number, target: number): void {
    for (const self of this.selvesOf(member)) this.step(self, { kind: 'transfer', target: target as Seat })
  }

  private selvesOf(member: number): Self[] {
    return this.selves.filter((self) => self.member === member)
  }

  /** Certified heights of the honest members. */
  heights(): number[] {
    return this.chains().map((chain) => chain.length - 1)
  }

  checkAckedSurvive(): void {
    this.laws.checkAckedSurvive(this.chains(), (hash) => this.quorumOn(hash))
  }

  /** Of the epoch of a block that somebody has stored. */
  private quorumOn(hash: Hash): number {
    const block = this.selves.map(({ disk }) => disk.blocks.get(hash)).find((stored) => stored !== undefined)
    const set = block && this.ledger.setOf(block, block.header.epoch)
    return set === undefined ? Number.POSITIVE_INFINITY : quorum(set)
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
      institution: createMember(0, member).institution,
      member: member as Seat,
      isUp: false,
      isCutOff: false,
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
      pausedUntilMs: 0,
      isDrafting: false,
      withholds: false,
    })
  }

  private start(self: Self): void {
    self.isUp = true
    self.incarnation++
    this.takeSeat(self)
    for (const other of this.others(self)) {
      this.time.later(this.time.below(20), () => this.step(other, { kind: 'peerConnected', member: self.member }))
    }
    this.follow(self)
  }

  /** A core for the seat of the present set, where the institution has one. */
  private takeSeat(self: Self): void {
    const { disk } = self
    const head = disk.chain.at(-1) as Block
    const seat = this.ledger.presentSet(head).members.find(({ institution }) => institution === self.institution)?.seat
    if (seat === undefined) return
    self.member = seat
    self.timers.clear()
    self.executed.clear()
    self.isDrafting = false
    const settings = {
      ...createSettings(this.set, 0),
      self: seat,
      sign: signAsSeat(seat),
      restoredSetOf: (epoch: Epoch) => this.ledger.setOf(head, epoch),
    }
    self.state = createState(settings, {
      certified: { block: head, commitCert: disk.commitCerts.get(head.hash) ?? null, ancestors: rangeBefore(head) },
      uncommitted: uncommittedBlocks(disk, head),
      leaderCerts: disk.leaderCerts,
      signState: decodeSignState(encodeSignState(disk.signState)),
      certifiedHashAt: (height) => disk.chain[height]?.hash,
      nextSetOf: (hash) => this.ledger.nextSetAfter(disk.blocks.get(hash) as Block),
      lineageAt: (height) =>
        createLineage(head.header, {
          height,
          base: EMPTY_RANGE,
          since: disk.chain.slice(0, -1).map(({ hash }) => hash),
        }),
    })
    this.step(self, { kind: 'start' })
  }

  /** Without a seat: copies what somebody has certified, and takes the seat that comes with it. */
  private follow(self: Self): void {
    this.after(self, 40 + this.time.below(60), () => {
      if (self.state === null) {
        const peer = this.selves[this.time.below(this.selves.length)] as Self
        if (peer.isUp && peer.isHonest) this.copyRun(self, peer)
        this.takeSeat(self)
      }
      this.follow(self)
    })
  }

  private copyRun({ disk }: Self, peer: Self): void {
    const run = this.runOf(peer, disk.chain.length)
    if (run === null) return
    for (const block of run.blocks) {
      disk.blocks.set(block.hash, block)
      disk.chain.push(block)
    }
    for (const certificate of run.leaderCerts) {
      if (!disk.leaderCerts.includes(certificate)) disk.leaderCerts.push(certificate)
    }
    disk.commitCerts.set(run.commitCert.blockHash, run.commitCert)
  }

  private crash(self: Self): void {
    self.isUp = false
    self.state = null
    self.incarnation++
    for (const other of this.others(self)) {
      this.time.later(this.time.below(20), () => this.step(other, { kind: 'peerDisconnected', member: self.member }))
    }
  }

  /** One event. A crash may hit between any two of its effects: the rest of them has never happened. */
  private step(self: Self, occurrence: Occurrence): void {
    if (self.state === null) return
    if (self.pausedUntilMs > this.time.nowMs) {
      this.after(self, self.pausedUntilMs - this.time.nowMs, () => this.step(self, occurrence))
      return
    }
    const random = this.time.below(2 ** 32)
    const effects = this.effectsOf(self, { ...occurrence, nowMs: this.clockOf(self), random })
    if (effects === null) return
    const crashes = this.time.chance(this.faults.crash)
    const performed = crashes ? effects.slice(0, this.time.below(effects.length + 1)) : effects
    for (const effect of performed) this.perform(self, effect)
    if (crashes) {
      this.crash(self)
      this.time.later(50 + this.time.below(3_000), () => {
        if (!self.isUp && !self.isCutOff && self.isHonest) this.start(self)
      })
    } else this.maybeDraft(self)
  }

  /** Null where the liar's shared memory has become too strange for its core: that is its own affair. */
  private effectsOf(self: Self, event: Event): readonly Effect[] | null {
    if (self.state === null) return null
    // A liar does not fall silent when it hears what it said as somebody else.
    const act = self.member === this.options.liar ? handle : step
    try {
      return act(self.state, event)
    } catch (error) {
      if (self.isHonest || !(error instanceof AssertionError)) throw error
      this.crash(self)
      return null
    }
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
          if (self.timers.get(timer) === ticket) this.step(self, { kind: 'timeout', timer, isWorkWaiting: true })
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
      case 'retired':
        self.state = null
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
    if (chance === null || (self.withholds && !chance.opening)) return
    self.isDrafting = true
    this.after(self, chance.opening ? 1 : this.time.below(160), () => {
      self.isDrafting = false
      const parent = self.disk.blocks.get(chance.parentHash)
      if (parent === undefined) return
      const timeMs = Math.max(this.clockOf(self), chance.parentTimeMs + 1)
      const { epoch } = chance
      const number = this.transactionCount++
      const made = this.wanted === null ? createTransaction(number) : createChange(number, this.wanted)
      const transactions = chance.bytesMax > 0 ? [made] : []
      this.step(self, { kind: 'propose', ...this.ledger.execute(parent, { epoch, timeMs, transactions }) })
    })
  }

  private execute(self: Self, block: Block): void {
    const { parentHash } = block.header
    const parent = self.disk.blocks.get(parentHash) ?? self.executed.get(parentHash)
    const checked = parent === undefined ? null : this.ledger.check(block, parent)
    const verdict =
      checked === null
        ? ({ kind: 'invalid', reason: 'roots' } as const)
        : ({ kind: 'valid', nextSet: checked.nextSet } as const)
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
      if (this.ledger.wishIdAfter(block) === this.wanted?.id) this.wanted = null
      if (isHonest) this.laws.onCommit(block)
    }
    disk.commitCerts.set(certificate.blockHash, certificate)
    for (const hash of dropped) disk.blocks.delete(hash)
  }

  /** A run of at most 20 blocks, up to the last of them that the peer has a certificate on. */
  private sync(self: Self, { from, fromHeight }: Extract<Effect, { kind: 'needSync' }>): void {
    const owner = this.ledger.owners.get(from)
    const peer = this.selves.find(({ institution, isUp }) => institution === owner && isUp)
    const run = peer === undefined || this.time.chance(this.faults.loss) ? null : this.runOf(peer, fromHeight)
    this.step(self, run === null ? { kind: 'syncFailed', from } : { kind: 'synced', from, ...run })
  }

  /** Ends, too, on the certificate that makes the next set known. */
  private runOf(
    { disk }: Self,
    fromHeight: number,
  ): { blocks: readonly Block[]; leaderCerts: readonly LeaderCert[]; commitCert: CommitCert } | null {
    let blocks = disk.chain.slice(fromHeight, fromHeight + 20)
    let commitCert = blocks.map(({ hash }) => disk.commitCerts.get(hash)).findLast((held) => held !== undefined)
    const opening = blocks.find(({ epochCert }) => epochCert !== null && epochCert.height >= fromHeight)
    if (opening?.epochCert) {
      blocks = blocks.filter(({ header }) => header.height < opening.header.height)
      const held = blocks
        .map(({ hash }) => disk.commitCerts.get(hash))
        .findLast((certificate) => certificate !== undefined)
      commitCert = held !== undefined && held.height > opening.epochCert.height ? held : opening.epochCert
    }
    if (commitCert === undefined) return null
    const { height } = commitCert
    blocks = blocks.filter(({ header }) => header.height <= height)
    const leaderCerts = disk.leaderCerts.filter(({ term }) => blocks.some(({ header }) => header.term === term))
    return { blocks, leaderCerts, commitCert }
  }

  // ── network ──

  private route(self: Self, { to, message }: { to: Seat; message: Message }): void {
    const carried = this.options.throughBytes ? decodeMessage(encodeMessage(message)) : message
    const owner = this.ledger.owners.get(to)
    for (const target of this.selves.filter(({ institution }) => institution === owner)) {
      // Of the liar's two selves each hears about half.
      if (!target.isHonest && this.time.chance(0.4)) continue
      if (this.isolatedMember === self.member || this.isolatedMember === target.member) continue
      if (this.time.chance(this.faults.loss)) continue
      const copies = this.time.chance(this.faults.repetition) ? 2 : 1
      for (let copy = 0; copy < copies; copy++) {
        const delayMs = 1 + this.time.below(this.faults.delayMaxMs)
        this.time.later(delayMs, () => this.deliver(target, { from: self, message: carried }))
      }
      if (this.time.chance(this.faults.disconnect)) {
        this.time.later(1, () => this.step(target, { kind: 'peerDisconnected', member: self.member }))
      }
    }
  }

  /** Who has no seat still answers candidates of an epoch that is over. */
  private deliver(target: Self, { from: sender, message }: { from: Self; message: Message }): void {
    const head = target.disk.chain.at(-1) as Block
    const from = this.seatKnownTo(target, sender.institution)
    if (from === undefined) return
    if (target.state !== null) this.step(target, { kind: 'received', from, message })
    if (target.state !== null || !target.isUp) return
    if (message.kind !== 'voteRequest' && message.kind !== 'preVoteRequest') return
    const { epoch } = this.ledger.presentSet(head)
    const answer = certifiedAnswer(message, { epoch, commitCert: target.disk.commitCerts.get(head.hash) ?? null })
    if (answer !== null) this.route(target, { to: from, message: answer })
  }

  /** The latest seat that an institution has in the sets of somebody's certified chain. */
  private seatKnownTo({ disk }: Self, institution: IdentityId): Seat | undefined {
    const head = disk.chain.at(-1) as Block
    const { epoch: present } = this.ledger.presentSet(head)
    for (let epoch: number = present; epoch >= 0; epoch--) {
      const set = this.ledger.setOf(head, epoch as Epoch)
      const member = set?.members.find((each) => each.institution === institution)
      if (member !== undefined) return member.seat
    }
    return undefined
  }

  private others({ institution }: Self): Self[] {
    return this.selves.filter((self) => self.institution !== institution)
  }

  // ── the liar ──

  /** Its other self gets the same memory: it leads the same term, on the same tip, and will make other blocks. */
  private shareLeadership(self: Self): void {
    const other = this.selves.find((each) => each.institution === self.institution && each !== self)
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
