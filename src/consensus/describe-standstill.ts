// Branches that an equivocating leader has left, and who is bound to what by his own word: for people who have to decide
// which of them is given up. Reads the state, changes nothing (spec/consensus.md, "Releases").

import type { Hash, Seat, Term } from '../types/brand.ts'
import type { Tip } from '../types/certificate.ts'
import { tipOfStart } from './abandonment.ts'
import { isAckedUnder } from './acked-path.ts'
import { presentSet } from './epochs.ts'
import { tipOfWord } from './evidence/statements.ts'
import { abandon, guiltyBeside, proposeDecision, wordsApart } from './releases.ts'
import type { State } from './state.ts'
import { certifiedHeight } from './tip.ts'
import type { Twins } from './witness.ts'

/** What a member said in an election: the block that it is bound to, or none. */
export interface Said {
  readonly seat: Seat
  readonly kind: 'vote' | 'promise'
  readonly tip: Tip | null
  /** Does it show a last ack that is not on the branch? */
  readonly isApart: boolean
}

export interface StuckBranch {
  readonly branch: Tip
  readonly twin: Hash
  readonly leader: Seat
  /** Proven to have lied: their words do not count. */
  readonly guilty: readonly Seat[]
  /** The election of the words; null where nobody has said anything since. */
  readonly term: Term | null
  readonly words: readonly Said[]
  /** Heard nothing of in that election. */
  readonly silent: readonly Seat[]
  /** The last ack of this validator is on it. */
  readonly bindsSelf: boolean
  /**
   * known: messages, or a decision, free from it already. proposed: people may decide. none: too few have turned away, so
   * that another branch is the one to give up.
   */
  readonly release: 'known' | 'proposed' | 'none'
  /** Canonical bytes of the governed Release, not signed yet; null unless `proposed`. */
  readonly proposal: Uint8Array | null
}

/** Above the certified head: where two branches begin, both are there. */
export function describeStandstill(state: State): readonly StuckBranch[] {
  return [...state.witness.twins.values()]
    .filter(({ start }) => start.header.height > certifiedHeight(state))
    .map((twins) => describeBranch(state, twins))
    .sort((left, right) => left.branch.height - right.branch.height || (left.branch.hash < right.branch.hash ? -1 : 1))
}

function describeBranch(state: State, twins: Twins): StuckBranch {
  const branch = tipOfStart(twins.start)
  const { guilty } = guiltyBeside(state, twins)
  const isKnown = state.releases.decided.has(branch.hash) || abandon(state, twins) !== null
  const proposal = isKnown ? null : proposeDecision(state, twins)
  const term = latestTermOfWords(state, branch)
  const words = term === null ? [] : wordsIn(state, { term, branch, guilty })
  const heard = new Set(words.map(({ seat }) => seat))
  return {
    branch,
    twin: tipOfStart(twins.twin).hash,
    leader: twins.start.header.proposer,
    guilty: [...guilty].sort((left, right) => left - right),
    term,
    words,
    silent: presentSet(state).members.flatMap(({ seat }) => (heard.has(seat) || guilty.has(seat) ? [] : [seat])),
    bindsSelf: isAckedUnder(state, branch.hash),
    release: isKnown ? 'known' : proposal === null ? 'none' : 'proposed',
    proposal,
  }
}

/** Of those since the branch began, the one in which most spoke; of equal ones the latest. */
function latestTermOfWords({ witness }: State, { term: begun }: Tip): Term | null {
  let found: { readonly term: Term; readonly count: number } | null = null
  for (const [term, { votes, promises }] of witness.index.terms) {
    const count = new Set([...votes.keys(), ...promises.keys()]).size
    if (term <= begun || count === 0) continue
    if (found === null || count > found.count || (count === found.count && term > found.term)) found = { term, count }
  }
  return found?.term ?? null
}

function wordsIn(
  state: State,
  { term, branch, guilty }: { term: Term; branch: Tip; guilty: ReadonlySet<Seat> },
): readonly Said[] {
  const said = state.witness.index.terms.get(term)
  const apart = new Map(wordsApart(state, { term, branch, guilty }).map(({ word }) => [word.member, word]))
  return presentSet(state).members.flatMap(({ seat }): readonly Said[] => {
    if (guilty.has(seat) || said === undefined) return []
    const vote = said.votes.get(seat)
    const word = apart.get(seat) ?? said.promises.get(seat) ?? (vote && { kind: 'vote' as const, ...vote })
    if (word === undefined) return []
    return [{ seat, kind: word.kind, tip: tipOfWord(word), isApart: apart.has(seat) }]
  })
}
