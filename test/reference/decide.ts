// The decision as spec/consent.md tells it, in plain words and without haste: the reference that the contracts are compared
// with. Where a step says "what would hold for every content of the limits", both extremes are tried.

import { isClinician, mayClaim, purposeCovers } from './codes.ts'
import type { Clause, Consent, Period, Recipient, Request, Version, World } from './model.ts'
import { type Matching, verdict } from './speaks.ts'

export interface Decision {
  readonly outcome: 'DENY' | 'PERMIT' | 'PERMIT_FILTERED' | 'PERMIT_BTG'
  readonly basis: 'consent' | 'implicit' | 'breakGlass' | null
  readonly reasons: readonly string[]
  readonly filtered: boolean
  readonly matching: readonly Matching[]
  readonly expiresAt: number | null
}

const MINUTE = 60_000
const NAMED_AT_MOST = 64

export function decide(world: World, request: Request): Decision {
  const refused = requesterReasons(world, request)
  if (refused.length > 0) return deny(null, refused)
  return request.purpose === 'BTG' ? breakGlass(world, request) : normal(world, request)
}

// ---- step 1 ----

function requesterReasons(world: World, request: Request): string[] {
  const { submitter, practitioner, institution, role, purpose } = request
  const parties = [practitioner, institution, submitter]
  const isSuspended = [...world.institutions, ...world.practitioners].some(
    (party) => party.isSuspended && parties.includes(party.id),
  )
  const person = world.practitioners.find(({ id }) => id === practitioner)
  const actsForIt = practitioner === null || person?.institution === institution
  const submitsItself = submitter === institution || submitter === practitioner
  const needsPerson = purposeCovers('TREAT', purpose) || purpose === 'BTG'
  const hasRole = practitioner === null ? role === 'institution' && !needsPerson : person?.roles.includes(role)
  const owners = world.encryptionKeys.filter(({ key }) => key === request.recipientKey).map(({ owner }) => owner)

  const reasons: string[] = []
  if (isSuspended) reasons.push('SUSPENDED')
  if (!actsForIt || !submitsItself) reasons.push('NOT_AFFILIATED')
  if (!hasRole || !mayClaim(role, purpose)) reasons.push('ROLE_PURPOSE')
  if (!world.patients.includes(request.patient)) reasons.push('UNKNOWN_PATIENT')
  if (!owners.some((owner) => owner === practitioner || owner === institution)) reasons.push('KEY_NOT_REGISTERED')
  return reasons
}

// ---- steps 2 and 3 ----

/** Of the patient under each id, the one asked for first, at this custodian; whatever became of them. */
function consentsHere(world: World, request: Request): Consent[] {
  const linked = world.linked.find((ids) => ids.includes(request.patient)) ?? []
  const ids = [request.patient, ...linked.filter((id) => id !== request.patient)]
  return ids.flatMap((id) =>
    world.consents.filter(({ patient, custodian }) => patient === id && custodian === request.custodian),
  )
}

const contains = ({ from, to }: Period, now: number) => (from === null || from <= now) && (to === null || now < to)

function candidates(world: World, request: Request): Consent[] {
  return consentsHere(world, request).filter((consent) => {
    const [root] = clausesOf(head(consent))
    return consent.status === 'active' && root !== undefined && contains(root, world.now)
  })
}

function head(consent: Consent): Version {
  const version = consent.versions.at(-1)
  if (version === undefined) throw new Error('a consent without versions')
  return version
}

/** An exception takes from the root whichever of recipients, purposes and period it does not state. */
function clausesOf({ clauses }: Version): Clause[] {
  return clauses.map((clause) => {
    const root = clauses[0] ?? clause
    const { from, to } = clause.from === null && clause.to === null ? root : clause
    const recipients = clause.recipients.length > 0 ? clause.recipients : root.recipients
    const purposes = clause.purposes.length > 0 ? clause.purposes : root.purposes
    return { ...clause, recipients, purposes, from, to }
  })
}

/** No purpose stated is every purpose except break-glass. */
const isAbout = ({ purposes }: Clause, asked: string) =>
  purposes.length === 0 ? asked !== 'BTG' : purposes.some((purpose) => purposeCovers(purpose, asked))

function isInForce(world: World, version: Version): boolean {
  if (version.delegation === null) return true
  const delegation = world.delegations.find(({ id }) => id === version.delegation)
  return delegation !== undefined && !delegation.isEnded && contains(delegation, world.now)
}

function matchingOf(world: World, request: Request, consent: Consent): Matching[] {
  const version = head(consent)
  return clausesOf(version).flatMap((clause, number) => {
    const meant = clause.recipients.find((recipient) => means(world, recipient, request))
    if (clause.recipients.length > 0 && meant === undefined) return []
    if (!isAbout(clause, request.purpose) || !contains(clause, world.now)) return []
    if (clause.type === 'permit' && !isInForce(world, version)) return []
    const group = world.groups.find(({ id }) => meant?.kind === 'group' && id === meant.id) ?? null
    return [{ consent: consent.id, version: consent.versions.length, number, clause, group }]
  })
}

function means(world: World, recipient: Recipient, { practitioner, institution }: Request): boolean {
  switch (recipient.kind) {
    case 'person':
      return recipient.id === practitioner
    case 'personAt':
      return recipient.id === practitioner && recipient.at === institution
    case 'institution':
      return recipient.id === institution
    case 'group': {
      const members = world.groups.find(({ id }) => id === recipient.id)?.members ?? []
      return members.some((member) => member === practitioner || member === institution)
    }
  }
}

// ---- steps 5 and 7 ----

function normal(world: World, request: Request): Decision {
  const matching = candidates(world, request).flatMap((consent) => matchingOf(world, request, consent))
  if (matching.length > 0) return byConsent(world, matching, false)
  const reasons = whyNotPermitted(world, request)
  return reasons.length > 0 ? deny('consent', reasons) : byDefault(world, request)
}

/** Every content that the limits may have lies between these two. */
function byConsent({ now }: World, matching: readonly Matching[], isBreakGlass: boolean): Decision {
  const best = verdict(matching, ({ type, limits }) => limits === null || type === 'permit')
  const worst = verdict(matching, ({ type, limits }) => limits === null || type === 'deny')
  if (best !== 'released') {
    return deny('consent', [best === 'withheld by a deny' ? 'DENIED' : 'NOT_COVERED'], matching)
  }
  const filtered = worst !== 'released'
  return {
    outcome: isBreakGlass ? 'PERMIT_BTG' : filtered ? 'PERMIT_FILTERED' : 'PERMIT',
    basis: 'consent',
    reasons: filtered ? ['PERMITTED', 'LIMITED'] : ['PERMITTED'],
    filtered,
    matching: matching.slice(0, NAMED_AT_MOST),
    expiresAt: now + (isBreakGlass ? 240 : 5) * MINUTE,
  }
}

const permits = (version: Version, asked: string) =>
  clausesOf(version).filter((clause) => clause.type === 'permit' && isAbout(clause, asked))

function whyNotPermitted(world: World, request: Request): string[] {
  const here = consentsHere(world, request).filter(({ status }) => status !== 'voided')
  const isWithdrawn = here.some((consent) => {
    const stillPermits = consent.status === 'active' && permits(head(consent), request.purpose).length > 0
    return !stillPermits && consent.versions.some((version) => permits(version, request.purpose).length > 0)
  })
  const standing = here
    .filter(({ status }) => status === 'active')
    .map((consent) => stateOfPermit(world, consent, request))
  const reasons: string[] = []
  if (isWithdrawn) reasons.push('REVOKED')
  if (standing.includes('ended')) reasons.push('EXPIRED')
  if (standing.includes('in force')) reasons.push('NOT_COVERED')
  return reasons
}

/** Of what an active consent permits for this purpose; in force, too, is what will be. */
function stateOfPermit(world: World, consent: Consent, { purpose }: Request): 'none' | 'ended' | 'in force' {
  const version = head(consent)
  const permitting = permits(version, purpose)
  if (permitting.length === 0) return 'none'
  const isOver = (period: Period | undefined) => typeof period?.to === 'number' && period.to <= world.now
  const hasEnded = isOver(version.clauses[0]) || !isInForce(world, version) || permitting.every(isOver)
  return hasEnded ? 'ended' : 'in force'
}

function byDefault({ implicitPolicy, now }: World, { role, purpose }: Request): Decision {
  const isPermitted =
    implicitPolicy === 'allNormal' ||
    (implicitPolicy === 'basicNormal' && isClinician(role) && purposeCovers('TREAT', purpose))
  if (!isPermitted) return deny('implicit', ['NO_CONSENT'])
  const expiresAt = now + 5 * MINUTE
  return { outcome: 'PERMIT', basis: 'implicit', reasons: ['NO_CONSENT'], filtered: false, matching: [], expiresAt }
}

// ---- step 6 ----

function breakGlass(world: World, request: Request): Decision {
  const inPeriod = candidates(world, request)
  const matching = inPeriod.flatMap((consent) => matchingOf(world, request, consent))
  if (!request.hasBreakGlassReason) return deny('breakGlass', ['REASON_MISSING'], matching)
  if (matching.some(({ clause }) => clause.type === 'deny' && clause.limits === null)) {
    return deny('consent', ['DENIED'], matching)
  }
  const setting = world.implicitPolicy === 'breakGlassOnly' ? 'override' : world.breakGlass
  if (setting === 'never') return deny('breakGlass', ['BREAK_GLASS_REFUSED'], matching)
  if (matching.length > 0) return byConsent(world, matching, true)
  if (inPeriod.some((consent) => speaksOfBreakGlass(world, head(consent)))) {
    const reasons = whyNotPermitted(world, request)
    return deny('consent', reasons.length > 0 ? reasons : ['NOT_COVERED'])
  }
  if (setting === 'consentOnly') return deny('breakGlass', ['BREAK_GLASS_REFUSED'])
  const expiresAt = world.now + 240 * MINUTE
  const reasons = ['BREAK_GLASS']
  return { outcome: 'PERMIT_BTG', basis: 'breakGlass', reasons, filtered: false, matching: [], expiresAt }
}

/** Whomever it is for; what a delegate permitted, only while it has not lapsed. */
const speaksOfBreakGlass = (world: World, version: Version) =>
  clausesOf(version).some((clause) => isAbout(clause, 'BTG') && (clause.type === 'deny' || isInForce(world, version)))

function deny(basis: Decision['basis'], reasons: string[], matching: readonly Matching[] = []): Decision {
  return {
    outcome: 'DENY',
    basis,
    reasons,
    filtered: false,
    matching: matching.slice(0, NAMED_AT_MOST),
    expiresAt: null,
  }
}
