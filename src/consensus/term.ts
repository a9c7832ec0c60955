// A term that only somebody's word stands for.

import type { MemberIndex, Term } from '../types/brand.ts'
import { TERM_RAISE_MAX } from './limits.ts'
import { accuse, type Step } from './step.ts'

/** Within reach of the present term; larger gaps are learned from a LeaderCert only. */
export function isBelievable(step: Step, { from, term }: { from: MemberIndex; term: Term }): boolean {
  if (term <= step.state.term + TERM_RAISE_MAX) return true
  accuse(step, { member: from, what: 'termInflation' })
  return false
}
