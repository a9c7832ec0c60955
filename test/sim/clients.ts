// The load: clients that write, read and compare-and-set registers through a node's own door, go to another node when one is
// silent, and write down what they saw. At the end their history must be that of one machine.

import type { Ledger } from '../../src/ledger/ledger.ts'
import { RpcError } from '../../src/rpc/errors.ts'
import type { SubmissionState } from '../../src/rpc/services.ts'
import type { Hash } from '../../src/types/brand.ts'
import type { SignedTransaction } from '../../src/types/transaction.ts'
import type { Operation } from '../support/linearizability.ts'
import type { Consortium } from './consortium.ts'
import type { EventQueue } from './event-queue.ts'
import type { SimulatedNode } from './node.ts'
import type { Random } from './random.ts'
import { callRegister, LIFETIME_MS } from './register-call.ts'
import type { RegisterInput, RegisterOutput } from './register-model.ts'

const WAY_MS = 1
const PATIENCE_MS = 1_500
const UNDER_WAY_MAX = 2_000
/** At one register: keeps the search for an order short. */
const UNDER_WAY_PER_KEY_MAX = 4

export interface Load {
  /** Transactions a second. */
  readonly perSecond: number
  readonly registers: number
}

export interface ClientEvents {
  /** A client has been told that its transaction is certified. */
  acknowledged(transactionId: Hash, at: { readonly height: number; readonly index: number }): void
  /** A client has been told that its transaction will never have an effect. */
  denied(transactionId: Hash, reason: string): void
  /** The node answered what no correct node answers. */
  wrong(text: string): void
}

export interface ClientParts {
  readonly queue: EventQueue
  readonly random: Random
  readonly consortium: Consortium
  readonly nodes: readonly SimulatedNode[]
  readonly load: Load
  readonly events: ClientEvents
}

interface Request {
  readonly signed: SignedTransaction
  readonly input: RegisterInput
  readonly startMs: number
  attempts: number
  isDone: boolean
}

export class Clients {
  readonly history: Operation<RegisterInput, RegisterOutput>[] = []
  readonly counts = { submitted: 0, committed: 0, expired: 0, unknown: 0, retried: 0 }
  readonly #parts: ClientParts
  readonly #underWay = new Set<Request>()
  readonly #perKey = new Map<number, number>()
  /** Never ends. */
  readonly #patience = new AbortController().signal
  /** Nothing is submitted for a while, nor again. */
  isPaused = false
  #isStopped = false
  #serial = 0

  constructor(parts: ClientParts) {
    this.#parts = parts
  }

  get underWay(): number {
    return this.#underWay.size
  }

  start(): void {
    const { queue, random, load } = this.#parts
    queue.after(random.around(1_000 / load.perSecond), () => {
      if (this.#isStopped) return
      this.start()
      if (!this.isPaused) this.#begin()
    })
  }

  /** No new requests; those under way go on. */
  stop(): void {
    this.#isStopped = true
  }

  /** The run is over: of what is still under way nobody will ever know. */
  giveUp(): void {
    for (const request of [...this.#underWay]) this.#end(request, null)
  }

  #begin(): void {
    const { queue, random, load, consortium } = this.#parts
    const key = random.below(load.registers)
    const atKey = this.#perKey.get(key) ?? 0
    if (this.#underWay.size >= UNDER_WAY_MAX || atKey >= UNDER_WAY_PER_KEY_MAX) return
    this.#perKey.set(key, atKey + 1)
    const input = this.#chooseInput(key)
    const signed = callRegister(consortium, input, { random, nowMs: queue.nowMs })
    const request: Request = { signed, input, startMs: queue.nowMs, attempts: 0, isDone: false }
    this.#underWay.add(request)
    this.counts.submitted++
    this.#attempt(request)
  }

  #chooseInput(key: number): RegisterInput {
    const { random } = this.#parts
    const value = ++this.#serial
    switch (random.below(4)) {
      case 0:
        return { kind: 'read', key }
      case 1: {
        // What somebody wrote lately: true often enough.
        const expected = random.chance(0.1) ? null : Math.max(1, value - random.below(2 * this.#parts.load.registers))
        return { kind: 'compareAndSet', key, expected, value }
      }
      default:
        return { kind: 'write', key, value }
    }
  }

  #attempt(request: Request): void {
    const { queue, random, nodes } = this.#parts
    if (request.isDone) return
    const isHopeless = queue.nowMs > request.startMs + 2 * LIFETIME_MS
    if (isHopeless) {
      this.#end(request, null)
      return
    }
    request.attempts++
    if (request.attempts > 1) this.counts.retried++
    const node = random.pick(nodes)
    queue.after(WAY_MS * random.between(0.5, 2), () => this.#submit(request, node))
    queue.after(PATIENCE_MS * random.between(0.7, 1.3), () => this.#attempt(request))
  }

  /** At the node. Liars are not asked: a client believes nothing that it cannot verify. */
  #submit(request: Request, node: SimulatedNode): void {
    const { running } = node
    if (running === null || node.isPaused || !node.isHonest || request.isDone || this.isPaused) return
    const { submissions } = running.participant.intake
    try {
      submissions.submit(request.signed.bytes)
    } catch (error) {
      // Full, or refused: the window of another clock may be kinder.
      if (error instanceof RpcError) return
      throw error
    }
    void submissions.settled(request.signed.id, this.#patience).then((state) => {
      // The answer leaves a process that is alive.
      if (node.running === running) this.#answered(request, state, running.ledger)
    })
  }

  #answered(request: Request, state: SubmissionState, ledger: Ledger): void {
    const { queue, random, events } = this.#parts
    const { id } = request.signed
    if (state.status === 'COMMITTED') {
      const [call] = ledger.receipt(id)?.calls ?? []
      if (call === undefined || call.status !== 'ok') {
        events.wrong(`transaction ${id.slice(0, 8)} is committed, its receipt is ${JSON.stringify(call)}`)
        return
      }
      const { height, index } = state
      const output: RegisterOutput = { value: call.value as number | null }
      queue.after(WAY_MS * random.between(0.5, 2), () => {
        if (request.isDone) return
        events.acknowledged(id, { height, index })
        this.#end(request, output)
      })
    } else if (state.status === 'INVALID') {
      const { reason } = state
      queue.after(WAY_MS * random.between(0.5, 2), () => {
        if (request.isDone) return
        if (reason !== 'EXPIRED') return
        events.denied(id, reason)
        this.#end(request, 'noEffect')
      })
    }
  }

  #end(request: Request, output: RegisterOutput | 'noEffect' | null): void {
    const { queue } = this.#parts
    const { input, startMs } = request
    if (request.isDone) return
    request.isDone = true
    this.#underWay.delete(request)
    this.#perKey.set(input.key, (this.#perKey.get(input.key) ?? 1) - 1)
    this.counts[output === null ? 'unknown' : output === 'noEffect' ? 'expired' : 'committed']++
    if (output !== 'noEffect') this.history.push({ input, output, startMs, endMs: queue.nowMs })
  }
}
