// What the steps of the scenario share: the running consortium, its people, the claims and the measurements.

import { performance } from 'node:perf_hooks'
import type { CommittedReceipt } from '../client/client.ts'
import type { Signer } from '../client/signer.ts'
import type { IdentityId } from '../types/brand.ts'
import type { Cast } from './cast.ts'
import type { Checks } from './checks.ts'
import { type Consortium, personSigner } from './consortium.ts'
import { CUSTODIAN, type DemoPatient, type Imported } from './import-folder.ts'
import type { MemberName } from './layout.ts'
import { type DemoPractitioner, type People, type PractitionerName, practitionerNamed } from './people.ts'

export interface Measurements {
  /** Milliseconds from submission to verified receipt. */
  readonly latencyMs: { readonly consent: number[]; readonly access: number[]; readonly revoke: number[] }
  revokeToEnforcedMs: number
  submitToEnforcedMs: number
  failoverMs: number
  transactionsPerSecond: number
}

export interface Scenario {
  readonly consortium: Consortium
  readonly people: People
  readonly imported: Imported
  readonly cast: Cast
  /** One more person at hospital A, with these records. */
  readonly spare: (records: readonly Uint8Array[]) => Promise<DemoPatient>
  readonly checks: Checks
  readonly measured: Measurements
  readonly onProgress: (text: string) => void
}

export interface AccessAnswer {
  readonly decision: number
  readonly outcome: 'DENY' | 'PERMIT' | 'PERMIT_FILTERED' | 'PERMIT_BTG'
  readonly basis: string | null
  readonly reasons: readonly string[]
  readonly expiresAt: number | null
}

export interface AccessWish {
  readonly by: PractitionerName
  readonly patient: DemoPatient
  readonly purpose: string
  /** The node that the request is sent to; default: the practitioner's institution's. */
  readonly via?: MemberName
  /** The institution that the practitioner claims to act for; default: its own. */
  readonly actingFor?: MemberName
  readonly breakGlass?: { readonly reason: string; readonly comment: string }
}

/** Asks for a whole record at the custodian, sealed to the requester's institution, signed by the practitioner. */
export async function requestAccess(
  { consortium, people, measured }: Scenario,
  wish: AccessWish,
): Promise<{ answer: AccessAnswer; receipt: CommittedReceipt }> {
  const practitioner = practitionerNamed(people, wish.by)
  const institution = consortium.member(wish.actingFor ?? practitioner.at).keys
  const call = {
    contract: 'access',
    method: 'request',
    args: {
      patient: wish.patient.keys.identity,
      custodian: consortium.member(CUSTODIAN).keys.institution,
      practitioner: practitioner.keys.identity,
      role: practitioner.role,
      institution: institution.institution,
      purpose: wish.purpose,
      records: [],
      recipientKey: institution.encryption.publicKey,
      breakGlass: wish.breakGlass ?? null,
    },
  }
  const startMs = performance.now()
  const { receipt, ...outcome } = await consortium.call(wish.via ?? practitioner.at, signerOf(practitioner), call)
  measured.latencyMs.access.push(performance.now() - startMs)
  if (outcome.status === 'refused') throw new Error(`access.request refused: ${outcome.code}`)
  return { answer: outcome.value as unknown as AccessAnswer, receipt }
}

export const signerOf = ({ keys }: DemoPractitioner): Signer => personSigner(keys)

/** What a patient's own signed read of the trail shows. */
export interface Trail {
  readonly decisions: readonly {
    readonly decision: number
    readonly terms: { readonly outcome: string; readonly request: { readonly purpose: string } }
    readonly releases: readonly unknown[]
  }[]
  readonly changes: readonly { readonly consent: string; readonly status: string }[]
  readonly reads: readonly { readonly reader: IdentityId; readonly reason: string }[]
}

export async function readTrail(
  { consortium }: Scenario,
  {
    patient,
    via,
    signer,
    reason,
  }: {
    patient: DemoPatient
    via: MemberName
    signer: Signer
    reason: 'ownData' | 'oversight'
  },
): Promise<Trail> {
  const args = { patient: patient.keys.identity, afterDecision: 0, afterChange: 0, afterRead: 0 }
  const call = { contract: 'audit', method: 'trail', args }
  const { value } = await consortium.client(via).signedQuery(call, { signer, reason })
  return value as unknown as Trail
}

export function sameBytes(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i])
}
