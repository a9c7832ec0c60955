// Finds needles in pieces of a haystack. A piece is text, a number, or bytes.
//
// What counts as a hit:
//   text     the value as a whole word or phrase, whatever its case: not inside a longer word or number. So the digits of
//            a medical record number inside a hash are no hit, and the same digits between spaces or dashes are.
//            Whole runs of hex or base64 that decode to readable text are read as text, too. A value of three to five
//            digits counts only where it is the whole text: messages are full of small numbers.
//   number   its decimal form is the value, of six or more digits: smaller integers are heights, counts and positions
//   bytes    bytes that are readable text as a whole are text
//   both     anywhere inside, for values of six bytes or more: UTF-8 as it is (of pure hex digits, or a code or caption of
//            one word: not beside a letter or digit, as "research" in "researcher"), hex in lower and upper case, base64
//            in its three alignments. For every value: its unsalted SHA-256 as bytes, hex and base64.
//
// Why six: in 30 MB of ciphertext and hashes a given value of four bytes is expected by chance once in 140 scans, and
// there are thousands of needles; of six bytes, once in ten million scans. Values of three to five bytes are found where
// bytes are readable or decode to something readable, which is where a leak would put them.

import { createHash } from 'node:crypto'
import type { Needle } from './needles.ts'

export type Encoding = 'text' | 'number' | 'utf8' | 'hex' | 'base64' | 'sha256'

export interface Piece {
  /** File, block, event or state entry. */
  readonly where: string
  readonly content: string | number | Uint8Array
  /** Compression cuts words into pieces: what counts only where it stands alone, does not count here. */
  readonly compressed?: boolean
}

export interface Finding extends Pick<Needle, 'kind' | 'element'> {
  readonly encoding: Encoding
  readonly where: string
}

interface Pattern {
  readonly needle: Needle
  readonly encoding: Encoding
  readonly bytes: Buffer
  /** Counts only where no letter or digit stands beside it. */
  readonly alone: boolean
}

const WINDOW = 6
const BLOOM_BITS = 22
const DIGITS = /^\d{6,}$/
const FEW_DIGITS = /^\d{1,5}$/
const WORD = /[\p{L}\p{N}]+/gu
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u
const HEX_RUN = /(?<![0-9a-wyz])(?:[0-9a-f]{2}){3,}(?![0-9a-z])/gi
const BASE64_RUN = /[A-Za-z0-9+/_-]{4,}/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what makes bytes unreadable
const UNREADABLE = /[\u0000-\u0008\u000e-\u001f\u007f-\u009f\ufffd]/

const utf8 = new TextDecoder('utf-8', { fatal: true })

export class Matcher {
  readonly #byFirstWord = new Map<string, { readonly needle: Needle; readonly value: string; readonly at: number }[]>()
  readonly #byNumber = new Map<string, Needle>()
  readonly #byWindow = new Map<number, Pattern[]>()
  /** Most windows of a haystack are of no pattern: one bit says so. */
  readonly #bloom = new Uint8Array(1 << (BLOOM_BITS - 3))

  constructor(needles: readonly Needle[]) {
    for (const needle of needles) {
      this.#addPhrase(needle)
      if (DIGITS.test(needle.value)) this.#byNumber.set(needle.value, needle)
      for (const pattern of patternsOf(needle)) this.#addPattern(pattern)
    }
  }

  /** One finding for each needle, encoding and place. */
  scan(pieces: Iterable<Piece>): readonly Finding[] {
    const findings = new Map<string, Finding>()
    for (const { where, content, compressed = false } of pieces) {
      const report = ({ kind, element, value }: Needle, encoding: Encoding): void => {
        if (compressed && encoding === 'utf8' && countsAlone({ kind, value })) return
        findings.set(JSON.stringify([value, encoding, where]), { kind, element, encoding, where })
      }
      if (typeof content === 'number') this.#scanNumber(content, report)
      else if (typeof content === 'string') this.#scanText(content, report)
      else this.#scanBytes(content, report)
    }
    return [...findings.values()]
  }

  #scanNumber(value: number, report: Report): void {
    const needle = this.#byNumber.get(String(value))
    if (needle !== undefined) report(needle, 'number')
  }

  #scanText(text: string, report: Report): void {
    this.#scanWords(text, (needle) => report(needle, 'text'))
    for (const { encoding, decoded } of decodedRuns(text)) {
      this.#scanWords(decoded, (needle) => report(needle, encoding))
    }
    this.#scanWindows(Buffer.from(text), report)
  }

  #scanBytes(bytes: Uint8Array, report: Report): void {
    const text = readableText(bytes)
    if (text !== null) this.#scanText(text, report)
    else this.#scanWindows(bytes, report)
  }

  #scanWords(raw: string, report: (needle: Needle) => void): void {
    const text = normalized(raw)
    for (const match of text.matchAll(WORD)) {
      for (const { needle, value, at } of this.#byFirstWord.get(match[0]) ?? []) {
        const start = match.index - at
        if (start < 0 || !text.startsWith(value, start)) continue
        if (isInsideWord(text, start + value.length)) continue
        if (FEW_DIGITS.test(value) && text.trim() !== value) continue
        report(needle)
      }
    }
  }

  /** Slides a window of six bytes over the haystack, its value in one number. */
  #scanWindows(bytes: Uint8Array, report: Report): void {
    let high = 0
    let low = 0
    for (let end = 0; end < bytes.length; end++) {
      high = ((high << 8) | (low >>> 16)) & 0xff_ffff
      low = ((low << 8) | (bytes[end] as number)) & 0xff_ffff
      if (end < WINDOW - 1) continue
      const bit = bloomBit(high, low)
      if (((this.#bloom[bit >>> 3] as number) & (1 << (bit & 7))) === 0) continue
      const start = end - WINDOW + 1
      for (const pattern of this.#byWindow.get(high * 0x100_0000 + low) ?? []) {
        if (holds(bytes, start, pattern)) report(pattern.needle, pattern.encoding)
      }
    }
  }

  #addPhrase(needle: Needle): void {
    const value = normalized(needle.value)
    const first = value.match(WORD)?.[0]
    if (first === undefined) return
    const at = value.indexOf(first)
    const others = this.#byFirstWord.get(first) ?? []
    this.#byFirstWord.set(first, [...others, { needle, value, at }])
  }

  #addPattern(pattern: Pattern): void {
    const high = pattern.bytes.readUIntBE(0, 3)
    const low = pattern.bytes.readUIntBE(3, 3)
    const window = high * 0x100_0000 + low
    const others = this.#byWindow.get(window)
    if (others === undefined) this.#byWindow.set(window, [pattern])
    else others.push(pattern)
    const bit = bloomBit(high, low)
    this.#bloom[bit >>> 3] = (this.#bloom[bit >>> 3] as number) | (1 << (bit & 7))
  }
}

type Report = (needle: Needle, encoding: Encoding) => void

const bloomBit = (high: number, low: number): number =>
  (Math.imul(high, 0x9e3779b1) ^ Math.imul(low, 0x85ebca6b)) >>> (32 - BLOOM_BITS)

function holds(bytes: Uint8Array, start: number, { bytes: pattern, alone }: Pattern): boolean {
  const end = start + pattern.length
  if (end > bytes.length) return false
  for (let i = WINDOW; i < pattern.length; i++) if (bytes[start + i] !== pattern[i]) return false
  return !alone || !(isAlphanumeric(bytes[start - 1]) || isAlphanumeric(bytes[end]))
}

const isAlphanumeric = (byte: number | undefined): boolean =>
  byte !== undefined && /[0-9A-Za-z]/.test(String.fromCharCode(byte))

/** Does a word or number go on here? */
const isInsideWord = (text: string, at: number): boolean =>
  LETTER_OR_DIGIT.test(text[at] ?? '') && LETTER_OR_DIGIT.test(text[at - 1] ?? '')

const normalized = (text: string): string => text.normalize('NFC').toLowerCase().replaceAll(/\s+/g, ' ')

function* patternsOf(needle: Needle): Generator<Pattern> {
  const value = Buffer.from(needle.value)
  if (value.length >= WINDOW) {
    yield { needle, encoding: 'utf8', bytes: value, alone: countsAlone(needle) }
    yield* encoded(needle, { encoding: 'hex', texts: hexForms(value) })
    yield* encoded(needle, { encoding: 'base64', texts: base64Forms(value) })
  }
  const digest = createHash('sha256').update(value).digest()
  yield { needle, encoding: 'sha256', bytes: digest, alone: false }
  yield* encoded(needle, { encoding: 'sha256', texts: [...hexForms(digest), ...base64Forms(digest)] })
}

const countsAlone = ({ kind, value }: Pick<Needle, 'kind' | 'value'>): boolean =>
  /^[0-9a-f]+$/i.test(value) || ((kind === 'code' || kind === 'freeText') && /^\w+$/.test(value))

function* encoded(
  needle: Needle,
  { encoding, texts }: { encoding: Encoding; texts: readonly string[] },
): Generator<Pattern> {
  for (const text of new Set(texts)) yield { needle, encoding, bytes: Buffer.from(text, 'latin1'), alone: false }
}

const hexForms = (bytes: Buffer): string[] => [bytes.toString('hex'), bytes.toString('hex').toUpperCase()]

/** What these bytes look like in the middle of a base64 text, at each of the three alignments; both alphabets. */
export function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const bits = { from: before * 8, to: (before + bytes.length) * 8 }
    const whole = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    const inner = whole.slice(Math.ceil(bits.from / 6), Math.floor(bits.to / 6))
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')]
  })
}

function* decodedRuns(text: string): Generator<{ encoding: 'hex' | 'base64'; decoded: string }> {
  for (const [run] of text.matchAll(HEX_RUN)) {
    const decoded = readableText(Buffer.from(run, 'hex'))
    if (decoded !== null) yield { encoding: 'hex', decoded }
  }
  for (const [run] of text.matchAll(BASE64_RUN)) {
    for (let skip = 0; skip < 4 && run.length - skip >= 4; skip++) {
      const decoded = readableText(Buffer.from(run.slice(skip), 'base64'))
      if (decoded !== null) yield { encoding: 'base64', decoded }
    }
  }
}

function readableText(bytes: Uint8Array): string | null {
  try {
    const text = utf8.decode(bytes)
    return UNREADABLE.test(text) ? null : text
  } catch {
    return null
  }
}
