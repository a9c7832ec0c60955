// What clients and operators ask of consensus, answered by the validator of this node, if it is one. Implements the RPC's
// ConsensusService.

import type { StuckBranch } from '../consensus/describe-standstill.ts'
import type { Evidence } from '../consensus/evidence/evidence.ts'
import { RpcError } from '../rpc/errors.ts'
import type * as rpc from '../rpc/services.ts'
import type { ConsensusService, ConsensusStatus } from '../rpc/services.ts'
import { assertNever } from '../types/assert.ts'
import type { IdentityId, Seat } from '../types/brand.ts'
import type { ValidatorSet } from '../types/validator-set.ts'
import { type ConsensusStatusParts, consensusStatus, type Watched } from './consensus-status.ts'
import type { ReadOutcome, TransferOutcome } from './core-questions.ts'
import type { ReleaseRefusal } from './runtime.ts'

/** A few heartbeats: the reads that wait now are answered by then. */
const RETRY_AFTER_MS = 500

export interface Validating extends Watched {
  transfer(target: Seat | null): Promise<TransferOutcome>
  readIndex(): Promise<ReadOutcome>
  evidenceLearned(evidence: Evidence): void
  /** Null where it does not sign yet, or not any more. */
  standstill(): readonly StuckBranch[] | null
  /** What is wrong with it; null where it was taken. */
  releaseDecided(release: Uint8Array): Promise<ReleaseRefusal | null>
}

export interface ConsensusDeskParts {
  /** Null while this node observes. */
  readonly validator: () => Validating | null
  readonly validators: () => ValidatorSet
  readonly institutionOf: (seat: Seat) => IdentityId | null
  readonly status: Omit<ConsensusStatusParts, 'watched'>
}

export class ConsensusDesk implements ConsensusService {
  readonly #parts: ConsensusDeskParts

  constructor(parts: ConsensusDeskParts) {
    this.#parts = parts
  }

  status(): ConsensusStatus {
    return consensusStatus({ ...this.#parts.status, watched: this.#parts.validator })
  }

  async transfer(to: IdentityId): Promise<IdentityId> {
    const { validators, institutionOf } = this.#parts
    const target = validators().members.find(({ institution }) => institution === to)
    if (target === undefined) throw new RpcError('NOT_TRANSFERRED', { field: 'params.to', reason: 'NO_TARGET' })
    const outcome = await this.#validator().transfer(target.seat)
    if ('failure' in outcome) {
      if (outcome.failure === 'stopping') throw new RpcError('NOT_READY')
      throw new RpcError('NOT_TRANSFERRED', { reason: REASONS[outcome.failure] })
    }
    const leader = institutionOf(outcome.leader)
    if (leader === null) throw new RpcError('NOT_READY')
    return leader
  }

  async readIndex(): Promise<void> {
    const outcome = await this.#validator().readIndex()
    switch (outcome) {
      case 'ready':
        return
      case 'busy':
        throw new RpcError('RETRY_LATER', { reason: 'READS_WAITING', retryAfterMs: RETRY_AFTER_MS })
      case 'timeout':
        throw new RpcError('STALE', { reason: 'NO_QUORUM' })
      case 'stopping':
        throw new RpcError('NOT_READY')
      default:
        assertNever(outcome)
    }
  }

  standstill(): readonly rpc.StuckBranch[] {
    const branches = this.#validator().standstill()
    if (branches === null) throw new RpcError('NOT_READY')
    const { institutionOf } = this.#parts
    return branches.map(({ leader, guilty, silent, words, ...branch }) => ({
      ...branch,
      leader: institutionOf(leader),
      guilty: guilty.map(institutionOf),
      silent: silent.map(institutionOf),
      words: words.map(({ seat, ...said }) => ({ institution: institutionOf(seat), ...said })),
    }))
  }

  async decideRelease(release: Uint8Array): Promise<void> {
    const refusal = await this.#validator().releaseDecided(release)
    if (refusal === 'stopping') throw new RpcError('NOT_READY')
    if (refusal !== null) throw new RpcError('NOT_A_RELEASE', { field: 'params.release', reason: codeOf(refusal) })
  }

  #validator(): Validating {
    const validator = this.#parts.validator()
    if (validator === null) throw new RpcError('NOT_A_VALIDATOR')
    return validator
  }
}

/** noQuorum: NO_QUORUM. */
const codeOf = (refusal: string): string => refusal.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()

const REASONS = {
  notLeader: 'NOT_LEADER',
  noTarget: 'NO_TARGET',
  disconnected: 'NOT_CONNECTED',
  timeout: 'TIMEOUT',
} as const
