// The effects loop: the only caller of step(). One event at a time goes in; effects come out and are performed in order.
// What reaches the disk is grouped: while one sync is under way events queue up, and the next sync covers all of them.
// Persisting early is always safe, so a group's persists go first and everything that relies on them after.

import { canPropose, type Opportunity } from '../consensus/can-propose.ts'
import type { CertificateFault } from '../consensus/certificate.ts'
import { step } from '../consensus/core.ts'
import { describeStandstill, type StuckBranch } from '../consensus/describe-standstill.ts'
import { describeState, type StateDescription } from '../consensus/describe-state.ts'
import type { Effect, Role, Timer } from '../consensus/effects.ts'
import { peersOf, verifierOf } from '../consensus/epochs.ts'
import type { Occurrence } from '../consensus/events.ts'
import type { Evidence } from '../consensus/evidence/evidence.ts'
import type { Append, Message, MessageWire } from '../consensus/messages.ts'
import type { SignedStatement } from '../consensus/own-statements.ts'
import { decodeRelease, governedFault } from '../consensus/release.ts'
import { encodeSignState, type SignState } from '../consensus/sign-state.ts'
import type { State } from '../consensus/state.ts'
import type { TransactionRefusalCode } from '../ledger/errors.ts'
import type { ExecutedBlock, Ledger } from '../ledger/ledger.ts'
import type { Mempool } from '../ledger/mempool.ts'
import type { SignStateFile } from '../ledger/sign-state-file.ts'
import { assert, assertNever } from '../types/assert.ts'
import type { Block } from '../types/block.ts'
import type { Hash, PublicKey, Seat, Term } from '../types/brand.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import type { CommitCert, LeaderCert } from '../types/certificate.ts'
import { BLOCK_TRANSACTIONS_MAX } from '../types/limits.ts'
import type { SignedTransaction } from '../types/transaction.ts'
import { type Alarms, TERM_JUMP_MAX } from './alarms.ts'
import { BlockPace } from './block-pace.ts'
import type { FetchRun } from './certified-run.ts'
import type { Cancel, Clock, Timers } from './clock.ts'
import { CoreQuestions, type ReadOutcome, type TransferOutcome } from './core-questions.ts'
import type { Log } from './log.ts'
import { type PeerHeard, PeerWatch } from './peer-watch.ts'
import type { Seats } from './seats.ts'
import { WorkWatch } from './work-watch.ts'

/** Events waiting for the loop before a peer's stream is paused. */
const QUEUE_MAX = 1_000
/**
 * Calls in a draft. A block runs in one go on every validator, at 0.2 ms a call on a quiet machine and several times that
 * on a busy one; meanwhile no heartbeat goes out, and below an election timeout nobody may miss one.
 */
const DRAFT_CALLS_MAX = 512

export type ReleaseRefusal = CertificateFault | 'words' | 'notARelease' | 'stopping'

export interface RuntimeParts {
  readonly state: State
  readonly seats: Seats
  readonly self: Seat
  readonly ledger: Ledger
  readonly mempool: Mempool
  readonly signStateFile: SignStateFile
  /** Whoever does not listen yet, or any more, hears nothing. */
  readonly send: (to: Seat, message: Uint8Array) => void
  readonly wire: MessageWire
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Log
  readonly alarms: Pick<Alarms, 'raise'>
  /** How long the oldest waiting transaction waits for company, in ms. */
  readonly batchDelayMs: number
  /** Fetches certified blocks; null when the member has none. */
  readonly fetchRun: FetchRun
  /** Takes what was committed out of the mempool, among other things. */
  readonly onCommit: (blocks: readonly Block[], certificate: CommitCert) => void
  /** The leader's append or heartbeat came, and this node has all that it says is certified. */
  readonly onHeardLeader: () => void
  /** Accepted into the mempool, and refused by the state that it was to be executed on. */
  readonly onInadmissible: (transactionId: Hash, code: TransactionRefusalCode) => void
  /** The chain goes on with a protocol version that this release does not support; the runtime has stopped before it. */
  readonly onOutgrown: () => void
  /** The core has found proof that members lied. */
  readonly onEvidence: (evidence: Evidence) => void
  readonly onRole: (role: Role, term: Term, leader: Seat | null) => void
  /** Certified: no seat any more. Nothing is signed after that, and the loop ends. */
  readonly onRetired: (retirement: Extract<Effect, { kind: 'retired' }>) => void
  /** A member has shown a statement of this validator that its sign-state does not cover. The runtime has stopped. */
  readonly onSilenced: (statement: SignedStatement) => void
  /** A failed sync, a divergence, an assertion: the node must not sign any more. */
  readonly onFatal: (error: unknown) => void
}

export class Runtime {
  readonly #parts: RuntimeParts
  /** What arrives while the transport starts waits behind the start. */
  readonly #queue: Occurrence[] = [{ kind: 'start' }]
  readonly #timers = new Map<Timer, Cancel>()
  #leader: Seat | null = null
  /** Lowest block seen whose protocol version is not supported here. */
  #unsupportedFrom = Number.POSITIVE_INFINITY
  /** Leads, and may not make the block that its term begins with. */
  #cannotOpen = false
  #awake = false
  #wake: () => void = () => undefined
  #drained: (() => void)[] = []
  readonly #pace: BlockPace
  readonly #questions: CoreQuestions
  readonly #watch = new PeerWatch()
  readonly #work: WorkWatch
  #stopping = false
  #loop: Promise<void> = Promise.resolve()

  constructor(parts: RuntimeParts) {
    this.#parts = parts
    this.#pace = new BlockPace({
      timers: parts.timers,
      batchDelayMs: parts.batchDelayMs,
      nowMs: () => parts.clock.nowMs(),
      onDue: () => this.#rouse(),
    })
    this.#work = new WorkWatch({
      ...parts,
      onPassedOver: (leader, transactionId) => parts.alarms.raise('censorship', leader, { transactionId }),
    })
    this.#questions = new CoreQuestions({ self: parts.self, post: (occurrence) => this.#post(occurrence) })
  }

  start(): void {
    this.#rouse()
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
    this.#post({ kind: 'evidenceLearned', evidence })
  }

  /** Institutions have decided that a branch is given up. Answers why that does not count, or null. */
  releaseDecided(encoded: Uint8Array): ReleaseRefusal | null {
    const release = decodeRelease(encoded)
    if (release?.kind !== 'governed') return 'notARelease'
    const fault = governedFault(release, verifierOf(this.#parts.state))
    if (fault === null) this.#post({ kind: 'releaseDecided', release: encoded })
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
    this.#rouse()
  }

  /** For operators: as the core knows it now. */
  describe(): StateDescription {
    return describeState(this.#parts.state)
  }

  lastHeardOf(seat: Seat): PeerHeard | null {
    return this.#watch.lastOf(seat)
  }

  /** A leader hands over first, so that nobody has to miss it. Then the group under way finishes, and that was it. */
  async stop(): Promise<void> {
    await this.#handOver()
    this.#halt()
    this.#rouse()
    await this.#loop
  }

  async #handOver(): Promise<void> {
    const { self, state, timers } = this.#parts
    if (this.#stopping || this.#leader !== self || peersOf(state).length === 0) return
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
    this.#stopping = true
    for (const cancel of this.#timers.values()) cancel()
    this.#pace.stop()
    this.#queue.length = 0
    this.#questions.close()
    for (const resume of this.#drained.splice(0)) resume()
  }

  /** A consensus message from the stream of an authenticated peer. The promise pauses that stream while we are behind. */
  receive(peer: PublicKey, bytes: Uint8Array): undefined | Promise<void> {
    const from = this.#parts.seats.seatOf(peer)
    if (from === null) return undefined
    try {
      const message = this.#parts.wire.decode(bytes)
      this.#watch.noted(from, message, this.#parts.clock.nowMs())
      this.#noteTerm(from, message)
      if (message.kind === 'append' && from === this.#leader && this.#hasAll(message)) this.#parts.onHeardLeader()
      this.#post({ kind: 'received', from, message })
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.#parts.log.warn({ member: from, field: error.path, reason: error.reason }, 'malformed consensus message')
    }
    return this.#queue.length < QUEUE_MAX ? undefined : new Promise((resolve) => this.#drained.push(resolve))
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
    this.#post({ kind: change === 'connected' ? 'peerConnected' : 'peerDisconnected', member })
  }

  /** There is something new in the mempool: a leader makes a block of it soon. */
  transactionsArrived(): void {
    if (!this.#stopping) this.#pace.arrived()
  }

  #post(occurrence: Occurrence): void {
    if (this.#stopping) return
    this.#queue.push(occurrence)
    this.#rouse()
  }

  #rouse(): void {
    this.#awake = true
    this.#wake()
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      if (!this.#awake) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        continue
      }
      this.#awake = false
      const effects: Effect[] = []
      for (const occurrence of this.#queue.splice(0)) this.#step(occurrence, effects)
      this.#propose(effects)
      for (const resume of this.#drained.splice(0)) resume()
      await this.#perform(effects)
      if (this.#isOutgrown()) this.#leave()
    }
  }

  /**
   * Is what comes next beyond this release? Then the certified head is where it stops: the block after it is of a protocol
   * version that is not supported here, or q members have gone on to such a block, or a leader would have to make one.
   */
  #isOutgrown(): boolean {
    const { state, ledger } = this.#parts
    const { version, supported } = ledger.protocol
    const hasPassed = (state.pendingCommit?.height ?? 0) >= this.#unsupportedFrom
    return !supported.includes(version) || hasPassed || this.#cannotOpen
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
        const answer = this.#execute(effect.block)
        if (answer !== null) answers.push(answer)
      } else effects.push(effect)
    }
    for (const answer of answers) this.#step(answer, effects)
    if (occurrence.kind === 'timeout' && occurrence.timer === 'progress') this.#noteStandstill()
  }

  #noteStandstill(): void {
    const { state, alarms } = this.#parts
    const isStandstill = state.liveness.preCampaign?.cause === 'standstill'
    if (isStandstill && this.#leader !== null) alarms.raise('standstill', this.#leader)
  }

  /** No answer for a block that this release cannot judge: it is neither acked nor held against anybody. */
  #execute(block: Block): Occurrence | null {
    const { ledger } = this.#parts
    const valid = (): Occurrence => ({
      kind: 'executed',
      blockHash: block.hash,
      verdict: { kind: 'valid', nextSet: ledger.nextSetOf(block.hash) },
    })
    if (ledger.isExecuted(block.hash)) return valid()
    const execution = ledger.check(block)
    if (!execution.ok) {
      const reason = execution.refusal.code
      if (reason === 'UNSUPPORTED_VERSION') {
        this.#unsupportedFrom = Math.min(this.#unsupportedFrom, block.header.height)
        return null
      }
      const shown = ledger.showBadTransaction(block, execution.refusal)
      return { kind: 'executed', blockHash: block.hash, verdict: { kind: 'invalid', reason, ...(shown && { shown }) } }
    }
    ledger.adopt(block, execution.executed)
    return valid()
  }

  /** Makes blocks while the core would take one and there is work for it. */
  #propose(effects: Effect[]): void {
    const { state, ledger, mempool, clock } = this.#parts
    for (;;) {
      const chance = canPropose(state)
      if (chance === null) return
      const { parentHash, epoch, opening, blocksInFlight, transactionsInFlight } = chance
      const waiting = mempool.size - transactionsInFlight
      const isDue = this.#pace.isDue({ waiting, transactionsInFlight, blocksInFlight })
      if (!isDue && !opening) return
      const timeMs = Math.max(clock.nowMs(), chance.parentTimeMs + 1)
      const transactions = isDue && chance.bytesMax > 0 ? this.#take(chance, timeMs) : []
      if (transactions.length === 0 && !opening) {
        this.#pace.idle()
        return
      }
      const execution = ledger.execute({ parentHash, epoch, timeMs, transactions })
      if (execution.ok) {
        const { version } = execution.executed
        // Certified apart: whoever does not support the new version still gets the certificate of the last old block.
        const isFirstOfVersion = version !== ledger.header(parentHash)?.version
        if (isFirstOfVersion && blocksInFlight > 0 && !opening) return
        const before = effects.length
        this.#pace.made()
        this.#step(proposalOf(execution.executed), effects)
        for (const effect of effects.slice(before)) {
          if (effect.kind === 'persistBlock') ledger.adopt(effect.block, execution.executed)
        }
      } else {
        // A transaction became inadmissible since it was accepted; it leaves, the others try again.
        const { transactionId, transaction, code } = execution.refusal
        if (code === 'UNSUPPORTED_VERSION') {
          this.#cannotOpen = opening
          return
        }
        assert(transactionId !== undefined && transaction !== undefined, `own draft refused: ${code}`)
        mempool.remove([transactionId])
        this.#parts.onInadmissible(transactionId, transaction.code)
        this.#parts.log.info({ transactionId, code: transaction.code }, 'transaction became inadmissible')
      }
    }
  }

  #take(chance: Opportunity, timeMs: number): readonly SignedTransaction[] {
    const { ledger, mempool } = this.#parts
    return mempool.take({
      countMax: BLOCK_TRANSACTIONS_MAX,
      callsMax: DRAFT_CALLS_MAX,
      bytesMax: chance.bytesMax,
      timeMs,
      isTaken: (id) => ledger.isInFlight(chance.parentHash, id),
    })
  }

  async #perform(effects: readonly Effect[]): Promise<void> {
    const silenced = effects.find((effect) => effect.kind === 'silenced')
    if (silenced !== undefined) {
      // Nothing of what was signed in the same group may leave.
      this.#halt()
      this.#parts.onSilenced(silenced.statement)
      return
    }
    await this.#persist(effects)
    for (const effect of effects) {
      const written = this.#performOne(effect)
      // One commit after the other: two writes under way at once may reach the store in either order.
      if (written !== undefined) await written
    }
  }

  /** Blocks and LeaderCerts first, then the sign-state that speaks of them: one sync each for the whole group. */
  async #persist(effects: readonly Effect[]): Promise<void> {
    const { ledger, signStateFile } = this.#parts
    const blocks: Block[] = []
    const leaderCerts: LeaderCert[] = []
    let signState: SignState | null = null
    for (const effect of effects) {
      if (effect.kind === 'persistBlock') blocks.push(effect.block)
      else if (effect.kind === 'persistLeaderCert') leaderCerts.push(effect.certificate)
      else if (effect.kind === 'persistSignState') signState = effect.signState
    }
    if (blocks.length > 0 || leaderCerts.length > 0) await ledger.persist({ blocks, leaderCerts })
    if (signState !== null) await signStateFile.write(encodeSignState(signState))
  }

  #performOne(effect: Effect): undefined | Promise<unknown> {
    const { send, wire, alarms } = this.#parts
    switch (effect.kind) {
      case 'persistBlock':
      case 'persistLeaderCert':
      case 'persistSignState':
      case 'execute':
        return undefined
      case 'send':
        send(effect.to, wire.encode(effect.message))
        return undefined
      case 'commit':
        return this.#commit(effect.certificate)
      case 'moveTip':
        return undefined
      case 'setTimer':
        this.#setTimer(effect.timer, effect.delayMs)
        return undefined
      case 'cancelTimer':
        this.#timers.get(effect.timer)?.()
        this.#timers.delete(effect.timer)
        return undefined
      case 'needSync':
        this.#sync(effect.from, effect.fromHeight)
        return undefined
      case 'roleChanged':
        this.#leader = effect.leader
        this.#questions.onLeader(effect.leader)
        this.#parts.onRole(effect.role, effect.term, effect.leader)
        if (effect.role === 'leader') this.transactionsArrived()
        return undefined
      case 'transferFailed':
        this.#questions.onTransferFailed(effect.reason)
        return undefined
      case 'readReady':
        this.#questions.onRead(effect.id, 'ready')
        return undefined
      case 'readFailed':
        this.#questions.onRead(effect.id, effect.reason)
        return undefined
      case 'returned':
        // They never left the mempool: taking does not remove.
        this.transactionsArrived()
        return undefined
      case 'invalidBlock': {
        const { blockHash, height, proposer, reason } = effect
        alarms.raise('invalidBlock', proposer, { blockHash, height, reason })
        return undefined
      }
      case 'misbehaviour':
        alarms.raise(effect.what, effect.member)
        return undefined
      case 'evidence':
        this.#parts.onEvidence(effect.evidence)
        return undefined
      case 'retired':
        this.#halt()
        this.#parts.onRetired(effect)
        return undefined
      case 'silenced':
        return undefined
      case 'diverged':
        throw new Error(`execution diverged from the certified chain at height ${effect.height}: ${effect.reason}`)
      default:
        return assertNever(effect)
    }
  }

  async #commit(certificate: CommitCert): Promise<void> {
    const { ledger, onCommit } = this.#parts
    onCommit(await ledger.commit(certificate), certificate)
  }

  #setTimer(timer: Timer, delayMs: number): void {
    const { timers } = this.#parts
    this.#timers.get(timer)?.()
    // Behind one turn of input: after a long block, heartbeats that wait in the socket come before the election timer.
    const fire = (): void =>
      timers.afterInput(() => {
        if (this.#timers.get(timer) !== cancel) return
        this.#post({ kind: 'timeout', timer, ...(timer === 'progress' && { isWorkWaiting: this.#isWorkWaiting() }) })
      })
    const cancel = timers.after(delayMs, fire)
    this.#timers.set(timer, cancel)
  }

  #isWorkWaiting(): boolean {
    return this.#work.look(this.#leader === this.#parts.self ? null : this.#leader)
  }

  #sync(from: Seat, fromHeight: number): void {
    const peer = this.#parts.seats.peerOf(from)
    if (peer === null) {
      this.#post({ kind: 'syncFailed', from })
      return
    }
    this.#parts.fetchRun(peer, fromHeight).then(
      (run) => this.#post(run === null ? { kind: 'syncFailed', from } : { kind: 'synced', from, ...run }),
      (error: unknown) => {
        this.#parts.log.debug({ member: from, fromHeight, reason: (error as Error).message }, 'block sync failed')
        this.#post({ kind: 'syncFailed', from })
      },
    )
  }
}

function proposalOf(executed: ExecutedBlock): Occurrence {
  const { version, epoch, parentHash, timeMs, txRoot, receiptRoot, stateRoot, logRoot, transactions, nextSet } =
    executed
  const roots = { txRoot, receiptRoot, stateRoot, logRoot }
  return { kind: 'propose', version, epoch, parentHash, timeMs, ...roots, transactions, nextSet }
}
