// The request decided by the access contract, and what of a resource its filter would leave.

import { patientReferences, withoutVersion } from '../../fhir/compartment.ts'
import { describeResource } from '../../fhir/describe-resource.ts'
import type { JsonObject } from '../../fhir/element.ts'
import { referenceId } from '../../fhir/reference-id.ts'
import type { Value } from '../../types/canonical-value.ts'
import type { SimulatedConsortium } from './consortium.ts'
import type { Parties } from './parties.ts'
import type { Registered } from './registered.ts'
import type { SimulationRequest } from './request.ts'

/** What is used of record Answer (spec/contracts.md, "access"). */
export interface Answer {
  readonly outcome: 'DENY' | 'PERMIT' | 'PERMIT_FILTERED' | 'PERMIT_BTG'
  readonly filtered: boolean
  readonly basis: 'consent' | 'implicit' | 'breakGlass' | null
  readonly reasons: readonly string[]
  readonly clauses: readonly UsedClause[]
}

export interface UsedClause {
  readonly consent: string
  readonly version: number
  readonly clause: number
  readonly type: 'permit' | 'deny'
  readonly group: string | null
}

/** Throws Refused. */
export function decide(
  consortium: SimulatedConsortium,
  { parties, asked, role }: { parties: Parties; asked: SimulationRequest; role: string },
): Answer {
  const { patient, custodian, practitioner, organization } = parties
  const requester = practitioner ?? organization
  const answer = consortium.act(requester, 'access.request', {
    patient,
    custodian,
    practitioner,
    role,
    institution: organization,
    purpose: asked.purpose,
    records: [],
    recipientKey: requester,
    // The custodian wants a coded reason, and a commitment to what the requester says.
    breakGlass: asked.purpose === 'BTG' ? { reason: 'other', comment: referenceId('comment') } : null,
  })
  return answer as unknown as Answer
}

/** The version of the codes at genesis. */
const FIRST_CODES = 1

export function isReleased(
  consortium: SimulatedConsortium,
  {
    resource,
    answer: { outcome, filtered, clauses },
    asked,
    registered,
    timeZone,
  }: {
    resource: JsonObject
    answer: Answer
    asked: SimulationRequest
    registered: Registered
    timeZone: string
  },
): boolean {
  if (outcome === 'DENY' || !isOf(resource, asked.patient)) return false
  if (!filtered) return true
  const matching = clauses.map(({ consent, clause, type }): Value => {
    const limits = registered.find(consent).limits?.[clause] ?? null
    return { consent: Uint8Array.fromHex(consent), clause, type, limits }
  })
  const { labelling } = asked
  const described = describeResource(resource, { timeZone, labelling })
  return (consortium.filter('limits.mayLeave', [FIRST_CODES, matching, described]) as { released: boolean }).released
}

/** Whether the resource is about the patient, as far as it says. */
function isOf(resource: JsonObject, patient: string): boolean {
  const { resourceType, id } = resource
  if (resourceType === 'Patient') return typeof id !== 'string' || patient.endsWith(`Patient/${id}`)
  const { element, references } = patientReferences(resource)
  return element === null || references.map(withoutVersion).includes(withoutVersion(patient))
}
