import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { HOSPITAL, OTHER_PATIENT, PATIENT } from '../../test/support/memory-node.ts'
import { idOf } from '../../test/support/test-chain.ts'
import { BUILT_IN_NAMES } from '../contracts/builtin/names.ts'
import { contractSet } from '../contracts/execute.ts'
import { compileForTools } from '../contracts/lang/compile.ts'
import type { Hash, Height, IdentityId } from '../types/brand.ts'
import type { Value } from '../types/canonical-value.ts'
import type { SignedRead } from '../types/signed-read.ts'
import { PERSON_FIELDS, viewEvent } from './event-access.ts'

/** Ids that are never a patient's: institutions, practitioners, and things. */
const OPEN_FIELDS = [
  'custodian',
  'institution',
  'proposer',
  'reporter',
  'practitioner',
  'owner',
  'group',
  'consent',
  'delegation',
]

const eventWith = (fields: Value) => ({
  height: 7 as Height,
  index: 2,
  timeMs: 1_000,
  transactionId: idOf(9) as string as Hash,
  callIndex: 0,
  event: { contract: 'consent', name: 'Registered', fields },
})

const readAbout = (subject: IdentityId | null, range: SignedRead['range'] = null) =>
  ({ subject, range, reader: HOSPITAL }) as SignedRead

const id = (hex: string) => Uint8Array.fromHex(hex)

describe('viewEvent()', () => {
  const filter = {}

  it.each<[read: SignedRead | null, isShown: boolean]>([
    [null, false],
    [readAbout(PATIENT), true],
    [readAbout(OTHER_PATIENT), false],
    [readAbout(HOSPITAL), true],
    [readAbout(idOf(2)), false],
    [readAbout(null), true],
    [readAbout(PATIENT, { fromMs: 1_000, toMs: 1_001 }), true],
    [readAbout(PATIENT, { fromMs: 1_001, toMs: 2_000 }), false],
    [readAbout(PATIENT, { fromMs: 0, toMs: 1_000 }), false],
    [readAbout(null, { fromMs: 0, toMs: 1_000 }), false],
  ])('with %o shows an event of a patient at a custodian: %s', (read, isShown) => {
    const event = eventWith({ patient: id(PATIENT), custodian: id(HOSPITAL) })
    expect(viewEvent(event, { filter, read }) !== null).toBe(isShown)
  })

  it.each(PERSON_FIELDS)('withholds what names somebody as %s from the unsigned', (field) => {
    expect(viewEvent(eventWith({ [field]: id(PATIENT) }), { filter, read: null })).toBeNull()
    expect(viewEvent(eventWith({ [field]: null }), { filter, read: null })).not.toBeNull()
    expect(viewEvent(eventWith({ [field]: 'of an unexpected type' }), { filter, read: null })).toBeNull()
  })

  it('gives the cursor behind the event', () => {
    expect(viewEvent(eventWith({ count: 1 }), { filter, read: null })).toMatchObject({
      cursor: '7.3',
      fields: { count: 1 },
    })
  })

  it('has a class for every id that an event of the built-in contracts names', () => {
    const folder = new URL('../contracts/builtin/', import.meta.url)
    const sources = BUILT_IN_NAMES.map((name) => ({
      name,
      text: readFileSync(new URL(`${name}.clause`, folder), 'utf8'),
    }))
    const contracts = contractSet(compileForTools(sources).loaded)
    const events = BUILT_IN_NAMES.flatMap((name) => contracts.abi(name)?.events ?? [])
    const idFields = events.flatMap(({ name, fields }) =>
      fields
        .filter(({ type }) => type.kind === 'id' || (type.kind === 'optional' && type.value.kind === 'id'))
        .map((field) => ({ event: name, field: field.name })),
    )
    expect(idFields.length).toBeGreaterThan(20)
    const unclassified = idFields.filter(({ field }) => ![...PERSON_FIELDS, ...OPEN_FIELDS].includes(field))
    expect(unclassified).toEqual([])
  })
})
