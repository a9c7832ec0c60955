// For tests: what each library says about one signature under the rule of ed25519.ts. OpenSSL is no backend of ours; it
// stands here as a third opinion.

import { createPublicKey, verify as opensslVerify } from 'node:crypto'
import { backend as nobleBackend } from './backend-noble.ts'
import { backend as nodeBackend } from './backend-node.ts'
import { isAdmissible } from './ed25519.ts'

/** The DER of SubjectPublicKeyInfo up to the raw Ed25519 key (RFC 8410). */
const SPKI_PREFIX = Uint8Array.fromHex('302a300506032b6570032100')

export interface Verdicts {
  readonly sodium: boolean
  readonly noble: boolean
  readonly openssl: boolean
}

export const ALL_VALID: Verdicts = { sodium: true, noble: true, openssl: true }
export const ALL_INVALID: Verdicts = { sodium: false, noble: false, openssl: false }

export function verdictsOf(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Verdicts {
  const admissible = isAdmissible(publicKey, signature)
  return {
    sodium: admissible && nodeBackend.ed25519Equation(publicKey, message, signature),
    noble: admissible && nobleBackend.ed25519Equation(publicKey, message, signature),
    openssl: admissible && opensslEquation(publicKey, message, signature),
  }
}

function opensslEquation(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const der = Buffer.concat([SPKI_PREFIX, publicKey])
  return opensslVerify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature)
}
