// A higher term that only somebody's word stands for.

import type { Term } from '../types/brand.ts'
import { TERM_RAISE_MAX } from './limits.ts'
import { becomeFollower } from './roles.ts'
import type { Step } from './step.ts'

/**
 * Joins a higher term, by a bounded stride: nobody can use up the terms, and who campaigned alone for long still finds
 * back with a few requests. False while the term is still above the present one.
 */
export function joinTerm(step: Step, term: Term): boolean {
  const { state } = step
  if (term > state.term) becomeFollower(step, { term: Math.min(term, state.term + TERM_RAISE_MAX) as Term })
  return state.term === term
}
