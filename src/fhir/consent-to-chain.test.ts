import { describe, expect, test } from 'vitest'
import type { IdentityId } from '../types/brand.ts'
import type { ChainClause, ConsentIntent } from './consent-intent.ts'
import { consentToChain, documentCommitment } from './consent-to-chain.ts'
import { operationOutcome } from './operation-outcome.ts'
import type { ElementProblem, ProblemCode } from './problem.ts'
import type { ResolvedIdentity, Resolver } from './resolver.ts'

const id = (digit: string): IdentityId => digit.repeat(64) as IdentityId
const PATIENT = id('a')
const HOSPITAL = id('b')
const CLINIC = id('c')
const DOCTOR = id('d')
const GROUP = id('e')
const DELEGATION = id('f')

const identities: { readonly [reference: string]: ResolvedIdentity } = {
  'Patient/p': { kind: 'patient', id: PATIENT },
  'Organization/hospital': { kind: 'organization', id: HOSPITAL },
  'Organization/clinic': { kind: 'organization', id: CLINIC },
  'Practitioner/doctor': { kind: 'practitioner', id: DOCTOR },
  'PractitionerRole/doctor-at-clinic': { kind: 'practitionerRole', id: DOCTOR, at: CLINIC },
  'Group/staff': { kind: 'group', id: GROUP },
}
const resolver: Resolver = {
  identity: async (reference) => identities[reference] ?? null,
  delegation: async (reference, patient) =>
    reference === 'RelatedPerson/mother' && patient === PATIENT ? DELEGATION : null,
}

const REASON = 'http://terminology.hl7.org/CodeSystem/v3-ActReason'
const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'
const concept = (system: string, code: string) => ({ coding: [{ system, code }] })
const purpose = (code: string) => ({ system: REASON, code })
const IRCP = concept('http://terminology.hl7.org/CodeSystem/v3-ParticipationType', 'IRCP')
const actor = (reference: string) => ({ role: IRCP, reference: { reference } })
const rule = (code: string) => concept(ACT_CODE, code)

// biome-ignore lint/suspicious/noExplicitAny: resources with faults have no type.
type Json = any

function valid(): Json {
  return {
    resourceType: 'Consent',
    id: 'c1',
    status: 'active',
    scope: concept('http://terminology.hl7.org/CodeSystem/consentscope', 'patient-privacy'),
    category: [concept('http://loinc.org', '59284-0')],
    patient: { reference: 'Patient/p', display: 'Somebody' },
    performer: [{ reference: 'Patient/p' }],
    organization: [{ reference: 'Organization/hospital' }],
    policy: [{ uri: 'http://example.org/policy' }],
    provision: { type: 'permit', purpose: [purpose('TREAT')], actor: [actor('Practitioner/doctor')] },
  }
}

function translate(
  consent: unknown,
  { known = false, timeZone = 'UTC', labelling = false } = {},
): Promise<ConsentIntent> {
  const bytes = typeof consent === 'string' ? consent : JSON.stringify(consent)
  return consentToChain(new TextEncoder().encode(bytes), { resolver, timeZone, labelling, known })
}

async function clausesOf(change: (consent: Json) => void, timeZone?: string): Promise<readonly ChainClause[]> {
  const consent = valid()
  change(consent)
  const intent = await translate(consent, timeZone === undefined ? {} : { timeZone })
  if (intent.kind !== 'terms') throw new Error(JSON.stringify(intent))
  return intent.terms[0]?.clauses ?? []
}

async function problemsOf(consent: unknown): Promise<readonly ElementProblem[]> {
  const intent = await translate(consent)
  return intent.kind === 'refused' ? intent.problems : []
}

const PERMIT: ChainClause = { type: 'permit', recipients: [], purposes: [], from: null, to: null, limits: null }
const DENY: ChainClause = { ...PERMIT, type: 'deny' }

describe('a Consent that is supported', () => {
  test('becomes the terms of a registration, and its exact bytes the body', async () => {
    const text = JSON.stringify(valid(), null, 3)
    const intent = await translate(text)
    if (intent.kind !== 'terms') throw new Error(intent.kind)
    const [body] = intent.bodies
    if (body === undefined) throw new Error('no body')
    expect(new TextDecoder().decode(body.bytes)).toBe(text)
    expect(body.salt).toHaveLength(32)
    expect(intent.terms).toEqual([
      {
        patient: PATIENT,
        custodian: HOSPITAL,
        delegation: null,
        document: documentCommitment(body),
        limits: null,
        clauses: [{ ...PERMIT, purposes: ['TREAT'], recipients: [{ kind: 'person', id: DOCTOR, at: null }] }],
      },
    ])
  })

  test('never has the same commitment twice, since each body has a salt of its own', async () => {
    const [first, second] = await Promise.all([translate(valid()), translate(valid())])
    if (first.kind !== 'terms' || second.kind !== 'terms') throw new Error('refused')
    expect(first.terms[0]?.document).not.toBe(second.terms[0]?.document)
  })

  test('that names two organizations becomes a registration at each, with different commitments', async () => {
    const consent = valid()
    consent.organization.push({ reference: 'Organization/clinic' })
    const intent = await translate(consent)
    if (intent.kind !== 'terms') throw new Error(intent.kind)
    expect(intent.terms.map(({ custodian }) => custodian)).toEqual([HOSPITAL, CLINIC])
    expect(new Set(intent.terms.map(({ document }) => document)).size).toBe(2)
  })

  test('given by somebody else names the delegation', async () => {
    const consent = valid()
    consent.performer = [{ reference: 'RelatedPerson/mother' }]
    const intent = await translate(consent)
    expect(intent.kind === 'terms' && intent.terms[0]?.delegation).toBe(DELEGATION)
  })

  test.each([
    ['Practitioner/doctor', { kind: 'person', id: DOCTOR, at: null }],
    ['PractitionerRole/doctor-at-clinic', { kind: 'personAt', id: DOCTOR, at: CLINIC }],
    ['Organization/clinic', { kind: 'institution', id: CLINIC, at: null }],
    ['Group/staff', { kind: 'group', id: GROUP, at: null }],
  ])('means by the actor %s that recipient', async (reference, recipient) => {
    const [root] = await clausesOf((consent) => {
      consent.provision.actor = [actor(reference), actor(reference)]
    })
    expect(root?.recipients).toEqual([recipient])
  })

  test('has its exceptions in order, each with what it states and nothing else', async () => {
    const clauses = await clausesOf((consent) => {
      consent.provision.provision = [
        { type: 'deny', actor: [actor('Organization/clinic')] },
        { type: 'permit', purpose: [purpose('BTG')], period: { end: '2030-06-30' } },
      ]
    })
    expect(clauses.slice(1)).toEqual([
      { ...DENY, recipients: [{ kind: 'institution', id: CLINIC, at: null }] },
      { ...PERMIT, purposes: ['BTG'], to: Date.UTC(2030, 6, 1) },
    ])
  })

  test('may limit itself to access and disclosure, which is what is decided here', async () => {
    const action = (code: string) => concept('http://terminology.hl7.org/CodeSystem/consentaction', code)
    const [root] = await clausesOf((consent) => {
      consent.provision.action = [action('access'), action('disclose')]
    })
    expect(root?.type).toBe('permit')
  })

  test("lasts until the end of its last day in the custodian's time zone", async () => {
    const [root] = await clausesOf((consent) => {
      consent.provision.period = { start: '2022-01-01', end: '2022-12-31' }
    }, 'America/New_York')
    expect(root).toMatchObject({ from: Date.UTC(2022, 0, 1, 5), to: Date.UTC(2023, 0, 1, 5) })
  })
})

test.each([
  [
    { start: '1950-01-01', end: '2030' },
    { from: null, to: Date.UTC(2031, 0, 1) },
  ],
  [{ end: '1950-01-01' }, { from: null, to: 0 }],
  [{ start: '2030-05' }, { from: Date.UTC(2030, 4, 1), to: null }],
])('the period %j becomes the interval %j, since the chain counts from 1970', async (period, interval) => {
  const [root] = await clausesOf((consent) => {
    consent.provision.period = period
  })
  expect(root).toMatchObject(interval)
})

describe('the type of the root', () => {
  const withRule = (code: string, provision?: Json) => (consent: Json) => {
    consent.policyRule = rule(code)
    consent.provision = provision
    if (provision === undefined) delete consent.provision
  }
  test.each([
    ['OPTIN', undefined, [PERMIT]],
    ['OPTIN', { type: 'permit' }, [PERMIT]],
    ['OPTIN', { purpose: [purpose('TREAT')] }, [{ ...PERMIT, purposes: ['TREAT'] }]],
    ['OPTINR', { purpose: [purpose('TREAT')] }, [{ ...PERMIT, purposes: ['TREAT'] }]],
    ['OPTINR', { provision: [{ type: 'deny' }] }, [PERMIT, DENY]],
    ['OPTOUT', undefined, [DENY]],
    ['OPTOUTE', { type: 'deny', provision: [{ type: 'permit' }] }, [DENY, PERMIT]],
    ['EMRGONLY', undefined, [DENY, { ...PERMIT, purposes: ['ETREAT', 'BTG'] }]],
    ['EMRGONLY', { type: 'deny' }, [DENY, { ...PERMIT, purposes: ['ETREAT', 'BTG'] }]],
  ])('comes from policyRule %s with provision %j', async (code, provision, clauses) => {
    expect(await clausesOf(withRule(code, provision))).toEqual(clauses)
  })
})

describe('the status of a Consent', () => {
  test.each([
    ['inactive', true, 'revoke'],
    ['rejected', true, 'revoke'],
    ['draft', true, 'revoke'],
    ['proposed', true, 'revoke'],
    ['entered-in-error', true, 'void'],
    ['active', true, 'terms'],
    ['active', false, 'terms'],
    ['draft', false, 'nothing'],
    ['proposed', false, 'nothing'],
    ['rejected', false, 'nothing'],
    ['inactive', false, 'nothing'],
    ['entered-in-error', false, 'nothing'],
  ])('%s of a Consent that is known: %s means %s', async (status, known, kind) => {
    expect((await translate({ ...valid(), status }, { known })).kind).toBe(kind)
  })

  test('restricted by its data alone is a restricted opt-in', async () => {
    const clauses = await clausesOf((c) => {
      c.policyRule = rule('OPTINR')
      c.provision = { dataPeriod: { start: '2022' } }
    })
    expect(clauses).toMatchObject([{ type: 'permit', limits: { period: { from: Date.UTC(2022, 0), to: null } } }])
  })

  test('ends a consent even where its provision could no longer be translated', async () => {
    const consent = { ...valid(), status: 'inactive', provision: { type: 'permit', dataPeriod: { end: '2020' } } }
    expect((await translate(consent, { known: true })).kind).toBe('revoke')
  })
})

type Row = readonly [what: string, path: string, code: ProblemCode, change: (consent: Json) => void]

const at = (part: string): string => (part === '' ? 'Consent' : `Consent.${part}`)
const set = (change: (consent: Json) => void) => change

/** Each with exactly one fault. */
const REFUSED: readonly Row[] = [
  ['no status', 'status', 'required', set((c) => delete c.status)],
  ['an unknown status', 'status', 'invalid', set((c) => (c.status = 'Active'))],
  ['a status that is no text', 'status', 'invalid', set((c) => (c.status = 1))],
  ['an extended status', '_status', 'unsupported', set((c) => (c._status = { extension: [] }))],
  ['implicit rules', 'implicitRules', 'unsupported', set((c) => (c.implicitRules = 'http://example.org'))],
  ['a modifier extension', 'modifierExtension', 'unsupported', set((c) => (c.modifierExtension = [{ url: 'u' }]))],
  ['an element of R5', 'decision', 'unknown', set((c) => (c.decision = 'permit'))],
  ['an element that FHIR cannot have', '', 'unknown', set((c) => (c['Jane Doe'] = 1))],
  ['no scope', 'scope', 'required', set((c) => delete c.scope)],
  ['a scope in words', 'scope.coding', 'required', set((c) => (c.scope = { text: 'privacy' }))],
  ['the scope treatment', 'scope.coding[0]', 'invalid', set((c) => (c.scope.coding[0].code = 'treatment'))],
  ['a code without a system', 'scope.coding[0].system', 'required', set((c) => delete c.scope.coding[0].system)],
  ['a system without a code', 'scope.coding[0].code', 'required', set((c) => delete c.scope.coding[0].code)],
  [
    'codings that differ',
    'scope.coding',
    'conflict',
    set((c) => c.scope.coding.push({ ...c.scope.coding[0], code: 'research' })),
  ],
  ['an unknown element of a coding', 'scope.coding[0].label', 'unknown', set((c) => (c.scope.coding[0].label = 'x'))],
  ['no patient', 'patient', 'required', set((c) => delete c.patient)],
  ['a patient by identifier alone', 'patient.reference', 'required', set((c) => (c.patient = { identifier: {} }))],
  ['a patient nobody enrolled', 'patient.reference', 'unresolved', set((c) => (c.patient.reference = 'Patient/x'))],
  ['a group as the patient', 'patient.reference', 'invalid', set((c) => (c.patient.reference = 'Group/staff'))],
  ['a patient that is a text', 'patient', 'invalid', set((c) => (c.patient = 'Patient/p'))],
  ['no organization', 'organization', 'required', set((c) => delete c.organization)],
  ['an empty list', 'organization', 'invalid', set((c) => (c.organization = []))],
  [
    'an unknown organization',
    'organization[1].reference',
    'unresolved',
    set((c) => c.organization.push({ reference: 'Organization/x' })),
  ],
  [
    'a practitioner as the custodian',
    'organization[0].reference',
    'invalid',
    set((c) => (c.organization[0].reference = 'Practitioner/doctor')),
  ],
  ['no performer', 'performer', 'required', set((c) => delete c.performer)],
  ['two performers', 'performer', 'too-many', set((c) => c.performer.push(c.performer[0]))],
  [
    'a performer without a delegation',
    'performer[0].reference',
    'unresolved',
    set((c) => (c.performer[0].reference = 'RelatedPerson/uncle')),
  ],
  ['neither type nor policy rule', 'provision.type', 'required', set((c) => delete c.provision.type)],
  ['neither provision nor policy rule', 'provision.type', 'required', set((c) => delete c.provision)],
  ['an unknown type', 'provision.type', 'invalid', set((c) => (c.provision.type = 'opt-in'))],
  ['a type that contradicts the rule', 'provision.type', 'conflict', set((c) => (c.policyRule = rule('OPTOUT')))],
  ['an unknown policy rule', 'policyRule.coding[0]', 'invalid', set((c) => (c.policyRule = rule('NOAUTH')))],
  ['a policy rule in words', 'policyRule.coding', 'required', set((c) => (c.policyRule = { text: 'opt in' }))],
  [
    'a restricted opt-in without restrictions',
    'policyRule',
    'conflict',
    set((c) => {
      c.policyRule = rule('OPTINR')
      c.provision = { period: { start: '2024' } }
    }),
  ],
  [
    'emergency only for purposes of its own',
    'provision.purpose',
    'conflict',
    set((c) => {
      c.policyRule = rule('EMRGONLY')
      delete c.provision.type
    }),
  ],
  ['an unknown purpose', 'provision.purpose[1]', 'invalid', set((c) => c.provision.purpose.push(purpose('TREATS')))],
  ['a purpose in lower case', 'provision.purpose[0]', 'invalid', set((c) => (c.provision.purpose[0].code = 'treat'))],
  [
    'a purpose of another system',
    'provision.purpose[0]',
    'invalid',
    set((c) => (c.provision.purpose[0].system = 'http://example.org')),
  ],
  [
    'too many purposes',
    'provision.purpose',
    'too-many',
    set((c) => (c.provision.purpose = Array(17).fill(purpose('TREAT')))),
  ],
  [
    'too many actors',
    'provision.actor',
    'too-many',
    set((c) => (c.provision.actor = Array(33).fill(actor('Group/staff')))),
  ],
  ['an actor without a role', 'provision.actor[0].role', 'required', set((c) => delete c.provision.actor[0].role)],
  [
    'an actor with another role',
    'provision.actor[0].role.coding[0]',
    'invalid',
    set((c) => (c.provision.actor[0].role = concept(IRCP.coding[0]?.system ?? '', 'AUT'))),
  ],
  [
    'an actor without a reference',
    'provision.actor[0].reference',
    'required',
    set((c) => delete c.provision.actor[0].reference),
  ],
  [
    'an actor who is not registered',
    'provision.actor[0].reference.reference',
    'unresolved',
    set((c) => (c.provision.actor = [actor('Practitioner/x')])),
  ],
  [
    'an actor who is a patient',
    'provision.actor[0].reference',
    'unsupported',
    set((c) => (c.provision.actor = [actor('Patient/p')])),
  ],
  [
    'another action',
    'provision.action[0].coding[0]',
    'invalid',
    set((c) => (c.provision.action = [concept('http://terminology.hl7.org/CodeSystem/consentaction', 'collect')])),
  ],
  [
    'security labels',
    'provision.securityLabel',
    'unsupported',
    set((c) => (c.provision.securityLabel = [{ system: 's', code: 'N' }])),
  ],
  [
    'a class without a system',
    'provision.class[0].system',
    'required',
    set((c) => (c.provision.class = [{ code: 'Observation' }])),
  ],
  [
    'a class that is no type of a record',
    'provision.class[0]',
    'invalid',
    set((c) => (c.provision.class = [{ system: 'http://hl7.org/fhir/resource-types', code: 'observation' }])),
  ],
  ['a code in words', 'provision.code[0].coding', 'required', set((c) => (c.provision.code = [{ text: 'x' }]))],
  [
    'a code without a system',
    'provision.code[0].coding[0].system',
    'required',
    set((c) => (c.provision.code = [{ coding: [{ code: 'x' }] }])),
  ],
  ['an empty data period', 'provision.dataPeriod', 'required', set((c) => (c.provision.dataPeriod = {}))],
  [
    'selected data without a reference',
    'provision.data[0].reference',
    'required',
    set((c) => (c.provision.data = [{ meaning: 'instance' }])),
  ],
  [
    'dependents',
    'provision.data[0].meaning',
    'unsupported',
    set((c) => (c.provision.data = [{ meaning: 'dependents', reference: { reference: 'Encounter/1' } }])),
  ],
  [
    'a version of a resource',
    'provision.data[0].reference.reference',
    'invalid',
    set((c) => (c.provision.data = [{ meaning: 'instance', reference: { reference: 'Observation/1/_history/2' } }])),
  ],
  [
    'an absolute reference to data',
    'provision.data[0].reference.reference',
    'invalid',
    set(
      (c) => (c.provision.data = [{ meaning: 'instance', reference: { reference: 'http://x.example/Observation/1' } }]),
    ),
  ],
  [
    'data related to something else than an encounter, plan or episode',
    'provision.data[0].reference.reference',
    'invalid',
    set((c) => (c.provision.data = [{ meaning: 'related', reference: { reference: 'Condition/1' } }])),
  ],
  [
    'data of several meanings',
    'provision.data',
    'conflict',
    set(
      (c) =>
        (c.provision.data = [
          { meaning: 'instance', reference: { reference: 'Observation/1' } },
          { meaning: 'authoredby', reference: { reference: 'Practitioner/1' } },
        ]),
    ),
  ],
  ['an unknown element', 'provision.purposes', 'unknown', set((c) => (c.provision.purposes = []))],
  [
    'a modifier extension on the provision',
    'provision.modifierExtension',
    'unsupported',
    set((c) => (c.provision.modifierExtension = [{}])),
  ],
  ['an empty period', 'provision.period', 'required', set((c) => (c.provision.period = {}))],
  [
    'a period that ends before it starts',
    'provision.period',
    'conflict',
    set((c) => (c.provision.period = { start: '2023', end: '2022' })),
  ],
  [
    'a day that does not exist',
    'provision.period.end',
    'invalid',
    set((c) => (c.provision.period = { end: '2023-02-29' })),
  ],
  [
    'a time without a zone',
    'provision.period.start',
    'invalid',
    set((c) => (c.provision.period = { start: '2023-02-01T10:00:00' })),
  ],
  [
    'an exception without a type',
    'provision.provision[0].type',
    'required',
    set((c) => (c.provision.provision = [{}])),
  ],
  [
    'an exception to an exception',
    'provision.provision[0].provision',
    'unsupported',
    set((c) => (c.provision.provision = [{ type: 'deny', provision: [{ type: 'permit' }] }])),
  ],
  [
    'labels in an exception',
    'provision.provision[1].securityLabel',
    'unsupported',
    set((c) => (c.provision.provision = [{ type: 'deny' }, { type: 'deny', securityLabel: [] }])),
  ],
  [
    'too many exceptions',
    'provision.provision',
    'too-many',
    set((c) => (c.provision.provision = Array(17).fill({ type: 'deny' }))),
  ],
  [
    'an exception that is no object',
    'provision.provision[0]',
    'invalid',
    set((c) => (c.provision.provision = ['deny'])),
  ],
]

describe('a Consent that is not translated', () => {
  test.each(REFUSED)('is refused for %s, which names %s', async (_, path, code, change) => {
    const consent = valid()
    change(consent)
    const problems = await problemsOf(consent)
    expect(problems.map((problem) => [problem.path, problem.code])).toEqual([[at(path), code]])
    expect(problems[0]?.accepted).not.toBe('')
  })

  test.each([
    ['no JSON', '{"resourceType":', 'Consent'],
    ['no object', '[]', 'Consent'],
    ['another resource', '{"resourceType":"Patient"}', 'Consent.resourceType'],
    ['an element twice', `{"status":"draft",${JSON.stringify(valid()).slice(1)}`, 'Consent'],
    ['too much text', `${' '.repeat(1024 * 1024)}{}`, 'Consent'],
  ])('is refused for %s', async (_, text, path) => {
    expect((await problemsOf(text)).map((problem) => problem.path)).toEqual([path])
  })

  test('is refused for bytes that are not UTF-8', async () => {
    const intent = await consentToChain(Uint8Array.of(0x7b, 0xff, 0x7d), {
      resolver,
      timeZone: 'UTC',
      labelling: false,
      known: false,
    })
    expect(intent.kind).toBe('refused')
  })

  test('hears of all its problems at once', async () => {
    const consent = { ...valid(), scope: undefined, performer: undefined, provision: { type: 'x', data: [] } }
    const paths = (await problemsOf(consent)).map(({ path }) => path)
    expect(paths.toSorted()).toEqual([
      'Consent.performer',
      'Consent.provision.data',
      'Consent.provision.type',
      'Consent.scope',
    ])
  })

  test('is described without any value of it', async () => {
    const secret = 'Zx9secret'
    const consent = valid()
    Object.assign(consent, { status: secret, [secret]: secret, patient: { reference: `Patient/${secret}` } })
    consent.provision = { type: secret, purpose: [purpose(secret)], period: { end: secret }, actor: [actor(secret)] }
    const problems = await problemsOf(consent)
    expect(problems.length).toBeGreaterThan(4)
    expect(JSON.stringify(operationOutcome(problems))).not.toContain(secret)
  })

  test('is answered by an OperationOutcome that names the element', async () => {
    const consent = valid()
    consent.provision.securityLabel = [{ system: 's', code: 'N' }]
    expect(operationOutcome(await problemsOf(consent))).toEqual({
      resourceType: 'OperationOutcome',
      issue: [
        {
          severity: 'error',
          code: 'not-supported',
          diagnostics: expect.stringContaining('accepted: a provision without security labels'),
          expression: ['Consent.provision.securityLabel'],
        },
      ],
    })
  })
})
