// What would be decided: Consents, a request and perhaps a resource, without a network. The Consents are translated as a
// custodian does it, registered with the real contracts, and the request is decided by them. spec/consent.md, "Simulation".

import { registerArguments, updateArguments } from '../../fhir/consent-intent.ts'
import { consentToChain } from '../../fhir/consent-to-chain.ts'
import { isObject } from '../../fhir/element.ts'
import { decodeText, tryParse } from '../../fhir/parse-json.ts'
import { type ElementProblem, Problems } from '../../fhir/problem.ts'
import { referenceId } from '../../fhir/reference-id.ts'
import { assertNever } from '../../types/assert.ts'
import type { IdentityId } from '../../types/brand.ts'
import { Refused, SimulatedConsortium } from './consortium.ts'
import { enroll, found, readRole } from './enroll.ts'
import { Parties } from './parties.ts'
import { readRequest, type SimulationRequest } from './request.ts'

export interface SimulationInput {
  readonly consents: readonly Uint8Array[]
  readonly request: Uint8Array
  /** IANA zone in which the dates of the Consents are meant. */
  readonly timeZone?: string
}

/** A clause that took part. */
export interface SimulatedClause {
  /** Position of the Consent among those given, from 1, and its Consent.id. */
  readonly consent: number
  readonly id: string | null
  readonly version: number
  /** 0 for the root, then its exceptions. */
  readonly clause: number
  readonly type: 'permit' | 'deny'
  /** The group that the requester was found in. */
  readonly group: string | null
}

export interface Simulation {
  readonly outcome: 'DENY' | 'PERMIT' | 'PERMIT_FILTERED' | 'PERMIT_BTG'
  readonly basis: 'consent' | 'implicit' | 'breakGlass' | null
  readonly reasons: readonly string[]
  readonly clauses: readonly SimulatedClause[]
}

export type SimulationOutcome =
  /** `notes`: Consents that were not registered, and why. */
  | { readonly kind: 'decided'; readonly simulation: Simulation; readonly notes: readonly string[] }
  | { readonly kind: 'refused'; readonly problems: readonly ElementProblem[] }

export async function simulate({ consents, request, timeZone = 'UTC' }: SimulationInput): Promise<SimulationOutcome> {
  const problems = new Problems()
  const asked = readRequest(request, problems)
  if (asked === undefined) return { kind: 'refused', problems: problems.list }
  const parties = new Parties(asked)
  const read = await readConsents(consents, { parties, timeZone })
  for (const problem of read.problems) problems.list.push(problem)
  if (problems.list.length > 0) return { kind: 'refused', problems: problems.list }

  const consortium = new SimulatedConsortium(asked.at)
  const registered = new Registered()
  try {
    found(consortium, parties)
    const role = readRole(consortium, asked, problems)
    if (role === undefined) return { kind: 'refused', problems: problems.list }
    enroll(consortium, parties, { asked, role })
    for (const step of read.steps) registered.take(consortium, step)
    const simulation = decide(consortium, { parties, asked, role, registered })
    return { kind: 'decided', simulation, notes: read.notes }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    problems.add('conflict', 'Request', { reason: error.message, accepted: 'what spec/contracts.md accepts' })
    return { kind: 'refused', problems: problems.list }
  }
}

type Intent = Awaited<ReturnType<typeof consentToChain>>

/** A Consent to be registered, changed or ended. */
interface Step {
  readonly position: number
  readonly id: string | null
  readonly intent: Exclude<Intent, { kind: 'refused' } | { kind: 'nothing' }>
}

/** In the order given: a Consent whose id was there before is its next version. */
async function readConsents(
  consents: readonly Uint8Array[],
  { parties, timeZone }: { parties: Parties; timeZone: string },
): Promise<{ steps: Step[]; notes: string[]; problems: ElementProblem[] }> {
  const steps: Step[] = []
  const notes: string[] = []
  const problems: ElementProblem[] = []
  for (const [i, bytes] of consents.entries()) {
    const id = idOf(bytes)
    const known = id !== null && steps.some((step) => step.id === id && step.intent.kind === 'terms')
    const intent = await consentToChain(bytes, { resolver: parties, timeZone, known })
    switch (intent.kind) {
      case 'refused':
        problems.push(
          ...intent.problems.map((problem) => (consents.length === 1 ? problem : inConsent(i + 1, problem))),
        )
        break
      case 'nothing':
        notes.push(`Consent ${i + 1} is not registered: ${intent.reason}`)
        break
      case 'terms':
      case 'revoke':
      case 'void':
        steps.push({ position: i + 1, id, intent })
        break
      default:
        assertNever(intent)
    }
  }
  return { steps, notes, problems }
}

const inConsent = (position: number, problem: ElementProblem): ElementProblem => {
  return { ...problem, reason: `in Consent ${position} of those given: ${problem.reason}` }
}

function idOf(bytes: Uint8Array): string | null {
  const value = tryParse(decodeText(bytes) ?? '')
  return isObject(value) && typeof value.id === 'string' ? value.id : null
}

interface Entry {
  readonly id: string | null
  readonly consent: IdentityId
  readonly patient: IdentityId
  readonly custodian: IdentityId
  version: number
  position: number
}

/** The consents on the simulated chain, and which of the Consents given each is. */
class Registered {
  private readonly entries: Entry[] = []

  take(consortium: SimulatedConsortium, { position, id, intent }: Step): void {
    if (intent.kind !== 'terms') {
      for (const { consent, patient } of this.entries.filter((entry) => entry.id === id)) {
        consortium.act(patient, `consent.${intent.kind}`, { consent })
      }
      return
    }
    for (const terms of intent.terms) {
      const { patient, custodian, delegation } = terms
      const old = this.entries.find(
        (entry) => id !== null && entry.id === id && entry.patient === patient && entry.custodian === custodian,
      )
      const sender = delegation === null ? patient : this.delegateOf(consortium, { patient, delegation })
      if (old === undefined) {
        const consent = referenceId(`Consent ${this.entries.length}`)
        consortium.call(sender, 'consent.register', registerArguments(terms, { consentId: consent }))
        this.entries.push({ id, consent, patient, custodian, version: 1, position })
      } else {
        const args = updateArguments(terms, { consentId: old.consent, replaces: old.version })
        consortium.call(sender, 'consent.update', args)
        old.version++
        old.position = position
      }
    }
  }

  find(consent: string): Entry {
    const found = this.entries.find((entry) => entry.consent === consent)
    if (found === undefined) throw new TypeError('a decision names a consent that was not registered')
    return found
  }

  private delegateOf(
    consortium: SimulatedConsortium,
    { patient, delegation }: { patient: IdentityId; delegation: IdentityId },
  ): IdentityId {
    return consortium.ask('registry.delegateOf', { patient, delegation }) as string as IdentityId
  }
}

interface Answer extends Omit<Simulation, 'clauses'> {
  readonly clauses: readonly {
    readonly consent: string
    readonly version: number
    readonly clause: number
    readonly type: 'permit' | 'deny'
    readonly group: string | null
  }[]
}

function decide(
  consortium: SimulatedConsortium,
  {
    parties,
    asked,
    role,
    registered,
  }: { parties: Parties; asked: SimulationRequest; role: string; registered: Registered },
): Simulation {
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
  }) as unknown as Answer
  const { outcome, basis, reasons } = answer
  const clauses = answer.clauses.map(({ consent, version, clause, type, group }): SimulatedClause => {
    const { position, id } = registered.find(consent)
    const name = group === null ? null : (parties.names.get(group as IdentityId) ?? null)
    return { consent: position, id, version, clause, type, group: name }
  })
  return { outcome, basis, reasons, clauses }
}
