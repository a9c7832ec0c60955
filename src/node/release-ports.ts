// The release protocol's view of the chain, on both sides: what the custodian asks its own committed state before it
// releases anything, and what the requester checks afterwards. spec/fhir.md, "Release".

import type { Ledger } from '../ledger/ledger.ts'
import { asHash, asIdentityId, type Hash, type IdentityId, type PublicKey } from '../types/brand.ts'
import type {
  DecisionRef,
  ReleaseAuthority,
  ReleaseCheck,
  ReleaseLog,
  RequesterChain,
} from '../vault/exchange-ports.ts'
import type { Clock } from './clock.ts'
import type { CommitFeed } from './commit-feed.ts'
import { idsOf } from './consent-terms.ts'
import type { Freshness } from './freshness.ts'
import type { InstitutionSender } from './institution-sender.ts'
import type { Membership } from './membership.ts'
import { idValue, queryView } from './query.ts'
import { type BodyOf, documentsOf, redisclosureOf } from './redisclosure.ts'
import type { Releasable, ReleaseLimits, UsedClause } from './release-limits.ts'

/** How long a requester waits for its own node to commit what the custodian saw first. */
const CATCH_UP_MS = 5_000

interface StoredRequest {
  readonly patient: Uint8Array
  readonly custodian: Uint8Array
  readonly institution: Uint8Array
  readonly recipientKey: Uint8Array
  readonly records: readonly Uint8Array[]
}
export interface DecisionEntry {
  readonly decision: number
  readonly terms: {
    readonly request: StoredRequest
    readonly outcome: string
    readonly basis: string | null
    readonly filtered: boolean
    readonly clauses: readonly UsedClause[]
    readonly versions: { readonly codes: number }
    readonly expiresAt: number | null
  }
  readonly releases: readonly { readonly manifest: Uint8Array }[]
}

export function findDecision(ledger: Ledger, { patient, decision }: DecisionRef, nowMs: number): DecisionEntry | null {
  const args = [idValue(patient), decision]
  return queryView(ledger, { contract: 'access', method: 'decision', args }, nowMs) as unknown as DecisionEntry | null
}

export function createReleaseAuthority(parts: {
  readonly ledger: Ledger
  readonly membership: Membership
  readonly freshness: Freshness
  readonly clock: Clock
  readonly custodian: IdentityId
  readonly limits: ReleaseLimits
  /** Whether nothing of this patient may be kept any more, though some of it may still be here for a moment. */
  readonly isErased: (patient: IdentityId) => boolean
  readonly bodyOf: BodyOf
}): ReleaseAuthority {
  const { ledger, membership, freshness, clock, custodian, limits, isErased, bodyOf } = parts
  return {
    async isRegistered(recordId) {
      const view = { contract: 'access', method: 'record', args: [idValue(recordId)] }
      return queryView(ledger, view, clock.nowMs()) !== null
    },
    isFresh: () => freshness.isFresh(),
    institutionOf: async (transportKey: PublicKey) => membership.institutionOf(transportKey),
    async check(ref): Promise<ReleaseCheck> {
      const nowMs = clock.nowMs()
      const entry = findDecision(ledger, ref, nowMs)
      if (entry === null || idHex(entry.terms.request.custodian) !== custodian) {
        return { kind: 'refused', reason: 'UNKNOWN_DECISION' }
      }
      const view = { contract: 'access', method: 'releasable', args: [idValue(ref.patient), ref.decision] }
      const verdict = queryView(ledger, view, nowMs) as unknown as Releasable
      if (!verdict.releasable) return { kind: 'refused', reason: verdict.reasons.at(-1) ?? 'NOT_RELEASABLE' }
      const mayLeave = await limits.of(verdict, { entry, nowMs })
      const { institution, recipientKey, records } = entry.terms.request
      const ids = idsOf(ledger, idValue(ref.patient), nowMs)
      return {
        kind: 'releasable',
        institution: idHex(institution),
        recipientKey: recipientKey.toHex() as PublicKey,
        records: records.map(idHex),
        patients: ids.map(idHex).filter((patient) => !isErased(patient)),
        mayLeave,
        redisclosure: redisclosureOf(entry.terms, { ledger, bodyOf, nowMs }),
      }
    },
  }
}

export function createReleaseLog(sender: InstitutionSender): ReleaseLog {
  return {
    async commit({ patient, decision, records, manifest }) {
      const args = [idValue(patient), decision, records.map(idValue), idValue(manifest)]
      const [receipt] = await sender.send([{ contract: 'access', method: 'release', args }])
      if (receipt?.status === 'ok') return { kind: 'committed', release: receipt.value as number }
      return { kind: 'refused', code: receipt?.code ?? 'REFUSED' }
    },
  }
}

export function createRequesterChain(parts: {
  readonly ledger: Ledger
  readonly feed: CommitFeed
  readonly clock: Clock
}): RequesterChain {
  const { ledger, feed, clock } = parts
  /** Asks again after every commit until there is an answer, for a moment. */
  const eventually = async <T>(ask: () => T | null): Promise<T | null> => {
    const deadline = AbortSignal.timeout(CATCH_UP_MS)
    for (;;) {
      const answer = ask()
      if (answer !== null || deadline.aborted) return answer
      await feed.next(deadline)
    }
  }
  return {
    record: (recordId) =>
      eventually(() => {
        const view = { contract: 'access', method: 'record', args: [idValue(recordId)] }
        const found = queryView(ledger, view, clock.nowMs()) as {
          custodian: Uint8Array
          ciphertextHash: Uint8Array
        } | null
        return found && { custodian: idHex(found.custodian), ciphertextHash: hashHex(found.ciphertextHash) }
      }),
    async documents(ref) {
      const nowMs = clock.nowMs()
      const entry = findDecision(ledger, ref, nowMs)
      return entry === null ? [] : documentsOf(ledger, entry.terms, nowMs)
    },
    manifest: ({ release, ...ref }) =>
      eventually(() => {
        const entry = findDecision(ledger, ref, clock.nowMs())
        const logged = entry?.releases[release - 1]
        return logged === undefined ? null : hashHex(logged.manifest)
      }),
  }
}

const idHex = (bytes: Uint8Array): IdentityId => asIdentityId(bytes.toHex())
const hashHex = (bytes: Uint8Array): Hash => asHash(bytes.toHex())
