// Between two members who do not know of the same epoch: who is behind catches up first, who is ahead answers with its
// certificate (spec/consensus.md, "Membership").

import type { Epoch, Seat } from '../types/brand.ts'
import type { CommitCert } from '../types/certificate.ts'
import { learnCommitCert } from './commit.ts'
import type { Candidacy, Certified, From, Message } from './messages.ts'
import { type Step, send } from './step.ts'
import { catchUp } from './sync.ts'

/** Is it about the present epoch, as far as both can tell? Else the one of the two that is behind is helped. */
export function isOfPresentEpoch(
  step: Step,
  { from, message }: { from: Seat; message: Pick<Candidacy, 'epoch' | 'commitCert'> },
): boolean {
  const { state } = step
  // It may show the very certificate that ends the epoch known here.
  if (message.epoch > state.epoch && message.commitCert !== null)
    learnCommitCert(step, { from, certificate: message.commitCert })
  if (state.halted || message.epoch === state.epoch) return !state.halted
  if (message.epoch > state.epoch) catchUp(step, from)
  else answerFromLaterEpoch(step, { to: from, message })
  return false
}

/** To whoever speaks for an epoch that is over, be it a member no more. */
export function answerFromLaterEpoch(
  step: Step,
  { to, message }: { to: Seat; message: Pick<Candidacy, 'epoch'> },
): void {
  const answer = certifiedAnswer(message, step.state)
  if (answer !== null) send(step, { to, message: answer })
}

/** What anybody who follows the chain can answer to a candidacy of an epoch that is over; also without a seat. */
export function certifiedAnswer(
  message: Pick<Candidacy, 'epoch'>,
  { epoch, commitCert }: { readonly epoch: Epoch; readonly commitCert: CommitCert | null },
): Message | null {
  return message.epoch < epoch && commitCert !== null ? { kind: 'certified', commitCert } : null
}

export function onCertified(step: Step, { from, message }: From<Certified>): void {
  learnCommitCert(step, { from, certificate: message.commitCert })
}
