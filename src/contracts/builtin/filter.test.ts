// What a custodian may release of a record: the filter of the access contract, clause by clause and resource by resource.
// spec/consent.md, "Data limits".

import { describe, expect, test } from 'vitest'
import { argumentsFromJson, type Json, valueToJson } from '../abi.ts'
import { runFilter } from '../execute.ts'
import { Consortium, id } from './consortium.test-support.ts'

const consortium = new Consortium()
const abi = consortium.abi('limits')
const entry = abi.entries.find(({ name }) => name === 'mayLeave')

type Fields = { readonly [name: string]: Json }

const limits = (stated: Fields): Fields => ({
  confidentiality: [],
  sensitivity: [],
  classes: [],
  codes: [],
  period: null,
  instances: [],
  related: [],
  authors: [],
  ...stated,
})

const found = (hashes: readonly string[] = [], complete = true): Fields => ({ hashes, complete })
const labels = (codes: readonly string[] = [], complete = true): Fields => ({ codes, complete })

const resource = (stated: Fields = {}): Fields => ({
  class: 'Observation',
  instance: id('Observation/1'),
  confidentiality: 'N',
  sensitivity: labels(),
  codes: found(),
  time: { from: 100, to: 200 },
  authors: found(),
  related: found(),
  ...stated,
})

interface Clause {
  readonly consent: string
  readonly clause: number
  readonly type: 'permit' | 'deny'
  readonly limits: Fields | null
}

const clause = (type: 'permit' | 'deny', stated: Fields | null, { consent = 'c', number = 0 } = {}): Clause => {
  return { consent: id(consent), clause: number, type, limits: stated && limits(stated) }
}

function mayLeave(clauses: readonly Clause[], described: Fields): { released: boolean; clause: number | null } {
  const args = argumentsFromJson(abi, 'mayLeave', {
    codes: 1,
    clauses: clauses as unknown as Json,
    resource: described,
  })
  const outcome = runFilter(consortium.contracts, { contract: 'limits', method: 'mayLeave', args }, consortium)
  if (outcome.status !== 'ok' || !entry?.returns) throw new Error('the filter refuses')
  return valueToJson(entry.returns, outcome.value) as never
}

/** Whether a permit alone releases it, and whether a deny beside an unlimited permit of another consent withholds it. */
const spoken = (stated: Fields, described: Fields) => ({
  permit: mayLeave([clause('permit', stated)], described).released,
  deny: !mayLeave([clause('permit', null, { consent: 'other' }), clause('deny', stated)], described).released,
})
const BOTH = { permit: true, deny: true }
const NEITHER = { permit: false, deny: false }
/** What cannot be determined. */
const DENY_ONLY = { permit: false, deny: true }
const PERMIT_ONLY = { permit: true, deny: false }

describe('confidentiality', () => {
  const levels = ['U', 'L', 'M', 'N', 'R', 'V']
  test.each(levels)('a permit of %s covers it and lower, a deny it and higher', (named) => {
    for (const level of levels) {
      const [bound, at] = [levels.indexOf(named), levels.indexOf(level)]
      const expected = { permit: at <= bound, deny: at >= bound }
      expect([level, spoken({ confidentiality: [named] }, resource({ confidentiality: level }))]).toEqual([
        level,
        expected,
      ])
    }
  })

  test('of several codes the highest counts in a permit, the lowest in a deny', () => {
    const confidentiality = ['R', 'L']
    expect(spoken({ confidentiality }, resource({ confidentiality: 'N' }))).toEqual(BOTH)
    expect(spoken({ confidentiality }, resource({ confidentiality: 'V' }))).toEqual(DENY_ONLY)
    expect(spoken({ confidentiality }, resource({ confidentiality: 'U' }))).toEqual(PERMIT_ONLY)
  })

  test('a level that cannot be determined is outside a permit and inside a deny', () => {
    expect(spoken({ confidentiality: ['V'] }, resource({ confidentiality: null }))).toEqual(DENY_ONLY)
  })
})

describe('sensitivity', () => {
  const about = (named: readonly string[], ...codes: string[]) =>
    spoken({ sensitivity: [...named] }, resource({ sensitivity: labels(codes) }))

  test('any of several codes', () => {
    expect(about(['HIV', 'PSY'], 'PSY')).toEqual(BOTH)
    expect(about(['HIV', 'PSY'], 'SDV', 'HIV')).toEqual(BOTH)
    expect(about(['HIV', 'PSY'], 'SDV')).toEqual(NEITHER)
    expect(about(['HIV'])).toEqual(NEITHER)
  })

  test.each([
    ['ETH', ['SUD', 'ETHUD', 'OPIOIDUD']],
    ['PSY', ['MH', 'BH', 'PSYTHPN', 'COGN']],
    ['SPI', ['PSY', 'BH', 'SUD', 'OPIOIDUD']],
    ['SUD', ['ETHUD', 'OPIOIDUD']],
  ])('%s means what stands under it, and never the other way round', (broader, narrower) => {
    for (const code of narrower) {
      expect([code, about([broader], code)]).toEqual([code, BOTH])
      expect([code, about([code], broader)]).toEqual([code, NEITHER])
    }
  })

  test('sets no bound of confidentiality', () => {
    const described = resource({ confidentiality: 'V', sensitivity: labels(['PSY']) })
    expect(spoken({ sensitivity: ['PSY'] }, described)).toEqual(BOTH)
  })

  test('and confidentiality in one clause: both', () => {
    const stated = { sensitivity: ['PSY'], confidentiality: ['N'] }
    const at = (confidentiality: string, code: string) =>
      spoken(stated, resource({ confidentiality, sensitivity: labels([code]) }))
    expect(at('N', 'PSY')).toEqual(BOTH)
    expect(at('N', 'HIV')).toEqual(NEITHER)
    expect(at('R', 'PSY')).toEqual(DENY_ONLY)
    expect(at('L', 'PSY')).toEqual(PERMIT_ONLY)
  })

  test('labels that may be missing are inside a deny', () => {
    expect(spoken({ sensitivity: ['PSY'] }, resource({ sensitivity: labels([], false) }))).toEqual(DENY_ONLY)
    expect(spoken({ sensitivity: ['PSY'] }, resource({ sensitivity: labels(['PSY'], false) }))).toEqual(BOTH)
  })
})

describe('the clinical time', () => {
  const within = (from: number | null, to: number | null, described: Fields) =>
    spoken({ period: { from, to } }, resource({ time: described }))

  test.each([
    ['inside', { from: 100, to: 200 }, BOTH],
    ['before', { from: 10, to: 100 }, NEITHER],
    ['after', { from: 200, to: 210 }, NEITHER],
    ['over the start', { from: 99, to: 150 }, DENY_ONLY],
    ['over the end', { from: 150, to: 201 }, DENY_ONLY],
    ['around', { from: 0, to: 300 }, DENY_ONLY],
    ['from within, without a known end', { from: 150, to: null }, DENY_ONLY],
    ['until within, without a known start', { from: null, to: 150 }, DENY_ONLY],
    ['after, without a known end', { from: 200, to: null }, NEITHER],
    ['before, without a known start', { from: null, to: 100 }, NEITHER],
    ['unknown', { from: null, to: null }, DENY_ONLY],
  ])('%s: wholly inside for a permit, any overlap for a deny', (_, described, expected) => {
    expect(within(100, 200, described)).toEqual(expected)
  })

  test('a window that is open on one side leaves that side of the resource alone', () => {
    expect(within(100, null, { from: 150, to: null })).toEqual(BOTH)
    expect(within(null, 200, { from: null, to: 150 })).toEqual(BOTH)
    expect(within(100, null, { from: null, to: 150 })).toEqual(DENY_ONLY)
  })
})

describe('class, instance, code, author, relation', () => {
  test.each([
    ['classes', { classes: ['Observation', 'Condition'] }, {}, BOTH],
    ['classes', { classes: ['Condition'] }, {}, NEITHER],
    ['instances', { instances: [id('Observation/1')] }, {}, BOTH],
    ['instances', { instances: [id('Observation/2')] }, {}, NEITHER],
    ['instances', { instances: [id('Observation/2')] }, { instance: null }, DENY_ONLY],
    ['codes', { codes: [id('x'), id('y')] }, { codes: found([id('y')]) }, BOTH],
    ['codes', { codes: [id('x')] }, { codes: found([id('y')]) }, NEITHER],
    ['codes', { codes: [id('x')] }, { codes: found([id('y')], false) }, DENY_ONLY],
    ['authors', { authors: [id('d')] }, { authors: found([id('e'), id('d')]) }, BOTH],
    ['authors', { authors: [id('d')] }, { authors: found([id('e')]) }, NEITHER],
    ['authors', { authors: [id('d')] }, { authors: found([], false) }, DENY_ONLY],
    ['related', { related: [id('Encounter/1')] }, { related: found([id('Encounter/1')], false) }, BOTH],
    ['related', { related: [id('Encounter/1')] }, { related: found() }, NEITHER],
    ['related', { related: [id('Encounter/1')] }, { related: found([], false) }, DENY_ONLY],
  ])('%s %j of %j', (_, stated, described, expected) => {
    expect(spoken(stated, resource(described))).toEqual(expected)
  })

  test('limits of several kinds: all of them', () => {
    const stated = { classes: ['Observation'], authors: [id('d')], period: { from: null, to: 200 } }
    const whole = { authors: found([id('d')]) }
    expect(spoken(stated, resource(whole))).toEqual(BOTH)
    expect(spoken(stated, resource({ ...whole, class: 'Condition' }))).toEqual(NEITHER)
    expect(spoken(stated, resource({ ...whole, time: { from: 200, to: 210 } }))).toEqual(NEITHER)
    expect(spoken(stated, resource({ authors: found([id('e')]) }))).toEqual(NEITHER)
  })
})

describe('within a consent', () => {
  const root = clause('permit', { confidentiality: ['N'] })
  const sensitive = resource({ confidentiality: 'R', sensitivity: labels(['PSY']) })

  test('an exception that speaks comes before the root', () => {
    const exception = clause('deny', { sensitivity: ['PSY'] }, { number: 1 })
    const both = [root, exception]
    expect(mayLeave(both, resource())).toMatchObject({ released: true, clause: 0 })
    expect(mayLeave(both, resource({ sensitivity: labels(['PSY']) }))).toMatchObject({ released: false, clause: 1 })
  })

  test('an exception may permit what the root is silent about, or denies', () => {
    const exception = clause('permit', { sensitivity: ['PSY'] }, { number: 1 })
    expect(mayLeave([root, exception], sensitive)).toMatchObject({ released: true, clause: 1 })
    expect(mayLeave([clause('deny', null), exception], sensitive)).toMatchObject({ released: true, clause: 1 })
    expect(mayLeave([clause('deny', null), exception], resource())).toMatchObject({ released: false, clause: 0 })
  })

  test('of two exceptions the deny, in whichever order they stand', () => {
    const permit = (number: number) => clause('permit', { sensitivity: ['PSY'] }, { number })
    const deny = (number: number) => clause('deny', { confidentiality: ['R'] }, { number })
    expect(mayLeave([root, permit(1), deny(2)], sensitive)).toMatchObject({ released: false, clause: 2 })
    expect(mayLeave([root, deny(1), permit(2)], sensitive)).toMatchObject({ released: false, clause: 1 })
  })

  test('a permit is silent beyond its limits', () => {
    expect(mayLeave([root], resource({ confidentiality: 'R' }))).toEqual({
      released: false,
      consent: null,
      clause: null,
    })
  })
})

describe('across consents', () => {
  test('any deny withholds, whichever comes first', () => {
    const permit = clause('permit', null, { consent: 'a' })
    const deny = clause('deny', { classes: ['Observation'] }, { consent: 'b' })
    expect(mayLeave([permit, deny], resource()).released).toBe(false)
    expect(mayLeave([deny, permit], resource()).released).toBe(false)
    expect(mayLeave([deny, permit], resource({ class: 'Condition' })).released).toBe(true)
  })

  test('an exception silences the root of its own consent only', () => {
    const clauses = [
      clause('deny', null, { consent: 'a' }),
      clause('permit', null, { consent: 'b' }),
      clause('permit', { classes: ['Observation'] }, { consent: 'b', number: 1 }),
    ]
    expect(mayLeave(clauses, resource()).released).toBe(false)
  })

  test('one permit is enough, and nothing at all withholds', () => {
    const silent = clause('permit', { classes: ['Condition'] }, { consent: 'a' })
    expect(mayLeave([silent, clause('permit', null, { consent: 'b' })], resource()).released).toBe(true)
    expect(mayLeave([silent], resource()).released).toBe(false)
    expect(mayLeave([], resource()).released).toBe(false)
  })
})
