// A receipt's proof from a file, in any form in which one comes to have it.

import * as z from 'zod'
import { fileBytes } from './option-values.ts'
import { UsageError } from './output.ts'

const ACCEPTED = 'JSON with a member "proof", base64, or hex'

/** As commands write it, the result of transaction.receipt, or the whole JSON-RPC answer of transaction.receipt or .submit. */
const withProof = z.object({ proof: z.string() })
const jsonSchema = z.union([
  withProof.transform(({ proof }) => proof),
  z.object({ result: withProof }).transform(({ result }) => result.proof),
  z.object({ receipt: withProof }).transform(({ receipt }) => receipt.proof),
  z.object({ result: z.object({ receipt: withProof }) }).transform(({ result }) => result.receipt.proof),
])

export function readProofFile(file: string): Uint8Array {
  const proof = parseProof(new TextDecoder().decode(fileBytes(file, '--proof')))
  if (proof === null) throw new UsageError(`--proof: ${file} holds no receipt proof; expected ${ACCEPTED}`)
  return proof
}

/** Canonical bytes of the proof, or null where the text is none of the accepted forms. */
export function parseProof(text: string): Uint8Array | null {
  const trimmed = text.trim()
  return trimmed.startsWith('{') ? fromJson(trimmed) : fromText(trimmed)
}

function fromJson(text: string): Uint8Array | null {
  try {
    const parsed = jsonSchema.safeParse(JSON.parse(text))
    return parsed.success ? fromText(parsed.data) : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** No text is both: a proof is a CBOR map, and the base64 of its first byte, 0xa0 to 0xbf, is no hex digit. */
function fromText(text: string): Uint8Array | null {
  if (text === '') return null
  try {
    return /^(?:[0-9a-f]{2})+$/i.test(text) ? Uint8Array.fromHex(text) : Uint8Array.fromBase64(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
