import { expect, it } from 'vitest'
import type { IdentityId } from '../types/brand.ts'
import { branchLines } from './release-lines.ts'

const id = (letter: string) => letter.repeat(64) as IdentityId
const members = [...'abcd'].map((letter) => ({ institution: id(letter), name: `Hospital ${letter.toUpperCase()}` }))

it('a branch says who has turned away from it, and who may be bound to it', () => {
  const block = (hash: string) => ({ term: 4, height: 18, hash: hash.repeat(64) })
  const lines = branchLines(
    {
      branch: block('1'),
      twin: '2'.repeat(64),
      leader: id('d'),
      guilty: [id('d')],
      term: 9,
      words: [
        { institution: id('a'), kind: 'promise', tip: block('2'), isApart: true },
        { institution: id('b'), kind: 'promise', tip: block('1'), isApart: false },
      ],
      silent: [id('c')],
      bindsSelf: false,
      release: 'proposed',
      proposal: 'AA==',
    },
    members,
  )
  expect(lines).toEqual([
    'branch   111111111111 (term 4, height 18)',
    'beside   222222222222, in the same place',
    'made by  Hospital D',
    'binds    not this validator',
    'release  can be decided: assent consensus release build',
    '',
    'institution  its word           names                             so it',
    '───────────  ─────────────────  ────────────────────────────────  ────────────────────────────────────────',
    'Hospital A   promise of term 9  222222222222 (term 4, height 18)  turned away',
    'Hospital B   promise of term 9  111111111111 (term 4, height 18)  may be bound to it',
    'Hospital C                                                        not heard: may be bound to it',
    'Hospital D                                                        proven to have lied: its word does not count',
  ])
})
