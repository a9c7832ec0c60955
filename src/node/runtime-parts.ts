// What the effects loop is made of, and whom it tells. Everything that touches disk, network, time or chance comes in here.

import type { Effect, Role } from '../consensus/effects.ts'
import type { Evidence } from '../consensus/evidence/evidence.ts'
import type { MessageWire } from '../consensus/messages.ts'
import type { SignedStatement } from '../consensus/own-statements.ts'
import type { State } from '../consensus/state.ts'
import type { TransactionRefusalCode } from '../ledger/errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Mempool } from '../ledger/mempool.ts'
import type { SignStateFile } from '../ledger/sign-state-file.ts'
import type { Block } from '../types/block.ts'
import type { Hash, Seat, Term } from '../types/brand.ts'
import type { CommitCert } from '../types/certificate.ts'
import type { Alarms } from './alarms.ts'
import type { FetchRun } from './certified-run.ts'
import type { Clock, Timers } from './clock.ts'
import type { Log } from './log.ts'
import type { Seats } from './seats.ts'

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
  readonly onHeardLeader: (leader: Seat) => void
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
