// `evidence.record`: does the proof convict those, and only those, whom the call accuses? Arithmetic over signatures and
// trees, with the validator sets of the state. spec/contracts.md, "evidence".

import { convict } from '../consensus/evidence/convict.ts'
import { decodeEvidence, type Evidence, encodeEvidence, evidenceHash, termOf } from '../consensus/evidence/evidence.ts'
import { verify } from '../crypto/ed25519.ts'
import { assert } from '../types/assert.ts'
import type { Epoch, Seat } from '../types/brand.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import type { Value } from '../types/canonical-value.ts'
import type { Call } from '../types/transaction.ts'
import type { ValidatorSet } from '../types/validator-set.ts'
import { decodeSetEntry, setEntryKey } from '../types/validator-set-entry.ts'
import type { CallCheck, CheckContext } from './call-check.ts'

/** Up to a hundred signatures, 10 ms. */
export const EVIDENCE_GAS = 10_000_000

const WORD_BYTES = 32

export const trueEvidence: CallCheck = {
  contract: 'evidence',
  method: 'record',
  gas: EVIDENCE_GAS,
  refusal: 'FALSE_EVIDENCE',
  holds: isTrueEvidence,
}

/** The call that records a proof, for whoever submits it. */
export function evidenceCall(evidence: Evidence, accused: readonly Seat[]): Call {
  const encoded = encodeEvidence(evidence)
  const words: Value[] = []
  for (let at = 0; at < encoded.length; at += WORD_BYTES) {
    const word = new Uint8Array(WORD_BYTES)
    word.set(encoded.subarray(at, at + WORD_BYTES))
    words.push(word)
  }
  const hash = Uint8Array.fromHex(evidenceHash(evidence))
  const args: Value[] = [hash, kindNumber(evidence), termOf(evidence), [...accused], encoded.length, words]
  return { contract: 'evidence', method: 'record', args }
}

/** Do the call's arguments say of its proof what the proof shows? */
function isTrueEvidence(args: Call['args'], { chainId, epoch, state }: CheckContext): boolean {
  const evidence = evidenceIn(args)
  if (evidence === undefined) return false
  const setOf = (of: Epoch): ValidatorSet | undefined => {
    const entry = of <= epoch ? state.get(setEntryKey(of)) : undefined
    return entry === undefined ? undefined : decodeSetEntry(entry, of)
  }
  const accused = convict(evidence, {
    chainId,
    setOf,
    verify: (key, message, signature) => verify(Uint8Array.fromHex(key), message, signature),
  })
  if (accused.length === 0) return false
  const [hash, kind, term, named] = args
  return (
    isSame(hash, Uint8Array.fromHex(evidenceHash(evidence))) &&
    kind === kindNumber(evidence) &&
    term === termOf(evidence) &&
    Array.isArray(named) &&
    named.length === accused.length &&
    accused.every((seat, i) => named[i] === seat)
  )
}

function evidenceIn(args: readonly Value[]): Evidence | undefined {
  const [, , , , size, words] = args
  if (typeof size !== 'number' || !Array.isArray(words)) return undefined
  if (size <= (words.length - 1) * WORD_BYTES || size > words.length * WORD_BYTES) return undefined
  const bytes = new Uint8Array(words.length * WORD_BYTES)
  for (const [i, word] of words.entries()) {
    if (!(word instanceof Uint8Array) || word.length !== WORD_BYTES) return undefined
    bytes.set(word, i * WORD_BYTES)
  }
  if (bytes.subarray(size).some((byte) => byte !== 0)) return undefined
  try {
    return decodeEvidence(bytes.slice(0, size))
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

function kindNumber({ kind }: Evidence): number {
  const number = Number(kind.slice(1))
  assert(number >= 1, 'kinds are E1 to E8')
  return number
}

function isSame(value: Value | undefined, bytes: Uint8Array): boolean {
  return value instanceof Uint8Array && value.length === bytes.length && value.every((byte, i) => byte === bytes[i])
}
