// Back and forth: what goes to the chain comes back as a Consent that means the same, clause by clause.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { FhirR4 } from '../../test/support/fhir-r4.ts'
import type { IdentityId } from '../types/brand.ts'
import { consentFromChain, type RegisteredConsent } from './consent-from-chain.ts'
import type { ChainClause, ChainConsent } from './consent-intent.ts'
import { consentToChain } from './consent-to-chain.ts'
import { CONFIDENTIALITIES, type ConsentLimits, type DataLimits } from './data-limits.ts'
import { limitsInBody } from './limits-in-body.ts'
import { ownResolver } from './own-reference.ts'
import { PURPOSES, SENSITIVITIES } from './vocabulary.ts'

let r4: FhirR4
beforeAll(() => {
  r4 = new FhirR4()
})

const context = { resolver: ownResolver, timeZone: 'Europe/Berlin', labelling: true, known: false }
const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

const ids = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytes.toHex() as IdentityId)
const some = <T>(of: fc.Arbitrary<T>, maxLength = 4) =>
  fc.uniqueArray(of, { maxLength, selector: (each) => JSON.stringify(each) })
const recipients = some(
  fc.oneof(
    fc.record({ kind: fc.constantFrom('person', 'institution', 'group'), id: ids, at: fc.constant(null) }),
    fc.record({ kind: fc.constant('personAt' as const), id: ids, at: ids }),
  ),
)
const interval = (min: number) =>
  fc
    .tuple(fc.option(fc.integer({ min, max: 4e12 })), fc.option(fc.integer({ min: 1, max: 4e12 })))
    .map(([from, to]) => ({ from, to: from !== null && to !== null && to <= from ? from + to : to }))
const reference = fc.constantFrom('Encounter/1', 'CarePlan/x-2', 'EpisodeOfCare/A.3')
const limits = fc
  .record<DataLimits>({
    confidentiality: some(fc.constantFrom(...CONFIDENTIALITIES)),
    sensitivity: some(fc.constantFrom(...SENSITIVITIES)),
    classes: some(fc.constantFrom('Observation', 'Condition', 'Encounter')),
    codes: some(fc.constantFrom('http://loinc.org|1-8', 'http://snomed.info/sct|38341003', 'urn:x|a|b')),
    period: fc.option(interval(-1e12).filter(({ from, to }) => from !== null || to !== null)),
    instances: some(reference),
    related: fc.constant([]),
    authors: fc.constant([]),
  })
  .chain((all) =>
    fc.constantFrom(
      all,
      { ...all, instances: [], related: all.instances },
      { ...all, instances: [], authors: all.instances },
    ),
  )
  .filter(({ period, ...lists }) => period !== null || Object.values(lists).some((list) => list.length > 0))
const clause: fc.Arbitrary<ChainClause> = fc
  .record({
    type: fc.constantFrom('permit', 'deny'),
    recipients,
    purposes: some(fc.constantFrom(...PURPOSES.values())),
    validity: interval(0),
    limits: fc.option(limits),
  })
  .map(({ validity, ...rest }) => ({ ...rest, ...validity })) as fc.Arbitrary<ChainClause>
const consents = fc.record({
  consent: ids,
  patient: ids,
  custodian: ids,
  version: fc.integer({ min: 1, max: 9 }),
  status: fc.constantFrom('active', 'revoked', 'voided'),
  delegation: fc.option(ids),
  clauses: fc.array(clause, { minLength: 1, maxLength: 5 }),
})

const registered = ({
  clauses,
  ...rest
}: Omit<RegisteredConsent, 'clauses'> & { clauses: readonly ChainClause[] }) => ({
  registered: { ...rest, clauses: clauses.map(({ limits, ...each }) => ({ ...each, limited: limits !== null })) },
  limits: clauses.map((each) => each.limits) as ConsentLimits,
})

async function termsOf(consent: unknown): Promise<ChainConsent> {
  const intent = await consentToChain(bytesOf(consent), context)
  if (intent.kind !== 'terms') throw new Error(JSON.stringify(intent))
  return intent.terms[0] as ChainConsent
}

describe('a consent of the chain', () => {
  test('comes out as a valid Consent that goes in again as the same clauses', async () => {
    await fc.assert(
      fc.asyncProperty(consents, async (given) => {
        const { registered: chain, limits } = registered(given)
        const consent = consentFromChain({ ...chain, status: 'active' }, { body: null, limits })
        expect(r4.faults(consent)).toEqual([])
        const { patient, custodian, delegation, clauses } = await termsOf(consent)
        expect({ patient, custodian, delegation, clauses }).toEqual({
          patient: given.patient,
          custodian: given.custodian,
          delegation: given.delegation,
          clauses: given.clauses,
        })
      }),
      { numRuns: 1_000 },
    )
  })

  test('takes what decides nothing from its body, and limits in full', async () => {
    await fc.assert(
      fc.asyncProperty(consents, async (given) => {
        const { registered: chain, limits } = registered(given)
        const first = consentFromChain({ ...chain, status: 'active' }, { body: null, limits })
        const text = { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">signed</div>' }
        const body = { ...first, id: 'c1', text, dateTime: '2026-01-31', policy: [{ uri: 'urn:policy' }] }
        const committed = (await consentToChain(bytesOf(body), context)) as unknown as {
          bodies: { limits: Uint8Array | null }[]
        }
        const { limits: bytes = null } = committed.bodies[0] ?? {}
        const again = bytes && limitsInBody(body as never, { timeZone: 'Europe/Berlin', committed: bytes })
        const second = consentFromChain({ ...chain, status: 'active' }, { body: body as never, limits: again })
        expect(second).toMatchObject({ id: 'c1', text, dateTime: '2026-01-31', policy: [{ uri: 'urn:policy' }] })
        expect((await termsOf(second)).clauses).toEqual(given.clauses)
      }),
      { numRuns: 300 },
    )
  })

  test('whose limits are not known here says so in a way that nobody may overlook, and is not taken back', async () => {
    const [given] = fc.sample(
      consents.filter(({ clauses }) => clauses[0]?.limits !== null),
      { numRuns: 1, seed: 7 },
    )
    if (given === undefined) throw new Error('a limited consent')
    const consent = consentFromChain(registered(given).registered, { body: null, limits: null })
    expect(consent.provision?.modifierExtension).toEqual([
      { url: 'urn:assent:extension:limits-unknown', valueBoolean: true },
    ])
    const intent = await consentToChain(bytesOf({ ...consent, status: 'active' }), context)
    expect(intent).toMatchObject({ kind: 'refused' })
  })

  test.each([
    ['active', 'active'],
    ['revoked', 'inactive'],
    ['voided', 'entered-in-error'],
  ] as const)('that is %s has the status %s', (status, expected) => {
    const [given] = fc.sample(consents, { numRuns: 1, seed: 1 })
    if (given === undefined) throw new Error('a consent')
    expect(consentFromChain({ ...registered(given).registered, status }, { body: null, limits: null }).status).toBe(
      expected,
    )
  })
})

const SAMPLES = '../shared/fhir/consent'

test.skipIf(!existsSync(SAMPLES))('the sample Consents come back with the same clauses', async () => {
  const files = readdirSync(SAMPLES).filter((file) => file.endsWith('.json'))
  expect(files.length).toBeGreaterThanOrEqual(10)
  // By their text, whoever they are: what is compared is what they say.
  const idOf = (reference: string): IdentityId =>
    Buffer.from(reference).toString('hex').padEnd(64, '0').slice(0, 64) as IdentityId
  const resolver = {
    async identity(reference: string) {
      const own = await ownResolver.identity(reference)
      const [type = ''] = reference.split('/')
      const kinds = {
        Patient: 'patient',
        Practitioner: 'practitioner',
        Organization: 'organization',
        Group: 'group',
      } as const
      const kind = kinds[type as keyof typeof kinds]
      if (own !== null) return own
      if (type === 'PractitionerRole') return { kind: 'practitionerRole' as const, id: idOf(reference), at: idOf(type) }
      return kind === undefined ? null : { kind, id: idOf(reference) }
    },
    delegation: async (reference: string) =>
      (await ownResolver.delegation(reference, '' as IdentityId)) ?? idOf(reference),
  }
  for (const file of files) {
    const bytes = new Uint8Array(readFileSync(join(SAMPLES, file)))
    const intent = await consentToChain(bytes, { ...context, resolver })
    if (intent.kind !== 'terms') throw new Error(`${file}: ${JSON.stringify(intent)}`)
    const [terms] = intent.terms
    const [kept] = intent.bodies
    if (terms === undefined || kept === undefined) throw new Error(file)
    const body = JSON.parse(new TextDecoder().decode(bytes))
    const { registered: chain } = registered({ ...terms, consent: idOf('c'), version: 1, status: 'active' })
    const limits = kept.limits && limitsInBody(body, { timeZone: context.timeZone, committed: kept.limits })
    const consent = consentFromChain(chain, { body, limits })
    expect(r4.faults(consent), file).toEqual([])
    const back = await consentToChain(bytesOf(consent), { ...context, resolver })
    if (back.kind !== 'terms') throw new Error(`${file}: ${JSON.stringify(back)}`)
    expect(back.terms[0]?.clauses, file).toEqual(terms.clauses)
  }
})
