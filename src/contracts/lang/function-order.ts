// What follows from who calls whom: no circles, no writing or transaction behind a view, callees before callers.

import type { Body } from './body.ts'
import type { CheckedFunction } from './checked.ts'
import { Mistake, type Span } from './diagnostics.ts'

export interface FunctionBody {
  readonly checked: CheckedFunction
  readonly body: Body
}

/** Callees before callers. Throws Mistake on a circle. */
export function orderFunctions(functions: readonly FunctionBody[]): CheckedFunction[] {
  const byName = new Map(functions.map((each) => [each.checked.name, each]))
  const ordered = new Set<CheckedFunction>()
  const visit = (current: FunctionBody, path: readonly string[]): void => {
    if (ordered.has(current.checked)) return
    for (const [name, span] of current.body.calls) {
      const callee = byName.get(name)
      if (callee === undefined) continue
      const circle = [...path, current.checked.name]
      const start = circle.indexOf(name)
      if (start >= 0) {
        const way = [...circle.slice(start), name].join(' -> ')
        throw new Mistake(span, `functions call each other in a circle: ${way}`, 'Use a bounded loop instead.')
      }
      visit(callee, circle)
    }
    ordered.add(current.checked)
  }
  for (const each of functions) visit(each, [])
  return [...ordered]
}

type Effect = 'writes' | 'readsTransaction' | 'readsChain'

const FORBIDDEN: ReadonlyMap<CheckedFunction['kind'], readonly Effect[]> = new Map([
  ['view', ['writes', 'readsTransaction'] as const],
  ['filter', ['writes', 'readsTransaction', 'readsChain'] as const],
])

/** Views and filters have no effect that they must not have, themselves or through what they call. Throws Mistake. */
export function checkEffects(functions: readonly FunctionBody[]): void {
  const byName = new Map(functions.map((each) => [each.checked.name, each]))
  for (const each of functions) {
    for (const effect of FORBIDDEN.get(each.checked.kind) ?? []) {
      const span = findEffect(each, effect, { byName, seen: new Set() })
      if (span !== null) throw mistakeOf(each, effect, span)
    }
  }
}

/** Where `current` has the effect: the place itself, or the call behind which it hides. */
function findEffect(
  current: FunctionBody,
  effect: Effect,
  search: { readonly byName: ReadonlyMap<string, FunctionBody>; readonly seen: Set<string> },
): Span | null {
  const own = current.body[effect]
  if (own !== null) return own
  for (const [name, span] of current.body.calls) {
    const callee = search.byName.get(name)
    if (callee === undefined || search.seen.has(name)) continue
    search.seen.add(name)
    if (findEffect(callee, effect, search) !== null) return span
  }
  return null
}

function mistakeOf({ checked }: FunctionBody, effect: Effect, span: Span): Mistake {
  const who = `the ${checked.kind} "${checked.name}"`
  switch (effect) {
    case 'writes':
      return new Mistake(span, `${who} writes or emits here`, 'Only actions write: make it an action.')
    case 'readsTransaction': {
      const advice = 'It runs outside of any transaction: take what you need as a parameter.'
      return new Mistake(span, `${who} reads the transaction here`, advice)
    }
    case 'readsChain': {
      const advice = 'A filter knows its parameters and code tables: take what you need as a parameter.'
      return new Mistake(span, `${who} reads state or time here`, advice)
    }
  }
}
