// Signed reads, judged and recorded before anything is answered: the signature by the reader's registered key, the
// entitlement by the audit contract, then a committed `audit.read`. health.md, "Audit"; spec/rpc.md, "Signed reads".

import { verify } from '../crypto/ed25519.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { RpcError } from '../rpc/errors.ts'
import type { ReadScope, ReadService } from '../rpc/services.ts'
import { type SignedRead, verifySignedRead } from '../types/signed-read.ts'
import type { Clock } from './clock.ts'
import { type InstitutionSender, NotCommitted } from './institution-sender.ts'
import { idValue, queryView } from './query.ts'

export class Reads implements ReadService {
  readonly #parts: { readonly ledger: Ledger; readonly sender: InstitutionSender; readonly clock: Clock }

  constructor(parts: { readonly ledger: Ledger; readonly sender: InstitutionSender; readonly clock: Clock }) {
    this.#parts = parts
  }

  async admit(read: SignedRead, _scope: ReadScope): Promise<void> {
    const { ledger } = this.#parts
    const signer = ledger.signerOf(read.reader, read.keyId)
    if (signer === undefined || !signer.active) throw new RpcError('INVALID_READ', { reason: 'UNKNOWN_KEY' })
    if (!verifySignedRead(read, { publicKey: signer.key, verify })) {
      throw new RpcError('INVALID_READ', { reason: 'BAD_SIGNATURE' })
    }
    if (read.subject === null) {
      // Whole blocks and whole event streams: what every member holds on its own disk anyway.
      if (!this.#isMember(read)) throw new RpcError('NOT_ENTITLED')
      return
    }
    const entitled = this.#ask('audit', 'mayRead', [idValue(read.reader), idValue(read.subject)])
    if (entitled !== true) throw new RpcError('NOT_ENTITLED')
    await this.#record(read, read.subject)
  }

  #isMember({ reader }: SignedRead): boolean {
    const id = [idValue(reader)]
    const isInstitution = this.#ask('registry', 'isInstitution', id) === true
    return (
      (isInstitution || this.#ask('registry', 'isRegulator', id) === true) &&
      this.#ask('registry', 'isActive', id) === true
    )
  }

  async #record(read: SignedRead, subject: string): Promise<void> {
    const { reader, reason, range, nonce } = read
    const args = [idValue(reader), idValue(subject), reason, range?.fromMs ?? null, range?.toMs ?? null, idValue(nonce)]
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

  #ask(contract: string, method: string, args: Uint8Array[]): unknown {
    return queryView(this.#parts.ledger, { contract, method, args }, this.#parts.clock.nowMs())
  }
}
