// A branch that stands in others' way, in words: who has turned away from it, who is bound to it or says nothing.

import type { StuckBranch } from '../client/standstill.ts'
import { type Founders, nameOf } from './identities.ts'
import { pairs, shortId, table } from './output.ts'

export const shortBranch = ({ term, height, hash }: StuckBranch['branch']): string =>
  `${shortId(hash)} (term ${term}, height ${height})`

export function branchLines(stuck: StuckBranch, members: Founders): readonly string[] {
  const { branch, twin, leader, guilty, words, silent, term, bindsSelf } = stuck
  const name = (id: string | null): string => (id === null ? 'unknown' : nameOf(id, members))
  const rows = [
    ...words.map(({ institution, kind, tip, isApart }) => [
      name(institution),
      `${kind} of term ${term}`,
      tip === null ? 'nothing' : `${shortId(tip.hash)} (term ${tip.term}, height ${tip.height})`,
      isApart ? 'turned away' : 'may be bound to it',
    ]),
    ...silent.map((institution) => [name(institution), '', '', 'not heard: may be bound to it']),
    ...guilty.map((institution) => [name(institution), '', '', 'proven to have lied: its word does not count']),
  ]
  return [
    ...pairs([
      ['branch', shortBranch(branch)],
      ['beside', `${shortId(twin)}, in the same place`],
      ['made by', name(leader)],
      ['binds', bindsSelf ? 'this validator, too' : 'not this validator'],
      ['release', OUTCOMES[stuck.release]],
    ]),
    '',
    ...table(['institution', 'its word', 'names', 'so it'], rows),
  ]
}

const OUTCOMES: { readonly [release in StuckBranch['release']]: string } = {
  known: 'known: nothing has to be decided',
  proposed: 'can be decided: assent consensus release build',
  none: 'cannot be decided by what was heard so far; give up the other branch, or bring more members back',
}
