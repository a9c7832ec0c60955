// The errors of src/crypto and the argument checks that throw them. Messages name the argument and what is accepted,
// never the bytes: they may be keys or health data.

/**
 * - `BAD_ARGUMENT`: an argument has the wrong type, length or range (`argument` names it).
 * - `NOT_AUTHENTIC`: a ciphertext does not open: wrong key, wrong associated data, or altered bytes.
 */
export type CryptoErrorCode = 'BAD_ARGUMENT' | 'NOT_AUTHENTIC'

export class CryptoError extends Error {
  readonly code: CryptoErrorCode
  readonly argument: string

  constructor(code: CryptoErrorCode, argument: string, message: string, options?: ErrorOptions) {
    super(`${argument}: ${message}`, options)
    this.name = 'CryptoError'
    this.code = code
    this.argument = argument
  }
}

export function badArgument(argument: string, message: string): CryptoError {
  return new CryptoError('BAD_ARGUMENT', argument, message)
}

export function notAuthentic(argument: string, options?: ErrorOptions): CryptoError {
  const message = 'does not open: wrong key, wrong associated data, or altered bytes'
  return new CryptoError('NOT_AUTHENTIC', argument, message, options)
}

/** Throws `BAD_ARGUMENT` unless `value` is a Uint8Array (of exactly `length` bytes where that is given). */
export function checkBytes(argument: string, value: Uint8Array, length?: number): void {
  if (!(value instanceof Uint8Array)) throw badArgument(argument, 'expected a Uint8Array')
  if (length !== undefined && value.length !== length) {
    throw badArgument(argument, `expected ${length} bytes, got ${value.length}`)
  }
}

/** Throws `BAD_ARGUMENT` unless `value` is an integer from `min` to `max`, both included. */
export function checkInteger(argument: string, value: number, { min, max }: { min: number; max: number }): void {
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw badArgument(argument, `expected an integer from ${min} to ${max}, got ${String(value)}`)
  }
}
