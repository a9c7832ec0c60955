// Protocol data as JSON: byte strings become lowercase hex, everything else stands as it is.

import type { Json } from '../contracts/abi.ts'
import { AssertionError } from '../types/assert.ts'
import type { Block } from '../types/block.ts'
import { fromBytes, toBytes } from '../types/canonical.ts'
import { receiptCodec } from '../types/receipt.ts'
import { type ReceiptProof, receiptProofCodec } from '../types/receipt-proof.ts'
import { blockHash } from '../types/signing.ts'
import type { CommittedHeader } from './services.ts'

/** Canonical values and records of the protocol. Anything else in there is a bug of the node. */
export function toJson(value: unknown): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  if (value instanceof Uint8Array) return value.toHex()
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]))
  }
  throw new AssertionError(`a ${typeof value} is no protocol data`)
}

export function headerToJson({ hash, header, signature, commitCert }: CommittedHeader) {
  return {
    hash,
    header,
    signature: signature.toHex(),
    commitCert: commitCert && {
      ...commitCert,
      signatures: commitCert.signatures.map((by) => ({ member: by.member, signature: by.signature.toHex() })),
    },
  }
}

export function blockToJson({ hash, header, signature, transactions }: Block) {
  return {
    hash,
    header,
    signature: signature.toHex(),
    transactions: transactions.map(({ id, bytes }) => ({ id, bytes: bytes.toBase64() })),
  }
}

export function receiptToJson(proof: ReceiptProof) {
  const { transactionId, calls } = fromBytes(receiptCodec, proof.receipt)
  return {
    transactionId,
    height: proof.header.height,
    blockHash: blockHash(proof.header),
    timeMs: proof.header.timeMs,
    index: proof.index,
    calls: calls.map((call) => ({
      ...call,
      value: toJson(call.value),
      events: call.events.map((event) => ({ ...event, fields: toJson(event.fields) })),
    })),
    proof: toBytes(receiptProofCodec, proof).toBase64(),
  }
}
