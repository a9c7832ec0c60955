// What the data limits of a FHIR provision become, and what the chain holds of them.

import { describe, expect, test } from 'vitest'
import type { IdentityId } from '../types/brand.ts'
import { decodeValue } from '../types/canonical-value.ts'
import { consentToChain } from './consent-to-chain.ts'
import { codeHash, type DataLimits, limitsCommitment, referenceHash } from './data-limits.ts'
import type { ResolvedIdentity } from './resolver.ts'

const id = (digit: string): IdentityId => digit.repeat(64) as IdentityId
const identities: { readonly [reference: string]: ResolvedIdentity } = {
  'Patient/p': { kind: 'patient', id: id('a') },
  'Organization/h': { kind: 'organization', id: id('b') },
  'Organization/i': { kind: 'organization', id: id('c') },
}
const resolver = { identity: async (text: string) => identities[text] ?? null, delegation: async () => null }

const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality'
const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'
const level = (code: string) => ({ system: CONFIDENTIALITY, code })
const label = (code: string) => ({ system: ACT_CODE, code })
const data = (meaning: string, reference: string) => ({ meaning, reference: { reference } })

function translate(provision: object, { labelling = true, timeZone = 'UTC', organizations = ['Organization/h'] } = {}) {
  const consent = {
    resourceType: 'Consent',
    status: 'active',
    scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
    patient: { reference: 'Patient/p' },
    performer: [{ reference: 'Patient/p' }],
    organization: organizations.map((reference) => ({ reference })),
    provision: { type: 'permit', ...provision },
  }
  const bytes = new TextEncoder().encode(JSON.stringify(consent))
  return consentToChain(bytes, { resolver, timeZone, labelling, known: false })
}

async function termsOf(provision: object, options?: Parameters<typeof translate>[1]) {
  const intent = await translate(provision, options)
  if (intent.kind !== 'terms') throw new Error(JSON.stringify(intent))
  return intent
}

async function limitsOf(provision: object, timeZone = 'UTC'): Promise<DataLimits | null | undefined> {
  return (await termsOf(provision, { timeZone })).terms[0]?.clauses[0]?.limits
}

async function pathsOf(provision: object, options?: Parameters<typeof translate>[1]): Promise<readonly string[]> {
  const intent = await translate(provision, options)
  return intent.kind === 'refused' ? intent.problems.map(({ path }) => path) : []
}

describe('data limits of a provision', () => {
  test.each([
    ['a level', { securityLabel: [level('R')] }, { confidentiality: ['R'] }],
    ['sensitivities', { securityLabel: [label('PSY'), label('HIV')] }, { sensitivity: ['PSY', 'HIV'] }],
    ['both', { securityLabel: [label('ETH'), level('N')] }, { confidentiality: ['N'], sensitivity: ['ETH'] }],
    [
      'classes',
      { class: [{ system: 'http://hl7.org/fhir/resource-types', code: 'Observation' }] },
      { classes: ['Observation'] },
    ],
    [
      'codes, any coding of each',
      {
        code: [
          {
            coding: [
              { system: 'http://loinc.org', code: '1' },
              { system: 'urn:x', code: '2' },
            ],
          },
        ],
      },
      { codes: ['http://loinc.org|1', 'urn:x|2'] },
    ],
    ['resources', { data: [data('instance', 'Observation/1')] }, { instances: ['Observation/1'] }],
    ['an encounter', { data: [data('related', 'Encounter/1')] }, { related: ['Encounter/1'] }],
    [
      'authors',
      { data: [data('authoredby', 'Practitioner/1'), data('authoredby', 'Organization/2')] },
      { authors: ['Practitioner/1', 'Organization/2'] },
    ],
  ])('%s', async (_, provision, expected) => {
    expect(await limitsOf(provision)).toMatchObject(expected)
  })

  test('a period is one of whole days in the custodian’s zone, also before 1970', async () => {
    const dataPeriod = { start: '2022-01-01', end: '2022-12-31' }
    const from = Date.UTC(2022, 0, 1, 5)
    expect(await limitsOf({ dataPeriod }, 'America/New_York')).toMatchObject({
      period: { from, to: Date.UTC(2023, 0, 1, 5) },
    })
    expect(await limitsOf({ dataPeriod: { end: '1959' } })).toMatchObject({
      period: { from: null, to: Date.UTC(1960, 0) },
    })
  })

  test('none where none is stated', async () => {
    expect(await limitsOf({})).toBeNull()
    expect((await termsOf({})).terms[0]?.limits).toBeNull()
  })

  test('an exception inherits none', async () => {
    const intent = await termsOf({ securityLabel: [level('N')], provision: [{ type: 'deny' }] })
    expect(intent.terms[0]?.clauses.map(({ limits }) => limits !== null)).toEqual([true, false])
  })

  test('labels are refused where the custodian declares no labelling, the rest is not', async () => {
    const provision = { securityLabel: [level('N')], dataPeriod: { start: '2022' } }
    const exceptions = { ...provision, provision: [{ type: 'deny', securityLabel: [label('PSY')] }] }
    expect(await pathsOf(exceptions, { labelling: false })).toEqual([
      'Consent.provision.securityLabel',
      'Consent.provision.provision[0].securityLabel',
    ])
    expect(await pathsOf({ dataPeriod: { start: '2022' } }, { labelling: false })).toEqual([])
  })

  test.each([
    ['a level in other letters', { securityLabel: [level('n')] }],
    ['a sensitivity in other letters', { securityLabel: [label('psy')] }],
    ['a sensitivity under the system of levels', { securityLabel: [level('PSY')] }],
    ['a group of sensitivities that is no label', { securityLabel: [label('_InformationSensitivityPolicy')] }],
    ['a purpose', { securityLabel: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'HTEST' }] }],
    ['one good label and one unknown', { securityLabel: [level('N'), level('Q')] }],
  ])('a label that is not in the tables is refused: %s', async (_, provision) => {
    const path = `Consent.provision.securityLabel[${provision.securityLabel.length - 1}]`
    expect(await pathsOf(provision)).toEqual([path])
  })

  test.each([
    ['labels', { securityLabel: Array.from({ length: 33 }, () => level('N')) }, 'securityLabel'],
    ['codes', { code: [{ coding: Array.from({ length: 65 }, (_, i) => ({ system: 's', code: `${i}` })) }] }, 'code'],
    ['data', { data: Array.from({ length: 65 }, (_, i) => data('instance', `Observation/${i}`)) }, 'data'],
  ])('too many %s are refused', async (_, provision, name) => {
    expect(await pathsOf(provision)).toEqual([`Consent.provision.${name}`])
  })
})

describe('the commitment to data limits', () => {
  const provision = { data: [data('authoredby', 'Practitioner/1')], provision: [{ type: 'deny' }] }

  test('is made of salt and the very bytes that the filter is given', async () => {
    const { terms, bodies } = await termsOf({ ...provision, code: [{ coding: [{ system: 's', code: 'c' }] }] })
    const [body] = bodies
    if (body?.limits == null) throw new Error('no limits')
    expect(terms[0]?.limits).toBe(limitsCommitment({ bytes: body.limits, salt: body.salt }))
    expect(decodeValue(body.limits)).toMatchObject([
      { authors: [referenceHash('Practitioner/1')], codes: [codeHash('s|c')], period: null },
      null,
    ])
  })

  test('is another one each time and at each custodian', async () => {
    const organizations = ['Organization/h', 'Organization/i']
    const [first, second] = await Promise.all([
      termsOf(provision, { organizations }),
      termsOf(provision, { organizations }),
    ])
    const commitments = [...first.terms, ...second.terms].map(({ limits }) => limits)
    expect(new Set(commitments).size).toBe(4)
  })
})
