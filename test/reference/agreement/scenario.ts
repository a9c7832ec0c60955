// Random consortia, requests and resources. Instants lie on, just before and just behind each other's boundaries; names are
// few, so that clauses, people and requests meet.

import fc from 'fast-check'
import {
  clerk,
  encryptionKeyOf,
  father,
  hospitalA,
  hospitalB,
  id,
  laboratory,
  mother,
  nurse,
  patient,
  physician,
  researcher,
  stranger,
} from '../../../src/contracts/builtin/consortium.test-support.ts'
import type { Clause, Consent, Found, Level, Limits, Period, Recipient, Request, Resource, World } from '../model.ts'

export const allrounder = id('physician, researcher and privacy officer of the laboratory')
export const PATIENTS = [patient, id('the same patient elsewhere'), id('the same patient, a third time')] as const
export const GROUPS = [id('ward'), id('region')] as const
export const PARENTS = [mother, father] as const
export const delegationOf = (of: string, delegate: string): string => id(`delegation of ${of} to ${delegate}`)

/** Everything is registered here, and asked for ten days later. */
export const REGISTERED_AT = Date.UTC(2026, 0, 5, 8)
const DAY = 86_400_000
const NOW = REGISTERED_AT + 10 * DAY

export interface Scenario {
  readonly world: World
  readonly requests: readonly Request[]
  readonly resources: readonly Resource[]
}

const PURPOSES = [
  ...['TREAT', 'ETREAT', 'ERTREAT', 'COC', 'BTG', 'HRESCH', 'BIORCH', 'CLINTRL', 'CLINTRCH', 'POPHLTH', 'HTEST'],
  ...['HPAYMT', 'COVERAGE', 'ELIGVER', 'HOPERAT', 'HCOMPL', 'HSYSADMIN', 'METAMGT', 'PUBHLTH', 'THREAT', 'PATRQT'],
]
const ROLES = ['physician', 'nurse', 'researcher', 'administrator', 'privacyOfficer', 'billing', 'institution']
const ROLES_OF: { readonly [person: string]: readonly string[] } = {
  [physician]: ['physician'],
  [nurse]: ['nurse'],
  [researcher]: ['researcher'],
  [clerk]: ['administrator'],
  [allrounder]: ['physician', 'researcher', 'privacyOfficer'],
}
/** What a role asks for when it is in order. */
const CLINICAL_PURPOSES = ['TREAT', 'ETREAT', 'BTG', 'TREAT', 'BTG', 'ERTREAT', 'COC', 'BTG']
const CLAIMS: { readonly [role: string]: readonly string[] } = {
  physician: CLINICAL_PURPOSES,
  nurse: CLINICAL_PURPOSES,
  researcher: ['HRESCH', 'BIORCH', 'CLINTRCH', 'POPHLTH'],
  administrator: ['HPAYMT', 'COVERAGE', 'ELIGVER', 'HOPERAT', 'HSYSADMIN', 'METAMGT', 'HTEST'],
  privacyOfficer: ['HCOMPL'],
  institution: ['HPAYMT', 'HRESCH', 'PUBHLTH', 'THREAT', 'PATRQT', 'CLINTRCH', 'COVERAGE', 'HCOMPL'],
}
const PEOPLE = Object.keys(ROLES_OF)
const INSTITUTIONS = [hospitalA, hospitalB, laboratory]

const oneOf = <T>(...values: readonly T[]) => fc.constantFrom(...values)
const few = <T>(each: fc.Arbitrary<T>, maxLength: number, minLength = 0) =>
  fc.uniqueArray(each, { minLength, maxLength, selector: (value) => JSON.stringify(value) })
const fault = <T>(each: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 40, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: each })
const rarely = (weight = 8) => oneOf(...Array<boolean>(weight).fill(false), true)
/** Half open, never empty, with bounds among these. */
const period = (bounds: readonly number[]): fc.Arbitrary<Period> =>
  fc
    .record({ from: fc.option(oneOf(...bounds)), to: fc.option(oneOf(...bounds)) })
    .filter(({ from, to }) => from === null || to === null || from < to)

// ---- data limits and resources ----

const LEVELS: readonly Level[] = ['U', 'L', 'M', 'N', 'R', 'V']
const SENSITIVITIES = ['PSY', 'BH', 'MH', 'COGN', 'ETH', 'SUD', 'OPIOIDUD', 'SPI', 'HIV', 'SDV']
const CLASSES = ['Observation', 'Condition', 'Encounter', 'CarePlan']
const CODES = [id('code x'), id('code y')]
const AUTHORS = [id('Practitioner/1'), id('Organization/1')]
const PARTS = [id('Encounter/1'), id('CarePlan/1')]
const INSTANCES = [id('Observation/1'), ...PARTS]
const CLINICAL = [99, 100, 101, 150, 199, 200, 201]

const stated = <T>(each: fc.Arbitrary<T>, none: T) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(none) }, { weight: 1, arbitrary: each })
const named = <T>(values: readonly T[]) => stated<T[]>(few(oneOf(...values), 3, 1), [])

const limits: fc.Arbitrary<Limits> = fc.record({
  confidentiality: named(LEVELS),
  sensitivity: named(SENSITIVITIES),
  classes: named(CLASSES),
  codes: named(CODES),
  period: stated<Period | null>(period(CLINICAL), null),
  instances: named(INSTANCES),
  related: named(PARTS),
  authors: named(AUTHORS),
})

const found = (values: readonly string[]): fc.Arbitrary<Found> =>
  fc.record({ values: few(oneOf(...values), 2), complete: oneOf(true, true, false) })

const resource: fc.Arbitrary<Resource> = fc.record({
  class: oneOf(...CLASSES),
  instance: fc.option(oneOf(...INSTANCES)),
  confidentiality: fc.option(oneOf(...LEVELS)),
  sensitivity: found(SENSITIVITIES),
  codes: found(CODES),
  time: period(CLINICAL),
  authors: found(AUTHORS),
  related: found(PARTS),
})

// ---- consents ----

const recipient: fc.Arbitrary<Recipient> = fc.oneof(
  oneOf(...PEOPLE).map((of) => ({ kind: 'person' as const, id: of, at: null })),
  oneOf(...INSTITUTIONS).map((of) => ({ kind: 'institution' as const, id: of, at: null })),
  oneOf(...GROUPS).map((of) => ({ kind: 'group' as const, id: of, at: null })),
  fc.tuple(oneOf(...PEOPLE), oneOf(...INSTITUTIONS)).map(([of, at]) => ({ kind: 'personAt' as const, id: of, at })),
)

const AROUND_NOW = [NOW - 2 * DAY, NOW - 1, NOW, NOW + 1, NOW + 2 * DAY]
const UNBOUNDED: Period = { from: null, to: null }

const clause: fc.Arbitrary<Clause> = fc
  .record({
    type: oneOf<Clause['type']>('permit', 'permit', 'deny'),
    recipients: stated(few(recipient, 3, 1), []),
    purposes: fc.oneof(fc.constant([]), few(oneOf('TREAT', 'ETREAT', 'BTG', ...PURPOSES), 3, 1)),
    period: stated(period(AROUND_NOW), UNBOUNDED),
    limits: stated<Limits | null>(limits, null),
  })
  .map(({ period: bounds, ...rest }) => ({ ...rest, ...bounds }))

/** Mostly few; now and then as many as a consent may have. */
const clauses = fc.oneof(
  { weight: 12, arbitrary: fc.array(clause, { minLength: 1, maxLength: 4 }) },
  { weight: 1, arbitrary: fc.array(clause, { minLength: 17, maxLength: 17 }) },
)

/** Of one consent's versions each is the patient's or one and the same parent's: nobody may touch another parent's. */
const consent = fc
  .record({
    patient: oneOf(PATIENTS[0], ...PATIENTS),
    custodian: oneOf(hospitalA, hospitalA, hospitalA, hospitalA, laboratory),
    status: oneOf<Consent['status']>('active', 'active', 'active', 'active', 'active', 'revoked', 'revoked', 'voided'),
    parent: oneOf(...PARENTS),
    isAttested: rarely(3),
    versions: fc.oneof(
      { weight: 3, arbitrary: fc.array(fc.tuple(rarely(3), clauses), { minLength: 1, maxLength: 1 }) },
      { weight: 1, arbitrary: fc.array(fc.tuple(rarely(3), clauses), { minLength: 2, maxLength: 3 }) },
    ),
  })
  .map(({ parent, versions, ...rest }) => ({
    ...rest,
    versions: versions.map(([isParents, of]) => ({
      delegation: isParents ? delegationOf(rest.patient, parent) : null,
      clauses: of,
    })),
  }))

// ---- the consortium ----

const practitioners = fc
  .tuple(
    ...PEOPLE.map((of) =>
      fc.record({
        of: fc.constant(of),
        at: oneOf(...Array<'home'>(12).fill('home'), 'none', 'B', 'laboratory'),
        isSuspended: rarely(40),
      }),
    ),
  )
  .map((people) =>
    people.map(({ of, at, isSuspended }) => {
      const institution = { home: homeOf(of), none: null, B: hospitalB, laboratory }[at] ?? null
      // Roles are what an institution gives: they end with the affiliation.
      return { id: of, institution, roles: institution === null ? [] : (ROLES_OF[of] ?? []), isSuspended }
    }),
  )

export function homeOf(person: string): string {
  if (person === clerk) return hospitalA
  return person === allrounder ? laboratory : hospitalB
}

const delegations = fc
  .array(fc.record({ to: fc.option(oneOf(...AROUND_NOW)), isEnded: rarely(4) }), { minLength: 6, maxLength: 6 })
  .map((each) =>
    PATIENTS.flatMap((of) => PARENTS.map((parent) => delegationOf(of, parent))).map((named, index) => {
      const { to = null, isEnded = false } = each[index] ?? {}
      return { id: named, from: REGISTERED_AT, to, isEnded }
    }),
  )

const KEY_OWNERS = [...PEOPLE, ...INSTITUTIONS]

const world: fc.Arbitrary<World> = fc
  .record({
    now: oneOf(NOW - 1, NOW, NOW, NOW + 1),
    implicitPolicy: oneOf<World['implicitPolicy']>('deny', 'basicNormal', 'allNormal', 'breakGlassOnly'),
    breakGlass: oneOf<World['breakGlass']>('override', 'override', 'consentOnly', 'never'),
    isSuspended: fc.tuple(rarely(40), rarely(40), rarely(40)),
    practitioners,
    groups: fc.tuple(
      ...GROUPS.map((of) =>
        fc.record({
          id: fc.constant(of),
          version: oneOf(1, 2, 3),
          members: few(oneOf(...PEOPLE, ...INSTITUTIONS), 3, 1),
        }),
      ),
    ),
    linked: oneOf([], [PATIENTS.slice(0, 2)], [[...PATIENTS]]),
    lostKeys: stated<string[]>(few(oneOf(physician, hospitalB), 1), []),
    delegations,
    consents: fc.array(consent, { maxLength: 5 }),
  })
  .map(({ isSuspended, lostKeys, consents, ...rest }) => ({
    ...rest,
    institutions: INSTITUTIONS.map((of, index) => ({
      id: of,
      isSuspended: isSuspended[index] === true,
    })),
    patients: [...PATIENTS, ...PARENTS],
    encryptionKeys: KEY_OWNERS.filter((owner) => !lostKeys.includes(owner)).map((owner) => ({
      key: encryptionKeyOf(owner),
      owner,
    })),
    consents: consents.map((each, index) => ({ ...each, id: id(`consent ${index}`) })),
  }))

// ---- requests ----

/** Mostly in order; every part of it may be wrong. */
const requestIn: fc.Arbitrary<(world: World) => Request> = fc
  .record({
    person: fc.option(oneOf(physician, physician, ...PEOPLE), { freq: 8 }),
    isVouched: oneOf(true, false),
    roleAt: fc.nat(2),
    purposeAt: fc.nat(7),
    isToInstitution: rarely(4),
    hasReason: oneOf(true, true, true, true, false),
    patient: oneOf(PATIENTS[0], PATIENTS[0], PATIENTS[0], PATIENTS[1]),
    institution: oneOf(...INSTITUTIONS),
    wrong: fc.record({
      submitter: fault(oneOf(...PEOPLE, ...INSTITUTIONS)),
      patient: fault(oneOf(stranger)),
      role: fault(oneOf(...ROLES)),
      purpose: fault(oneOf(...PURPOSES)),
      institution: fault(oneOf(...INSTITUTIONS)),
      recipientKey: fault(oneOf(id('some key'), ...KEY_OWNERS.map(encryptionKeyOf))),
    }),
  })
  .map(({ person, isVouched, purposeAt, roleAt, isToInstitution, hasReason, wrong, ...rest }) => (world) => {
    const actsFor = world.practitioners.find(({ id: of }) => of === person)?.institution ?? rest.institution
    const institution = wrong.institution ?? actsFor
    const roles = person === null ? ['institution'] : (ROLES_OF[person] ?? [])
    const role = wrong.role ?? roles[roleAt % roles.length] ?? 'physician'
    const claims = CLAIMS[role] ?? PURPOSES
    const purpose = wrong.purpose ?? claims[purposeAt % claims.length] ?? 'TREAT'
    const submitter = wrong.submitter ?? (isVouched || person === null ? institution : person)
    return {
      submitter,
      patient: wrong.patient ?? rest.patient,
      custodian: hospitalA,
      practitioner: person,
      role,
      institution,
      purpose,
      recipientKey: wrong.recipientKey ?? encryptionKeyOf(isToInstitution || person === null ? institution : person),
      hasBreakGlassReason: purpose === 'BTG' && hasReason,
    }
  })

export const scenario: fc.Arbitrary<Scenario> = fc
  .record({
    world,
    requestsIn: fc.array(requestIn, { minLength: 6, maxLength: 6 }),
    resources: fc.array(resource, { minLength: 12, maxLength: 12 }),
  })
  .map(({ requestsIn, ...rest }) => ({ ...rest, requests: requestsIn.map((requestOf) => requestOf(rest.world)) }))
