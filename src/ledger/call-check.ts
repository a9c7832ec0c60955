// A call that the ledger checks before the contract sees it, because Clause has no words for what is asked: whether a proof
// convicts, whether bytes are contracts that fit. Every validator comes to the same answer, because it follows from the
// arguments and the state alone. What does not hold is refused, with its gas.

import type { StateAccess } from '../contracts/state-access.ts'
import type { Epoch, Hash } from '../types/brand.ts'
import type { Call } from '../types/transaction.ts'
import type { ContractsInForce } from './contracts-in-force.ts'

export interface CheckContext {
  readonly chainId: Hash
  readonly epoch: Epoch
  readonly state: Pick<StateAccess, 'get' | 'range'>
  readonly deployed: ContractsInForce
}

export interface CallCheck {
  readonly contract: string
  readonly method: string
  /** Fixed, before anything is looked at. */
  readonly gas: number
  /** Code of the refusal. */
  readonly refusal: string
  holds(args: Call['args'], context: CheckContext): boolean
}
