// Consent.provision -> clauses: the root, then its exceptions. spec/fhir.md, "Clauses".

import { assertNever } from '../types/assert.ts'
import { readCoding, readConcept } from './coding.ts'
import { ACTOR, EXCEPTION, ROOT_PROVISION } from './consent-elements.ts'
import type { ChainClause, ChainRecipient, ClauseType } from './consent-intent.ts'
import type { Element } from './element.ts'
import { CLAUSES_MAX, PURPOSES_MAX, RECIPIENTS_MAX } from './limits.ts'
import { readPeriod, UNBOUNDED } from './period.ts'
import { readReference } from './reference.ts'
import type { ResolvedIdentity, Resolver } from './resolver.ts'
import { ACTIONS, ACTOR_ROLES, POLICY_RULES, PURPOSES } from './vocabulary.ts'

export interface ProvisionContext {
  readonly resolver: Resolver
  /** IANA zone of the custodian: what a date means. */
  readonly timeZone: string
}

type PolicyRule = 'OPTIN' | 'OPTINR' | 'OPTOUT' | 'OPTOUTE' | 'EMRGONLY'

const TYPES: readonly string[] = ['permit', 'deny'] satisfies ClauseType[]
const ACTOR_KINDS = 'a reference to a registered Practitioner, PractitionerRole, Organization or Group'

/** What EMRGONLY permits although its root denies. BTG is never implied by another purpose, so both stand here. */
const EMERGENCY_ONLY: ChainClause = {
  type: 'permit',
  recipients: [],
  purposes: ['ETREAT', 'BTG'],
  ...UNBOUNDED,
  limited: false,
}

/** Root clause and exceptions of a Consent; undefined after a problem was noted. */
export async function readClauses(consent: Element, context: ProvisionContext): Promise<ChainClause[] | undefined> {
  const rule = readPolicyRule(consent)
  const provision = consent.child('provision')
  provision?.check(ROOT_PROVISION)
  const type = rootType(consent, { rule, provision })
  const root = provision === undefined ? ANYTHING : await readTerms(provision, context)
  const exceptions = await Promise.all(
    (provision?.children('provision') ?? []).map((each) => readException(each, context)),
  )
  if (type === undefined || root === undefined) return undefined

  if (rule === 'OPTINR' && !isRestricted(root) && exceptions.length === 0) {
    const reason = 'an opt-in with restrictions that states none'
    const accepted = 'an actor, a purpose or an exception under Consent.provision'
    return consent.problem('conflict', 'policyRule', { reason, accepted })
  }
  const emergencyOnly = rule === 'EMRGONLY'
  if (emergencyOnly && root.purposes.length > 0) {
    const words = { reason: 'contradicts a policy rule that names the purposes', accepted: 'EMRGONLY without purposes' }
    return consent.problem('conflict', 'provision.purpose', words)
  }
  const clauses = [{ type, ...root }, ...(emergencyOnly ? [EMERGENCY_ONLY] : []), ...exceptions]
  if (clauses.length > CLAUSES_MAX) {
    const accepted = `at most ${CLAUSES_MAX - 1} exceptions`
    return consent.problem('too-many', 'provision.provision', { reason: 'too many exceptions', accepted })
  }
  return clauses.includes(undefined) ? undefined : (clauses as ChainClause[])
}

function readPolicyRule(consent: Element): PolicyRule | undefined {
  const concept = consent.child('policyRule')
  return concept && (readConcept(concept, POLICY_RULES) as PolicyRule | undefined)
}

/**
 * R4 does not allow a type on the root provision, PCF demands it; policyRule may say it, too. One of them must, and both
 * must agree. Undefined after a problem was noted.
 */
function rootType(
  consent: Element,
  { rule, provision }: { rule: PolicyRule | undefined; provision: Element | undefined },
): ClauseType | undefined {
  const byRule = rule === undefined ? undefined : typeOfRule(rule)
  if (provision?.has('type')) {
    const type = readType(provision)
    if (type === undefined || byRule === undefined || byRule === type) return type
    const accepted = 'provision.type that agrees with policyRule, or one of the two alone'
    return provision.problem('conflict', 'type', { reason: 'contradicts Consent.policyRule', accepted })
  }
  if (byRule !== undefined || consent.has('policyRule')) return byRule
  const accepted = 'permit or deny; or Consent.policyRule with OPTIN, OPTINR, OPTOUT, OPTOUTE or EMRGONLY'
  return consent.problem('required', 'provision.type', {
    reason: 'nothing says whether this permits or denies',
    accepted,
  })
}

function typeOfRule(rule: PolicyRule): ClauseType {
  switch (rule) {
    case 'OPTIN':
    case 'OPTINR':
      return 'permit'
    case 'OPTOUT':
    case 'OPTOUTE':
    case 'EMRGONLY':
      return 'deny'
    default:
      return assertNever(rule)
  }
}

function readType(provision: Element): ClauseType | undefined {
  const type = provision.text('type')
  if (type === undefined || TYPES.includes(type)) return type as ClauseType | undefined
  return provision.problem('invalid', 'type', { reason: 'not a provision type', accepted: 'permit, deny' })
}

async function readException(provision: Element, context: ProvisionContext): Promise<ChainClause | undefined> {
  provision.check(EXCEPTION)
  const type = provision.has('type')
    ? readType(provision)
    : provision.problem('required', 'type', { reason: 'missing', accepted: 'permit, deny' })
  const terms = await readTerms(provision, context)
  return type && terms && { type, ...terms }
}

type Terms = Omit<ChainClause, 'type'>

const ANYTHING: Terms = { recipients: [], purposes: [], ...UNBOUNDED, limited: false }

function isRestricted({ recipients, purposes }: Terms): boolean {
  return recipients.length > 0 || purposes.length > 0
}

async function readTerms(provision: Element, { resolver, timeZone }: ProvisionContext): Promise<Terms | undefined> {
  const period = provision.child('period')
  const interval = provision.has('period') ? period && readPeriod(period, timeZone) : UNBOUNDED
  for (const action of provision.children('action')) readConcept(action, ACTIONS)
  const purposes = provision.children('purpose').map((purpose) => readCoding(purpose, PURPOSES))
  const recipients = await Promise.all(provision.children('actor').map((actor) => readActor(actor, resolver)))
  checkCount(provision, 'purpose', { count: purposes.length, max: PURPOSES_MAX })
  checkCount(provision, 'actor', { count: recipients.length, max: RECIPIENTS_MAX })
  if (interval === undefined || purposes.includes(undefined) || recipients.includes(undefined)) return undefined
  return {
    recipients: distinct(recipients as ChainRecipient[]),
    purposes: [...new Set(purposes as string[])],
    ...interval,
    limited: false,
  }
}

function checkCount(provision: Element, name: string, { count, max }: { count: number; max: number }): void {
  if (count > max) provision.problem('too-many', name, { reason: 'too many', accepted: `at most ${max}` })
}

function distinct(recipients: readonly ChainRecipient[]): ChainRecipient[] {
  return [...new Map(recipients.map((each) => [`${each.kind} ${each.id} ${each.at}`, each])).values()]
}

async function readActor(actor: Element, resolver: Resolver): Promise<ChainRecipient | undefined> {
  actor.check(ACTOR)
  const role = actor.child('role')
  if (!actor.has('role')) actor.problem('required', 'role', { reason: 'missing', accepted: 'the role IRCP' })
  if (role !== undefined) readConcept(role, ACTOR_ROLES)
  const resolved = await readReference(actor, 'reference', { resolver, accepted: ACTOR_KINDS })
  return resolved && recipientOf(actor, resolved)
}

function recipientOf(actor: Element, resolved: ResolvedIdentity): ChainRecipient | undefined {
  switch (resolved.kind) {
    case 'practitioner':
      return { kind: 'person', id: resolved.id, at: null }
    case 'practitionerRole':
      return { kind: 'personAt', id: resolved.id, at: resolved.at }
    case 'organization':
      return { kind: 'institution', id: resolved.id, at: null }
    case 'group':
      return { kind: 'group', id: resolved.id, at: null }
    case 'patient':
      return actor.problem('unsupported', 'reference', { reason: 'not a kind of recipient', accepted: ACTOR_KINDS })
    default:
      return assertNever(resolved)
  }
}
