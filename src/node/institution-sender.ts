// The node speaks for its institution: releases, reads of the log, imported records. One signer, one way in.

import { randomBytes } from '../crypto/random.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { IdentityId } from '../types/brand.ts'
import { EXPIRY_WINDOW_MS, TRANSACTION_GAS_MAX } from '../types/limits.ts'
import type { CallReceipt } from '../types/receipt.ts'
import { signTransaction } from '../types/signing.ts'
import type { Call } from '../types/transaction.ts'
import type { Clock } from './clock.ts'
import type { SigningKey } from './key-file.ts'
import { registrationOf } from './registration.ts'
import type { Submissions } from './submissions.ts'

const COMMIT_TIMEOUT_MS = 15_000

/** The consortium did not commit in time; the transaction may still be committed. */
export class NotCommitted extends Error {
  override name = 'NotCommitted'
}

export class InstitutionSender {
  readonly institution: IdentityId
  readonly #signing: SigningKey
  readonly #parts: { readonly ledger: Ledger; readonly submissions: Submissions; readonly clock: Clock }

  constructor(
    identity: { readonly institution: IdentityId; readonly signing: SigningKey },
    parts: { readonly ledger: Ledger; readonly submissions: Submissions; readonly clock: Clock },
  ) {
    this.institution = identity.institution
    this.#signing = identity.signing
    this.#parts = parts
  }

  /** Number under which the registry has this node's signing key. */
  #keyId(): number {
    const { ledger, clock } = this.#parts
    const registered = registrationOf(this.#signing.publicKey, { ledger, clock })
    if (registered?.identity !== this.institution) {
      throw new NotCommitted('the signing key of this node is not registered for its institution')
    }
    return registered.keyId
  }

  /** Submits the calls in one transaction and answers their receipts once they are certified. */
  async send(calls: readonly Call[], { atomic = false }: { atomic?: boolean } = {}): Promise<readonly CallReceipt[]> {
    const { ledger, submissions, clock } = this.#parts
    const { id, bytes } = signTransaction(
      {
        version: 1,
        chainId: ledger.chainId,
        sender: this.institution,
        keyId: this.#keyId(),
        calls,
        atomic,
        gasLimit: TRANSACTION_GAS_MAX,
        // Half the window: clocks differ.
        expiresAtMs: Math.max(clock.nowMs(), ledger.head.header.timeMs) + EXPIRY_WINDOW_MS / 2,
        salt: randomBytes(16),
      },
      this.#signing.sign,
    )
    submissions.submit(bytes)
    let state: Awaited<ReturnType<Submissions['settled']>>
    try {
      state = await submissions.settled(id, AbortSignal.timeout(COMMIT_TIMEOUT_MS))
    } catch (error) {
      throw new NotCommitted('the consortium did not commit in time', { cause: error })
    }
    const receipt = ledger.receipt(id)
    if (state.status !== 'COMMITTED' || receipt === undefined) throw new NotCommitted(`transaction ${state.status}`)
    return receipt.calls
  }
}
