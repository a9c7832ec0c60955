// One way to write a contract down. Line breaks are the author's; indentation, spaces, blank lines and the columns of
// comments are not. Formatting twice changes nothing more.

import { tokenizeWithComments } from './lexer.ts'
import { RESERVED, type Token } from './token.ts'

const INDENT = 2
const BINARY = new Set(['=', '==', '!=', '<', '<=', '>', '>=', '+', '-', '*', '/', '%'])
/** Words that are followed by a parenthesis without being called. */
const BEFORE_PARENTHESIS = new Set([...RESERVED, 'of', 'from', 'after', 'where'])
/** A line that starts so goes on with the statement of the line before. */
const CONTINUES = new Set([...BINARY, 'and', 'or', 'then', 'else', 'is', 'in', '.', 'returns'])
/** So does one behind a line that ends so. */
const UNFINISHED = new Set([...BINARY, 'and', 'or', 'not', 'then', 'else', 'is', 'in', 'returns', 'return', ':', '.'])

/** The lines, whatever they declare. Throws Mistake where they are not made of words of Clause. */
export function formatText(text: string): string {
  const tokens = tokenizeWithComments(text).filter((token) => token.kind !== 'end')
  const written = (token: Token): string =>
    token.kind === 'comment' ? token.text : text.slice(token.span.start, token.span.end)
  const lines: Line[] = []
  const layout = new Layout()
  let previous: Token | undefined
  for (const line of linesOf(tokens)) {
    const [first] = line as [Token, ...Token[]]
    const opensBlock = previous?.text === '{'
    const isApart = previous !== undefined && /\n[ \t\r]*\n/.test(text.slice(previous.span.end, first.span.start))
    if (isApart && !opensBlock && first.text !== '}') lines.push({ code: '', comment: '' })
    lines.push(layout.line(line, written))
    previous = line.at(-1)
  }
  return `${alignComments(lines).join('\n')}\n`
}

interface Line {
  readonly code: string
  readonly comment: string
}

function* linesOf(tokens: readonly Token[]): Iterable<Token[]> {
  let line: Token[] = []
  for (const token of tokens) {
    if (token.startsLine && line.length > 0) {
      yield line
      line = []
    }
    line.push(token)
  }
  if (line.length > 0) yield line
}

interface Bracket {
  readonly opener: Token
  /** Of its line. */
  readonly indent: number
  /** Something stands behind it on its line: what goes on inside is not indented once more. */
  holdsText: boolean
}

/** Indents lines by the brackets that are open, one level for all that one line opens. */
class Layout {
  private readonly open: Bracket[] = []
  /** `<` that open the parameters of a type, among the open brackets: they do not indent. */
  private typeDepth = 0
  private unfinished = false
  /** The token of code before, on this line or an earlier one. */
  private before: Token | undefined

  line(line: readonly Token[], written: (token: Token) => string): Line {
    const [first] = line as [Token, ...Token[]]
    const closes = isSymbol(first, '}', ')', ']')
    const bracket = this.open.at(-1)
    const base = bracket === undefined ? 0 : bracket.indent + (closes ? 0 : INDENT)
    const goesOn = !closes && first.kind !== 'comment' && bracket?.holdsText !== true && this.continues(first)
    const indent = base + (goesOn ? INDENT : 0)
    let code = ''
    let comment = ''
    for (const token of line) {
      if (token.kind === 'comment') {
        if (code === '') code = `${' '.repeat(indent)}${written(token)}`
        else comment = written(token)
        continue
      }
      code += code === '' ? ' '.repeat(indent) : this.isApart(token) ? ' ' : ''
      code += written(token)
      this.follow(token, indent)
    }
    return { code, comment }
  }

  private continues(first: Token): boolean {
    if (this.unfinished) return true
    // `else` behind a block belongs to its `if`, which it stands under.
    if (first.text === 'else' && this.before?.text === '}') return false
    return isWordOrSymbol(first, CONTINUES)
  }

  private secondBefore: Token | undefined

  private follow(token: Token, indent: number): void {
    const around = this.open.at(-1)
    if (around !== undefined && this.before === around.opener && !token.startsLine) around.holdsText = true
    if (isSymbol(token, '{', '(', '[')) this.open.push({ opener: token, indent, holdsText: false })
    if (isSymbol(token, '}', ')', ']')) this.open.pop()
    const closesType = this.typeDepth > 0 && isSymbol(token, '>')
    if (this.opensType(token)) this.typeDepth++
    else if (closesType) this.typeDepth--
    this.unfinished = !closesType && isWordOrSymbol(token, UNFINISHED)
    this.secondBefore = this.before
    this.before = token
  }

  private opensType(token: Token): boolean {
    const { before } = this
    return isSymbol(token, '<') && before?.kind === 'word' && (before.text === 'map' || before.text === 'list')
  }

  /** Whether a space stands before the token, which is not the first of its line. */
  private isApart(token: Token): boolean {
    const { before } = this
    if (before === undefined) return false
    if (isSymbol(token, ')', ']', ',', ':', '?', '.', '..') || isSymbol(before, '(', '[', '.', '..')) return false
    if (isSymbol(token, '}') && isSymbol(before, '{')) return false
    if (this.typeDepth > 0 && (isSymbol(token, '>') || isSymbol(before, '<'))) return false
    if (this.opensType(token)) return false
    if (isSymbol(before, '-') && this.isSign()) return false
    if (isSymbol(token, '(')) return !this.isCalled(before)
    if (isSymbol(token, '[')) return !(isName(before) || isSymbol(before, ')', ']'))
    return true
  }

  /** The minus before stands between nothing: it belongs to what follows. */
  private isSign(): boolean {
    const left = this.secondBefore
    if (left === undefined || left.kind === 'integer' || isName(left)) return false
    return !isSymbol(left, ')', ']', '}')
  }

  private isCalled(before: Token): boolean {
    if (before.kind !== 'word' || !BEFORE_PARENTHESIS.has(before.text)) return before.kind === 'word'
    // `with` and the words of loops may be names of functions, behind a dot or where a value starts.
    const left = this.secondBefore
    if (left !== undefined && isSymbol(left, '.')) return true
    const startsValue = left === undefined || left.kind === 'symbol' || RESERVED.has(left.text)
    return !RESERVED.has(before.text) && startsValue && before.text !== 'where'
  }
}

function isSymbol(token: Token, ...texts: readonly string[]): boolean {
  return token.kind === 'symbol' && texts.includes(token.text)
}

function isName(token: Token): boolean {
  return token.kind === 'word' && !RESERVED.has(token.text)
}

function isWordOrSymbol(token: Token, texts: ReadonlySet<string>): boolean {
  return (token.kind === 'word' || token.kind === 'symbol') && texts.has(token.text)
}

/** Comments behind code stand in one column as long as lines with such comments follow each other. */
function alignComments(lines: readonly Line[]): string[] {
  const texts: string[] = []
  for (let start = 0; start < lines.length; ) {
    let end = start
    while (lines[end]?.comment) end++
    const width = Math.max(0, ...lines.slice(start, end).map(({ code }) => code.length))
    for (const { code, comment } of lines.slice(start, end)) texts.push(`${code.padEnd(width)}  ${comment}`)
    const plain = lines[end]
    if (plain !== undefined) texts.push(plain.code)
    start = end + 1
  }
  return texts
}
