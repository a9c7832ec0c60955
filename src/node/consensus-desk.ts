// What clients and operators ask of consensus, answered by the validator of this node, if it is one. Implements the RPC's
// ConsensusService.

import type { Evidence } from '../consensus/evidence/evidence.ts'
import { RpcError } from '../rpc/errors.ts'
import type { ConsensusService, ConsensusStatus } from '../rpc/services.ts'
import { assertNever } from '../types/assert.ts'
import type { IdentityId, Seat } from '../types/brand.ts'
import type { ValidatorSet } from '../types/validator-set.ts'
import { type ConsensusStatusParts, consensusStatus, type Watched } from './consensus-status.ts'
import type { ReadOutcome, TransferOutcome } from './core-questions.ts'

/** A few heartbeats: the reads that wait now are answered by then. */
const RETRY_AFTER_MS = 500

export interface Validating extends Watched {
  transfer(target: Seat | null): Promise<TransferOutcome>
  readIndex(): Promise<ReadOutcome>
  evidenceLearned(evidence: Evidence): void
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

  #validator(): Validating {
    const validator = this.#parts.validator()
    if (validator === null) throw new RpcError('NOT_A_VALIDATOR')
    return validator
  }
}

const REASONS = {
  notLeader: 'NOT_LEADER',
  noTarget: 'NO_TARGET',
  disconnected: 'NOT_CONNECTED',
  timeout: 'TIMEOUT',
} as const
