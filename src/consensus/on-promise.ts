// Candidate: a promise instead of a vote. Checked, so that a false one is noticed; what a promise is good for are
// Releases (spec/consensus.md, section 13).

import { promiseMessage } from '../types/signing.ts'
import { memberAt } from '../types/validator-set.ts'
import { presentSet } from './epochs.ts'
import type { From, PromiseReply } from './messages.ts'
import { accuse, type Step } from './step.ts'
import { witnessWord } from './witness.ts'

export function onPromise(step: Step, { from, message }: From<PromiseReply>): void {
  const { state } = step
  const { chainId, verify } = state.settings
  const { promise, signature } = message
  const member = memberAt(presentSet(state), from)
  if (promise.chainId !== chainId || promise.epoch !== state.epoch) {
    accuse(step, { member: from, what: 'foreignStatement' })
  } else if (member === undefined || !verify(member.consensusKey, promiseMessage(promise), signature)) {
    accuse(step, { member: from, what: 'badSignature' })
  } else witnessWord(step, { kind: 'promise', member: from, promise, signature })
}
