// Names in expressions: variables, constants, single states, the context, enum members.

import { OP, type Opcode } from '../vm/instruction.ts'
import { type EnumType, HASH, ID, INT, TIME, type Type } from '../vm/type.ts'
import { type Body, FollowUp } from './body.ts'
import { constant, operation } from './build.ts'
import type { Checked } from './checked.ts'
import { didYouMean, Mistake } from './diagnostics.ts'
import { CONTEXT_WORDS, lookUp, memberOf } from './symbols.ts'
import type { Expression, Word } from './syntax.ts'

export function checkName(body: Body, word: Word, expected: Type | undefined): Checked {
  const { symbols } = body
  const local = body.find(word.text)
  if (local === null) throw new FollowUp(word.span)
  if (local !== undefined) return body.narrowed({ kind: 'local', local, type: local.type })
  const known = symbols.constants.get(word.text)
  if (known !== undefined) return constant(known.type, known.cell)
  const state = symbols.states.get(word.text)
  if (state?.single) {
    body.noteRead(state, word.span)
    return operation(OP.GET, [], { type: { kind: 'optional', value: state.value }, a: state.index })
  }
  if (state !== undefined) {
    const parts = state.key.map((part) => part.name).join(', ')
    throw new Mistake(word.span, `"${word.text}" is a map`, `Take an entry: ${word.text}[${parts}].`)
  }
  if (CONTEXT_WORDS.has(word.text)) return checkContextWord(body, word)
  const wanted = expected?.kind === 'optional' ? expected.value : expected
  if (wanted?.kind === 'enum') return constant(wanted, memberOf(wanted, word))
  throw unknownName(body, word)
}

const CONTEXT: ReadonlyMap<string, { readonly op: Opcode; readonly type: Type }> = new Map([
  ['now', { op: OP.NOW, type: TIME }],
  ['height', { op: OP.HEIGHT, type: INT }],
  ['epoch', { op: OP.EPOCH, type: INT }],
  ['sender', { op: OP.SENDER, type: ID }],
  ['transaction', { op: OP.TRANSACTION, type: HASH }],
  ['callIndex', { op: OP.CALL_INDEX, type: INT }],
])

function checkContextWord(body: Body, word: Word): Checked {
  const { op, type } = lookUp(CONTEXT, word, 'word of the context')
  if (op === OP.NOW || op === OP.HEIGHT || op === OP.EPOCH) body.readsChain ??= word.span
  else body.readsTransaction ??= word.span
  return operation(op, [], { type })
}

function unknownName(body: Body, word: Word): Mistake {
  const { symbols } = body
  const owner = [...symbols.types.values()].find((type) => type.kind === 'enum' && type.members.includes(word.text))
  if (owner !== undefined) {
    const advice = `Write ${owner.name.slice(owner.name.indexOf('.') + 1)}.${word.text}, or test with "is ${word.text}".`
    return new Mistake(word.span, `"${word.text}" is a member of ${owner.name}, which is not expected here`, advice)
  }
  if (symbols.functions.has(word.text)) {
    return new Mistake(word.span, `"${word.text}" is a function`, `Call it: ${word.text}(...).`)
  }
  const names = [...body.visibleNames(), ...symbols.constants.keys(), ...symbols.states.keys(), ...CONTEXT_WORDS]
  const advice = `Declare it with let, or as a parameter.${didYouMean(word.text, names)}`
  return new Mistake(word.span, `there is nothing called "${word.text}" here`, advice)
}

/** `Enum.member` and `contract.Enum.member`; undefined when the target is a value. */
export function checkQualified(body: Body, syntax: Expression & { kind: 'field' }): Checked | undefined {
  const type = enumNamed(body, syntax.target)
  return type && constant(type, memberOf(type, syntax.name))
}

function enumNamed(body: Body, target: Expression): EnumType | undefined {
  const { symbols } = body
  if (target.kind === 'name') {
    const type = body.find(target.name.text) === undefined ? symbols.types.get(target.name.text) : undefined
    if (type === undefined) return undefined
    if (type.kind === 'enum') return type
    throw new Mistake(target.span, `"${target.name.text}" is a record`, `Build one: ${target.name.text}(field: value).`)
  }
  if (target.kind !== 'field' || target.target.kind !== 'name') return undefined
  const used = symbols.uses.get(target.target.name.text)
  if (used === undefined) return undefined
  const type = lookUp(used.types, target.name, `type of ${used.name} called`)
  return type.kind === 'enum' ? type : undefined
}
