// A transaction: calls of contract methods under one signature. spec/ledger.md, "Transactions".

import type { Hash, IdentityId } from './brand.ts'
import {
  boolean,
  bytes,
  type Codec,
  fixedBytes,
  hash,
  identityId,
  list,
  literal,
  record,
  signature,
  text,
  tuple,
  uint,
} from './canonical.ts'
import { anyValue, type Value } from './canonical-value.ts'
import { CALLS_MAX, NAME_LENGTH_MAX, TRANSACTION_BYTES_MAX } from './limits.ts'

/** One contract call; `args` are positional, named and typed by the contract's ABI. */
export interface Call {
  readonly contract: string
  readonly method: string
  readonly args: readonly Value[]
}

/** What the sender signs. */
export interface Transaction {
  readonly version: 1
  readonly chainId: Hash
  readonly sender: IdentityId
  /** Number of the sender's signing key in the registry. */
  readonly keyId: number
  readonly calls: readonly Call[]
  /** All calls or none. Otherwise each call stands and is receipted on its own. */
  readonly atomic: boolean
  readonly gasLimit: number
  /** Valid in a block with timeMs < expiresAtMs <= timeMs + EXPIRY_WINDOW_MS. */
  readonly expiresAtMs: number
  /** 16 random bytes: two equal requests are two transactions. */
  readonly salt: Uint8Array
}

/** A transaction with the bytes that were signed, kept so that nothing is encoded or hashed twice. */
export interface SignedTransaction {
  readonly transaction: Transaction
  /** Hash of the tagged unsigned bytes. */
  readonly id: Hash
  /** Canonical bytes of `transaction`. */
  readonly unsignedBytes: Uint8Array
  readonly signature: Uint8Array
  /** Wire form: canonical [unsignedBytes, signature]; what txRoot's leaves are made of. */
  readonly bytes: Uint8Array
}

const NAME = { pattern: /^[A-Za-z][A-Za-z0-9]*$/, expected: 'a name of letters and digits' }
export const name: Codec<string> = text(NAME_LENGTH_MAX, NAME)

export const callCodec: Codec<Call> = record<Call>({ contract: name, method: name, args: list(anyValue, 32) })

export const transactionCodec: Codec<Transaction> = record<Transaction>({
  version: literal(1),
  chainId: hash,
  sender: identityId,
  keyId: uint,
  calls: list(callCodec, CALLS_MAX),
  atomic: boolean,
  gasLimit: uint,
  expiresAtMs: uint,
  salt: fixedBytes(16),
})

/** [unsigned bytes, signature]. */
export const envelopeCodec = tuple(bytes(TRANSACTION_BYTES_MAX), signature)
