// Candidate: a vote (spec/consensus.md, section 6).

import { voteMessage } from '../types/signing.ts'
import { memberAt } from '../types/validator-set.ts'
import { presentSet, verifierOf } from './epochs.ts'
import { isVoteSigned } from './evidence/statements.ts'
import type { From, VoteReply } from './messages.ts'
import { maybeWin } from './roles.ts'
import { accuse, type Step } from './step.ts'
import { isSameVote } from './vote-rules.ts'
import { witnessWord } from './witness.ts'

export function onVote(step: Step, { from, message }: From<VoteReply>): void {
  const { state, settings } = step
  const { role } = state
  const { vote, signature } = message
  if (role.kind !== 'candidate' || vote.term !== state.term || role.votes.has(from)) return
  const said = { member: from, vote, signature }
  if (!isSameVote(role.vote, vote)) {
    if (isVoteSigned(said, verifierOf(state))) witnessWord(step, { kind: 'vote', ...said })
    accuse(step, { member: from, what: 'foreignStatement' })
    return
  }
  const voter = memberAt(presentSet(state), from)
  if (voter === undefined || !settings.verify(voter.consensusKey, voteMessage(vote), signature)) {
    accuse(step, { member: from, what: 'badSignature' })
    return
  }
  witnessWord(step, { kind: 'vote', ...said })
  role.votes.set(from, signature)
  maybeWin(step)
}
