// The errors of src/ledger. Two kinds: LedgerError (the data folder or the chain cannot be used as it is; the node says
// what to do and stops) and refusals (a block or transaction is not valid; the node goes on). Refusals are values.

import type { Hash } from '../types/brand.ts'

/**
 * DATA_LOCKED          another process has the data folder open
 * DATA_READ_ONLY       the data folder cannot be written to
 * DATA_OTHER_CHAIN     the data folder belongs to another chain
 * DATA_NEWER_FORMAT    the data folder was written by a later version of this program
 * DATA_CORRUPT         stored bytes are damaged or contradict each other
 * STORE_FAILED         the disk or the database refused a read or write
 * GENESIS_REFUSED      block 0 cannot be executed: a call of the genesis was refused
 * NOT_KEPT             below the height where a store that began with a snapshot begins: another node has it
 * UNKNOWN_BLOCK        a block hash that is neither the head nor stored on top of it
 * NOT_ON_CHAIN         a certified block that does not build on the head
 * TOO_MANY_UNCOMMITTED the bound on executed blocks that wait for a certificate
 */
export type LedgerErrorCode =
  | 'DATA_LOCKED'
  | 'DATA_READ_ONLY'
  | 'DATA_OTHER_CHAIN'
  | 'DATA_NEWER_FORMAT'
  | 'DATA_CORRUPT'
  | 'STORE_FAILED'
  | 'GENESIS_REFUSED'
  | 'NOT_KEPT'
  | 'UNKNOWN_BLOCK'
  | 'NOT_ON_CHAIN'
  | 'TOO_MANY_UNCOMMITTED'

export class LedgerError extends Error {
  override readonly name = 'LedgerError'
  readonly code: LedgerErrorCode
  constructor(code: LedgerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export function corrupt(what: string, options?: ErrorOptions): LedgerError {
  const advice = 'stop the node, move the data folder away and let it fetch the chain from its peers'
  return new LedgerError('DATA_CORRUPT', `${what}; ${advice}`, options)
}

/**
 * Why a transaction is not valid. Metric label, reason of INVALID, and test name; spec/ledger.md, "Admission".
 * TOO_LARGE MALFORMED WRONG_CHAIN EXPIRED EXPIRES_TOO_LATE GAS_LIMIT DUPLICATE UNKNOWN_SENDER KEY_REVOKED BAD_SIGNATURE
 * can stand against a transaction in a block, too; MEMPOOL_FULL and SENDER_SHARE only at a mempool's door.
 */
export type TransactionRefusalCode =
  | 'TOO_LARGE'
  | 'MALFORMED'
  | 'WRONG_CHAIN'
  | 'EXPIRED'
  | 'EXPIRES_TOO_LATE'
  | 'GAS_LIMIT'
  | 'DUPLICATE'
  | 'UNKNOWN_SENDER'
  | 'KEY_REVOKED'
  | 'BAD_SIGNATURE'
  | 'MEMPOOL_FULL'
  | 'SENDER_SHARE'

export interface TransactionRefusal {
  readonly code: TransactionRefusalCode
  /** Names the field and what is accepted; never a value. */
  readonly message: string
}

/**
 * Why a block is not valid on its parent:
 * PARENT_UNKNOWN  the parent is neither the head nor an executed block on top of it
 * HEIGHT TIME     not parent's + 1; not above the parent's
 * BLOCK_TOO_LARGE more transactions or bytes than a block may have
 * TRANSACTION     `index`, `transactionId` and `transaction` say which and why
 * VERSION         the header's protocol version is not the one in force at its height
 * UNSUPPORTED_VERSION  the version in force there is not one of this release: nothing is wrong with the block
 * LOG_ROOT TX_ROOT RECEIPT_ROOT STATE_ROOT   the header claims another root than execution gives
 */
export type BlockRefusalCode =
  | 'PARENT_UNKNOWN'
  | 'HEIGHT'
  | 'EPOCH'
  | 'TIME'
  | 'BLOCK_TOO_LARGE'
  | 'TRANSACTION'
  | 'VERSION'
  | 'UNSUPPORTED_VERSION'
  | 'TX_ROOT'
  | 'RECEIPT_ROOT'
  | 'STATE_ROOT'
  | 'LOG_ROOT'

export interface BlockRefusal {
  readonly code: BlockRefusalCode
  readonly message: string
  readonly index?: number
  readonly transactionId?: Hash
  readonly transaction?: TransactionRefusal
}
