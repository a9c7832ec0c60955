import { describe, expect, test } from 'vitest'
import { type SimulationOutcome, simulate } from './simulate.ts'

const SYSTEM = 'http://terminology.hl7.org/CodeSystem'
// biome-ignore lint/suspicious/noExplicitAny: resources with faults have no type.
type Json = any

const bytes = (value: Json): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const coding = (system: string, code: string) => ({ system: `${SYSTEM}/${system}`, code })
const actor = (reference: string) => ({
  role: { coding: [coding('v3-ParticipationType', 'IRCP')] },
  reference: { reference },
})

const consent = (provision: Json, more: Json = {}): Json => ({
  resourceType: 'Consent',
  status: 'active',
  scope: { coding: [coding('consentscope', 'patient-privacy')] },
  patient: { reference: 'Patient/p' },
  performer: [{ reference: 'Patient/p' }],
  organization: [{ reference: 'Organization/a' }],
  provision,
  ...more,
})
const permitTreatment = { type: 'permit', purpose: [coding('v3-ActReason', 'TREAT')] }

const request = (more: Json = {}): Json => ({
  patient: 'Patient/p',
  custodian: 'Organization/a',
  requester: { practitioner: 'Practitioner/d', organization: 'Organization/b' },
  purpose: 'TREAT',
  at: '2026-01-31T08:00:00Z',
  ...more,
})

const run = (consents: Json[], asked: Json = request()): Promise<SimulationOutcome> =>
  simulate({ consents: consents.map(bytes), request: bytes(asked) })

/** Outcome, basis and reasons; of a refusal the paths. */
async function summary(consents: Json[], asked?: Json): Promise<string> {
  const result = await run(consents, asked)
  if (result.kind === 'refused') return result.problems.map(({ path }) => path).join(' ')
  const { outcome, basis, reasons } = result.simulation
  return [outcome, basis, ...reasons].join(' ')
}

describe('a simulation decides as the contracts do', () => {
  test('by consent, naming the clause', async () => {
    const result = await run([consent(permitTreatment, { id: 'first' })])
    expect(result).toEqual({
      kind: 'decided',
      notes: [],
      simulation: {
        outcome: 'PERMIT',
        basis: 'consent',
        reasons: ['PERMITTED'],
        clauses: [{ consent: 1, id: 'first', version: 1, clause: 0, type: 'permit', group: null }],
      },
    })
  })

  test.each([
    ['deny', 'DENY implicit NO_CONSENT'],
    ['basicNormal', 'PERMIT implicit NO_CONSENT'],
    ['basic-normal', 'PERMIT implicit NO_CONSENT'],
    ['break-glass-only', 'DENY implicit NO_CONSENT'],
  ])('without a consent by the implicit policy %s', async (implicitPolicy, expected) => {
    expect(await summary([], request({ implicitPolicy }))).toBe(expected)
  })

  test.each([
    ['override', 'PERMIT_BTG breakGlass BREAK_GLASS'],
    ['consentOnly', 'DENY breakGlass BREAK_GLASS_REFUSED'],
    ['never', 'DENY breakGlass BREAK_GLASS_REFUSED'],
  ])('break-glass by the setting %s', async (breakGlass, expected) => {
    expect(await summary([consent(permitTreatment)], request({ purpose: 'BTG', breakGlass }))).toBe(expected)
  })

  test('several consents: a deny outweighs a permit, whichever comes first', async () => {
    const deny = consent({ type: 'deny', actor: [actor('Organization/b')] })
    expect(await summary([consent(permitTreatment), deny])).toBe('DENY consent DENIED')
    expect(await summary([deny, consent(permitTreatment)])).toBe('DENY consent DENIED')
  })

  test('a group means its members, and one that the request does not list has none', async () => {
    const forGroup = consent({ ...permitTreatment, actor: [actor('Group/g')] })
    const asked = request({ groups: { 'Group/g': ['Practitioner/d'] } })
    expect(await summary([forGroup], asked)).toBe('PERMIT consent PERMITTED')
    expect(await summary([forGroup], request({ groups: { 'Group/h': ['Practitioner/d'] } }))).toBe(
      'DENY consent NOT_COVERED',
    )
    const result = await run([forGroup], asked)
    expect(result).toMatchObject({ simulation: { clauses: [{ group: 'Group/g' }] } })
  })

  test('a PractitionerRole means whoever asks under that very reference', async () => {
    const forRole = consent({ ...permitTreatment, actor: [actor('PractitionerRole/r')] })
    const asked = (practitioner: string) => request({ requester: { practitioner, organization: 'Organization/b' } })
    expect(await summary([forRole], asked('PractitionerRole/r'))).toBe('PERMIT consent PERMITTED')
    expect(await summary([forRole], asked('PractitionerRole/s'))).toBe('DENY consent NOT_COVERED')
  })

  test.each([
    ['physician', 'PERMIT consent PERMITTED'],
    [`${SYSTEM}/practitioner-role|doctor`, 'PERMIT consent PERMITTED'],
    ['http://nucc.org/provider-taxonomy|208D00000X', 'PERMIT consent PERMITTED'],
    [`${SYSTEM}/practitioner-role|researcher`, 'DENY  ROLE_PURPOSE'],
    ['billing', 'DENY  ROLE_PURPOSE'],
  ])('the role %s', async (role, expected) => {
    const requester = { ...request().requester, role }
    expect(await summary([consent(permitTreatment)], request({ requester }))).toBe(expected)
  })

  test('an organization asks for itself, but not for treatment', async () => {
    const requester = { organization: 'Organization/b' }
    const payment = consent({ type: 'permit', purpose: [coding('v3-ActReason', 'HPAYMT')] })
    expect(await summary([payment], request({ requester, purpose: 'HPAYMT' }))).toBe('PERMIT consent PERMITTED')
    expect(await summary([payment], request({ requester }))).toBe('DENY  ROLE_PURPOSE')
  })

  test('whoever consents for the patient is taken to be entitled', async () => {
    const byMother = consent(permitTreatment, { performer: [{ reference: 'RelatedPerson/mother' }] })
    expect(await summary([byMother])).toBe('PERMIT consent PERMITTED')
  })

  test.each([
    'Practitioner/d',
    'PractitionerRole/r',
    'Organization/a',
    'Organization/z',
    'Patient/mother',
    'urn:uuid:1',
  ])('also %s', async (reference) => {
    expect(await summary([consent(permitTreatment, { performer: [{ reference }] })])).toBe('PERMIT consent PERMITTED')
  })

  test('consents of another patient or custodian do not count', async () => {
    const others = [
      consent(permitTreatment, { patient: { reference: 'Patient/q' }, performer: [{ reference: 'Patient/q' }] }),
      consent(permitTreatment, { organization: [{ reference: 'Organization/c' }] }),
    ]
    expect(await summary(others)).toBe('DENY implicit NO_CONSENT')
  })

  test('a Consent given again is its next version; ended, it is withdrawn', async () => {
    const first = consent(permitTreatment, { id: 'x' })
    expect(await summary([first, { ...first, provision: { type: 'deny' } }])).toBe('DENY consent DENIED')
    const asked = request({ implicitPolicy: 'allNormal' })
    expect(await summary([first, { ...first, status: 'inactive' }], asked)).toBe('DENY consent REVOKED')
    expect(await summary([first, { ...first, status: 'entered-in-error' }], asked)).toBe('PERMIT implicit NO_CONSENT')
  })

  test('a Consent that never was active is not registered, and that is said', async () => {
    const result = await run([consent(permitTreatment, { status: 'draft' })])
    expect(result).toMatchObject({ simulation: { outcome: 'DENY', reasons: ['NO_CONSENT'] } })
    expect(result).toMatchObject({
      notes: ['Consent 1 is not registered: Consent.status: draft before it was ever active'],
    })
  })

  test('a date lasts to the end of its day in the given zone', async () => {
    const until = bytes(consent({ ...permitTreatment, period: { end: '2025-12-31' } }))
    const asked = bytes(request({ at: '2026-01-01T04:59:59Z' }))
    const result = await simulate({ consents: [until], request: asked, timeZone: 'America/New_York' })
    expect(result).toMatchObject({ simulation: { outcome: 'PERMIT' } })
    expect(await simulate({ consents: [until], request: asked })).toMatchObject({ simulation: { outcome: 'DENY' } })
  })
})

describe('a simulation with a resource', () => {
  const released = async (consents: Json[], resource: Json, asked = request()) => {
    const result = await simulate({ consents: consents.map(bytes), request: bytes(asked), resource: bytes(resource) })
    return result.kind === 'decided' ? result.simulation.released : result.problems
  }
  const observation = { resourceType: 'Observation', id: '1', subject: { reference: 'Patient/p' } }

  test('says whether it would be released, and nothing of it otherwise', async () => {
    expect(await released([consent(permitTreatment)], observation)).toBe(true)
    expect(await released([], observation)).toBe(false)
    expect(await released([], observation, request({ implicitPolicy: 'allNormal' }))).toBe(true)
    const result = await run([consent(permitTreatment)])
    expect(result.kind === 'decided' && 'released' in result.simulation).toBe(false)
  })

  test('about another patient releases nothing', async () => {
    const other = { ...observation, subject: { reference: 'Patient/q' } }
    expect(await released([consent(permitTreatment)], other)).toBe(false)
    expect(await released([consent(permitTreatment)], { resourceType: 'Patient', id: 'q' })).toBe(false)
    expect(await released([consent(permitTreatment)], { resourceType: 'Patient', id: 'p' })).toBe(true)
  })

  test('under break-glass within limits is filtered, too', async () => {
    const limits = { class: [{ system: 'http://hl7.org/fhir/resource-types', code: 'Condition' }] }
    const breakGlass = consent({ type: 'permit', purpose: [coding('v3-ActReason', 'BTG')], ...limits })
    const asked = request({ purpose: 'BTG' })
    expect(await released([breakGlass], { ...observation, resourceType: 'Condition' }, asked)).toBe(true)
    expect(await released([breakGlass], observation, asked)).toBe(false)
  })

  test('of a Consent in its latest version, with the limits of that version', async () => {
    const limited = (code: string) => ({
      ...permitTreatment,
      class: [{ system: 'http://hl7.org/fhir/resource-types', code }],
    })
    const first = consent(limited('Condition'), { id: 'x' })
    const second = consent(limited('Observation'), { id: 'x' })
    expect(await released([first, second], observation)).toBe(true)
    expect(await released([second, first], observation)).toBe(false)
  })
})

describe('a simulation refuses, naming the element', () => {
  test.each([
    ['no patient', { patient: undefined }, 'Request.patient'],
    ['a patient that is none', { patient: 'Practitioner/d' }, 'Request.patient'],
    ['no organization', { requester: { practitioner: 'Practitioner/d' } }, 'Request.requester.organization'],
    ['no requester', { requester: 'Practitioner/d' }, 'Request.requester'],
    ['a purpose in other letters', { purpose: 'treat' }, 'Request.purpose'],
    ['a group that is none', { groups: { 'Practitioner/g': [] } }, 'Request.groups.Practitioner/g'],
    ['too many members', { groups: { 'Group/g': Array(65).fill('Practitioner/d') } }, 'Request.groups.Group/g'],
    ['a time before 1970', { at: '1969-12-31T23:59:59Z' }, 'Request.at'],
    ['an unknown role', { requester: { ...request().requester, role: 'Physician' } }, 'Request.requester.role'],
    ['a time without zone', { at: '2026-01-31T08:00:00' }, 'Request.at'],
    ['a day that does not exist', { at: '2026-02-30T08:00:00Z' }, 'Request.at'],
    ['a group in a group', { groups: { 'Group/g': ['Group/h'] } }, 'Request.groups.Group/g[0]'],
    ['an unknown policy', { implicitPolicy: 'permit' }, 'Request.implicitPolicy'],
    ['an unknown setting', { breakGlass: 'always' }, 'Request.breakGlass'],
    ['a labelling that is no boolean', { labelling: 'yes' }, 'Request.labelling'],
    ['a field too many', { labels: [] }, 'Request'],
  ])('of the request: %s', async (_, change, path) => {
    expect(await summary([], request(change))).toBe(path)
  })

  test('a request that is not JSON', async () => {
    const result = await simulate({ consents: [], request: new TextEncoder().encode('{') })
    expect(result).toMatchObject({
      problems: [{ path: 'Request', accepted: 'the request as a JSON object in UTF-8, each field once' }],
    })
  })

  test.each([
    ['no JSON', '{', 'Resource'],
    ['a list', '[]', 'Resource'],
    ['an element twice', '{"resourceType":"Observation","meta":{"security":[]},"meta":{}}', 'Resource'],
    ['no type', '{"id":"1"}', 'Resource.resourceType'],
  ])('of the resource: %s', async (_, text, path) => {
    const resource = new TextEncoder().encode(text)
    const result = await simulate({ consents: [], request: bytes(request()), resource })
    expect(result).toMatchObject({ kind: 'refused', problems: [{ path }] })
  })

  test('more Consents than a custodian takes for one patient', async () => {
    const many = Array.from({ length: 65 }, (_, i) => consent(permitTreatment, { id: `c${i}` }))
    const result = await run(many)
    expect(result).toMatchObject({ problems: [{ path: 'Consent', reason: 'consent.register: TOO_MANY_CONSENTS' }] })
    expect(await summary(many.slice(1))).toBe('PERMIT consent PERMITTED')
  })

  test('one reference in two places that cannot be the same', async () => {
    const asked = request({
      patient: 'urn:uuid:1',
      requester: { practitioner: 'urn:uuid:1', organization: 'urn:uuid:2' },
    })
    expect(await summary([], asked)).toBe('Request')
  })

  test('of one Consent among several: which of them', async () => {
    const result = await run([consent(permitTreatment), consent({ ...permitTreatment, actor: [{}] })])
    expect(result).toMatchObject({ kind: 'refused' })
    if (result.kind !== 'refused') return
    expect(result.problems.map(({ path }) => path)).toEqual([
      'Consent.provision.actor[0].role',
      'Consent.provision.actor[0].reference',
    ])
    for (const { reason } of result.problems) expect(reason).toContain('in Consent 2 of those given')
  })
})
