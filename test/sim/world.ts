// One run: a consortium of whole nodes under virtual time, its clients, its faults, its liars, and the invariants that watch.
// Everything happens in one queue; after each happening all promises that it made ready have run.

import type { Evidence } from '../../src/consensus/evidence/evidence.ts'
import type { Message } from '../../src/consensus/messages.ts'
import { decodeSignState, EMPTY_SIGN_STATE } from '../../src/consensus/sign-state.ts'
import { executeBlock } from '../../src/ledger/execute-block.ts'
import { createConsensusVerifier } from '../../src/node/consensus-verifier.ts'
import type { Block } from '../../src/types/block.ts'
import type { Hash, PublicKey, Seat } from '../../src/types/brand.ts'
import type { CommitCert } from '../../src/types/certificate.ts'
import { invariantsFor } from '../invariants/all.ts'
import { BlockIndex } from '../invariants/block-index.ts'
import { type Fact, type Hearers, hearersOf, type Invariant } from '../invariants/invariant.ts'
import { ATTACKS } from './attacks/menu.ts'
import { createShared, Puppet } from './attacks/puppet.ts'
import { Stage } from './attacks/stage.ts'
import { Clients } from './clients.ts'
import type { Consortium } from './consortium.ts'
import { EventQueue } from './event-queue.ts'
import { rememberExecutions } from './execution-memo.ts'
import { FAULTS, type FaultName } from './faults/menu.ts'
import { Institutions } from './institutions.ts'
import { Liar, type LiarScript } from './liars/liar.ts'
import { LIARS, LIES_AS } from './liars/menu.ts'
import { drainMicrotasks } from './microtasks.ts'
import { Network } from './network.ts'
import { type LogLevel, type NodeEvents, SimulatedNode } from './node.ts'
import { type Plan, sizeOf } from './plan.ts'
import { harmlessLiars } from './quorum.ts'
import type { Random } from './random.ts'
import { SeatBook } from './seat-book.ts'
import { Trace } from './trace.ts'
import { SimulatedWire } from './wire.ts'

export interface Violation {
  readonly invariant: string
  readonly text: string
  readonly atMs: number
}

/** Liars campaign before the others do, or after, where that gives them more to lie about. */
function timingOf({ timing, liars }: Plan, seat: number): Plan['timing'] {
  const name = liars.find((liar) => liar.seat === seat)?.name
  const role = name === undefined ? undefined : LIES_AS[name]
  const factor = role === 'leader' ? 0.5 : role === 'follower' ? 2 : 1
  return {
    ...timing,
    electionTimeoutMinMs: factor * timing.electionTimeoutMinMs,
    electionTimeoutMaxMs: factor * timing.electionTimeoutMaxMs,
  }
}

export class World implements NodeEvents {
  readonly plan: Plan
  readonly consortium: Consortium
  /** Null where there is no attack. */
  readonly stage: Stage | null
  /** More liars than the group bears: it may fork, and then stands still. */
  readonly isBeyond: boolean
  readonly queue = new EventQueue()
  readonly trace = new Trace(() => this.queue.nowMs)
  readonly network: Network
  readonly nodes: readonly SimulatedNode[]
  readonly clients: Clients
  readonly institutions: Institutions
  readonly seats: SeatBook
  /** How often each kind of fault or lie has happened. */
  readonly fired = new Map<string, number>()
  violation: Violation | null = null
  /** Somebody has lost its ledger: once in a run. */
  hasLostLedger = false
  /** Who was proven guilty to anybody honest. */
  readonly convicted = new Set<Seat>()
  /** Of those, by what a Release takes for a proof. */
  readonly convictedAlone = new Set<Seat>()
  /** Highest certified block of anybody honest. */
  certifiedHeight = 0
  /** Of the block there, by its leader's clock. */
  certifiedTimeMs = 0
  /** The longest time in which that did not rise. */
  longestPauseMs = 0
  #certifiedAtMs = 0
  readonly #random: Random
  /** That anybody honest has seen. */
  readonly blocks = new BlockIndex()
  readonly #hearers: Hearers
  readonly #scripts = new Map<Seat, LiarScript>()
  /** What ends with the faulty phase. */
  readonly #recoveries = new Set<() => void>()
  readonly #listeners = new Set<(node: SimulatedNode, message: Message) => boolean>()
  #isQuiet = false

  constructor({ plan, consortium, random }: { plan: Plan; consortium: Consortium; random: Random }) {
    this.plan = plan
    this.consortium = consortium
    this.seats = new SeatBook(consortium)
    this.blocks.add(consortium.genesisBlock)
    this.#random = random
    this.network = new Network(this.queue, random.fork('network'))
    const wire = new SimulatedWire({ isCanonical: plan.isWireCanonical })
    const remembered = rememberExecutions()
    this.nodes = consortium.nodes.map(
      (keys, seat) =>
        new SimulatedNode({
          seat: seat as Seat,
          keys,
          consortium,
          timing: timingOf(plan, seat),
          queue: this.queue,
          network: this.network,
          wire,
          executeBlock: plan.isWireCanonical ? executeBlock : remembered,
          random: random.fork(`node ${seat}`),
          events: this,
        }),
    )
    // One world at a time: what hooks.ts puts into production's source asks for this.
    Object.assign(globalThis, { simulatedLiars: new Set(liarsOf(plan)) })
    for (const { seat, name } of plan.liars) this.#corrupt(this.nodes[seat] as SimulatedNode, name)
    this.stage = this.#createStage()
    this.clients = new Clients({
      queue: this.queue,
      random: random.fork('clients'),
      consortium,
      nodes: this.nodes,
      load: plan.load,
      events: {
        acknowledged: (id, place) => this.#tell('onAcknowledged', id, place),
        denied: (id) => this.#tell('onDenied', id),
        wrong: (text) => this.isBeyond || this.violate('client', text),
      },
    })
    this.institutions = new Institutions({
      queue: this.queue,
      random: random.fork('institutions'),
      consortium,
      nodes: this.nodes,
      onChange: (what, text) => {
        this.count(what)
        this.trace.line('institutions', () => text)
      },
    })
    this.isBeyond = liarsOf(plan).length > harmlessLiars(sizeOf(plan))
    const invariants = invariantsFor(this).map((create) => {
      const invariant: Invariant = create({
        honestMembers: () => this.honest.map(({ seat }) => seat),
        memberOf: (seat) => this.seats.memberOf(seat),
        isHonest: (seat) => this.nodes[this.seats.memberOf(seat) ?? -1]?.isHonest ?? false,
        setOf: (epoch) => this.seats.setOf(epoch),
        blocks: this.blocks,
        verifier: createConsensusVerifier({ chainId: consortium.chainId, setOf: () => undefined }),
        genesisBlock: consortium.genesisBlock,
        keptBy: (seat) => this.nodes[seat]?.kept ?? { headers: [], leaderCerts: [], commitCerts: [] },
        count: (name) => this.count(name),
        isStateOf: (seat, block) => this.nodes[seat]?.isStateOf(block),
        clockMs: (seat) => this.nodes[seat]?.clock.nowMs() ?? 0,
        receiptsOf: (seat, height) => this.nodes[seat]?.running?.ledger.receipts(height),
        violate: (text) => this.violate(invariant.name, text),
      })
      return invariant
    })
    this.#hearers = hearersOf(invariants)
  }

  get honest(): readonly SimulatedNode[] {
    return this.nodes.filter(({ isHonest }) => isHonest)
  }

  /** Lets happen what is due, up to then, or until the condition holds. Ends at once with a violation. */
  run(untilMs: number, isDone: () => boolean = () => false): void {
    while (this.violation === null && !isDone()) {
      const happening = this.queue.next(untilMs)
      if (happening === undefined) {
        this.queue.nowMs = untilMs
        return
      }
      this.trace.mix(happening.atMs * 1_000)
      try {
        happening.run()
        drainMicrotasks()
        if (this.stage !== null) this.#look(this.stage)
      } catch (error) {
        this.violate('no-crash', `exception: ${(error as Error).stack}`)
      }
    }
  }

  start(): void {
    for (const node of this.nodes) this.queue.after(this.#random.between(0, 50), () => node.start())
    this.clients.start()
    this.institutions.start()
    for (const name of this.plan.faults) this.#schedule(name)
    if (this.stage !== null) this.#play(this.stage)
  }

  /** Faults stop, crashed members return, liars fall silent. */
  quiet(): void {
    this.#isQuiet = true
    this.trace.line('world', () => 'faults end')
    for (const recover of this.#recoveries) recover()
    this.#recoveries.clear()
    this.stage?.release()
    this.network.heal()
    for (const node of this.nodes) {
      node.clock.offsetMs = 0
      node.clock.driftMsPerSecond = 0
      node.disk.health.syncMs = 0.4
      node.disk.health.failsSync = false
      if (!node.isHonest) node.crash()
      else if (node.isUp) node.resume()
      else this.#restart(node)
    }
  }

  finish(): void {
    try {
      this.#tell('onEnd')
    } catch (error) {
      // What an honest member has stored cannot be read.
      this.violate('no-crash', `exception: ${(error as Error).stack}`)
    }
  }

  violate(invariant: string, text: string): void {
    if (this.violation !== null) return
    this.violation = { invariant, text, atMs: this.queue.nowMs }
    this.trace.line('VIOLATED', () => `${invariant}: ${text}`)
  }

  // ── for faults ──

  /** An honest node that runs. */
  pickUp(random: Random): SimulatedNode | null {
    const up = this.honest.filter(({ isUp }) => isUp)
    return up.length === 0 ? null : random.pick(up)
  }

  crash(node: SimulatedNode, downMs: number): void {
    if (!node.isUp || this.#isQuiet) return
    const { lost, torn } = node.crash()
    this.trace.line(node.name, () => `crashes; ${lost} writes lost${torn ? ', a torn one of its sign-state' : ''}`)
    if (lost > 0) this.count('lost writes')
    if (torn) this.count('torn sign-state')
    this.queue.after(downMs, () => this.#restart(node))
  }

  /** It starts again with an empty one, and what it has signed is not lost. */
  loseLedger(node: SimulatedNode): void {
    this.trace.line(node.name, () => 'loses its ledger')
    node.crash()
    node.loseLedger()
    this.queue.after(5, () => this.#restart(node))
  }

  /** Its disk is gone, and its consensus keys; another machine takes its place. */
  loseMachine(node: SimulatedNode, downMs: number): void {
    this.trace.line(node.name, () => 'its machine is lost')
    node.crash()
    node.replaceMachine()
    this.queue.after(downMs, () => this.#restart(node))
  }

  /** Asks about every message of an honest node until the answer is true. */
  onNextSend(isMeant: (node: SimulatedNode, message: Message) => boolean): void {
    this.#listeners.add(isMeant)
  }

  /** After that time, or when faults end. */
  untilQuiet(delayMs: number, recover: () => void): void {
    const once = (): void => {
      if (this.#recoveries.delete(once)) recover()
    }
    this.#recoveries.add(once)
    this.queue.after(delayMs, once)
  }

  #schedule(name: FaultName): void {
    const fault = FAULTS[name]
    const random = this.#random.fork(`fault ${name}`)
    const next = (delayMs: number): void => {
      this.queue.after(delayMs, () => {
        if (this.#isQuiet) return
        const isDone = fault.strike(this, random)
        if (isDone) this.count(name)
        next(isDone ? 200 + random.around(fault.everyMs) : 100)
      })
    }
    // Soon enough that it happens in this run.
    next(random.between(500, this.plan.faultyMs / 2))
  }

  lied(what: string): void {
    const name = this.plan.attack?.name ?? 'attack'
    this.count(name)
    this.trace.line(name, () => `LIES: ${what}`)
  }

  /** Something remarkable, for the report. */
  count(name: string): void {
    this.fired.set(name, (this.fired.get(name) ?? 0) + 1)
  }

  #restart(node: SimulatedNode): void {
    if (node.isUp) return
    if (node.disk.store.isRotten) {
      this.trace.line(node.name, () => 'has lost its ledger, and starts with an empty one')
      node.loseLedger()
    }
    this.trace.line(node.name, () => 'starts again')
    node.start()
  }

  // ── NodeEvents ──

  sends(node: SimulatedNode, to: PublicKey, message: Message): boolean {
    this.trace.mix(message.kind.length * 1_000 + message.kind.charCodeAt(0))
    const target = this.#seatOf(to)
    const script = this.#scripts.get(node.seat)
    if (script !== undefined) return script.outgoing?.(target, message) ?? true
    this.#index(message)
    this.#tell('onSend', node.seat, message)
    this.stage?.said.push({ from: node.seat, to: target, message })
    for (const isMeant of this.#listeners) if (isMeant(node, message)) this.#listeners.delete(isMeant)
    return true
  }

  receives(node: SimulatedNode, from: PublicKey, message: Message): boolean {
    this.#index(message)
    const sender = this.#seatOf(from)
    if (this.stage !== null && !this.stage.mayPass({ from: sender, to: node.seat, message })) return false
    const script = this.#scripts.get(node.seat)
    return script?.incoming?.(sender, message) ?? true
  }

  serves(node: SimulatedNode, protocol: string, reply: Uint8Array): Uint8Array {
    return this.#scripts.get(node.seat)?.serves?.(protocol, reply) ?? reply
  }

  commits(node: SimulatedNode, blocks: readonly Block[], certificate: CommitCert): void {
    this.trace.mixHash(certificate.blockHash)
    this.#learnSeats(node)
    if (!node.isHonest) return
    for (const block of blocks) this.blocks.add(block)
    if (certificate.height > this.certifiedHeight) {
      const { nowMs } = this.queue
      this.longestPauseMs = Math.max(this.longestPauseMs, nowMs - this.#certifiedAtMs)
      this.#certifiedAtMs = nowMs
      this.certifiedHeight = certificate.height
      this.certifiedTimeMs = blocks.at(-1)?.header.timeMs ?? this.certifiedTimeMs
      this.trace.line(node.name, () => {
        const { height, term, blockHash } = certificate
        return `certifies height ${height}, term ${term}, ${blockHash.slice(0, 8)}`
      })
    }
    this.#tell('onCommit', node.seat, blocks, certificate)
  }

  remembers(node: SimulatedNode, content: Uint8Array): void {
    if (!node.isHonest) return
    const signState = decodeSignState(content)
    this.#tell('onSignState', node.seat, signState, { isRestored: false })
  }

  caughtUp(node: SimulatedNode): void {
    this.count('snapshot')
    this.trace.line(node.name, () => 'starts again with a snapshot')
  }

  takesUp(node: SimulatedNode, key: PublicKey): void {
    if (node.isHonest && this.seats.isNewVoice(key)) this.#tell('onNewVoice', node.seat)
  }

  resumes(node: SimulatedNode): void {
    if (!node.isHonest) return
    const content = node.latestSignState
    const signState = content === undefined ? EMPTY_SIGN_STATE : decodeSignState(content)
    this.#tell('onSignState', node.seat, signState, { isRestored: true })
  }

  started(node: SimulatedNode): void {
    this.#learnSeats(node)
    const head = node.running?.ledger.head
    if (head === undefined || !node.isHonest) return
    const place = { height: head.header.height, hash: head.hash }
    const stored = new Set(node.running?.ledger.restored.uncommitted.map(({ hash }) => hash))
    const { hasLostLedger } = node
    this.#tell('onStart', node.seat, place, { stored, hasLostLedger })
    node.hasLostLedger = false
  }

  failed(node: SimulatedNode, error: unknown): void {
    const { code } = error as { code?: unknown }
    this.trace.line(node.name, () => `stops: ${(error as Error).message}`)
    // Two certified truths: whoever sees them signs nothing more.
    if (this.isBeyond && String(error).includes('diverged')) return
    const isDisk = code === 'STORE_FAILED' || code === 'DATA_CORRUPT'
    if (!isDisk && node.isHonest) this.violate('no-crash', `${node.name} stopped: ${(error as Error).stack}`)
    else if (node.isHonest) this.queue.after(500, () => this.#restart(node))
  }

  threw(node: SimulatedNode, error: unknown): void {
    if (node.disk.store.isRotten) this.failed(node, error)
    else if (node.isHonest) this.violate('no-crash', `a handler of ${node.name} threw: ${(error as Error).stack}`)
  }

  logs(node: SimulatedNode, level: LogLevel, fields: object, text: string): void {
    if (level === 'debug') return
    if (isEvidence(fields) && node.isHonest) this.#accuse(node, fields)
    if (isRefusal(fields) && node.isHonest) this.#tell('onRefusal', node.seat, fields)
    this.trace.line(node.name, () => `${text} ${describeFields(fields)}`)
  }

  // ──

  #learnSeats({ running }: SimulatedNode): void {
    if (running !== null) this.seats.learn(running.ledger)
  }

  #accuse(node: SimulatedNode, evidence: { readonly kind: string; readonly accused: readonly Seat[] }): void {
    this.#tell('onEvidence', node.seat, evidence)
    for (const seat of evidence.accused) {
      const member = this.seats.memberOf(seat) ?? seat
      this.convicted.add(member)
      if (RELEASE_PROOFS.has(evidence.kind)) this.convictedAlone.add(member)
    }
  }

  #createStage(): Stage | null {
    const { attack } = this.plan
    if (attack === null) return null
    const shared = createShared()
    const liars = this.nodes
      .slice(0, attack.liars)
      .map((node) => new Puppet(this.#createLiar(node, attack.name), shared))
    for (const puppet of liars) this.#scripts.set(puppet.seat, puppet.script)
    return new Stage(this, { random: this.#random.fork('attack'), liars })
  }

  #play(stage: Stage): void {
    const { attack } = this.plan
    if (attack === null) return
    ATTACKS[attack.name](stage).then(
      () => {
        stage.isOver = true
      },
      (error: unknown) => this.violate('attack', `its script failed: ${(error as Error).stack}`),
    )
  }

  #look(stage: Stage): void {
    stage.look()
    drainMicrotasks()
  }

  #corrupt(node: SimulatedNode, name: keyof typeof LIARS): void {
    this.#scripts.set(node.seat, LIARS[name](this.#createLiar(node, name)))
  }

  #createLiar(node: SimulatedNode, name: string): Liar {
    node.isHonest = false
    const onLie = (what: string): void => {
      this.count(name)
      this.trace.line(node.name, () => `LIES: ${what}`)
    }
    const directory = {
      keyOf: (member: Seat) => this.#keyOf(member),
      seatOf: (member: Seat) => this.seats.seatOf(member) ?? member,
    }
    const accomplices = new Set(liarsOf(this.plan).filter((seat) => seat !== node.seat))
    return new Liar({ node, random: this.#random.fork(`liar ${node.seat}`), directory, accomplices, onLie })
  }

  #seatOf(key: PublicKey): Seat {
    const node = this.nodes.find(({ self }) => self === key)
    if (node === undefined) throw new Error('messages go between members')
    return node.seat
  }

  #keyOf(seat: Seat): PublicKey {
    const node = this.nodes[seat]
    if (node === undefined) throw new Error('messages go between members')
    return node.self
  }

  #index(message: Message): void {
    if (message.kind === 'append') for (const block of message.blocks) this.blocks.add(block)
  }

  #tell<F extends Fact>(fact: F, ...about: Parameters<Hearers[F][number]>): void {
    for (const hear of this.#hearers[fact] as readonly ((...about: unknown[]) => void)[]) hear(...about)
  }
}

function liarsOf({ liars, attack }: Plan): readonly Seat[] {
  return attack === null ? liars.map(({ seat }) => seat) : Array.from({ length: attack.liars }, (_, i) => i as Seat)
}

/** Each is one member's lie (spec/consensus.md, "Releases"). */
const RELEASE_PROOFS: ReadonlySet<string> = new Set<Evidence['kind']>(['E1', 'E2', 'E3'])

const isEvidence = (fields: object): fields is { kind: string; accused: readonly Seat[] } => 'accused' in fields

const isRefusal = (fields: object): fields is { blockHash: Hash; member: Seat; reason: string } =>
  'what' in fields && fields.what === 'invalidBlock'

function describeFields(fields: object): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value.slice(0, 8) : JSON.stringify(value)}`)
    .join(' ')
}
