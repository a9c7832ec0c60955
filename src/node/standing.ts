// Where this node stands: term and leader as far as it knows, what keeps it from being ready. One place that status,
// health and metrics read.

import type { Role } from '../consensus/effects.ts'
import type { IdentityId, PublicKey, Seat, Term } from '../types/brand.ts'
import type { Freshness } from './freshness.ts'
import type { Seats } from './seats.ts'
import type { Signing } from './signing-right.ts'

/** Named in GET /readyz. */
export type NotReady = 'STARTING' | 'NO_LEADER' | 'SYNCING' | 'STALE' | 'RELEASE_TOO_OLD'

export class Standing {
  readonly #seats: Pick<Seats, 'institutionOf' | 'peerOf'>
  readonly #freshness: Freshness
  readonly #reasons = new Set<NotReady>(['STARTING'])
  term = 0
  /** Seen since start. */
  leaderChanges = 0
  candidacies = 0
  #lastLeader: Seat | null = null
  leader: IdentityId | null = null
  signing: Signing = { kind: 'none' }

  constructor(options: { seats: Pick<Seats, 'institutionOf' | 'peerOf'>; freshness: Freshness }) {
    this.#seats = options.seats
    this.#freshness = options.freshness
  }

  /** Answers the leader's transport key, where a leader is known. */
  roleChanged(role: Role, { term, leader }: { term: Term; leader: Seat | null }): PublicKey | null {
    this.term = term
    if (role === 'candidate') this.candidacies++
    if (leader !== null && leader !== this.#lastLeader) {
      this.leaderChanges++
      this.#lastLeader = leader
    }
    this.leader = leader === null ? null : this.#seats.institutionOf(leader)
    if (leader === null) this.#reasons.add('NO_LEADER')
    else this.#reasons.delete('NO_LEADER')
    this.#freshness.validating(true)
    return leader === null ? null : this.#seats.peerOf(leader)
  }

  /** It takes no part in elections any more, and learns of none. */
  leaderless(): void {
    this.leader = null
    this.#reasons.delete('NO_LEADER')
    this.#freshness.validating(false)
  }

  waitFor(reason: NotReady): void {
    this.#reasons.add(reason)
  }

  reached(reason: NotReady): void {
    this.#reasons.delete(reason)
  }

  notReady(): readonly NotReady[] {
    return this.#freshness.isFresh() ? [...this.#reasons] : [...this.#reasons, 'STALE']
  }
}
