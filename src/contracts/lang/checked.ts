// A contract after the type checker: every name is resolved, every expression has its type, every step of the machine
// is explicit. The code generator writes it down; it decides nothing.

import type { Cell } from '../vm/cell.ts'
import type { Opcode } from '../vm/instruction.ts'
import type { EntryKind, RangeEntry, RefusalEntry } from '../vm/module.ts'
import type { Field, Type } from '../vm/type.ts'

/** A parameter, variable, loop variable or a place the compiler needs. */
export interface Local {
  readonly name: string
  readonly type: Type
  /** Position among the locals of its function. */
  readonly index: number
  /** Declared with `var`. */
  readonly changeable: boolean
}

export interface CheckedRefusal {
  readonly code: string
  readonly about: string | null
}

export type Checked = { readonly type: Type } & (
  | { readonly kind: 'constant'; readonly cell: Cell }
  | { readonly kind: 'none' }
  | { readonly kind: 'local'; readonly local: Local }
  /** Operands are computed in order, then `op` takes them; `a` is its operand, a type stands for its index. */
  | {
      readonly kind: 'operation'
      readonly op: Opcode
      readonly a: number | Type
      readonly operands: readonly Checked[]
    }
  | { readonly kind: 'list'; readonly items: readonly Checked[] }
  | { readonly kind: 'logical'; readonly operator: 'and' | 'or'; readonly left: Checked; readonly right: Checked }
  | { readonly kind: 'else'; readonly value: Checked; readonly otherwise: Checked }
  | { readonly kind: 'elseRefuse'; readonly value: Checked; readonly refusal: CheckedRefusal }
  | { readonly kind: 'if'; readonly condition: Checked; readonly whenTrue: Checked; readonly whenFalse: Checked }
  | {
      readonly kind: 'quantifier'
      readonly quantifier: 'any' | 'all'
      readonly list: Checked
      readonly variable: Local
      readonly result: Local
      readonly condition: Checked
    }
  | CheckedCall
)

export type CheckedCall =
  | { readonly kind: 'call'; readonly type: Type; readonly function: string; readonly operands: readonly Checked[] }
  | { readonly kind: 'import'; readonly type: Type; readonly entry: EntrySymbol; readonly operands: readonly Checked[] }

export interface CheckedBlock {
  readonly statements: readonly CheckedStatement[]
  /** Control can leave at the end of the block. */
  readonly completes: boolean
}

export type CheckedStatement =
  | { readonly kind: 'set'; readonly local: Local; readonly value: Checked }
  | { readonly kind: 'put'; readonly state: number; readonly keys: readonly Checked[]; readonly value: Checked }
  | { readonly kind: 'delete'; readonly state: number; readonly keys: readonly Checked[] }
  | {
      readonly kind: 'if'
      readonly branches: readonly { readonly condition: Checked; readonly body: CheckedBlock }[]
      readonly otherwise: CheckedBlock | null
    }
  | {
      readonly kind: 'match'
      /** Holds the value while the conditions of the cases test it. */
      readonly local: Local
      readonly value: Checked
      readonly cases: readonly { readonly condition: Checked; readonly body: CheckedBlock }[]
      readonly otherwise: CheckedBlock
    }
  | { readonly kind: 'forList'; readonly variable: Local; readonly list: Checked; readonly body: CheckedBlock }
  | {
      readonly kind: 'forRange'
      readonly variable: Local
      readonly from: Checked
      readonly to: Checked
      readonly max: number
      readonly body: CheckedBlock
    }
  | {
      readonly kind: 'forEntries'
      readonly range: RangeEntry
      readonly operands: readonly Checked[]
      /** In the order in which the machine leaves them on the stack. */
      readonly variables: readonly Local[]
      readonly body: CheckedBlock
    }
  | { readonly kind: 'require'; readonly condition: Checked; readonly refusal: CheckedRefusal }
  | { readonly kind: 'refuse'; readonly refusal: CheckedRefusal }
  | { readonly kind: 'emit'; readonly event: number; readonly fields: readonly Checked[] }
  | { readonly kind: 'return'; readonly value: Checked | null }
  | { readonly kind: 'break' }
  | { readonly kind: 'continue' }
  /** The result, when there is one, is dropped. */
  | { readonly kind: 'call'; readonly call: Checked; readonly hasResult: boolean }

/** What one contract can call of another. */
export interface EntrySymbol {
  readonly kind: 'view' | 'filter' | 'action'
  readonly contract: string
  readonly name: string
  readonly parameters: readonly Field[]
  readonly returns: Type | null
}

export interface StateSymbol {
  readonly name: string
  readonly index: number
  readonly key: readonly Field[]
  /** A single value instead of a map. */
  readonly single: boolean
  readonly value: Type
  /** Maps codes to what covers them. */
  readonly table: boolean
}

export interface EventSymbol {
  readonly name: string
  readonly index: number
  readonly fields: readonly Field[]
}

export interface CheckedFunction {
  readonly kind: EntryKind | 'function'
  readonly name: string
  readonly parameters: readonly Field[]
  readonly returns: Type | null
  readonly reveals: number | null
  readonly by: string | null
  readonly locals: readonly Local[]
  readonly body: CheckedBlock
}

export interface CheckedContract {
  readonly name: string
  readonly version: number
  readonly uses: readonly string[]
  readonly states: readonly StateSymbol[]
  readonly events: readonly EventSymbol[]
  readonly refusals: readonly RefusalEntry[]
  /** Callees before callers. */
  readonly functions: readonly CheckedFunction[]
}
