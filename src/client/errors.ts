// The errors of the SDK: one class, a closed union of codes. Messages name fields and codes, never values.

/**
 * - `BAD_ARGUMENT`     a call or option that no node would accept: correct `field`
 * - `UNREACHABLE`      no URL answered in time: check the network, add URLs
 * - `BAD_ANSWER`       a node answered something that is not this protocol: do not trust it
 * - `REFUSED`          a node refused; `refusal.code` is one of spec/rpc.md, with the action to take
 * - `OUTCOME_UNKNOWN`  the transaction expired here before a node said what became of it: ask `status(transactionId)`
 * - `PROOF_INVALID`    a receipt proof that does not hold against the genesis; `field` says which part
 * - `ABORTED`          the caller's signal was aborted
 */
export type ClientErrorCode =
  | 'BAD_ARGUMENT'
  | 'UNREACHABLE'
  | 'BAD_ANSWER'
  | 'REFUSED'
  | 'OUTCOME_UNKNOWN'
  | 'PROOF_INVALID'
  | 'ABORTED'

/** A node's refusal, as in `error.data` of its answer. */
export interface Refusal {
  readonly code: string
  readonly field?: string | undefined
  readonly accepted?: string | undefined
  readonly reason?: string | undefined
  readonly retryAfterMs?: number | undefined
  readonly action?: string | undefined
  /** Of a transaction that the node had accepted. */
  readonly transactionId?: string | undefined
  /** Elements of a FHIR resource that cannot be accepted. */
  readonly problems?:
    | readonly { readonly path: string; readonly reason: string; readonly accepted: string }[]
    | undefined
}

export interface ClientErrorDetail {
  readonly field?: string
  readonly refusal?: Refusal
  readonly transactionId?: string
  readonly cause?: unknown
}

export class ClientError extends Error {
  readonly code: ClientErrorCode
  readonly field: string | undefined
  readonly refusal: Refusal | undefined
  readonly transactionId: string | undefined

  constructor(code: ClientErrorCode, message: string, detail: ClientErrorDetail = {}) {
    super(message, { cause: detail.cause })
    this.name = 'ClientError'
    this.code = code
    this.field = detail.field
    this.refusal = detail.refusal
    this.transactionId = detail.transactionId
  }
}

/** Did a node refuse with this code? */
export function isRefusal(error: unknown, ...codes: readonly string[]): error is ClientError & { refusal: Refusal } {
  return error instanceof ClientError && error.refusal !== undefined && codes.includes(error.refusal.code)
}
