// Prometheus metrics of the node: read from the parts when somebody asks, so they cost nothing in between.

import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client'
import type { Ledger } from '../ledger/ledger.ts'
import type { Mempool } from '../ledger/mempool.ts'
import type { Transport } from '../p2p/transport.ts'
import type { EvidencePool } from './evidence-pool.ts'
import type { Freshness } from './freshness.ts'
import type { Membership } from './membership.ts'
import type { Standing } from './standing.ts'

export interface MetricSources {
  readonly ledger: Ledger
  readonly mempool: Mempool
  readonly transport: Transport
  readonly freshness: Freshness
  readonly standing: Standing
  readonly evidence: Pick<EvidencePool, 'list'>
  readonly membership: Pick<Membership, 'introduced'>
}

export function registerMetrics(registry: Registry, sources: MetricSources): void {
  collectDefaultMetrics({ register: registry, prefix: 'assent_' })
  const { ledger, mempool, transport, freshness, standing, evidence, membership } = sources
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name: `assent_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  }
  gauge('head_height', 'height of the certified head', () => ledger.head.header.height)
  gauge('head_time_ms', 'block time of the certified head, ms UTC', () => ledger.head.header.timeMs)
  gauge('term', 'highest term heard of', () => standing.term)
  gauge('leader_known', '1 while a leader is known', () => (standing.leader === null ? 0 : 1))
  gauge('signing', '1 while the validator signs; 0 for an observer, and for a validator that only follows', () =>
    standing.signing.kind === 'signing' ? 1 : 0,
  )
  gauge('signing_refused', '1 while a validator must not sign: assent status says why', () =>
    standing.signing.kind === 'refused' ? 1 : 0,
  )
  gauge('fresh', '1 while the node is in touch with its consortium', () => (freshness.isFresh() ? 1 : 0))
  gauge('protocol_version', 'protocol version in force for the next block', () => ledger.protocol.version)
  gauge('release_too_old', '1 when the chain goes on with a protocol version that this release does not support', () =>
    standing.notReady().includes('RELEASE_TOO_OLD') ? 1 : 0,
  )
  gauge('evidence', 'proofs that validators lied: alarm on any', () => evidence.list().length)
  gauge('peers', 'connected peers', () => transport.connectedPeers().length)
  gauge(
    'introduced_peers',
    'keys that count as bootstrap peers because they have shown their registration',
    () => membership.introduced,
  )
  gauge('mempool_transactions', 'accepted transactions that are not certified yet', () => mempool.size)
  gauge('mempool_bytes', 'their bytes', () => mempool.bytes)
  labelled(registry, { name: 'ledger', help: 'what the ledger has done since start', read: () => ledger.counters })
  labelled(registry, { name: 'p2p', help: 'what the transport has done since start', read: () => transport.counters() })
  labelled(registry, {
    name: 'refused_transactions',
    help: 'refused at the door, by code',
    read: () => mempool.counters.refused,
  })
}

function labelled(registry: Registry, { name, help, read }: { name: string; help: string; read: () => object }): void {
  new Gauge({
    name: `assent_${name}_total`,
    help,
    labelNames: ['kind'],
    registers: [registry],
    collect() {
      for (const [kind, value] of Object.entries(read())) if (typeof value === 'number') this.set({ kind }, value)
    },
  })
}
