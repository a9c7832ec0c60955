// A message from a member, to the handler of its kind.

import { assertNever } from '../types/assert.ts'
import { isOfPresentEpoch, onCertified } from './epoch-gap.ts'
import { isSeated } from './epochs.ts'
import type { Received } from './events.ts'
import { onAppend } from './on-append.ts'
import { onAppendReply } from './on-append-reply.ts'
import { onPreVote } from './on-pre-vote.ts'
import { onPreVoteRequest } from './on-pre-vote-request.ts'
import { onPromise } from './on-promise.ts'
import { onStaleTerm } from './on-stale-term.ts'
import { onTimeoutNow } from './on-timeout-now.ts'
import { onVote } from './on-vote.ts'
import { onVoteRequest } from './on-vote-request.ts'
import { onReadIndexAnswer, onReadIndexRequest } from './read-index.ts'
import type { Step } from './step.ts'

export function onReceived(step: Step, { from, message }: Received): void {
  const { state } = step
  if (from === state.settings.self) return
  if (!isSeated(state, { seat: from, epoch: state.epoch })) {
    onForeign(step, { from, message })
    return
  }
  switch (message.kind) {
    case 'append':
      onAppend(step, { from, message })
      break
    case 'appendReply':
      onAppendReply(step, { from, message })
      break
    case 'voteRequest':
      if (isOfPresentEpoch(step, { from, message })) onVoteRequest(step, { from, message })
      break
    case 'preVoteRequest':
      if (isOfPresentEpoch(step, { from, message })) onPreVoteRequest(step, { from, message })
      break
    case 'preVote':
      onPreVote(step, { from, message })
      break
    case 'vote':
      onVote(step, { from, message })
      break
    case 'promise':
      onPromise(step, { from, message })
      break
    case 'staleTerm':
      onStaleTerm(step, { from, message })
      break
    case 'timeoutNow':
      onTimeoutNow(step, { from, message })
      break
    case 'readIndexRequest':
      onReadIndexRequest(step, { from, message })
      break
    case 'readIndexAnswer':
      onReadIndexAnswer(step, { from, message })
      break
    case 'certified':
      onCertified(step, { from, message })
      break
    default:
      assertNever(message)
  }
}

/** From a seat of another epoch: it is told, or tells, that the epoch is over. */
function onForeign(step: Step, { from, message }: Omit<Received, 'kind'>): void {
  switch (message.kind) {
    case 'voteRequest':
    case 'preVoteRequest':
      isOfPresentEpoch(step, { from, message })
      break
    case 'certified':
      onCertified(step, { from, message })
      break
    default:
      break
  }
}
