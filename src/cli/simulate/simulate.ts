// What would be decided: Consents, a request and perhaps a resource, without a network. The Consents are translated as a
// custodian does it, registered with the real contracts, and the request is decided by them. spec/consent.md, "Simulation".

import { consentToChain } from '../../fhir/consent-to-chain.ts'
import type { JsonObject } from '../../fhir/element.ts'
import { parseUnambiguous } from '../../fhir/parse-json.ts'
import { type ElementProblem, Problems } from '../../fhir/problem.ts'
import { assertNever } from '../../types/assert.ts'
import type { IdentityId } from '../../types/brand.ts'
import { Refused, SimulatedConsortium } from './consortium.ts'
import { type Answer, decide, isReleased, type UsedClause } from './decide.ts'
import { enroll, found, readRole } from './enroll.ts'
import { Parties } from './parties.ts'
import { Registered, type Step } from './registered.ts'
import { readRequest, type SimulationRequest } from './request.ts'

export interface SimulationInput {
  readonly consents: readonly Uint8Array[]
  readonly request: Uint8Array
  /** One resource of the patient's record. */
  readonly resource?: Uint8Array | undefined
  /** IANA zone in which dates are meant. */
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

export interface Simulation extends Pick<Answer, 'outcome' | 'basis' | 'reasons'> {
  readonly clauses: readonly SimulatedClause[]
  /** Whether the resource would be released; only where there is one. */
  readonly released?: boolean
}

export type SimulationOutcome =
  /** `notes`: Consents that were not registered, and why. */
  | { readonly kind: 'decided'; readonly simulation: Simulation; readonly notes: readonly string[] }
  | { readonly kind: 'refused'; readonly problems: readonly ElementProblem[] }

export async function simulate(input: SimulationInput): Promise<SimulationOutcome> {
  const { consents, timeZone = 'UTC' } = input
  const problems = new Problems()
  const asked = readRequest(input.request, problems)
  const resource = input.resource && readResource(input.resource, problems)
  if (asked === undefined) return { kind: 'refused', problems: problems.list }
  const parties = new Parties(asked)
  const { steps, notes } = await readConsents(consents, { parties, asked, timeZone, problems })
  if (problems.list.length > 0) return { kind: 'refused', problems: problems.list }

  const simulation = decideAll({ parties, asked, steps, resource, timeZone, problems })
  return simulation === undefined
    ? { kind: 'refused', problems: problems.list }
    : { kind: 'decided', simulation, notes }
}

/** Undefined after a problem was noted. */
function decideAll(parts: {
  readonly parties: Parties
  readonly asked: SimulationRequest
  readonly steps: readonly Step[]
  readonly resource: JsonObject | undefined
  readonly timeZone: string
  readonly problems: Problems
}): Simulation | undefined {
  const { parties, asked, steps, resource, timeZone, problems } = parts
  const consortium = new SimulatedConsortium(asked.at)
  const registered = new Registered()
  try {
    found(consortium, parties)
    const role = readRole(consortium, asked, problems)
    if (role === undefined) return undefined
    enroll(consortium, parties, { asked, role })
    for (const step of steps) registered.take(consortium, step)
    const answer = decide(consortium, { parties, asked, role })
    const { outcome, basis, reasons } = answer
    const clauses = answer.clauses.map((clause) => shown(clause, { parties, registered }))
    const decided = { outcome, basis, reasons, clauses }
    if (resource === undefined) return decided
    return { ...decided, released: isReleased(consortium, { resource, answer, asked, registered, timeZone }) }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    const path = error.method.startsWith('consent.') ? 'Consent' : 'Request'
    return problems.add('conflict', path, { reason: error.message, accepted: 'what spec/contracts.md accepts' })
  }
}

function shown(
  { consent, version, clause, type, group }: UsedClause,
  { parties, registered }: { parties: Parties; registered: Registered },
): SimulatedClause {
  const { position, id } = registered.find(consent)
  const name = group === null ? null : (parties.names.get(group as IdentityId) ?? null)
  return { consent: position, id, version, clause, type, group: name }
}

/** Undefined after a problem was noted. */
function readResource(bytes: Uint8Array, problems: Problems): JsonObject | undefined {
  const accepted = 'a FHIR R4 resource as a JSON object in UTF-8, each element once'
  const value = parseUnambiguous(bytes)
  if (value === undefined) return problems.add('invalid', 'Resource', { reason: 'cannot be read', accepted })
  if (typeof value.resourceType === 'string') return value
  return problems.add('required', 'Resource.resourceType', { reason: 'missing', accepted })
}

/** In the order given: a Consent whose id was there before is its next version. */
async function readConsents(
  consents: readonly Uint8Array[],
  parts: {
    readonly parties: Parties
    readonly asked: SimulationRequest
    readonly timeZone: string
    readonly problems: Problems
  },
): Promise<{ steps: Step[]; notes: string[] }> {
  const { parties, asked, timeZone, problems } = parts
  const steps: Step[] = []
  const notes: string[] = []
  for (const [i, bytes] of consents.entries()) {
    const position = i + 1
    const id = idOf(bytes)
    const known = id !== null && steps.some((step) => step.id === id && step.intent.kind === 'terms')
    const context = { resolver: parties, timeZone, labelling: asked.labelling, known }
    const intent = await consentToChain(bytes, context)
    switch (intent.kind) {
      case 'refused':
        for (const problem of intent.problems) {
          problems.list.push(consents.length === 1 ? problem : inConsent(position, problem))
        }
        break
      case 'nothing':
        notes.push(`Consent ${position} is not registered: ${intent.reason}`)
        break
      case 'terms':
      case 'revoke':
      case 'void':
        steps.push({ position, id, intent })
        break
      default:
        assertNever(intent)
    }
  }
  return { steps, notes }
}

const inConsent = (position: number, problem: ElementProblem): ElementProblem => {
  return { ...problem, reason: `in Consent ${position} of those given: ${problem.reason}` }
}

function idOf(bytes: Uint8Array): string | null {
  const id = parseUnambiguous(bytes)?.id
  return typeof id === 'string' ? id : null
}
