// Types as written -> types; bounds -> numbers.

import {
  INTERVAL,
  LIST_MAX,
  type Measure,
  measureOf,
  SCALARS,
  TYPE_DEPTH_MAX,
  TYPE_SCALARS_MAX,
  type Type,
} from '../vm/type.ts'
import { didYouMean, Mistake, type Span } from './diagnostics.ts'
import { lookUp, type Symbols } from './symbols.ts'
import type { BoundSyntax, TypeSyntax } from './syntax.ts'

export function resolveType(symbols: Symbols, syntax: TypeSyntax): Type {
  const base = resolveBase(symbols, syntax)
  const type: Type = syntax.optional ? { kind: 'optional', value: base } : base
  assertFits(type, syntax.span)
  return type
}

/** The verifier would refuse the module; here the mistake has a place. */
export function assertFits(type: Type, span: Span): void {
  const { scalars, depth } = measure(type)
  if (depth > TYPE_DEPTH_MAX) {
    throw new Mistake(span, `nested deeper than ${TYPE_DEPTH_MAX} levels`, 'Keep parts in states of their own.')
  }
  if (scalars <= TYPE_SCALARS_MAX) return
  const found = `a value could hold ${scalars} scalars, and ${TYPE_SCALARS_MAX} are the limit`
  throw new Mistake(span, found, 'Make the lists in it shorter, or keep parts in states of their own.')
}

function measure(type: Type): Measure {
  switch (type.kind) {
    case 'record':
      return measureOf(
        1,
        type.fields.map((field) => measure(field.type)),
      )
    case 'list':
      return measureOf(type.max, [measure(type.item)])
    case 'optional':
      return measureOf(1, [measure(type.value)])
    default:
      return measureOf(1, [])
  }
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
  if (base.name.text === INTERVAL.kind) return INTERVAL
  const declared = symbols.types.get(base.name.text)
  if (declared !== undefined) return declared
  const candidates = [...SCALARS, INTERVAL.kind, ...symbols.types.keys()]
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
