// Branches that stand in each other's way, in words: who is bound to what, and what an operator does next; and what a decision
// says to whoever is to sign it.

import type { ConsensusStatus } from '../client/consensus-status.ts'
import type { StuckBranch } from '../client/standstill.ts'
import type { Verifier } from '../consensus/certificate.ts'
import { contentOf } from '../consensus/evidence/statements.ts'
import { branchOf, type GovernedRelease } from '../consensus/release.ts'
import { blockHash } from '../types/signing.ts'
import { memberAt } from '../types/validator-set.ts'
import { type Founders, nameOf } from './identities.ts'
import { pairs, shortId, table } from './output.ts'
import { signersOf } from './release-file.ts'

/** What one node knows. */
export interface Standstill {
  readonly branches: readonly StuckBranch[]
  readonly status: Pick<ConsensusStatus, 'head' | 'leader' | 'quorum' | 'validators'>
  readonly members: Founders
}

export const shortBranch = ({ term, height, hash }: StuckBranch['branch']): string =>
  `${shortId(hash)} (term ${term}, height ${height})`

const namesOf = (ids: readonly (string | null)[], members: Founders): string =>
  ids.length === 0 ? 'nobody' : ids.map((id) => (id === null ? 'unknown' : nameOf(id, members))).join(', ')

/** What stands, and why; each branch; what to do next, typed at this node. */
export function standstillLines(standstill: Standstill, folder: string): readonly string[] {
  const { branches } = standstill
  if (branches.length === 0) return NOTHING
  return [
    ...situationLines(standstill),
    '',
    ...branches.flatMap((branch) => [...branchLines(branch, standstill), '']),
    ...nextLines(standstill, folder),
  ]
}

const NOTHING = [
  'Nothing is stuck here: this node knows of no leader that made two blocks in one place above its head.',
  'Ask another node, or look at: assent consensus status',
]

function situationLines({ branches, status, members }: Standstill): readonly string[] {
  const { head, leader, quorum, validators } = status
  const height = Math.min(...branches.map(({ branch }) => branch.height))
  const liars = namesOf([...new Set(branches.map((branch) => branch.leader))], members)
  const cause = `${liars} made two blocks in one place, at height ${height}, and validators are bound to different ones.`
  if (leader !== null) {
    const going = `${nameOf(leader.institution, members)} leads: the group may be going on by itself. Decide nothing while it does.`
    return [cause, going]
  }
  return [
    `The chain stands at height ${head.height}. ${cause}`,
    `No candidate gets the ${quorum} of ${validators.length} votes that it takes. What is certified stays; one of the branches has to be given up.`,
  ]
}

export function branchLines(
  stuck: StuckBranch,
  { status: { quorum, validators }, members }: Standstill,
): readonly string[] {
  const { branch, twin, leader, guilty, words, silent, term, bindsSelf } = stuck
  const name = (id: string | null): string => namesOf([id], members)
  const turnedAway = words.filter(({ isApart }) => isApart).length
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
      ['made by', `${name(leader)}, who made ${shortId(twin)} in the same place`],
      ['this node', bindsSelf ? 'is bound to it' : 'is not bound to it'],
      ['turned away', `${turnedAway} of the ${validators.length - quorum + 1} that it takes`],
      ['outcome', OUTCOMES[stuck.release]],
    ]),
    '',
    ...table(['institution', 'its word', 'names', 'so it'], rows),
  ]
}

const OUTCOMES: { readonly [release in StuckBranch['release']]: string } = {
  known: 'given up already: whoever stands for election next shows why',
  proposed: 'CAN BE GIVEN UP, if the institutions decide it',
  none: 'cannot be given up by what this node has heard',
}

function nextLines({ branches, status, members }: Standstill, folder: string): readonly string[] {
  if (branches.some(({ release }) => release === 'known')) {
    return ['Next: nothing has to be decided. Watch: assent consensus status --watch']
  }
  const [first, ...others] = branches.filter(({ release }) => release === 'proposed')
  if (first === undefined) {
    const silent = [...new Set(branches.flatMap((branch) => branch.silent))]
    return [
      `Next: bring back who is not heard (${namesOf(silent, members)}), and ask again, here and at other nodes: they may have heard more.`,
      'Where somebody is lost for good: assent recover --help',
    ]
  }
  const branch = others.length === 0 ? '' : ` --branch ${shortId(first.branch.hash)}`
  const which = others.length === 0 ? '' : ' (of several, give up those that bind fewest)'
  const words = first.words.filter(({ isApart }) => isApart).map(({ institution }) => institution)
  return [
    'Next:',
    `  1. Ask the operators of ${namesOf(words, members)}, who turned away${which}: whoever signs answers for their word.`,
    `  2. assent consensus release build${branch} --folder ${folder} --out release.json`,
    `  3. ${status.quorum} of the ${status.validators.length} institutions sign that file, then one of them applies it.`,
  ]
}

/** What is signed, and who has signed it. */
export function decisionLines(
  release: GovernedRelease,
  { verifier, members }: { verifier: Verifier; members: Founders },
): readonly string[] {
  const { start, twin, words } = release
  const institutionOf = (epoch: typeof release.epoch, seat: typeof start.header.proposer): string | null => {
    const set = verifier.setOf(epoch)
    return (set && memberAt(set, seat)?.institution) ?? null
  }
  const liar = institutionOf(start.header.epoch, start.header.proposer)
  const turnedAway = words.map(({ word }) => institutionOf(contentOf(word).epoch, word.member))
  const term = words[0] && contentOf(words[0].word).term
  const { signed, missing, needed } = signersOf(release, verifier)
  const left = needed - signed.length
  return pairs([
    ['given up', shortBranch(branchOf(release))],
    ['made by', `${namesOf([liar], members)}, who made ${shortId(blockHash(twin.header))} in the same place`],
    ['turned away', `${namesOf(turnedAway, members)}, by their words of term ${term}`],
    ['signed', `${signed.length} of ${needed}: ${namesOf(signed, members)}`],
    ...(left > 0 ? [['still needed', `${left} more, of: ${namesOf(missing, members)}`] as const] : []),
  ])
}
