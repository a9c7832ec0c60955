// Signed reads, judged and recorded before anything is answered: the signature by the reader's registered key, the
// entitlement by the audit contract, then a committed `audit.read`. spec/rpc.md, "Signed reads".

import { verify } from '../crypto/ed25519.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { RpcError } from '../rpc/errors.ts'
import type { ReadScope, ReadService } from '../rpc/services.ts'
import type { Value } from '../types/canonical-value.ts'
import { type SignedRead, verifySignedRead } from '../types/signed-read.ts'
import type { Clock } from './clock.ts'
import { type InstitutionSender, NotCommitted } from './institution-sender.ts'
import { idValue, queryView } from './query.ts'

export class Reads implements ReadService {
  readonly #parts: { readonly ledger: Ledger; readonly sender: InstitutionSender; readonly clock: Clock }

  constructor(parts: { readonly ledger: Ledger; readonly sender: InstitutionSender; readonly clock: Clock }) {
    this.#parts = parts
  }

  async admit(read: SignedRead, scope: ReadScope): Promise<void> {
    const { ledger } = this.#parts
    const signer = ledger.signerOf(read.reader, read.keyId)
    if (signer === undefined || !signer.active) throw new RpcError('INVALID_READ', { reason: 'UNKNOWN_KEY' })
    if (!verifySignedRead(read, { publicKey: signer.key, verify })) {
      throw new RpcError('INVALID_READ', { reason: 'BAD_SIGNATURE' })
    }
    const subject = read.subject === null ? null : idValue(read.subject)
    if (this.#ask('audit', 'mayRead', [idValue(read.reader), subject]) !== true) throw new RpcError('NOT_ENTITLED')
    // Who reads the list of reads is not listed again: it would never end.
    if (scope.kind === 'query' && scope.contract === 'audit' && scope.method === 'readsOf') return
    await this.#record(read, subject)
  }

  async #record(read: SignedRead, subject: Uint8Array | null): Promise<void> {
    const { reader, reason, range, nonce } = read
    const args = [idValue(reader), subject, reason, range?.fromMs ?? null, range?.toMs ?? null, idValue(nonce)]
    try {
      const [receipt] = await this.#parts.sender.send([{ contract: 'audit', method: 'read', args }])
      if (receipt?.status === 'ok') return
      if (receipt?.code === 'NONCE_USED') throw new RpcError('INVALID_READ', { reason: 'USED' })
      throw new RpcError('NOT_ENTITLED', { reason: receipt?.code ?? 'REFUSED' })
    } catch (error) {
      if (error instanceof NotCommitted)
        throw new RpcError('NOT_READY', { reason: 'READ_NOT_RECORDED' }, { cause: error })
      throw error
    }
  }

  #ask(contract: string, method: string, args: Value[]): unknown {
    return queryView(this.#parts.ledger, { contract, method, args }, this.#parts.clock.nowMs())
  }
}
