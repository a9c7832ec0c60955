// Execution is a function of parent, epoch, time and transactions: of the nodes of one run, the first executes and the others
// get its outcome, on their own stored state. Each of them still compares the roots with the header. Runs that send canonical
// bytes do without, so that what is remembered is what execution gives.

import { type BlockOutcome, type ExecuteBlock, executeBlock } from '../../src/ledger/execute-block.ts'
import type { StateVersion } from '../../src/ledger/state-version.ts'
import type { SignedTransaction } from '../../src/types/transaction.ts'

interface Known {
  readonly outcome: BlockOutcome
  /** Taken at once: a version forgets it when it is saved. */
  readonly change: NonNullable<StateVersion['change']>
}

export function rememberExecutions(): ExecuteBlock {
  // Nodes share the blocks that they send each other, and with them the lists of their transactions.
  const byTransactions = new WeakMap<readonly SignedTransaction[], Map<string, Known>>()
  return (parent, block, rules) => {
    const place = `${parent.hash}/${block.epoch}/${block.timeMs}`
    const ofTransactions = byTransactions.get(block.transactions) ?? new Map<string, Known>()
    const known = ofTransactions.get(place)
    if (known !== undefined) {
      const { diff, update } = known.change
      return { ok: true, outcome: { ...known.outcome, state: parent.state.after(diff, update) } }
    }
    const execution = executeBlock(parent, block, rules)
    const change = execution.ok ? execution.outcome.state.change : null
    if (execution.ok && change !== null) {
      ofTransactions.set(place, { outcome: execution.outcome, change })
      byTransactions.set(block.transactions, ofTransactions)
    }
    return execution
  }
}
