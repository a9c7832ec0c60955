// Who plays which part, found by the consents that the import registered. A part that the folder gives nobody is played by
// a patient without a consent, for whom the scenario registers a fitting one, signed by the patient.

import type { Client } from '../client/client.ts'
import { randomBytes } from '../crypto/random.ts'
import { assert } from '../types/assert.ts'
import type { IdentityId } from '../types/brand.ts'
import { type Consortium, personSigner } from './consortium.ts'
import { CUSTODIAN, type DemoPatient } from './import-folder.ts'

export interface JsonClause {
  readonly type: 'permit' | 'deny'
  readonly recipients: readonly object[]
  readonly purposes: readonly string[]
  readonly from: number | null
  readonly to: number | null
  readonly limited: boolean
}

export type Part = 'permitted' | 'withoutConsent' | 'denied' | 'expired' | 'breakGlass'

export interface Cast {
  readonly permitted: DemoPatient
  readonly withoutConsent: DemoPatient
  readonly denied: DemoPatient
  readonly expired: DemoPatient
  readonly breakGlass: DemoPatient
  /** The consent that permits treatment. */
  readonly permit: IdentityId
}

interface NamedConsent {
  readonly consent: IdentityId
  readonly terms: { readonly status: string; readonly clauses: readonly JsonClause[] }
}

/** What the consent contract keeps for a root that names no purpose. */
const EVERY_PURPOSE = 'PurposeOfUse'
const YEAR_MS = 365 * 86_400_000

export async function chooseCast(
  consortium: Consortium,
  {
    patients,
    spare,
  }: {
    patients: readonly DemoPatient[]
    /** One more person, without a consent. */
    spare: () => Promise<DemoPatient>
  },
): Promise<Cast> {
  const found = new Map<Part, DemoPatient>()
  let permit: IdentityId | null = null
  const free: DemoPatient[] = []
  for (const patient of patients) {
    const consents = await consentsOf(consortium.client(CUSTODIAN), patient)
    if (consents.length === 0) free.push(patient)
    const [only] = consents
    if (consents.length !== 1 || only === undefined) continue
    const part = partOf(only.terms.clauses, Date.now())
    if (part === null || found.has(part)) continue
    found.set(part, patient)
    if (part === 'permitted') permit = only.consent
  }
  for (const part of ['permitted', 'denied', 'expired', 'breakGlass'] as const) {
    if (found.has(part)) continue
    const patient = free.pop() ?? (await spare())
    const consent = await registerConsent(consortium, { patient, clauses: clausesFor(part, Date.now()) })
    found.set(part, patient)
    if (part === 'permitted') permit = consent
  }
  const withoutConsent = free.pop() ?? (await spare())
  assert(permit !== null, 'somebody has a consent that permits')
  const player = (part: Part): DemoPatient => found.get(part) as DemoPatient
  return {
    permitted: player('permitted'),
    withoutConsent,
    denied: player('denied'),
    expired: player('expired'),
    breakGlass: player('breakGlass'),
    permit,
  }
}

/** Signed by the patient, at the demo's custodian. */
export async function registerConsent(
  consortium: Consortium,
  { patient, clauses }: { patient: DemoPatient; clauses: readonly JsonClause[] },
): Promise<IdentityId> {
  const consent = randomBytes(32).toHex() as IdentityId
  const args = {
    consent,
    patient: patient.keys.identity,
    custodian: consortium.member(CUSTODIAN).keys.institution,
    delegation: null,
    document: randomBytes(32).toHex(),
    limits: null,
    recorder: null,
    clauses,
  }
  const call = { contract: 'consent', method: 'register', args }
  const { status, code } = await consortium.call(CUSTODIAN, personSigner(patient.keys), call)
  if (status === 'refused') throw new Error(`consent.register refused: ${code}`)
  return consent
}

export function clausesFor(part: Exclude<Part, 'withoutConsent'>, nowMs: number): readonly JsonClause[] {
  const root: JsonClause = { type: 'permit', recipients: [], purposes: ['TREAT'], from: null, to: null, limited: false }
  switch (part) {
    case 'permitted':
      return [root]
    case 'denied':
      return [{ ...root, type: 'deny' }]
    case 'expired':
      return [{ ...root, from: nowMs - 2 * YEAR_MS, to: nowMs - YEAR_MS }]
    case 'breakGlass':
      return [
        { ...root, type: 'deny', purposes: [] },
        { ...root, purposes: ['BTG'] },
      ]
    default:
      return part satisfies never
  }
}

async function consentsOf(client: Client, { keys }: DemoPatient): Promise<readonly NamedConsent[]> {
  const call = { contract: 'consent', method: 'ofPatient', args: { patient: keys.identity, after: null } }
  const { value } = await client.signedQuery(call, { signer: personSigner(keys), reason: 'ownData' })
  return value as unknown as readonly NamedConsent[]
}

/** Only plain cases: the scenario's claims must not hang on details of somebody's consent. */
function partOf(clauses: readonly JsonClause[], nowMs: number): Part | null {
  const [root, ...exceptions] = clauses
  if (root === undefined || root.limited || root.recipients.length > 0) return null
  const permitsBreakGlass = exceptions.some(({ type, purposes }) => type === 'permit' && purposes.includes('BTG'))
  if (root.type === 'deny' && permitsBreakGlass) return 'breakGlass'
  if (exceptions.length > 0) return null
  const treats = root.purposes.includes(EVERY_PURPOSE) || root.purposes.includes('TREAT')
  if (!treats) return null
  if (root.type === 'deny') return 'denied'
  if (root.to !== null && root.to <= nowMs) return 'expired'
  return root.from === null || root.from <= nowMs ? 'permitted' : null
}
