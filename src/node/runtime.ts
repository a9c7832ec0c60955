// The effects loop: the only caller of step(). One event at a time goes in; effects come out and are performed in order.
// While one group is under way on the disk events queue up, and the next group is made of all of them.

import type { CertificateFault } from '../consensus/certificate.ts'
import { step } from '../consensus/core.ts'
import { describeStandstill, type StuckBranch } from '../consensus/describe-standstill.ts'
import { describeState, type StateDescription } from '../consensus/describe-state.ts'
import type { Effect, Timer } from '../consensus/effects.ts'
import { peersOf, verifierOf } from '../consensus/epochs.ts'
import type { Occurrence } from '../consensus/events.ts'
import type { Evidence } from '../consensus/evidence/evidence.ts'
import type { Append, Message } from '../consensus/messages.ts'
import { decodeRelease, governedFault } from '../consensus/release.ts'
import type { ExecutedBlock } from '../ledger/ledger.ts'
import type { PublicKey, Seat } from '../types/brand.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import { TERM_JUMP_MAX } from './alarms.ts'
import { BlockJudge } from './block-judge.ts'
import { BlockMaker } from './block-maker.ts'
import { BlockPace } from './block-pace.ts'
import { CoreQuestions, type ReadOutcome, type TransferOutcome } from './core-questions.ts'
import { CoreQueue } from './core-queue.ts'
import { CoreTimers } from './core-timers.ts'
import { EffectPerformer } from './effect-performer.ts'
import { type PeerHeard, PeerWatch } from './peer-watch.ts'
import type { RuntimeParts } from './runtime-parts.ts'
import { WorkWatch } from './work-watch.ts'

export type ReleaseRefusal = CertificateFault | 'words' | 'notARelease' | 'stopping'

export class Runtime {
  readonly #parts: RuntimeParts
  readonly #queue = new CoreQueue()
  readonly #timers: CoreTimers
  readonly #pace: BlockPace
  readonly #maker: BlockMaker
  readonly #judge: BlockJudge
  readonly #questions: CoreQuestions
  readonly #performer: EffectPerformer
  readonly #heard = new PeerWatch()
  readonly #work: WorkWatch
  #loop: Promise<void> = Promise.resolve()

  constructor(parts: RuntimeParts) {
    const { timers, batchDelayMs, clock, self, alarms } = parts
    const post = (occurrence: Occurrence): void => this.#queue.post(occurrence)
    this.#parts = parts
    this.#timers = new CoreTimers({ timers, onFired: (timer) => this.#fired(timer) })
    this.#pace = new BlockPace({
      timers,
      batchDelayMs,
      nowMs: () => clock.nowMs(),
      onDue: () => this.#queue.rouse(),
    })
    this.#maker = new BlockMaker({ ...parts, pace: this.#pace })
    this.#judge = new BlockJudge(parts)
    this.#work = new WorkWatch({
      ...parts,
      onPassedOver: (leader, transactionId) => alarms.raise('censorship', leader, { transactionId }),
    })
    this.#questions = new CoreQuestions({ self, post })
    this.#performer = new EffectPerformer({
      ...parts,
      coreTimers: this.#timers,
      questions: this.#questions,
      post,
      halt: () => this.#halt(),
      onWork: () => this.transactionsArrived(),
    })
  }

  start(): void {
    this.#queue.rouse()
    if (this.#isOutgrown()) {
      this.#leave()
      return
    }
    this.#loop = this.#run().catch((error: unknown) => {
      this.#halt()
      this.#parts.onFatal(error)
    })
  }

  /** Others have proof that a member lied: it may free this validator, or one that it asks for a vote. */
  evidenceLearned(evidence: Evidence): void {
    this.#queue.post({ kind: 'evidenceLearned', evidence })
  }

  /** Institutions have decided that a branch is given up. Answers why that does not count, or null. */
  releaseDecided(encoded: Uint8Array): ReleaseRefusal | null {
    const release = decodeRelease(encoded)
    if (release?.kind !== 'governed') return 'notARelease'
    const fault = governedFault(release, verifierOf(this.#parts.state))
    if (fault === null) this.#queue.post({ kind: 'releaseDecided', release: encoded })
    return fault
  }

  /** For people who have to decide. */
  standstill(): readonly StuckBranch[] {
    return describeStandstill(this.#parts.state)
  }

  /** Hands leadership to this member, or to whoever is furthest. */
  transfer(target: Seat | null): Promise<TransferOutcome> {
    return this.#questions.transfer(target)
  }

  /** Ready: the ledger's head contains all that anybody was told is committed before this call. */
  readIndex(): Promise<ReadOutcome> {
    return this.#questions.readIndex()
  }

  /** From this moment on nothing is signed. What is under way on the disk ends by itself; await `stop` for that. */
  fallSilent(): void {
    this.#halt()
  }

  /** For operators: as the core knows it now. */
  describe(): StateDescription {
    return describeState(this.#parts.state)
  }

  lastHeardOf(seat: Seat): PeerHeard | null {
    return this.#heard.lastOf(seat)
  }

  /** A leader hands over first, so that nobody has to miss it. Then the group under way finishes, and that was it. */
  async stop(): Promise<void> {
    await this.#handOver()
    this.#halt()
    await this.#loop
  }

  async #handOver(): Promise<void> {
    const { self, state, timers } = this.#parts
    if (this.#queue.isClosed || this.#leader !== self || peersOf(state).length === 0) return
    // The core answers within this time, unless the disk has it wait.
    const { electionTimeoutMinMs, electionTimeoutMaxMs } = state.settings.timing
    await new Promise<void>((resolve) => {
      const giveUp = timers.after(electionTimeoutMinMs + electionTimeoutMaxMs, resolve)
      void this.transfer(null).then(() => {
        giveUp()
        resolve()
      })
    })
  }

  /** No further step, and with it no further signature. Streams that wait for us go on: their messages are dropped. */
  #halt(): void {
    this.#timers.stop()
    this.#pace.stop()
    this.#queue.close()
    this.#questions.close()
  }

  /** A consensus message from the stream of an authenticated peer. The promise pauses that stream while we are behind. */
  receive(peer: PublicKey, bytes: Uint8Array): undefined | Promise<void> {
    const from = this.#parts.seats.seatOf(peer)
    if (from === null) return undefined
    try {
      const message = this.#parts.wire.decode(bytes)
      this.#heard.noted(from, message, this.#parts.clock.nowMs())
      this.#noteTerm(from, message)
      if (message.kind === 'append' && from === this.#leader && this.#hasAll(message)) this.#parts.onHeardLeader(from)
      this.#queue.post({ kind: 'received', from, message })
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.#parts.log.warn({ member: from, field: error.path, reason: error.reason }, 'malformed consensus message')
    }
    return this.#queue.room()
  }

  /** Terms that only somebody's word stands for rise by one a candidacy. */
  #noteTerm(from: Seat, message: Message): void {
    const { state, alarms } = this.#parts
    const isWord = message.kind === 'voteRequest' || (message.kind === 'staleTerm' && message.leaderCert === null)
    if (isWord && message.term > state.term + TERM_JUMP_MAX) alarms.raise('termInflation', from, { term: message.term })
  }

  /** A node that is behind has a leader's word for how far, not for being up to date. */
  #hasAll({ commitCert, previous }: Append): boolean {
    const { ledger } = this.#parts
    return commitCert === null ? ledger.isExecuted(previous.hash) : commitCert.height <= ledger.head.header.height
  }

  peerChanged(peer: PublicKey, change: 'connected' | 'disconnected'): void {
    const member = this.#parts.seats.seatOf(peer)
    if (member === null) return
    this.#queue.post({ kind: change === 'connected' ? 'peerConnected' : 'peerDisconnected', member })
  }

  /** There is something new in the mempool: a leader makes a block of it soon. */
  transactionsArrived(): void {
    if (!this.#queue.isClosed) this.#pace.arrived()
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#queue.roused()
      if (this.#queue.isClosed) return
      const effects: Effect[] = []
      for (const occurrence of this.#queue.take()) this.#step(occurrence, effects)
      this.#propose(effects)
      this.#queue.resume()
      await this.#performer.perform(effects)
      if (this.#isOutgrown()) this.#leave()
    }
  }

  /** The chain goes on with a protocol version that this release does not support. */
  #isOutgrown(): boolean {
    return this.#judge.isOutgrown() || this.#maker.cannotOpen
  }

  /** Softly: no step, and with it no signature, any more. What peers and clients read stays where it is. */
  #leave(): void {
    const { state, onRole, onOutgrown } = this.#parts
    this.#halt()
    onRole('follower', state.term, null)
    onOutgrown()
  }

  /** Execution is answered at once: it touches nothing but memory, and its answer joins the same group. */
  #step(occurrence: Occurrence, effects: Effect[]): void {
    const { state, clock } = this.#parts
    const answers: Occurrence[] = []
    for (const effect of step(state, { ...occurrence, nowMs: clock.nowMs(), random: clock.random() })) {
      if (effect.kind === 'execute') {
        const answer = this.#judge.judge(effect.block)
        if (answer !== null) answers.push(answer)
      } else effects.push(effect)
    }
    for (const answer of answers) this.#step(answer, effects)
    if (occurrence.kind === 'timeout' && occurrence.timer === 'progress') this.#noteStandstill()
  }

  /** Makes blocks while the core would take one and there is work for it. */
  #propose(effects: Effect[]): void {
    for (let made = this.#maker.next(); made !== null; made = this.#maker.next()) {
      const before = effects.length
      this.#step(proposalOf(made), effects)
      for (const effect of effects.slice(before)) {
        if (effect.kind === 'persistBlock') this.#parts.ledger.adopt(effect.block, made)
      }
    }
  }

  #fired(timer: Timer): void {
    const { self } = this.#parts
    const isWorkWaiting = (): boolean => this.#work.look(this.#leader === self ? null : this.#leader)
    this.#queue.post({ kind: 'timeout', timer, ...(timer === 'progress' && { isWorkWaiting: isWorkWaiting() }) })
  }

  get #leader(): Seat | null {
    return this.#performer.leader
  }

  #noteStandstill(): void {
    const { state, alarms } = this.#parts
    const isStandstill = state.liveness.preCampaign?.cause === 'standstill'
    if (isStandstill && this.#leader !== null) alarms.raise('standstill', this.#leader)
  }
}

function proposalOf(executed: ExecutedBlock): Occurrence {
  const { version, epoch, parentHash, timeMs, txRoot, receiptRoot, stateRoot, logRoot, transactions, nextSet } =
    executed
  const roots = { txRoot, receiptRoot, stateRoot, logRoot }
  return { kind: 'propose', version, epoch, parentHash, timeMs, ...roots, transactions, nextSet }
}
