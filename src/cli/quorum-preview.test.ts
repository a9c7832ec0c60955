import { describe, expect, it } from 'vitest'
import type { NodeReport } from '../client/client.ts'
import type { IdentityId, PublicKey } from '../types/brand.ts'
import { figuresOf, objectionsTo, quorumTable, standingOf } from './quorum-preview.ts'

const id = (name: string) => name.padEnd(64, '0') as IdentityId
const key = (name: string) => name.padEnd(64, '1') as PublicKey
const set = (names: string, b: number) => ({
  b,
  members: [...names].map((name, seat) => ({
    seat,
    institution: id(name),
    consensus: key(name),
    governance: key(name),
  })),
})
const node = (name: string, { height = 100, signs = true } = {}): NodeReport => ({
  institution: id(name),
  consensusKey: key(name),
  signs,
  height,
  versions: [1],
})
const members = [...'abcde'].map((name) => ({ institution: id(name), name: `Hospital ${name.toUpperCase()}` }))

describe('the figures of a set', () => {
  // spec/consensus.md, "Quorum"
  it.each([
    ['a', 0, 1, 0, 0],
    ['ab', 0, 2, 1, 0],
    ['abc', 0, 2, 0, 1],
    ['abcd', 1, 3, 1, 1],
    ['abcde', 1, 4, 2, 1],
    ['abcde', 0, 3, 0, 2],
    ['abcdef', 1, 4, 1, 2],
    ['abcdefg', 2, 5, 2, 2],
  ])('%s with b = %i', (names, b, quorum, liarsThatCannotFork, silentTolerated) => {
    expect(figuresOf(set(names, b))).toEqual({
      ...{ validators: names.length, b, quorum, liarsThatCannotFork, silentTolerated },
    })
  })

  it('stand before and after in one table', () => {
    expect(quorumTable(figuresOf(set('abcd', 1)), figuresOf(set('abcde', 1)))).toEqual([
      '                          now  after',
      '────────────────────────  ───  ─────',
      'validators (n)              4      5',
      'liars to withstand (b)      1      1',
      'quorum (q)                  3      4',
      'liars that cannot fork      1      2',
      'silent members tolerated    1      1',
    ])
  })
})

describe('what speaks against a set', () => {
  const against = (names: string, b: number, nodes: readonly NodeReport[], joining: PublicKey | null = null) =>
    objectionsTo(set(names, b), { joining, nodes, members })

  it('is nothing while a quorum of it signs', () => {
    expect(against('abc', 0, [node('a'), node('b')])).toEqual([])
  })

  it('is that fewer than a quorum of it were heard signing', () => {
    expect(against('abc', 0, [node('a'), node('c', { signs: false })])).toEqual([
      '1 of 3 validators would sign, 2 are needed: the chain would stop. Not signing now: Hospital B, Hospital C',
    ])
  })

  it('is a joining node that is not heard, or is more than ten blocks behind', () => {
    const others = [node('a'), node('b'), node('c')]
    const joined = (report: readonly NodeReport[]) => against('abcd', 0, [...others, ...report], key('d'))
    expect(joined([node('d', { signs: false, height: 90 })])).toEqual([])
    expect(joined([node('d', { signs: false, height: 89 })])).toEqual([
      'the node of Hospital D is 11 blocks behind, at height 89: let it catch up first',
    ])
    expect(joined([])).toEqual([
      'no node of Hospital D with a consensus key is heard: start it, and let it follow the chain first',
    ])
  })

  it('is nothing where the new key is of a validator that signs under the former one until then', () => {
    const replaced = {
      b: 0,
      members: [
        ...set('ab', 0).members,
        { seat: 5, institution: id('c'), consensus: key('new'), governance: key('new') },
      ],
    }
    const nodes = [node('a'), node('b', { signs: false }), node('c')]
    expect(objectionsTo(replaced, { joining: key('new'), nodes, members })).toEqual([])
    expect(objectionsTo(replaced, { joining: null, nodes, members })).toHaveLength(1)
  })

  it('counts the joining node, which does not sign yet, once it is ready', () => {
    const learner = node('b', { signs: false })
    expect(against('ab', 0, [node('a'), learner], key('b'))).toEqual([])
    expect(against('ab', 0, [node('a'), learner])).toHaveLength(1)
  })
})

it('a node is known by the key that lies on it: another key of its institution is somebody else', () => {
  const nodes = [node('a'), { ...node('b', { height: 95 }), institution: id('a') }]
  expect(standingOf(key('b'), nodes)).toEqual({ presence: 'signs', height: 95, behind: 5 })
  expect(standingOf(key('c'), nodes)).toEqual({ presence: 'silent', height: null, behind: null })
})
