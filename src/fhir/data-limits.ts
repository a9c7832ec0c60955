// Data limits of a consent's clauses, as the filter of the access contract takes them (spec/contracts.md, record Limits), and
// the commitment to them: what stands on the chain in their place.

import { commitment, taggedHash } from '../crypto/hash.ts'
import type { Hash } from '../types/brand.ts'
import { decodeValue, encodeValue, type Value } from '../types/canonical-value.ts'
import { TAG } from '../types/tags.ts'
import type { Interval } from './period.ts'
import { referenceId } from './reference-id.ts'

export const CONFIDENTIALITIES = ['U', 'L', 'M', 'N', 'R', 'V'] as const
export type Confidentiality = (typeof CONFIDENTIALITIES)[number]

/** Empty, or null: not limited so. */
export interface DataLimits {
  readonly confidentiality: readonly Confidentiality[]
  readonly sensitivity: readonly string[]
  /** Resource types. */
  readonly classes: readonly string[]
  /** system|code */
  readonly codes: readonly string[]
  /** Null where every time is meant. */
  readonly period: Interval | null
  /** References: the resources themselves, what refers to these, and who wrote it. */
  readonly instances: readonly string[]
  readonly related: readonly string[]
  readonly authors: readonly string[]
}

/** One for each clause; null where it has none. */
export type ConsentLimits = readonly (DataLimits | null)[]

/** As a filter takes it. */
function limitsValue({ period, ...limits }: DataLimits): Value {
  return {
    confidentiality: [...limits.confidentiality],
    sensitivity: [...limits.sensitivity],
    classes: [...limits.classes],
    codes: limits.codes.map(codeHash),
    period: period && { from: period.from, to: period.to },
    instances: limits.instances.map(referenceHash),
    related: limits.related.map(referenceHash),
    authors: limits.authors.map(referenceHash),
  }
}

/** What the commitment is made of and the vault keeps; null where no clause is limited. */
export function limitsBytes(limits: ConsentLimits): Uint8Array | null {
  if (limits.every((each) => each === null)) return null
  return encodeValue(limits.map((each) => each && limitsValue(each)))
}

/** Values for the filter, one for each clause. Throws DecodeError. */
export function limitsFromBytes(bytes: Uint8Array): readonly Value[] {
  return decodeValue(bytes) as readonly Value[]
}

export function limitsCommitment({ bytes, salt }: { bytes: Uint8Array; salt: Uint8Array }): Hash {
  return commitment(TAG.consentLimits, { bytes, salt })
}

export const referenceHash = (reference: string): Uint8Array => Uint8Array.fromHex(referenceId(reference))

/** Of system|code. */
export const codeHash = (code: string): Uint8Array =>
  Uint8Array.fromHex(taggedHash(TAG.code, new TextEncoder().encode(code)))
