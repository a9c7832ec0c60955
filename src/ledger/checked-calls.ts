// All calls that the ledger checks first (call-check.ts).

import type { Call } from '../types/transaction.ts'
import type { CallCheck } from './call-check.ts'
import { deployableContracts } from './deployment-call.ts'
import { trueEvidence } from './evidence-call.ts'

const CHECKS: readonly CallCheck[] = [trueEvidence, deployableContracts]

export function checkOf({ contract, method }: Pick<Call, 'contract' | 'method'>): CallCheck | undefined {
  return CHECKS.find((check) => check.contract === contract && check.method === method)
}
