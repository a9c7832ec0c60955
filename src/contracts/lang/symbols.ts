// What the names of one contract stand for.

import type { Cell } from '../vm/cell.ts'
import type { EnumType, RecordType, Type } from '../vm/type.ts'
import type { EntrySymbol, EventSymbol, StateSymbol } from './checked.ts'
import { didYouMean, Mistake, type Span } from './diagnostics.ts'
import type { FunctionSyntax, Word } from './syntax.ts'

/** What other contracts may use of a contract. */
export interface ContractExports {
  readonly name: string
  readonly types: ReadonlyMap<string, EnumType | RecordType>
  /** And filters. */
  readonly views: ReadonlyMap<string, EntrySymbol>
  /** Actions that only one contract may call. */
  readonly granted: ReadonlyMap<string, EntrySymbol & { readonly by: string }>
  /** What transactions call, for tests. */
  readonly actions: ReadonlyMap<string, EntrySymbol>
  readonly events: ReadonlyMap<string, EventSymbol>
}

export interface FunctionSymbol {
  readonly syntax: FunctionSyntax
  readonly parameters: readonly { readonly name: string; readonly type: Type }[]
  readonly returns: Type | null
}

export interface ConstantSymbol {
  readonly type: Type
  readonly cell: Cell
}

export interface Symbols {
  readonly contract: string
  readonly uses: Map<string, ContractExports>
  readonly types: Map<string, EnumType | RecordType>
  readonly states: Map<string, StateSymbol>
  readonly events: Map<string, EventSymbol>
  readonly refusals: Map<string, string>
  readonly constants: Map<string, ConstantSymbol>
  readonly functions: Map<string, FunctionSymbol>
}

export function noSymbols(contract: string): Symbols {
  return {
    contract,
    ...{ uses: new Map(), types: new Map(), states: new Map(), events: new Map() },
    ...{ refusals: new Map(), constants: new Map(), functions: new Map() },
  }
}

export const CONTEXT_WORDS: ReadonlySet<string> = new Set([
  'now',
  'height',
  'epoch',
  'sender',
  'transaction',
  'callIndex',
])
export const HOST_FUNCTIONS: ReadonlySet<string> = new Set([
  'hash',
  'deriveId',
  'asId',
  'asHash',
  'asKey',
  'min',
  'max',
  'interval',
])

export function lookUp<T>(table: ReadonlyMap<string, T>, word: Word, what: string): T {
  const found = table.get(word.text)
  if (found !== undefined) return found
  const known = [...table.keys()]
  const advice =
    known.length === 0 ? `This contract declares no ${what}.` : `Declare it.${didYouMean(word.text, known)}`
  throw new Mistake(word.span, `there is no ${what} "${word.text}"`, advice)
}

/** One name means one thing: a new variable may not hide a name that reads as a value. */
export function assertFresh(symbols: Symbols, word: Word): void {
  const taken = takenBy(symbols, word.text)
  if (taken === undefined) return
  throw new Mistake(word.span, `"${word.text}" already names ${taken}`, 'One name means one thing: choose another.')
}

function takenBy(symbols: Symbols, name: string): string | undefined {
  if (CONTEXT_WORDS.has(name)) return 'a value of the context'
  if (symbols.states.has(name)) return 'a state of this contract'
  if (symbols.constants.has(name)) return 'a constant'
  if (symbols.types.has(name)) return 'a type'
  if (symbols.uses.has(name)) return 'a contract'
  return undefined
}

export function memberOf(type: EnumType, word: Word): number {
  const position = type.members.indexOf(word.text)
  if (position >= 0) return position
  const advice = `Its members: ${type.members.join(', ')}.${didYouMean(word.text, type.members)}`
  throw new Mistake(word.span, `${type.name} has no member "${word.text}"`, advice)
}

export function unexpected(span: Span, expected: string, found: string): Mistake {
  return new Mistake(span, `expected ${expected}, found ${found}`, 'Give a value of the type that is expected here.')
}
