// Brings proofs onto the chain: one institution at a time, the same one for everybody, the next if it does not. Accused
// validators are passed over. Whoever submits a proof that is recorded meanwhile is refused, and no harm is done.

import type { Evidence } from '../consensus/evidence/evidence.ts'
import { evidenceCall } from '../ledger/evidence-call.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { IdentityId, Seat } from '../types/brand.ts'
import type { Call } from '../types/transaction.ts'
import type { Cancel, Clock, Timers } from './clock.ts'
import type { EvidencePool, HeldEvidence } from './evidence-pool.ts'
import type { Log } from './log.ts'

const LOOK_MS = 5_000
/** How long one institution is waited for. */
const TURN_MS = 20_000

export interface EvidenceReporterParts {
  readonly pool: Pick<EvidencePool, 'list'>
  readonly ledger: Pick<Ledger, 'validators' | 'contracts' | 'query' | 'head'>
  readonly institution: IdentityId
  readonly send: (calls: readonly Call[]) => Promise<unknown>
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Log
}

export class EvidenceReporter {
  readonly #parts: EvidenceReporterParts
  #timer: Cancel | null = null
  #sending: Promise<void> | null = null

  constructor(parts: EvidenceReporterParts) {
    this.#parts = parts
  }

  start(): void {
    this.#timer = this.#parts.timers.every(LOOK_MS, () => this.look())
  }

  async stop(): Promise<void> {
    this.#timer?.()
    await this.#sending
  }

  /** Submits one proof, if it is this institution's turn. */
  look(): void {
    if (this.#sending !== null) return
    const due = this.#parts.pool.list().find((held) => this.#isOurTurn(held) && !this.#isRecorded(held))
    if (due === undefined) return
    this.#sending = this.#submit(due.evidence, due.accused).finally(() => {
      this.#sending = null
    })
  }

  async #submit(evidence: Evidence, accused: readonly Seat[]): Promise<void> {
    const { send, log } = this.#parts
    try {
      await send([evidenceCall(evidence, accused)])
    } catch (error) {
      log.warn({ error, kind: evidence.kind, accused }, 'evidence is not recorded yet; it will be tried again')
    }
  }

  /** By the validators of now, in the order of their seats, without the accused; one after the other by the clock. */
  #isOurTurn({ accused }: HeldEvidence): boolean {
    const { ledger, institution, clock } = this.#parts
    const honest = ledger.validators.members.filter(({ seat }) => !accused.includes(seat))
    const turn = Math.floor(clock.nowMs() / TURN_MS) % Math.max(1, honest.length)
    return honest[turn]?.institution === institution
  }

  #isRecorded({ hash }: HeldEvidence): boolean {
    const { ledger } = this.#parts
    // Chains that were founded without this contract keep their proofs off the chain.
    if (!ledger.contracts().some(({ name }) => name === 'evidence')) return true
    const view = { contract: 'evidence', method: 'isRecorded', args: [Uint8Array.fromHex(hash)] }
    const outcome = ledger.query(view, { timeMs: ledger.head.header.timeMs })
    return outcome.status === 'ok' && outcome.value === true
  }
}
