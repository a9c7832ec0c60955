// Consent.provision -> clauses: the root, then its exceptions. spec/fhir.md, "Consent".

import { assertNever } from '../types/assert.ts'
import { readCoding, readConcept } from './coding.ts'
import { ACTOR, EXCEPTION, ROOT_PROVISION } from './consent-elements.ts'
import type { ChainClause, ChainRecipient, ClauseType } from './consent-intent.ts'
import { readDataLimits } from './consent-limits.ts'
import type { Element } from './element.ts'
import { CLAUSES_MAX, PURPOSES_MAX, RECIPIENTS_MAX } from './limits.ts'
import { readValidity, UNBOUNDED } from './period.ts'
import { readReference } from './reference.ts'
import type { ResolvedIdentity, Resolver } from './resolver.ts'
import { ACTIONS, ACTOR_ROLES, POLICY_RULES, type PolicyRule, PURPOSES } from './vocabulary.ts'

export interface ProvisionContext {
  readonly resolver: Resolver
  /** IANA zone of the custodian: what a date means. */
  readonly timeZone: string
  /** Whether the custodian labels its records: otherwise a Consent about labels is refused. */
  readonly labelling: boolean
}

const ACTOR_KINDS = 'a reference to a registered Practitioner, PractitionerRole, Organization or Group'

/** What EMRGONLY permits although its root denies. BTG is never implied by another purpose, so both stand here. */
const EMERGENCY_ONLY: ChainClause = {
  type: 'permit',
  recipients: [],
  purposes: ['ETREAT', 'BTG'],
  ...UNBOUNDED,
  limits: null,
}

/** Root clause and exceptions of a Consent. Undefined, or not to be used, after a problem was noted. */
export async function readClauses(consent: Element, context: ProvisionContext): Promise<ChainClause[] | undefined> {
  const rule = readPolicyRule(consent)
  const provision = consent.child('provision')
  provision?.check(ROOT_PROVISION)
  const type = rootType(consent, { rule, provision })
  const root = provision === undefined ? ANYTHING : await readTerms(provision, context)
  const stated = (provision?.children('provision') ?? []).map((each) => readException(each, context))
  const exceptions = await Promise.all(stated)
  if (type === undefined || root === undefined || !isWhole(exceptions)) return undefined

  if (rule === 'EMRGONLY') exceptions.unshift(EMERGENCY_ONLY)
  checkAgainstRule(consent, { rule, root, exceptions })
  checkCount(consent, 'provision.provision', { count: exceptions.length, max: CLAUSES_MAX - 1 })
  return [{ type, ...root }, ...exceptions]
}

function readPolicyRule(consent: Element): PolicyRule | undefined {
  const concept = consent.child('policyRule')
  return concept && readConcept(concept, POLICY_RULES)
}

/** What a policy rule promises must not be contradicted by the provision. */
function checkAgainstRule(
  consent: Element,
  { rule, root, exceptions }: { rule: PolicyRule | undefined; root: Terms; exceptions: readonly ChainClause[] },
): void {
  const isRestricted = root.recipients.length + root.purposes.length + exceptions.length > 0 || root.limits !== null
  if (rule === 'OPTINR' && !isRestricted) {
    const reason = 'an opt-in with restrictions that states none'
    const accepted = 'an actor, a purpose, a limit on data or an exception under Consent.provision'
    consent.problem('conflict', 'policyRule', { reason, accepted })
  }
  if (rule === 'EMRGONLY' && root.purposes.length > 0) {
    const words = { reason: 'contradicts a policy rule that names the purposes', accepted: 'EMRGONLY without purposes' }
    consent.problem('conflict', 'provision.purpose', words)
  }
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
  if (type === undefined || type === 'permit' || type === 'deny') return type
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

const ANYTHING: Terms = { recipients: [], purposes: [], ...UNBOUNDED, limits: null }

async function readTerms(provision: Element, context: ProvisionContext): Promise<Terms | undefined> {
  const { resolver, timeZone } = context
  const period = provision.child('period')
  const interval = provision.has('period') ? period && readValidity(period, timeZone) : UNBOUNDED
  for (const action of provision.children('action')) readConcept(action, ACTIONS)
  const purposes = provision.children('purpose').map((purpose) => readCoding(purpose, PURPOSES))
  const recipients = await Promise.all(provision.children('actor').map((actor) => readActor(actor, resolver)))
  const limits = readDataLimits(provision, context)
  checkCount(provision, 'purpose', { count: purposes.length, max: PURPOSES_MAX })
  checkCount(provision, 'actor', { count: recipients.length, max: RECIPIENTS_MAX })
  if (interval === undefined || limits === undefined || !isWhole(purposes) || !isWhole(recipients)) return undefined
  return { recipients: distinct(recipients), purposes: [...new Set(purposes)], ...interval, limits }
}

/** Whether every part could be read. */
function isWhole<T>(parts: readonly (T | undefined)[]): parts is T[] {
  return !parts.includes(undefined)
}

function checkCount(element: Element, name: string, { count, max }: { count: number; max: number }): void {
  if (count > max) element.problem('too-many', name, { reason: 'too many', accepted: `at most ${max}` })
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
