// Errors of src/contracts that are not answers of a contract. A contract's own answer is a refusal: data in a
// CallOutcome, never an exception.

/**
 * MODULE_MALFORMED      the bytes are no module: not canonical, unknown fields, beyond a limit
 * MODULE_INVALID        a module that the verifier does not accept; `where` names function and instruction
 * LINK_FAILED           modules that do not fit together: a used contract or view is missing or differs
 * UPGRADE_INCOMPATIBLE  contracts that cannot take the place of those before: `where` is gone or has another shape
 * STATE_CORRUPT         bytes in state that no verified contract can have written: the node must stop
 */
export type ContractErrorCode =
  | 'MODULE_MALFORMED'
  | 'MODULE_INVALID'
  | 'LINK_FAILED'
  | 'UPGRADE_INCOMPATIBLE'
  | 'STATE_CORRUPT'

export class ContractError extends Error {
  override readonly name = 'ContractError'
  readonly code: ContractErrorCode
  readonly where: string
  readonly reason: string
  constructor(code: ContractErrorCode, where: string, reason: string) {
    super(`${where}: ${reason}`)
    this.code = code
    this.where = where
    this.reason = reason
  }
}
