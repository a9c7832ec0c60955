// Transactions that this node accepted and that are not certified yet. It keeps them, whoever leads, until they are
// certified or expired. Bounded in number, in bytes, and per sender. The order of the checks is the cheapest first, and
// nothing is remembered under an id before its signature is verified: an id can be copied, a signature cannot.
// spec/ledger.md, "Admission".

import { sha256Hex } from '../crypto/hash.ts'
import { assert } from '../types/assert.ts'
import type { Hash, IdentityId } from '../types/brand.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import {
  EXPIRY_WINDOW_MS,
  MEMPOOL_BYTES_MAX,
  MEMPOOL_TRANSACTIONS_MAX,
  TRANSACTION_BYTES_MAX,
} from '../types/limits.ts'
import { decodeTransaction } from '../types/signing.ts'
import type { SignedTransaction } from '../types/transaction.ts'
import { checkSigner, checkTerms, refuse } from './admission.ts'
import type { TransactionRefusal, TransactionRefusalCode } from './errors.ts'
import type { SignerOf } from './signer.ts'
import type { VerdictCache } from './verdict-cache.ts'

/** Signature and framing around the unsigned bytes. */
const ENVELOPE_BYTES_MAX = 128
/** No sender fills more than a quarter: the others get in whatever one does. */
const SENDER_SHARE = 4
const REMEMBERED_REFUSALS_MAX = 8_192
const REMEMBERED_EXPIRED_MAX = 8_192
/** A transaction whose time passed this long ago goes, even where no block has said so. */
const EXPIRY_GRACE_MS = 60_000

/** What the mempool needs to know about the chain. The ledger answers all of it. */
export interface MempoolChain {
  readonly chainId: Hash
  readonly verdicts: VerdictCache
  /** In the head's state. */
  readonly signerOf: SignerOf
  /** In a certified block whose ids can still be repeated. */
  isRecent(transactionId: Hash): boolean
  /** In any certified block. */
  isCommitted(transactionId: Hash): boolean
}

export interface MempoolLimits {
  readonly transactionsMax: number
  readonly bytesMax: number
}

export type Admission =
  | { readonly status: 'accepted'; readonly transaction: SignedTransaction }
  /** The id waits here or is committed: nothing was added. */
  | { readonly status: 'exists'; readonly id: Hash }
  | { readonly status: 'refused'; readonly refusal: TransactionRefusal }

export interface TakeOptions {
  readonly countMax: number
  /** Calls in them; a single transaction may have more. */
  readonly callsMax: number
  readonly bytesMax: number
  /** Time of the block to be made. */
  readonly timeMs: number
  /** Already in the chain that the block extends. */
  readonly isTaken: (transactionId: Hash) => boolean
}

export interface MempoolCounters {
  accepted: number
  exists: number
  readonly refused: Record<TransactionRefusalCode, number>
}

export interface Mempool extends Iterable<SignedTransaction> {
  readonly size: number
  readonly bytes: number
  readonly counters: MempoolCounters
  /** `signedBytes`: the wire form. `nowMs`: the node's clock. */
  add(signedBytes: Uint8Array, nowMs: number): Admission
  has(transactionId: Hash): boolean
  get(transactionId: Hash): SignedTransaction | undefined
  /** Was it accepted here, and expired before a block held it? Remembered for the last few thousand. */
  isExpired(transactionId: Hash): boolean
  /** The oldest transactions that fit into a block. They stay until they are certified. */
  take(options: TakeOptions): readonly SignedTransaction[]
  /** After a commit. */
  remove(transactionIds: Iterable<Hash>): void
  /** Drops what no block can hold any more and answers the ids. */
  expire(times: { readonly headTimeMs: number; readonly nowMs: number }): readonly Hash[]
}

const NO_REFUSALS: Readonly<Record<TransactionRefusalCode, number>> = {
  TOO_LARGE: 0,
  MALFORMED: 0,
  WRONG_CHAIN: 0,
  EXPIRED: 0,
  EXPIRES_TOO_LATE: 0,
  GAS_LIMIT: 0,
  DUPLICATE: 0,
  UNKNOWN_SENDER: 0,
  KEY_REVOKED: 0,
  BAD_SIGNATURE: 0,
  MEMPOOL_FULL: 0,
  SENDER_SHARE: 0,
}

/** Refusals that no later state takes back, and no clock that was wrong; the others are decided anew each time. */
const IS_FINAL = new Set<TransactionRefusalCode>(['MALFORMED', 'WRONG_CHAIN', 'GAS_LIMIT', 'BAD_SIGNATURE'])

export function createMempool(
  chain: MempoolChain,
  limits: MempoolLimits = { transactionsMax: MEMPOOL_TRANSACTIONS_MAX, bytesMax: MEMPOOL_BYTES_MAX },
): Mempool {
  return new BoundedMempool(chain, limits)
}

interface Share {
  count: number
  bytes: number
}

class BoundedMempool implements Mempool {
  readonly counters: MempoolCounters = { accepted: 0, exists: 0, refused: { ...NO_REFUSALS } }
  bytes = 0
  private readonly chain: MempoolChain
  private readonly limits: MempoolLimits
  /** In order of arrival. */
  private readonly waiting = new Map<Hash, SignedTransaction>()
  private readonly shares = new Map<IdentityId, Share>()
  /** By the hash of the signed bytes: whoever copies an id cannot have its owner refused. */
  private readonly refusals = new Map<Hash, TransactionRefusal>()
  private readonly expired = new Set<Hash>()
  private earliestExpiryMs = Number.POSITIVE_INFINITY

  constructor(chain: MempoolChain, limits: MempoolLimits) {
    this.chain = chain
    this.limits = limits
  }

  get size(): number {
    return this.waiting.size
  }

  add(signedBytes: Uint8Array, nowMs: number): Admission {
    const admission = this.admit(signedBytes, nowMs)
    if (admission.status === 'refused') this.counters.refused[admission.refusal.code]++
    else this.counters[admission.status]++
    return admission
  }

  /** The cheapest first: size, form, chain and window, duplicate, room, sender, signature. */
  private admit(signedBytes: Uint8Array, nowMs: number): Admission {
    if (signedBytes.length > TRANSACTION_BYTES_MAX + ENVELOPE_BYTES_MAX) {
      const message = `transaction: ${signedBytes.length} bytes, at most ${TRANSACTION_BYTES_MAX} accepted`
      return { status: 'refused', refusal: refuse('TOO_LARGE', message) }
    }
    const known = this.refusals.size === 0 ? undefined : this.refusals.get(sha256Hex(signedBytes))
    if (known !== undefined) return { status: 'refused', refusal: known }

    const transaction = decode(signedBytes)
    if ('code' in transaction) return this.refuse(signedBytes, transaction)
    const { id } = transaction

    const badTerms = checkTerms(transaction, { chainId: this.chain.chainId, timeMs: nowMs })
    if (badTerms !== undefined) {
      // Whoever asks again after the deadline still wants the receipt.
      if (badTerms.code === 'EXPIRED' && this.chain.isCommitted(id)) return { status: 'exists', id }
      return this.refuse(signedBytes, badTerms)
    }
    if (this.waiting.has(id) || this.chain.isRecent(id)) return { status: 'exists', id }

    const noRoom = this.checkRoom(transaction)
    if (noRoom !== undefined) return this.refuse(signedBytes, noRoom)
    const badSigner = checkSigner(transaction, this.chain)
    if (badSigner !== undefined) return this.refuse(signedBytes, badSigner)

    this.keep(transaction)
    return { status: 'accepted', transaction }
  }

  private refuse(signedBytes: Uint8Array, refusal: TransactionRefusal): Admission {
    if (IS_FINAL.has(refusal.code)) {
      this.refusals.set(sha256Hex(signedBytes), refusal)
      dropOldest(this.refusals, REMEMBERED_REFUSALS_MAX)
    }
    return { status: 'refused', refusal }
  }

  private checkRoom(signed: SignedTransaction): TransactionRefusal | undefined {
    const { transactionsMax, bytesMax } = this.limits
    if (this.waiting.size + 1 > transactionsMax || this.bytes + signed.bytes.length > bytesMax) {
      return refuse('MEMPOOL_FULL', 'mempool: full; try again when transactions have been committed')
    }
    const share = this.shares.get(signed.transaction.sender) ?? { count: 0, bytes: 0 }
    const countMax = Math.max(1, Math.floor(transactionsMax / SENDER_SHARE))
    const shareBytesMax = Math.floor(bytesMax / SENDER_SHARE)
    if (share.count + 1 > countMax || share.bytes + signed.bytes.length > shareBytesMax) {
      return refuse('SENDER_SHARE', 'sender: its share of the mempool is full; try again when some are committed')
    }
    return undefined
  }

  private keep(signed: SignedTransaction): void {
    const { sender, expiresAtMs } = signed.transaction
    this.waiting.set(signed.id, signed)
    this.bytes += signed.bytes.length
    const share = this.shares.get(sender) ?? { count: 0, bytes: 0 }
    this.shares.set(sender, { count: share.count + 1, bytes: share.bytes + signed.bytes.length })
    this.earliestExpiryMs = Math.min(this.earliestExpiryMs, expiresAtMs)
  }

  private drop(id: Hash): void {
    const signed = this.waiting.get(id)
    if (signed === undefined) return
    const { sender } = signed.transaction
    this.waiting.delete(id)
    this.bytes -= signed.bytes.length
    const share = this.shares.get(sender)
    assert(share !== undefined, 'mempool: a waiting transaction is counted for its sender')
    if (share.count === 1) this.shares.delete(sender)
    else this.shares.set(sender, { count: share.count - 1, bytes: share.bytes - signed.bytes.length })
  }

  has(transactionId: Hash): boolean {
    return this.waiting.has(transactionId)
  }

  get(transactionId: Hash): SignedTransaction | undefined {
    return this.waiting.get(transactionId)
  }

  isExpired(transactionId: Hash): boolean {
    return this.expired.has(transactionId)
  }

  take({ countMax, callsMax, bytesMax, timeMs, isTaken }: TakeOptions): readonly SignedTransaction[] {
    const taken: SignedTransaction[] = []
    let bytes = 0
    let calls = 0
    for (const signed of this.waiting.values()) {
      if (taken.length === countMax) break
      const { expiresAtMs } = signed.transaction
      if (expiresAtMs <= timeMs || expiresAtMs > timeMs + EXPIRY_WINDOW_MS || isTaken(signed.id)) continue
      if (bytes + signed.bytes.length > bytesMax) break
      calls += signed.transaction.calls.length
      if (taken.length > 0 && calls > callsMax) break
      bytes += signed.bytes.length
      taken.push(signed)
    }
    return taken
  }

  remove(transactionIds: Iterable<Hash>): void {
    for (const id of transactionIds) this.drop(id)
  }

  expire({ headTimeMs, nowMs }: { readonly headTimeMs: number; readonly nowMs: number }): readonly Hash[] {
    const untilMs = Math.max(headTimeMs, nowMs - EXPIRY_GRACE_MS)
    if (this.earliestExpiryMs > untilMs) return []
    const gone: Hash[] = []
    this.earliestExpiryMs = Number.POSITIVE_INFINITY
    for (const { id, transaction } of this.waiting.values()) {
      if (transaction.expiresAtMs <= untilMs) gone.push(id)
      else this.earliestExpiryMs = Math.min(this.earliestExpiryMs, transaction.expiresAtMs)
      // Only a certified time proves it: a block that nobody has certified yet may still hold what the clock gave up.
      if (transaction.expiresAtMs <= headTimeMs) this.expired.add(id)
    }
    for (const id of gone) this.drop(id)
    dropOldest(this.expired, REMEMBERED_EXPIRED_MAX)
    return gone
  }

  [Symbol.iterator](): Iterator<SignedTransaction> {
    return this.waiting.values()
  }
}

function decode(signedBytes: Uint8Array): SignedTransaction | TransactionRefusal {
  try {
    return decodeTransaction(signedBytes)
  } catch (error) {
    if (error instanceof DecodeError) return refuse('MALFORMED', error.message)
    throw error
  }
}

/** Maps and sets iterate in order of insertion. */
function dropOldest(kept: Map<Hash, unknown> | Set<Hash>, max: number): void {
  for (const name of kept.keys()) {
    if (kept.size <= max) return
    kept.delete(name)
  }
}
