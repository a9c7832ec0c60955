// Prometheus metrics of agreement: elections, lag, missing signatures, time to a certificate. Labels are institutions of the
// present validators: a bounded set.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { ConsensusStatus, ValidatorStatus } from '../rpc/services.ts'
import type { Alarms } from './alarms.ts'
import type { Clock } from './clock.ts'
import type { CommitFeed } from './commit-feed.ts'
import type { Seats } from './seats.ts'
import type { SignatureTally } from './signature-tally.ts'
import type { Standing } from './standing.ts'

const COMMIT_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export interface ConsensusMetricSources {
  readonly consensus: { status(): ConsensusStatus }
  readonly standing: Standing
  readonly signatures: SignatureTally
  readonly seats: Pick<Seats, 'institutionOf'>
  readonly alarms: Pick<Alarms, 'list'>
  readonly feed: CommitFeed
  readonly clock: Clock
}

export function registerConsensusMetrics(registry: Registry, sources: ConsensusMetricSources): void {
  const { consensus, standing, signatures, seats, alarms, feed, clock } = sources
  const registers = [registry]
  const gauge = (name: string, help: string, read: (status: ConsensusStatus) => number): void => {
    new Gauge({
      name: `assent_consensus_${name}`,
      help,
      registers,
      collect() {
        this.set(read(consensus.status()))
      },
    })
  }
  const perValidator = (name: string, help: string, read: (validator: ValidatorStatus) => number | null): void => {
    new Gauge({
      name: `assent_validator_${name}`,
      help,
      labelNames: ['institution'],
      registers,
      collect() {
        this.reset()
        for (const validator of consensus.status().validators) {
          const value = read(validator)
          if (value !== null) this.set({ institution: validator.institution }, value)
        }
      },
    })
  }
  const counted = (name: string, help: string, read: () => number): void => {
    new Counter({
      name: `assent_${name}_total`,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(read())
      },
    })
  }

  gauge('leading', '1 while this node leads', ({ role }) => (role === 'leader' ? 1 : 0))
  gauge('blocks_waiting', 'blocks above the certified head', ({ waiting }) => waiting.length)
  gauge('validators', 'members of the present set', ({ validators }) => validators.length)
  gauge('quorum', 'signatures that certify a block', ({ quorum }) => quorum)
  counted('leader_changes', 'another leader than before, seen since start', () => standing.leaderChanges)
  counted('elections', 'elections that this node stood in since start', () => standing.candidacies)
  counted('certificates', 'certificates committed by since start', () => signatures.certificates)

  perValidator('connected', '1 while its node is connected', ({ isConnected }) => (isConnected ? 1 : 0))
  perValidator('behind_blocks', "blocks behind the leader's tip, or on a follower behind its head", (validator) => {
    return validator.blocksBehind
  })
  perValidator('behind_seconds', 'age of the first block that it lacks', ({ behindMs }) => {
    return behindMs === null ? null : behindMs / 1_000
  })
  new Counter({
    name: 'assent_validator_missing_signatures_total',
    help: 'certificates since start without its signature; the slowest are often missing',
    labelNames: ['institution'],
    registers,
    collect() {
      this.reset()
      for (const [seat, count] of signatures.missing) {
        const institution = seats.institutionOf(seat)
        if (institution !== null) this.inc({ institution }, count)
      }
    },
  })

  new Counter({
    name: 'assent_alarms_total',
    help: 'what looked wrong since start and convicts nobody; assent_evidence counts the proofs',
    labelNames: ['what', 'institution'],
    registers,
    collect() {
      this.reset()
      for (const { what, member, count } of alarms.list()) {
        this.inc({ what, institution: seats.institutionOf(member) ?? '' }, count)
      }
    },
  })

  const commitSeconds = new Histogram({
    name: 'assent_commit_seconds',
    help: "from a block's time, by its proposer's clock, until it is committed here",
    buckets: COMMIT_BUCKETS,
    registers,
  })
  feed.subscribe((blocks) => {
    const nowMs = clock.nowMs()
    for (const { header } of blocks) commitSeconds.observe(Math.max(0, nowMs - header.timeMs) / 1_000)
  })
}
