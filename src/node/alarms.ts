// What looks wrong and convicts nobody: no honest member does it, or few do, but others cannot be shown it, or it may be a
// slow machine. For operators, who ask the institution: log, metric, `assent consensus status`. Proofs are evidence-pool.ts.
// spec/consensus.md, "Alarms".

import type { Misbehaviour } from '../consensus/effects.ts'
import type { Seat } from '../types/brand.ts'
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'

/**
 * invalidBlock: its proposer claims roots that execution here does not give, or put in what may not be there.
 * termInflation: its word names a term far beyond the present one.
 * standstill: it leads and is heard, and certifies nothing of the work that waits.
 * censorship: it leads and certifies other work, while a transaction that could be executed waits.
 * The others: see `Misbehaviour`.
 */
export type AlarmKind = Misbehaviour | 'invalidBlock' | 'termInflation' | 'standstill' | 'censorship'

export interface Alarm {
  readonly what: AlarmKind
  readonly member: Seat
  readonly count: number
  readonly firstMs: number
  readonly lastMs: number
}

/** A term is joined after one candidacy at a time; who was cut off for many of them may lack as many. */
export const TERM_JUMP_MAX = 100

/** Kinds times seats, of which there are more only after many changes. */
const ALARMS_MAX = 256

const TEXT: Readonly<Record<Exclude<AlarmKind, Misbehaviour>, string>> = {
  invalidBlock: 'invalid block',
  termInflation: 'a member speaks of a term far beyond the present one',
  standstill: 'the leader certifies nothing of the work that waits',
  censorship: 'a transaction waits for long while the leader has others certified',
}

export class Alarms {
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #log: Log
  /** By kind and member, the one raised longest ago first. */
  readonly #raised = new Map<string, Alarm>()

  constructor(parts: { clock: Pick<Clock, 'nowMs'>; log: Log }) {
    this.#clock = parts.clock
    this.#log = parts.log
  }

  /** `detail` is for the log. */
  raise(what: AlarmKind, member: Seat, detail: Readonly<Record<string, unknown>> = {}): void {
    const name = `${what}/${member}`
    const lastMs = this.#clock.nowMs()
    const before = this.#raised.get(name) ?? { firstMs: lastMs, count: 0 }
    this.#raised.delete(name)
    this.#raised.set(name, { what, member, count: before.count + 1, firstMs: before.firstMs, lastMs })
    if (this.#raised.size > ALARMS_MAX) this.#raised.delete(this.#raised.keys().next().value as string)
    const text = what in TEXT ? TEXT[what as keyof typeof TEXT] : 'misbehaviour of a member'
    this.#log.error({ member, what, ...detail }, text)
  }

  /** The one raised last first. */
  list(): readonly Alarm[] {
    return [...this.#raised.values()].reverse()
  }
}
