import { describe, expect, it } from 'vitest'
import type { StuckBranch } from '../client/standstill.ts'
import type { IdentityId } from '../types/brand.ts'
import { branchLines, type Standstill, standstillLines } from './release-lines.ts'

const id = (letter: string) => letter.repeat(64) as IdentityId
const members = [...'abcdefg'].map((letter) => ({ institution: id(letter), name: `Hospital ${letter.toUpperCase()}` }))
const block = (hash: string) => ({ term: 4, height: 18, hash: hash.repeat(64) })

const branch: StuckBranch = {
  branch: block('1'),
  twin: '2'.repeat(64),
  leader: id('f'),
  guilty: [id('f')],
  term: 9,
  words: [
    { institution: id('a'), kind: 'promise', tip: block('2'), isApart: true },
    { institution: id('b'), kind: 'promise', tip: block('1'), isApart: false },
  ],
  silent: [id('c')],
  bindsSelf: false,
  release: 'proposed',
  proposal: 'AA==',
}
const other: StuckBranch = { ...branch, branch: block('2'), twin: '1'.repeat(64), release: 'none', proposal: null }

const standstill = (branches: readonly StuckBranch[], leader: string | null = null): Standstill => ({
  branches,
  members,
  status: {
    head: { height: 17, hash: '', timeMs: 0 },
    leader: leader === null ? null : { institution: id(leader), term: 4, sinceMs: 0, blocks: 1, transferTo: null },
    quorum: 5,
    validators: members.map(() => ({}) as Standstill['status']['validators'][number]),
  },
})
const textOf = (...given: Parameters<typeof standstill>): string =>
  standstillLines(standstill(...given), 'h-a').join('\n')

it('a branch says who has turned away from it, and who may be bound to it', () => {
  expect(branchLines(branch, standstill([]))).toEqual([
    'branch       111111111111 (term 4, height 18)',
    'made by      Hospital F, who made 222222222222 in the same place',
    'this node    is not bound to it',
    'turned away  1 of the 3 that it takes',
    'outcome      CAN BE GIVEN UP, if the institutions decide it',
    '',
    'institution  its word           names                             so it',
    '───────────  ─────────────────  ────────────────────────────────  ────────────────────────────────────────',
    'Hospital A   promise of term 9  222222222222 (term 4, height 18)  turned away',
    'Hospital B   promise of term 9  111111111111 (term 4, height 18)  may be bound to it',
    'Hospital C                                                        not heard: may be bound to it',
    'Hospital F                                                        proven to have lied: its word does not count',
  ])
})

describe('a standstill says what stands, why, and what to do next', () => {
  it('where institutions can decide: whom to ask, what to type, how many have to sign', () => {
    const text = textOf([branch, other])
    expect(text).toContain('The chain stands at height 17. Hospital F made two blocks in one place, at height 18')
    expect(text).toContain('No candidate gets the 5 of 7 votes')
    expect(text).toContain('Ask the operators of Hospital A, who turned away')
    expect(text).toContain('assent consensus release build --folder h-a --out release.json')
    expect(text).toContain('5 of the 7 institutions sign that file')
  })

  it('where several can be given up: which', () => {
    const text = textOf([branch, { ...other, release: 'proposed' }])
    expect(text).toContain('give up those that bind fewest')
    expect(text).toContain('release build --branch 111111111111 --folder')
  })

  it('where nobody can: who is missing', () => {
    expect(textOf([other])).toContain('Next: bring back who is not heard (Hospital C)')
  })

  it('where nothing has to be decided: that', () => {
    expect(textOf([{ ...branch, release: 'known' }, other])).toContain('Next: nothing has to be decided')
    expect(textOf([branch], 'a')).toContain('Hospital A leads: the group may be going on by itself')
    expect(textOf([])).toContain('Nothing is stuck here')
  })
})
