// Copies of consents on their way to a requester: sealed to the same key as the records that they accompany.

import { commitment as saltedHash } from '../crypto/hash.ts'
import { open, seal } from '../crypto/hpke.ts'
import type { Hash } from '../types/brand.ts'
import { bytes, fixedBytes, fromBytes, record, toBytes } from '../types/canonical.ts'
import { TAG } from '../types/tags.ts'
import type { CommittedBody, ConsentBodyParts } from './consent-bodies.ts'
import type { SentConsent } from './exchange-messages.ts'
import { RECORD_BYTES_MAX } from './limits.ts'

const partsCodec = record<ConsentBodyParts>({ bytes: bytes(RECORD_BYTES_MAX), salt: fixedBytes(32) })

/** `infoOf`: what HPKE binds the copy to, by its commitment. */
export function sealCopies(
  consents: readonly CommittedBody[],
  { recipientKey, infoOf }: { recipientKey: Uint8Array; infoOf: (commitment: Hash) => Uint8Array },
): Promise<SentConsent[]> {
  return Promise.all(
    consents.map(async ({ commitment, bytes, salt }) => {
      const plaintext = toBytes(partsCodec, { bytes, salt })
      const { enc, ciphertext } = await seal(recipientKey, {
        info: infoOf(commitment),
        aad: new Uint8Array(),
        plaintext,
      })
      return { commitment, enc, sealed: ciphertext }
    }),
  )
}

/** Null where what came is not what the chain commits to. Throws CryptoError, DecodeError. */
export async function openCopy(
  { commitment, enc, sealed }: SentConsent,
  { secretKey, info }: { secretKey: Uint8Array; info: Uint8Array },
): Promise<Uint8Array | null> {
  const parts = fromBytes(partsCodec, await open(secretKey, { info, aad: new Uint8Array(), enc, ciphertext: sealed }))
  return saltedHash(TAG.consentDocument, parts) === commitment ? parts.bytes : null
}
