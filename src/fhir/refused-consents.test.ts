// Consents that cannot be translated: each is answered by one valid OperationOutcome that names the element, why, and what is
// accepted, and holds nothing of the Consent; and nothing that anybody sends makes the translation fail.

import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { FhirR4 } from '../../test/support/fhir-r4.ts'
import { consentToChain } from './consent-to-chain.ts'
import { operationOutcome } from './operation-outcome.ts'
import { at, type Json, REFUSED, resolver, valid } from './refused-consents.test-support.ts'

let r4: FhirR4
beforeAll(() => {
  r4 = new FhirR4()
})

const MARK = 'Zx9Marker'
const context = { resolver, timeZone: 'UTC', labelling: false, known: false }
const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

/** In everything that a Consent may say about somebody. */
function marked(): Json {
  const consent = valid()
  consent.id = MARK
  consent.text = { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${MARK}</div>` }
  consent.identifier = [{ system: 'urn:x', value: MARK }]
  consent.patient.display = MARK
  consent.provision.actor[0].reference.display = MARK
  consent.provision.purpose[0].display = MARK
  return consent
}

async function outcomeOf(bytes: Uint8Array) {
  const intent = await consentToChain(bytes, context)
  if (intent.kind !== 'refused') throw new Error(`not refused, but ${intent.kind}`)
  return operationOutcome(intent.problems)
}

describe('a refused Consent', () => {
  test('has more than 60 kinds, each of which is another fault', () => {
    expect(REFUSED.length).toBeGreaterThan(60)
    expect(new Set(REFUSED.map(([what]) => what)).size).toBe(REFUSED.length)
  })

  test('is none before it has its fault', async () => {
    expect((await consentToChain(bytesOf(marked()), context)).kind).toBe('terms')
  })

  test.each(REFUSED)(
    'with %s is answered in FHIR: one issue, at %s, without a value',
    async (_, path, _code, change) => {
      const consent = marked()
      change(consent)
      const outcome = await outcomeOf(bytesOf(consent))
      expect(r4.faults(outcome)).toEqual([])
      expect(outcome.issue).toHaveLength(1)
      const [issue] = outcome.issue ?? []
      expect(issue).toMatchObject({ severity: 'error', expression: [at(path)] })
      expect(issue?.diagnostics).toMatch(/^.{3,}; accepted: .+/)
      expect(JSON.stringify(outcome)).not.toContain(MARK)
    },
  )

  test.each([
    ['nothing', ''],
    ['white space', ' \n'],
    ['half an object', JSON.stringify(valid()).slice(0, -1)],
    ['a list of Consents', JSON.stringify([valid()])],
    ['a text', JSON.stringify('Consent')],
    ['a number', '42'],
    ['null', 'null'],
    ['two Consents', JSON.stringify(valid()).repeat(2)],
    ['XML', '<Consent xmlns="http://hl7.org/fhir"><status value="active"/></Consent>'],
    [
      'a Consent in a Bundle',
      JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry: [{ resource: valid() }] }),
    ],
    ['a Consent without a type', JSON.stringify({ ...valid(), resourceType: undefined })],
    ['a type that is no text', JSON.stringify({ ...valid(), resourceType: ['Consent'] })],
    ['a trailing comma', JSON.stringify(valid()).replace(/}$/, ',}')],
    ['comments', `/* ${MARK} */${JSON.stringify(valid())}`],
    ['single quotes', JSON.stringify(valid()).replaceAll('"', "'")],
    ['a status that stands twice', `{"status":"draft",${JSON.stringify(valid()).slice(1)}`],
    [
      'a deny that stands under the permit',
      JSON.stringify(valid()).replace('"type":"permit"', '"type":"deny","type":"permit"'),
    ],
    [
      'a type under an escaped name, twice',
      JSON.stringify(valid()).replace('"type":"permit"', '"type":"deny","\\u0074ype":"permit"'),
    ],
    ['a prototype', JSON.stringify(valid()).replace(/}$/, ',"__proto__":{"status":"active"}}')],
    ['half a surrogate', JSON.stringify(valid()).replace('"active"', '"\\ud800"')],
    ['objects a thousand deep', `{"resourceType":"Consent","text":${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}`],
    ['lists a hundred thousand deep', '['.repeat(100_000)],
    ['too many bytes', ' '.repeat(1024 * 1024) + JSON.stringify(valid())],
  ])('that is %s is answered, too', async (_, text) => {
    const outcome = await outcomeOf(new TextEncoder().encode(text))
    expect(r4.faults(outcome)).toEqual([])
    expect(outcome.issue?.every(({ expression }) => /^Consent\b/.test(expression?.[0] ?? ''))).toBe(true)
    expect(JSON.stringify(outcome)).not.toContain(MARK)
  })
})

describe('whatever is sent', () => {
  /** A valid Consent in which something else stands at one place, or nothing. */
  const mutated = fc
    .tuple(fc.nat(), fc.option(fc.jsonValue({ maxDepth: 3 }), { nil: undefined, freq: 8 }), fc.string())
    .map(([place, value, name]) => {
      const consent = marked()
      const places = placesIn(consent)
      const [holder, key] = places[place % places.length] as [Json, string]
      if (name.length % 5 === 0) holder[`${key}${name}`] = value
      else if (value === undefined) delete holder[key]
      else holder[key] = value
      return consent
    })

  test('is translated whole or refused with a valid OperationOutcome, and never fails', async () => {
    let refused = 0
    await fc.assert(
      fc.asyncProperty(mutated, async (consent) => {
        const intent = await consentToChain(bytesOf(consent), context)
        if (intent.kind !== 'refused') return
        refused++
        expect(intent.problems.length).toBeGreaterThan(0)
        expect(JSON.stringify(operationOutcome(intent.problems))).not.toContain(MARK)
      }),
      { numRuns: 3_000 },
    )
    expect(refused).toBeGreaterThan(1_000)
  })

  test('as bytes, too', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect((await consentToChain(bytes, context)).kind).toBe('refused')
      }),
      { numRuns: 500 },
    )
  })
})

function placesIn(value: Json): [Json, string][] {
  if (typeof value !== 'object' || value === null) return []
  return Object.keys(value).flatMap((key) => [[value, key] as [Json, string], ...placesIn(value[key])])
}
