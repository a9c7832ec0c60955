// What execution left behind, call by call. Leaves of a header's receiptRoot are canonical receipt bytes.

import type { Hash } from './brand.ts'
import { type Codec, hash, list, oneOf, record, text, uint } from './canonical.ts'
import { anyValue, type Value } from './canonical-value.ts'
import { CALLS_MAX, NAME_LENGTH_MAX, VALUE_ITEMS_MAX } from './limits.ts'
import { name } from './transaction.ts'

/** Emitted by a contract; `fields` is a map by field name, self-describing. */
export interface ContractEvent {
  readonly contract: string
  readonly name: string
  readonly fields: Value
}

/** `refused` leaves no state change of its call behind; `code` says why and is documented in spec/contracts.md. */
export interface CallReceipt {
  readonly status: 'ok' | 'refused'
  readonly code: string
  readonly value: Value
  readonly events: readonly ContractEvent[]
  readonly gas: number
}

export interface Receipt {
  readonly transactionId: Hash
  readonly calls: readonly CallReceipt[]
}

const CODE = { pattern: /^[A-Z][A-Z0-9_]*$/, expected: 'a code of capital letters, digits and underscores' }

export const contractEventCodec: Codec<ContractEvent> = record<ContractEvent>({
  contract: name,
  name,
  fields: anyValue,
})

export const callReceiptCodec: Codec<CallReceipt> = record<CallReceipt>({
  status: oneOf('ok', 'refused'),
  code: text(NAME_LENGTH_MAX, CODE),
  value: anyValue,
  events: list(contractEventCodec, VALUE_ITEMS_MAX),
  gas: uint,
})

export const receiptCodec: Codec<Receipt> = record<Receipt>({
  transactionId: hash,
  calls: list(callReceiptCodec, CALLS_MAX),
})
