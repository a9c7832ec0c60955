// Guards what only a signed read opens: that there is one, that it is for this chain, this subject and this moment, and
// that it is used once. Signature and entitlement are the node's to judge (ReadService).
// spec/rpc.md, "Signed reads".

import { sha256Hex } from '../crypto/hash.ts'
import type { Hash, IdentityId } from '../types/brand.ts'
import { toBytes } from '../types/canonical.ts'
import { SIGNED_READ_WINDOW_MS, type SignedRead, signedReadCodec } from '../types/signed-read.ts'
import { RpcError } from './errors.ts'
import { READS_REMEMBERED_MAX } from './limits.ts'
import type { ReadScope, ReadService } from './services.ts'

/** Values of data.reason in INVALID_READ that are found here; the ReadService adds its own. */
export type ReadFault = 'WRONG_CHAIN' | 'WRONG_SUBJECT' | 'BAD_RANGE' | 'EXPIRED' | 'EXPIRES_TOO_LATE' | 'USED'

export interface ReadGuardOptions {
  readonly chainId: Hash
  readonly reads: ReadService
  nowMs(): number
}

export class ReadGuard {
  private readonly chainId: Hash
  private readonly reads: ReadService
  private readonly nowMs: () => number
  /** Expiry of every read that was admitted or is being judged, by the hash of its signed bytes. */
  private readonly seen = new Map<Hash, number>()

  constructor(options: ReadGuardOptions) {
    this.chainId = options.chainId
    this.reads = options.reads
    this.nowMs = options.nowMs
  }

  /** Resolves once `audit.read` is committed. Throws READ_REQUIRED, INVALID_READ, NOT_ENTITLED, RETRY_LATER. */
  async admit(
    read: SignedRead | undefined,
    { scope, subject }: { scope: ReadScope; subject: IdentityId | null },
  ): Promise<SignedRead> {
    if (read === undefined) throw new RpcError('READ_REQUIRED', { field: 'params.read' })
    if (read.subject !== subject) throw invalid('WRONG_SUBJECT', 'subject')
    return this.admitAnySubject(read, scope)
  }

  /** The same where the read itself says whom it is about. */
  async admitAnySubject(read: SignedRead, scope: ReadScope): Promise<SignedRead> {
    this.checkBody(read)
    const key = sha256Hex(toBytes(signedReadCodec, read))
    this.remember(key, read.expiresAtMs)
    try {
      await this.reads.admit(read, scope)
    } catch (error) {
      // Nothing was shown for it, and nothing unverified may fill the memory.
      this.seen.delete(key)
      throw error
    }
    return read
  }

  private checkBody({ chainId, range, expiresAtMs }: SignedRead): void {
    const nowMs = this.nowMs()
    if (chainId !== this.chainId) throw invalid('WRONG_CHAIN', 'chainId')
    if (range !== null && range.fromMs >= range.toMs) throw invalid('BAD_RANGE', 'range')
    if (expiresAtMs <= nowMs) throw invalid('EXPIRED', 'expiresAtMs')
    if (expiresAtMs > nowMs + SIGNED_READ_WINDOW_MS) throw invalid('EXPIRES_TOO_LATE', 'expiresAtMs')
  }

  private remember(key: Hash, expiresAtMs: number): void {
    if (this.seen.has(key)) throw invalid('USED', 'nonce')
    if (this.seen.size >= READS_REMEMBERED_MAX) this.forgetExpired()
    if (this.seen.size >= READS_REMEMBERED_MAX) throw new RpcError('RETRY_LATER', { retryAfterMs: 60_000 })
    this.seen.set(key, expiresAtMs)
  }

  private forgetExpired(): void {
    const nowMs = this.nowMs()
    for (const [key, expiresAtMs] of this.seen) if (expiresAtMs <= nowMs) this.seen.delete(key)
  }
}

function invalid(reason: ReadFault, field: string): RpcError {
  return new RpcError('INVALID_READ', { reason, field: `params.read.${field}` })
}
