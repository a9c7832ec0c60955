// The shape of a Clause text after parsing: names are still words. spec/clause.md, "Grammar".

import type { Span } from './diagnostics.ts'

/** A word with its place. */
export interface Word {
  readonly text: string
  readonly span: Span
}

export interface TypeSyntax {
  readonly span: Span
  readonly base:
    | { readonly kind: 'named'; readonly contract: Word | null; readonly name: Word }
    | { readonly kind: 'list'; readonly item: TypeSyntax; readonly max: BoundSyntax }
  readonly optional: boolean
}

/** A number, or the name of a constant. */
export type BoundSyntax =
  | { readonly kind: 'integer'; readonly value: number; readonly span: Span }
  | { readonly kind: 'constant'; readonly name: Word; readonly span: Span }

export interface FieldSyntax {
  readonly name: Word
  readonly type: TypeSyntax
}

/** `name: value`, or `name` alone, which means `name: name`. */
export interface FieldValueSyntax {
  readonly name: Word
  readonly value: Expression
}

export type BinaryOperator = '+' | '-' | '*' | '/' | '%' | '==' | '!=' | '<' | '<=' | '>' | '>='

export type Expression = { readonly span: Span } & (
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'duration'; readonly milliseconds: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'none' }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'name'; readonly name: Word }
  | { readonly kind: 'field'; readonly target: Expression; readonly name: Word }
  | { readonly kind: 'index'; readonly target: Expression; readonly keys: readonly Expression[] }
  | { readonly kind: 'with'; readonly target: Expression; readonly fields: readonly FieldValueSyntax[] }
  | CallExpression
  | { readonly kind: 'negate'; readonly value: Expression }
  | { readonly kind: 'not'; readonly value: Expression }
  | { readonly kind: 'logical'; readonly operator: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly kind: 'in'; readonly negated: boolean; readonly item: Expression; readonly target: Expression }
  | { readonly kind: 'is'; readonly negated: boolean; readonly value: Expression; readonly test: IsTest }
  | { readonly kind: 'else'; readonly value: Expression; readonly otherwise: Expression | RefusalSyntax }
  | {
      readonly kind: 'if'
      readonly condition: Expression
      readonly whenTrue: Expression
      readonly whenFalse: Expression
    }
  | {
      readonly kind: 'quantifier'
      readonly quantifier: 'any' | 'all'
      readonly variable: Word
      readonly list: Expression
      readonly condition: Expression
    }
)

/** `name(...)`, `contract.view(...)` or `value.method(...)`: which of them, the type checker knows. */
export interface CallExpression {
  readonly kind: 'call'
  readonly span: Span
  readonly target: Expression | null
  readonly name: Word
  /** Arguments that carry a name build a record. */
  readonly arguments: readonly { readonly name: Word | null; readonly value: Expression }[]
}

export type IsTest =
  | { readonly kind: 'none' }
  | { readonly kind: 'some' }
  | { readonly kind: 'members'; readonly members: readonly Word[] }

export interface RefusalSyntax {
  readonly kind: 'refusal'
  readonly span: Span
  readonly code: Word
  readonly about: Word | null
}

export interface Block {
  readonly statements: readonly Statement[]
  /** The closing brace: where control leaves the block. */
  readonly end: Span
}

export type Statement = { readonly span: Span } & (
  | {
      readonly kind: 'variable'
      readonly changeable: boolean
      readonly name: Word
      readonly type: TypeSyntax | null
      readonly value: Expression
    }
  | {
      readonly kind: 'assign'
      readonly name: Word
      readonly keys: readonly Expression[] | null
      readonly value: Expression
    }
  | { readonly kind: 'delete'; readonly name: Word; readonly keys: readonly Expression[] }
  | { readonly kind: 'if'; readonly branches: readonly IfBranch[]; readonly otherwise: Block | null }
  | { readonly kind: 'forList'; readonly variable: Word; readonly list: Expression; readonly body: Block }
  | {
      readonly kind: 'forRange'
      readonly variable: Word
      readonly from: Expression
      readonly to: Expression
      readonly max: BoundSyntax | null
      readonly body: Block
    }
  | ForEntries
  | {
      readonly kind: 'match'
      readonly value: Expression
      readonly cases: readonly { readonly members: readonly Word[]; readonly body: Block }[]
      readonly otherwise: Block | null
    }
  | { readonly kind: 'require'; readonly condition: Expression; readonly refusal: RefusalSyntax }
  | { readonly kind: 'refuse'; readonly refusal: RefusalSyntax }
  | { readonly kind: 'emit'; readonly event: Word; readonly fields: readonly FieldValueSyntax[] }
  | { readonly kind: 'return'; readonly value: Expression | null }
  | { readonly kind: 'break' }
  | { readonly kind: 'continue' }
  | { readonly kind: 'call'; readonly call: CallExpression }
)

export interface IfBranch {
  readonly condition: Expression
  readonly body: Block
}

export interface ForEntries {
  readonly kind: 'forEntries'
  readonly span: Span
  readonly keys: readonly Word[]
  readonly value: Word | null
  readonly state: Word
  readonly prefix: readonly Expression[]
  /** `max` refuses more entries, `first` stops. */
  readonly limit: { readonly kind: 'max' | 'first'; readonly bound: BoundSyntax }
  readonly start: { readonly kind: 'from' | 'after'; readonly keys: readonly Expression[]; readonly span: Span } | null
  readonly body: Block
}

export interface FunctionSyntax {
  readonly kind: 'function' | 'filter' | 'view' | 'action' | 'genesis action'
  readonly span: Span
  readonly name: Word
  readonly parameters: readonly FieldSyntax[]
  readonly returns: TypeSyntax | null
  readonly reveals: Word | null
  /** The contract that alone may call this action. */
  readonly by: Word | null
  readonly body: Block
}

export type Declaration =
  | { readonly kind: 'enum'; readonly span: Span; readonly name: Word; readonly members: readonly Word[] }
  | { readonly kind: 'record'; readonly span: Span; readonly name: Word; readonly fields: readonly FieldSyntax[] }
  | {
      readonly kind: 'state'
      readonly span: Span
      readonly name: Word
      /** Parts of the key; null for a single value. */
      readonly key: readonly { readonly name: Word | null; readonly type: TypeSyntax }[] | null
      /** Declared `table`: codes and what covers them. */
      readonly table: boolean
      readonly value: TypeSyntax
    }
  | { readonly kind: 'event'; readonly span: Span; readonly name: Word; readonly fields: readonly FieldSyntax[] }
  | { readonly kind: 'refusal'; readonly span: Span; readonly code: Word; readonly meaning: string }
  | {
      readonly kind: 'constant'
      readonly span: Span
      readonly name: Word
      readonly type: TypeSyntax | null
      readonly value: Expression
    }
  | FunctionSyntax

export interface ContractSyntax {
  readonly name: Word
  readonly version: number
  readonly uses: readonly Word[]
  readonly declarations: readonly Declaration[]
}
