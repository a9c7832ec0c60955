// Candidate: a promise instead of a vote. It may go into a Release that frees its author, or others
// (spec/consensus.md, "Releases").

import { promiseMessage } from '../types/signing.ts'
import { memberAt } from '../types/validator-set.ts'
import { setOf } from './epochs.ts'
import type { From, PromiseReply } from './messages.ts'
import { keepRelease } from './releases.ts'
import { accuse, type Step } from './step.ts'
import { witnessWord } from './witness.ts'

export function onPromise(step: Step, { from, message }: From<PromiseReply>): void {
  const { state } = step
  const { chainId, verify } = state.settings
  const { promise, signature } = message
  const set = setOf(state, promise.epoch)
  const member = set && memberAt(set, from)
  if (promise.chainId !== chainId) {
    accuse(step, { member: from, what: 'foreignStatement' })
    return
  }
  // Said before it got its seat, or of an epoch that has not begun here.
  if (member === undefined) return
  if (!verify(member.consensusKey, promiseMessage(promise), signature)) {
    accuse(step, { member: from, what: 'badSignature' })
  } else {
    witnessWord(step, { kind: 'promise', member: from, promise, signature })
    if (message.release !== null) keepRelease(state, { from, encoded: message.release })
  }
}
