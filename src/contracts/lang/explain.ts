// An entry of a contract in sentences: what it takes, the steps of its rule, what each refusal means, and the rules of the
// functions that it calls. For people who do not write contracts, and for the minutes of a meeting.

import type { Source, Span } from './diagnostics.ts'
import { parseContract } from './parser.ts'
import type {
  Block,
  ContractSyntax,
  Expression,
  FieldSyntax,
  FunctionSyntax,
  RefusalSyntax,
  Statement,
} from './syntax.ts'

export interface ExplainedRule {
  readonly kind: FunctionSyntax['kind']
  readonly name: string
  /** What the author wrote above it. */
  readonly comment: readonly string[]
  readonly takes: readonly string[]
  readonly gives: string | null
  /** Sentences, indented by what they depend on. */
  readonly steps: readonly string[]
}

export interface Explanation {
  readonly contract: string
  readonly entry: ExplainedRule
  /** Functions and views of this contract that the entry calls, in the order in which it comes to them. */
  readonly rules: readonly ExplainedRule[]
}

/** Undefined where the contract has no such entry. Throws Mistake where the text is no contract. */
export function explain(source: Source, name: string): Explanation | undefined {
  const contract = parseContract(source.text)
  const functions = new Map(contract.declarations.flatMap((each) => (isFunction(each) ? [[each.name.text, each]] : [])))
  const entry = functions.get(name)
  if (entry === undefined) return undefined
  const writer = new RuleWriter(source, contract)
  const [first, ...rules] = writer.withCalled(entry, functions)
  return first && { contract: contract.name.text, entry: first, rules }
}

function isFunction(declaration: ContractSyntax['declarations'][number]): declaration is FunctionSyntax {
  return 'body' in declaration
}

class RuleWriter {
  private readonly text: string
  private readonly meanings: ReadonlyMap<string, string>

  constructor(source: Source, { declarations }: ContractSyntax) {
    this.text = source.text
    this.meanings = new Map(
      declarations.flatMap((each) => (each.kind === 'refusal' ? [[each.code.text, each.meaning]] : [])),
    )
  }

  withCalled(entry: FunctionSyntax, functions: ReadonlyMap<string, FunctionSyntax>): ExplainedRule[] {
    const called = new Set<FunctionSyntax>([entry])
    // A set goes on to what is added while it is walked through.
    for (const each of called) {
      for (const name of callsIn(each.body)) {
        const callee = functions.get(name)
        if (callee !== undefined) called.add(callee)
      }
    }
    return [...called].map((each) => this.rule(each))
  }

  private rule({ kind, name, parameters, returns, body, span }: FunctionSyntax): ExplainedRule {
    return {
      kind,
      name: name.text,
      comment: this.commentAbove(span),
      takes: parameters.map((parameter) => this.field(parameter)),
      gives: returns && this.source(returns.span),
      steps: this.block(body, ''),
    }
  }

  private field({ name, type }: FieldSyntax): string {
    return `${name.text}: ${this.source(type.span)}`
  }

  /** As it stands there, on one line and without comments. */
  private source({ start, end }: Span): string {
    return this.text
      .slice(start, end)
      .replace(/\/\/[^\n]*/g, '')
      .replace(/\s+/g, ' ')
      .replace(/([([]) | ([)\]])/g, '$1$2')
      .trim()
  }

  private commentAbove({ start }: Span): string[] {
    const lines = this.text.slice(0, start).split('\n').slice(0, -1)
    const from = lines.findLastIndex((line) => !line.startsWith('//')) + 1
    return lines.slice(from).map((line) => line.replace(/^\/\/ ?/, ''))
  }

  private block({ statements }: Block, indent: string): string[] {
    return statements.flatMap((statement) => this.statement(statement, indent))
  }

  private statement(statement: Statement, indent: string): string[] {
    const say = (sentence: string) => [`${indent}${sentence.replace(/\."\.$/, '."')}`]
    const inside = `${indent}  `
    switch (statement.kind) {
      case 'variable':
        return say(`Let ${statement.name.text} be ${this.words(statement.value)}.`)
      case 'assign':
        if (statement.keys === null) return say(`Now ${statement.name.text} is ${this.words(statement.value)}.`)
        return say(`Write ${statement.name.text}[${this.all(statement.keys)}]: ${this.words(statement.value)}.`)
      case 'delete':
        return say(`Delete ${statement.name.text}[${this.all(statement.keys)}].`)
      case 'if': {
        const branches = statement.branches.flatMap(({ condition, body }, i) => [
          `${indent}${i === 0 ? 'If' : 'Otherwise, if'} ${this.words(condition)}:`,
          ...this.block(body, inside),
        ])
        const { otherwise } = statement
        return otherwise === null ? branches : [...branches, ...say('Otherwise:'), ...this.block(otherwise, inside)]
      }
      case 'forList':
        return [
          ...say(`For each ${statement.variable.text} in ${this.words(statement.list)}:`),
          ...this.block(statement.body, inside),
        ]
      case 'forRange': {
        const { variable, from, to } = statement
        const range = `from ${this.words(from)} up to, not including, ${this.words(to)}`
        return [...say(`For each ${variable.text} ${range}:`), ...this.block(statement.body, inside)]
      }
      case 'forEntries': {
        const { keys, value, state, prefix } = statement
        const names = [...keys.map((key) => key.text), ...(value === null ? [] : [value.text])].join(', ')
        const where = prefix.length === 0 ? state.text : `${state.text} under ${this.all(prefix)}`
        return [...say(`For each entry of ${where} (${names}):`), ...this.block(statement.body, inside)]
      }
      case 'match': {
        const { value, cases, otherwise } = statement
        const lines = cases.flatMap(({ members, body }) => [
          `${inside}${members.map((member) => member.text).join(' or ')}:`,
          ...this.block(body, `${inside}  `),
        ])
        const rest = otherwise === null ? [] : [`${inside}anything else:`, ...this.block(otherwise, `${inside}  `)]
        return [...say(`Where ${this.words(value)} is`), ...lines, ...rest]
      }
      case 'require':
        return say(`It must be that ${this.words(statement.condition)}. Otherwise ${this.refusal(statement.refusal)}.`)
      case 'refuse':
        return say(`It is ${this.refusal(statement.refusal)}.`)
      case 'emit': {
        const fields = statement.fields.map(({ name, value }) => fieldInWords(name.text, this.words(value))).join(', ')
        return say(`Emit ${statement.event.text}: ${fields}.`)
      }
      case 'return':
        return say(statement.value === null ? 'Done.' : `The answer is ${this.words(statement.value)}.`)
      case 'break':
        return say('Leave this loop.')
      case 'continue':
        return say('Go on with the next one.')
      case 'call':
        return say(`Do ${this.source(statement.span)}.`)
    }
  }

  private refusal({ code, about }: RefusalSyntax): string {
    const meaning = this.meanings.get(code.text)
    const subject = about === null ? '' : ` (about ${about.text})`
    return `refused with ${code.text}${subject}${meaning === undefined ? '' : `: "${meaning}"`}`
  }

  private all(expressions: readonly Expression[]): string {
    return expressions.map((each) => this.words(each)).join(', ')
  }

  private words(expression: Expression): string {
    switch (expression.kind) {
      case 'logical': {
        const { operator, left, right } = expression
        return `${this.operand(left, operator)} ${operator} ${this.operand(right, operator)}`
      }
      case 'not':
        return `it is not so that ${this.words(expression.value)}`
      case 'binary': {
        const { left, operator, right } = expression
        const verb = COMPARISONS.get(operator)
        if (verb === undefined) return this.source(expression.span)
        return `${this.words(left)} ${verb} ${this.words(right)}`
      }
      case 'in':
        return `${this.words(expression.item)} is ${expression.negated ? 'not ' : ''}in ${this.words(expression.target)}`
      case 'is':
        return this.test(expression)
      case 'else': {
        const value = this.words(expression.value)
        if (expression.otherwise.kind === 'refusal') {
          return `${value}; where there is none, it is ${this.refusal(expression.otherwise)}`
        }
        return `${value}, or ${this.words(expression.otherwise)} where there is none`
      }
      case 'if': {
        const { condition, whenTrue, whenFalse } = expression
        return `${this.words(whenTrue)} if ${this.words(condition)}, otherwise ${this.words(whenFalse)}`
      }
      case 'quantifier': {
        const { quantifier, variable, list, condition } = expression
        const which = quantifier === 'any' ? 'for some' : 'for every'
        return `${which} ${variable.text} in ${this.words(list)} it holds that ${this.words(condition)}`
      }
      case 'with': {
        const fields = expression.fields.map(({ name, value }) => `its ${name.text} being ${this.words(value)}`)
        return `${this.words(expression.target)} with ${fields.join(', ')}`
      }
      default:
        return this.source(expression.span)
    }
  }

  private test({ value, negated, test }: Expression & { kind: 'is' }): string {
    if (test.kind === 'members') {
      const members = test.members.map((member) => member.text).join(' or ')
      return `${this.words(value)} is ${negated ? 'not ' : ''}${members}`
    }
    const isThere = (test.kind === 'some') !== negated
    return `there is ${isThere ? 'a' : 'no'} ${this.words(value)}`
  }

  /** In parentheses where and stands in or, or the other way round. */
  private operand(expression: Expression, around: 'and' | 'or'): string {
    const words = this.words(expression)
    return expression.kind === 'logical' && expression.operator !== around ? `(${words})` : words
  }
}

const COMPARISONS: ReadonlyMap<string, string> = new Map([
  ['==', 'is'],
  ['!=', 'is not'],
  ['<', 'is less than'],
  ['<=', 'is at most'],
  ['>', 'is more than'],
  ['>=', 'is at least'],
])

const fieldInWords = (name: string, value: string): string => (name === value ? name : `${name} ${value}`)

/** Names of functions of this contract that are called somewhere inside. */
function callsIn(node: unknown): readonly string[] {
  if (Array.isArray(node)) return node.flatMap(callsIn)
  if (typeof node !== 'object' || node === null) return []
  const { kind, target, name } = node as { kind?: unknown; target?: unknown; name?: { text: string } }
  const own = kind === 'call' && target === null && name !== undefined ? [name.text] : []
  return [...own, ...Object.values(node).flatMap(callsIn)]
}
