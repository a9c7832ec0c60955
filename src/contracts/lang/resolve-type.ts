// Types as written -> types; bounds -> numbers.

import { LIST_MAX, SCALARS, type Type } from '../vm/type.ts'
import { didYouMean, Mistake } from './diagnostics.ts'
import { lookUp, type Symbols } from './symbols.ts'
import type { BoundSyntax, TypeSyntax } from './syntax.ts'

export function resolveType(symbols: Symbols, syntax: TypeSyntax): Type {
  const base = resolveBase(symbols, syntax)
  return syntax.optional ? { kind: 'optional', value: base } : base
}

function resolveBase(symbols: Symbols, { base, span }: TypeSyntax): Type {
  if (base.kind === 'list') {
    const item = resolveType(symbols, base.item)
    const max = resolveBound(symbols, base.max)
    if (max < 1 || max > LIST_MAX) {
      throw new Mistake(base.max.span, `a list holds 1 to ${LIST_MAX} elements`, 'Choose a smaller bound.')
    }
    return { kind: 'list', item, max }
  }
  if (base.contract !== null) {
    const used = lookUp(symbols.uses, base.contract, 'used contract')
    return lookUp(used.types, base.name, `type of ${used.name} called`)
  }
  const scalar = SCALARS.find((kind) => kind === base.name.text)
  if (scalar !== undefined) return { kind: scalar }
  const declared = symbols.types.get(base.name.text)
  if (declared !== undefined) return declared
  const candidates = [...SCALARS, ...symbols.types.keys()]
  const advice = base.name.text === 'map' ? 'A map stands only in a state: state NAME: map<KEY, VALUE>.' : ''
  const hint = advice || `Types are ${candidates.join(', ')}, list<T, MAX>.${didYouMean(base.name.text, candidates)}`
  throw new Mistake(span, `there is no type "${base.name.text}"`, hint)
}

export function resolveBound(symbols: Symbols, bound: BoundSyntax): number {
  if (bound.kind === 'integer') return bound.value
  const constant = lookUp(symbols.constants, bound.name, 'constant')
  if (constant.type.kind !== 'int') throw new Mistake(bound.span, 'a bound is an int', 'Use a constant of type int.')
  return constant.cell as number
}
