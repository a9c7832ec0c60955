// How a deployment names contracts: by the hashes of their code, in parts that a transaction can carry. The contract
// `deployments` keeps both. spec/contracts.md, "deployments".

import { taggedHash } from '../crypto/hash.ts'
import type { Hash } from './brand.ts'
import { encodeValue, type Value } from './canonical-value.ts'
import { TAG } from './tags.ts'

export interface DeployedContract {
  readonly name: string
  readonly version: number
  /** Bytes of its module. */
  readonly size: number
  readonly parts: readonly Hash[]
}

export interface Deployment {
  readonly number: number
  readonly fromHeight: number
  /** In the order of use. */
  readonly contracts: readonly DeployedContract[]
  /** By which it was decided; null for those of a genesis. */
  readonly proposal: number | null
}

export interface CodePart {
  readonly hash: Hash
  /** Of 32 bytes each, the last one filled up with zeros. */
  readonly words: readonly Uint8Array[]
}

const WORD_BYTES = 32
const PART_WORDS_MAX = 1_024
/** Parts of one module. */
export const PARTS_MAX = 8

export function partsOf(module: Uint8Array): readonly CodePart[] {
  const words: Uint8Array[] = []
  for (let at = 0; at < module.length; at += WORD_BYTES) {
    const word = new Uint8Array(WORD_BYTES)
    word.set(module.subarray(at, at + WORD_BYTES))
    words.push(word)
  }
  const parts: CodePart[] = []
  for (let at = 0; at < words.length; at += PART_WORDS_MAX) {
    const part = words.slice(at, at + PART_WORDS_MAX)
    parts.push({ hash: partHash(part), words: part })
  }
  return parts
}

/** As `hash(words)` in Clause. */
const partHash = (words: readonly Uint8Array[]): Hash => taggedHash(TAG.clauseHash, encodeValue([words]))

export function deployedContract(name: string, module: { version: number; bytes: Uint8Array }): DeployedContract {
  const { version, bytes } = module
  return { name, version, size: bytes.length, parts: partsOf(bytes).map(({ hash }) => hash) }
}

/** The bytes again; undefined unless all parts are there and there is as much of them as `size` says. */
export function moduleFrom(
  { size, parts }: Pick<DeployedContract, 'size' | 'parts'>,
  wordsOf: (part: Hash) => readonly Uint8Array[] | undefined,
): Uint8Array | undefined {
  const words: Uint8Array[] = []
  for (const part of parts) {
    const found = wordsOf(part)
    if (found === undefined) return undefined
    words.push(...found)
  }
  if (words.length !== Math.ceil(size / WORD_BYTES)) return undefined
  const padded = new Uint8Array(words.length * WORD_BYTES)
  for (const [i, word] of words.entries()) padded.set(word, i * WORD_BYTES)
  return padded.slice(0, size)
}

/** As contracts take it. */
export const contractToValue = ({ name, version, size, parts }: DeployedContract): Value => ({
  name,
  version,
  size,
  parts: parts.map((part) => Uint8Array.fromHex(part)),
})

/** Of what a contract answers or is called with; undefined where it is no such list. */
export function contractsFromValue(value: Value | undefined): readonly DeployedContract[] | undefined {
  if (!Array.isArray(value)) return undefined
  const contracts: DeployedContract[] = []
  for (const each of value as readonly Value[]) {
    if (each === null || typeof each !== 'object' || !('parts' in each)) return undefined
    const { name, version, size, parts } = each as { readonly [field: string]: Value }
    if (typeof name !== 'string' || typeof version !== 'number' || typeof size !== 'number') return undefined
    if (!Array.isArray(parts) || parts.length > PARTS_MAX || !parts.every((part) => part instanceof Uint8Array)) {
      return undefined
    }
    contracts.push({ name, version, size, parts: parts.map((part) => (part as Uint8Array).toHex() as Hash) })
  }
  return contracts
}
