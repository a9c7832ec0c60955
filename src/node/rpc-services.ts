// The RPC's ports, answered by the ledger and the node around it. No logic of its own beyond putting questions together.

import type { Registry } from 'prom-client'
import type { Ledger } from '../ledger/ledger.ts'
import type { Mempool } from '../ledger/mempool.ts'
import type { Transport } from '../p2p/transport.ts'
import { RpcError } from '../rpc/errors.ts'
import type {
  CommittedHeader,
  ConsensusService,
  InstitutionService,
  NodeStatus,
  RpcLog,
  RpcServices,
} from '../rpc/services.ts'
import { assert } from '../types/assert.ts'
import type { Hash, Height, IdentityId } from '../types/brand.ts'
import type { SignedGenesis } from '../types/genesis.ts'
import { quorum } from '../types/validator-set.ts'
import type { Clock } from './clock.ts'
import type { CommitFeed } from './commit-feed.ts'
import type { EvidencePool } from './evidence-pool.ts'
import { createEvidenceService } from './evidence-service.ts'
import type { Freshness } from './freshness.ts'
import type { NodeReports } from './node-reports.ts'
import { queryTimeMs } from './query.ts'
import type { Reads } from './reads.ts'
import { type Signing, UNSEATED_TEXT } from './signing-right.ts'
import type { Standing } from './standing.ts'
import type { Submissions } from './submissions.ts'
import { VERSION } from './version.ts'

export interface RpcServiceParts {
  readonly genesis: SignedGenesis
  readonly institution: IdentityId
  readonly role: 'validator' | 'observer'
  readonly ledger: Ledger
  readonly mempool: Mempool
  readonly transport: Transport
  readonly submissions: Submissions
  readonly reads: Reads
  readonly feed: CommitFeed
  readonly freshness: Freshness
  readonly metrics: Registry
  readonly clock: Clock
  readonly log: RpcLog
  readonly standing: Standing
  readonly evidence: Pick<EvidencePool, 'list' | 'get'>
  readonly reports: NodeReports
  readonly desk: InstitutionService
  readonly consensus: ConsensusService
}

export function createRpcServices(parts: RpcServiceParts): RpcServices {
  const { ledger, mempool, transport, clock, freshness, standing, reports } = parts

  const committedHeader = (height: Height): CommittedHeader | null => {
    const block = height > ledger.head.header.height ? undefined : ledger.block(height)
    if (block === undefined) return height > 0 && height < ledger.baseHeight ? notKept() : null
    const { header, signature, hash } = block
    return { header, signature, hash, commitCert: ledger.commitCertCovering(height) ?? null }
  }

  const notKept = (): never => {
    throw new RpcError('NOT_KEPT', { accepted: `heights from ${ledger.baseHeight} on` })
  }

  return {
    genesis: parts.genesis,
    chain: {
      status() {
        const { header, hash } = ledger.head
        return {
          institution: parts.institution,
          role: parts.role,
          signing: describeSigning(standing.signing),
          version: VERSION,
          epoch: ledger.epoch,
          term: standing.term,
          leader: standing.leader,
          height: header.height,
          headHash: hash,
          headTimeMs: header.timeMs,
          stateRoot: header.stateRoot,
          peers: transport.connectedPeers().length,
          pending: mempool.size,
          evidence: parts.evidence.list().length,
          protocol: { ...ledger.protocol, quorum: quorum(ledger.validators), announced: reports.announced() },
        }
      },
      nodes: () => reports.latest(),
      head() {
        const head = committedHeader(ledger.head.header.height)
        assert(head !== null, 'the head is stored')
        return head
      },
      header: committedHeader,
      block(height) {
        const block = height > ledger.head.header.height ? undefined : ledger.block(height)
        return block ?? (height > 0 && height < ledger.baseHeight ? notKept() : null)
      },
      receipt(id: Hash) {
        const proof = ledger.receiptProof(id)
        if (proof !== undefined) return proof
        // Unknown here may well stand in a block that this node never had.
        const isUnknown = parts.submissions.status(id).status === 'UNKNOWN'
        return isUnknown && ledger.baseHeight > 1 ? notKept() : null
      },
    },
    submissions: parts.submissions,
    queries: {
      contracts: (deployment) => ledger.contracts(deployment),
      query({ deployment, ...view }) {
        const timeMs = queryTimeMs(ledger, clock.nowMs())
        const outcome = ledger.query(view, { timeMs, deployment })
        if (outcome.status === 'refused') {
          throw new RpcError('QUERY_REFUSED', {
            reason: outcome.code,
            ...(outcome.detail === undefined ? {} : { accepted: outcome.detail }),
          })
        }
        return { value: outcome.value, height: ledger.head.header.height, timeMs, fresh: freshness.isFresh() }
      },
    },
    reads: parts.reads,
    events: {
      eventsFrom(cursor, limit) {
        if (ledger.baseHeight > 1 && cursor.height < ledger.baseHeight) notKept()
        const page = ledger.eventsFrom(cursor, { limit })
        return { ...page, more: page.next.height <= ledger.head.header.height }
      },
      onCommit: (listener) => parts.feed.subscribe((blocks) => listener((blocks.at(-1)?.header.height ?? 0) as Height)),
    },
    health: {
      live: () => true,
      ready() {
        const reasons = standing.notReady()
        return { ready: reasons.length === 0, reasons }
      },
    },
    institution: parts.desk,
    evidence: createEvidenceService({
      pool: parts.evidence,
      epoch: () => ledger.epoch,
      setOf: (epoch) => ledger.setOf(epoch),
      epochLinks: (epoch) => ledger.epochLinks(epoch),
    }),
    consensus: parts.consensus,
    metrics: parts.metrics,
    log: parts.log,
    nowMs: () => clock.nowMs(),
  }
}

function describeSigning(signing: Signing): NodeStatus['signing'] {
  if (signing.kind === 'unseated')
    return { state: signing.kind, reason: signing.reason, advice: UNSEATED_TEXT[signing.reason] }
  const refusal = signing.kind === 'refused' ? signing.refusal : null
  return { state: signing.kind, reason: refusal?.code ?? null, advice: refusal?.text ?? null }
}
