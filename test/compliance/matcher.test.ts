// What counts as a hit and what does not, on small pieces. health-data.test.ts plants into a whole node.

import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Matcher } from './matcher.ts'
import { collectNeedles, type Needle } from './needles.ts'

const NAME: Needle = { kind: 'name', value: 'Gulgowski', element: 'Patient.name.family' }
const SHORT: Needle = { kind: 'name', value: 'Liz', element: 'Patient.name.given' }
const NUMBER: Needle = { kind: 'identifier', value: '735104', element: 'Patient.identifier.value' }
const SMALL: Needle = { kind: 'identifier', value: '140', element: 'Practitioner.identifier.value' }
const TEXT: Needle = { kind: 'freeText', value: 'Acute bronchitis (disorder)', element: 'Condition.code.text' }
const CODE: Needle = { kind: 'code', value: 'research', element: 'Consent.scope.coding.code' }
const DATE: Needle = { kind: 'date', value: '1993-06-07', element: 'Patient.birthDate' }
const matcher = new Matcher([NAME, SHORT, NUMBER, SMALL, TEXT, CODE, DATE])

const found = (content: string | number | Uint8Array): string[] => [
  ...new Set(matcher.scan([{ where: 'here', content }]).map(({ element, encoding }) => `${element} as ${encoding}`)),
]
const sha256 = (value: string): Buffer => createHash('sha256').update(value).digest()
/** Bytes that are no text, with the given ones at an offset. */
const amidNoise = (inner: Uint8Array, offset: number): Uint8Array =>
  Buffer.concat([randomBytes(offset).fill(0xfe), inner, Buffer.alloc(50, 0xff)])

describe('a value is found', () => {
  it.each([
    ['in a sentence', 'patient Gulgowski was imported'],
    ['in capitals', 'PATIENT GULGOWSKI'],
    ['in a file name', 'fhir/Edward_Gulgowski_43481611.json'],
    ['inside another word', 'EdwardGulgowskiRecord'],
    ['in a URL', 'https://example.org/Patient?family=Gulgowski&x=1'],
  ])('%s', (_where, text) => expect(found(text).join()).toMatch(/Patient\.name\.family as (text|utf8)/))

  it('of three letters as a word, in whatever case', () => {
    for (const text of ['Liz', 'name: LIZ.', 'liz@example.org', 'Liz_Conn']) {
      expect(found(text)).toContain('Patient.name.given as text')
    }
  })

  it('that is a phrase, however it is spaced', () => {
    expect(found('reason: acute  Bronchitis\n(disorder)')).toContain('Condition.code.text as text')
  })

  it('that is a date, also inside a time', () => {
    expect(found('born 1993-06-07T10:00:00Z')).toContain('Patient.birthDate as utf8')
  })

  it('that is a number, as digits and as an integer', () => {
    for (const text of ['735104', 'MRN 735104', 'mrn-735104/2']) {
      expect(found(text)).toContain('Patient.identifier.value as text')
    }
    expect(found(735_104)).toEqual(['Patient.identifier.value as number'])
  })

  it.each([NAME, TEXT, DATE, NUMBER])('in hex, base64 and SHA-256, anywhere in text: $kind', ({ value, element }) => {
    const bytes = Buffer.from(value)
    expect(found(`x${bytes.toString('hex')}00`)).toContain(`${element} as hex`)
    expect(found(`X${bytes.toString('hex').toUpperCase()}`)).toContain(`${element} as hex`)
    for (const before of ['', 'a', 'ab', 'abc']) {
      expect(found(Buffer.from(`${before}${value} and more`).toString('base64'))).toContain(`${element} as base64`)
      expect(found(Buffer.from(`${before}${value}`).toString('base64url'))).toContain(`${element} as base64`)
    }
    const digest = sha256(value)
    for (const text of [digest.toString('hex'), digest.toString('hex').toUpperCase(), digest.toString('base64')]) {
      expect(found(`id=${text};`)).toContain(`${element} as sha256`)
    }
  })

  it.each([NAME, TEXT, DATE, NUMBER])('in every encoding anywhere in bytes: $kind', ({ value, element }) => {
    const bytes = Buffer.from(value)
    for (const offset of [0, 1, 2, 3, 500]) {
      expect(found(amidNoise(bytes, offset))).toContain(`${element} as utf8`)
      expect(found(amidNoise(Buffer.from(bytes.toString('hex')), offset))).toContain(`${element} as hex`)
      expect(found(amidNoise(Buffer.from(bytes.toString('base64')), offset))).toContain(`${element} as base64`)
      expect(found(amidNoise(sha256(value), offset))).toContain(`${element} as sha256`)
    }
  })

  it('of three letters in a run of hex or base64, as readable bytes, and as SHA-256', () => {
    const element = 'Patient.name.given'
    expect(found('given=4c697a')).toEqual([`${element} as hex`])
    expect(found('0x4C697A')).toEqual([`${element} as hex`])
    expect(found(`given=${Buffer.from('Hello Liz').toString('base64')}`)).toEqual([`${element} as base64`])
    expect(found(Buffer.from('Liz'))).toEqual([`${element} as text`])
    expect(found(amidNoise(sha256('Liz'), 3))).toEqual([`${element} as sha256`])
  })
})

describe('no hit are', () => {
  it.each([
    ['three letters inside a word', 'realized'],
    ['digits inside a hash', `9f${'735104'}ab40c1`],
    ['digits inside a longer number', 'at 1735104000'],
    ['a small number in a message', 'block 140 of 200, release 140'],
    ['a code inside a word of the product', 'researcher'],
    ['part of a phrase', 'acute bronchitis'],
    ['another date', '1993-06-08'],
  ])('%s: %s', (_what, text) => expect(found(text)).toEqual([]))

  it('small integers and near ones', () => {
    for (const number of [140, 735_105, 1_735_104]) expect(found(number)).toEqual([])
  })

  it('random bytes, whatever they are written as', () => {
    for (let i = 0; i < 200; i++) {
      const noise = randomBytes(1_000)
      for (const content of [noise, noise.toString('hex'), noise.toString('base64')]) expect(found(content)).toEqual([])
    }
  })

  it('a code in a compressed file, where words are cut; a name there is one', () => {
    const scan = (text: string) =>
      matcher.scan([{ where: 'x', content: amidNoise(Buffer.from(text), 9), compressed: true }])
    expect(scan('research')).toEqual([])
    expect(scan('Gulgowski')).toHaveLength(1)
  })

  it('a small number as a whole text is one', () => {
    expect(found('140')).toEqual(['Practitioner.identifier.value as text'])
  })
})

describe('needles', () => {
  const patient = {
    resourceType: 'Patient',
    id: '4e8ed886-fd5f-40bb-8feb-f339b04d853a',
    text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">Lives <b>alone</b></div>' },
    extension: [{ url: 'http://example.org/mothersMaidenName', valueString: 'Elvira Armenta' }],
    identifier: [{ system: 'urn:mrn', value: 'S99912573' }],
    name: [{ use: 'official', family: 'Wyman', given: ['Alfreda', 'Jo'], prefix: ['Mrs.', 'Dr.'] }],
    telecom: [{ system: 'phone', value: '555-961-9901' }],
    gender: 'female',
    birthDate: '1980-10-28',
    deceasedDateTime: '2019-01-02T03:04:05Z',
    address: [{ line: ['849 Koch Crossroad'], city: 'Boston' }],
    maritalStatus: { coding: [{ system: 'urn:codes', code: 'NEVER', display: 'Never Married' }] },
  }
  const observation = {
    resourceType: 'Observation',
    subject: { reference: 'urn:uuid:4e8ed886-fd5f-40bb-8feb-f339b04d853a' },
    code: {
      coding: [
        { system: 'http://loinc.org', code: '8302-2' },
        { system: 'urn:codes', code: 'TREAT' },
      ],
    },
    valueQuantity: { value: 178.880234, unit: 'cm', system: 'http://unitsofmeasure.org', code: 'cm' },
    note: [{ text: 'seems tired' }],
  }
  const needles = collectNeedles(
    [{ resourceType: 'Bundle', entry: [{ resource: patient }, { resource: observation }] }],
    {
      vocabulary: new Set(['treat']),
    },
  )
  const valuesOf = (kind: Needle['kind']) => needles.filter((each) => each.kind === kind).map(({ value }) => value)

  it.each([
    ['name', ['Elvira', 'Armenta', 'Elvira Armenta', 'Wyman', 'Alfreda', 'Mrs', 'Mrs.', 'Dr.']],
    ['identifier', ['S99912573']],
    ['telecom', ['555-961-9901']],
    ['address', ['849 Koch Crossroad', 'Boston']],
    ['date', ['1980-10-28', '2019-01-02T03:04:05Z', '2019-01-02']],
    ['freeText', ['Lives alone', 'Never Married', 'seems tired']],
    ['code', ['NEVER', '8302-2']],
    ['number', ['99912573', '5559619901', '178.880234', '880234']],
    ['resourceId', ['4e8ed886-fd5f-40bb-8feb-f339b04d853a']],
  ] as const)('%s', (kind, values) => expect(valuesOf(kind)).toEqual(values))

  it('name the element that they come from', () => {
    expect(needles.find(({ value }) => value === 'Wyman')?.element).toBe('Patient.name.family')
    expect(needles.find(({ value }) => value === '8302-2')?.element).toBe('Observation.code.coding.code')
  })
})
