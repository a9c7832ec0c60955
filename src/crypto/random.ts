// Randomness of the operating system. The pure cores never import this: their random bits come inside events.

import { checkInteger } from './errors.ts'

/** `length` random bytes (1 to 65,536, what one call of getRandomValues gives). */
export function randomBytes(length: number): Uint8Array {
  checkInteger('length', length, { min: 1, max: 65_536 })
  return globalThis.crypto.getRandomValues(new Uint8Array(length))
}
