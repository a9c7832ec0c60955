import { describe, expect, test } from 'vitest'
import type { ChainClause, ConsentIntent } from './consent-intent.ts'
import { consentToChain, documentCommitment } from './consent-to-chain.ts'
import { operationOutcome } from './operation-outcome.ts'
import type { ElementProblem } from './problem.ts'
import {
  actor,
  at,
  CLINIC,
  concept,
  DELEGATION,
  DOCTOR,
  GROUP,
  HOSPITAL,
  type Json,
  PATIENT,
  purpose,
  REFUSED,
  resolver,
  rule,
  valid,
} from './refused-consents.test-support.ts'

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
