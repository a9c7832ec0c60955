// A statement by the own key that the sign-state does not know: this validator is not the one that it thinks it is, and
// signs nothing any more (spec/consensus.md, section 5). Looked for in all that members send, before any of it is acted on.

import type { Effect } from './effects.ts'
import { verifierOf } from './epochs.ts'
import type { Event } from './events.ts'
import { statementsBeyond } from './own-statements.ts'
import { statementsIn } from './shown-statements.ts'
import type { State } from './state.ts'

/** The one effect of an event that silences this core for good; null of any other event. */
export function silencedBy(state: State, event: Event): Effect | null {
  const { self: seat } = state.settings
  const statements = statementsIn(event, seat)
  if (statements.length === 0) return null
  const [statement] = statementsBeyond(state.signState, { seat, statements, verifier: verifierOf(state) })
  if (statement === undefined) return null
  state.halted = true
  return { kind: 'silenced', statement }
}
