// The errors of src/vault. Messages name what was wrong and what is accepted, never content, keys or a patient.

/**
 * - `OTHER_CHAIN`, `OTHER_CUSTODIAN`: the data folder was made for another consortium or another institution.
 * - `WRONG_KEY`: the wrapping key is not the one that the folder's record keys are wrapped by.
 * - `NOT_A_VAULT`: the folder's contents are not those of a vault of this version.
 * - `FOLDER`: the folder cannot be opened (in use by another process, not writable, damaged).
 * - `TAMPERED`: something stored was altered, or stands where it does not belong.
 * - `UNKNOWN_RECORD`: no such entry, or none any more.
 * - `RECORD_EXISTS`, `RECORD_TOO_LARGE`: what is to be stored.
 * - `KEY_SOURCE`: the source of the wrapping key gives none. `KEY_IN_DATA_FOLDER`: it would lie beside what it protects.
 */
export type VaultErrorCode =
  | 'OTHER_CHAIN'
  | 'OTHER_CUSTODIAN'
  | 'WRONG_KEY'
  | 'NOT_A_VAULT'
  | 'FOLDER'
  | 'TAMPERED'
  | 'UNKNOWN_RECORD'
  | 'RECORD_EXISTS'
  | 'RECORD_TOO_LARGE'
  | 'KEY_SOURCE'
  | 'KEY_IN_DATA_FOLDER'

export class VaultError extends Error {
  readonly code: VaultErrorCode
  constructor(code: VaultErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'VaultError'
    this.code = code
  }
}

/**
 * What a requester may meet:
 * - `NOT_RELEASED`: the custodian refused; `reason` says why where the custodian reveals it.
 * - `STALE`: the custodian's node has lost touch with the consortium; try again, or another time.
 * - `REFUSED_REQUEST`: the custodian could not read the request, or it is for another chain.
 * - `BAD_REPLY`: the answer is not one of this protocol, or not to this request.
 * - `UNREGISTERED_RECORD`, `HASH_MISMATCH`: what came is not what this custodian registered on the chain.
 * - `RELEASE_NOT_LOGGED`: the chain has no release with this manifest under the decision.
 * - `NOT_AUTHENTIC`: a record key or record does not open: altered, or sealed for another decision or key.
 */
export type ExchangeErrorCode =
  | 'NOT_RELEASED'
  | 'STALE'
  | 'REFUSED_REQUEST'
  | 'BAD_REPLY'
  | 'UNREGISTERED_RECORD'
  | 'HASH_MISMATCH'
  | 'RELEASE_NOT_LOGGED'
  | 'NOT_AUTHENTIC'

export class ExchangeError extends Error {
  readonly code: ExchangeErrorCode
  /** Reason code of the custodian, in reveal mode. */
  readonly reason: string | null
  constructor(code: ExchangeErrorCode, message: string, options: ErrorOptions & { reason?: string | null } = {}) {
    super(message, options)
    this.name = 'ExchangeError'
    this.code = code
    this.reason = options.reason ?? null
  }
}
