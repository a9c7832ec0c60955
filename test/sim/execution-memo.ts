// Execution is a function of parent, epoch, time and transactions: of the nodes of one run, the first executes and the others
// get its outcome. Each of them still compares the roots with the header, and stores what comes of it. Runs that send
// canonical bytes do without, so that what is remembered is what execution gives.

import { type BlockExecution, type ExecuteBlock, executeBlock } from '../../src/ledger/execute-block.ts'
import type { SignedTransaction } from '../../src/types/transaction.ts'

export function rememberExecutions(): ExecuteBlock {
  // Nodes share the blocks that they send each other, and with them the lists of their transactions.
  const byTransactions = new WeakMap<readonly SignedTransaction[], Map<string, BlockExecution>>()
  return (parent, block, rules) => {
    const place = `${parent.hash}/${block.epoch}/${block.timeMs}`
    const ofTransactions = byTransactions.get(block.transactions) ?? new Map<string, BlockExecution>()
    const known = ofTransactions.get(place)
    if (known !== undefined) return known
    const execution = executeBlock(parent, block, rules)
    if (execution.ok) {
      ofTransactions.set(place, execution)
      byTransactions.set(block.transactions, ofTransactions)
    }
    return execution
  }
}
