// A wrapping key from a passphrase: scrypt (RFC 7914), with cost and salt stored beside what the key wraps.

import { backend } from '#crypto-backend'
import type { ScryptCost } from './backend.ts'
import { badArgument, checkBytes, checkInteger } from './errors.ts'
import { randomBytes } from './random.ts'

/** All that is needed, beside the passphrase, to derive the key again. Not secret. */
export interface PassphraseParameters extends ScryptCost {
  readonly salt: Uint8Array
}

/** 128 MiB and 0.6 s on the 2-core Xeon 2.5 GHz: OWASP's recommendation for scrypt. */
export const SCRYPT_COST: ScryptCost = { cost: 2 ** 17, blockSize: 8, parallelism: 1 }

const SALT_BYTES = 16
/** Stored parameters may have been altered: bounds what a file can make a node spend. */
const SCRYPT_MEMORY_BYTES_MAX = 1024 * 1024 * 1024

/** Parameters with a fresh salt. */
export function generatePassphraseParameters(cost: ScryptCost = SCRYPT_COST): PassphraseParameters {
  return { ...cost, salt: randomBytes(SALT_BYTES) }
}

/** The 32-byte wrapping key of a passphrase. Synchronous and slow on purpose: for start-up, not for a request. */
export function wrappingKeyFromPassphrase(passphrase: string, parameters: PassphraseParameters): Uint8Array {
  if (typeof passphrase !== 'string' || passphrase.length === 0) {
    throw badArgument('passphrase', 'expected text of at least one character')
  }
  checkParameters(parameters)
  // The same passphrase typed on another keyboard may come in another Unicode form.
  return backend.scrypt(new TextEncoder().encode(passphrase.normalize('NFKC')), parameters.salt, parameters)
}

function checkParameters({ cost, blockSize, parallelism, salt }: PassphraseParameters): void {
  checkInteger('cost', cost, { min: 2 ** 10, max: 2 ** 20 })
  checkInteger('blockSize', blockSize, { min: 1, max: 32 })
  checkInteger('parallelism', parallelism, { min: 1, max: 16 })
  checkBytes('salt', salt, SALT_BYTES)
  if (!Number.isInteger(Math.log2(cost))) throw badArgument('cost', 'expected a power of two')
  if (128 * cost * blockSize > SCRYPT_MEMORY_BYTES_MAX) {
    throw badArgument('cost', `expected at most ${SCRYPT_MEMORY_BYTES_MAX} bytes of memory (128 * cost * blockSize)`)
  }
}
