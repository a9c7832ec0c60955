// From a parent and a list of transactions to receipts and roots: the same on the leader that drafts a block and on
// every validator that checks it. Every transaction is checked against the parent's state before any runs.
// spec/ledger.md, "Execution".

import { type CallOutcome, type ContractSet, executeCall } from '../contracts/execute.ts'
import { merkleRoot } from '../crypto/merkle.ts'
import { appendLeaf, type MountainRange, type RangeNode, rangeRoot } from '../crypto/mountain-range.ts'
import type { Epoch, Hash, Height, IdentityId } from '../types/brand.ts'
import { toBytes } from '../types/canonical.ts'
import { BLOCK_BYTES_MAX, BLOCK_TRANSACTIONS_MAX } from '../types/limits.ts'
import { type CallReceipt, type Receipt, receiptCodec } from '../types/receipt.ts'
import type { Call, SignedTransaction } from '../types/transaction.ts'
import { transactionRoot } from '../types/transaction-root.ts'
import type { NextSet } from '../types/validator-set.ts'
import { checkSigner, checkTerms, refuse } from './admission.ts'
import { checkOf } from './checked-calls.ts'
import type { ContractsInForce } from './contracts-in-force.ts'
import type { BlockRefusal, BlockRefusalCode, TransactionRefusal } from './errors.ts'
import type { BlockRoots, LedgerCounters } from './ledger.ts'
import type { StateOverlay } from './overlay.ts'
import type { SignerOf } from './signer.ts'
import { rootHashOf } from './state-node.ts'
import type { StateChange, StateVersion } from './state-version.ts'
import { nextSetAfter } from './validator-sets.ts'
import type { VerdictCache } from './verdict-cache.ts'

/** Code of a call that an atomic transaction did not reach, and of one that it took back. spec/ledger.md, "Receipts". */
export const NOT_EXECUTED = 'NOT_EXECUTED'
export const ROLLED_BACK = 'ROLLED_BACK'

export interface Parent {
  readonly hash: Hash
  readonly height: Height
  readonly epoch: Epoch
  readonly timeMs: number
  readonly state: StateVersion
  /** Pending after the parent. */
  readonly nextSet: NextSet | null
  /** Over all blocks before the parent. */
  readonly range: MountainRange
  /** In force for the block after it. */
  readonly contracts: ContractSet
  /** In the parent's state. */
  readonly signerOf: SignerOf
  /** Is the id in the chain that ends in the parent? */
  isInChain(transactionId: Hash): boolean
}

export interface ExecutionRules {
  readonly chainId: Hash
  readonly deployed: ContractsInForce
  readonly verdicts: VerdictCache
  readonly counters: LedgerCounters
}

export interface BlockOutcome {
  readonly height: Height
  readonly roots: BlockRoots
  readonly receipts: readonly Receipt[]
  /** Leaves of receiptRoot. */
  readonly receiptBytes: readonly Uint8Array[]
  /** From the parent's state. */
  readonly change: StateChange
  /** Over all blocks up to the parent, and the nodes that the parent added. */
  readonly range: MountainRange
  readonly rangeNodes: readonly RangeNode[]
  readonly nextSet: NextSet | null
}

export type BlockExecution =
  | { readonly ok: true; readonly outcome: BlockOutcome }
  | { readonly ok: false; readonly refusal: BlockRefusal }

/** `executeBlock`, or something that answers the same. */
export type ExecuteBlock = (
  parent: Parent,
  block: { readonly epoch: Epoch; readonly timeMs: number; readonly transactions: readonly SignedTransaction[] },
  rules: ExecutionRules,
) => BlockExecution

export function refuseBlock(
  code: BlockRefusalCode,
  message: string,
): { readonly ok: false; readonly refusal: BlockRefusal } {
  return { ok: false, refusal: { code, message } }
}

export const executeBlock: ExecuteBlock = (parent, block, rules) => {
  const { epoch, timeMs, transactions } = block
  if (timeMs <= parent.timeMs) return refuseBlock('TIME', "timeMs: expected above the parent's")
  if (transactions.length > BLOCK_TRANSACTIONS_MAX) {
    return refuseBlock('BLOCK_TOO_LARGE', `transactions: at most ${BLOCK_TRANSACTIONS_MAX}, got ${transactions.length}`)
  }
  const bytes = transactions.reduce((sum, transaction) => sum + transaction.bytes.length, 0)
  if (bytes > BLOCK_BYTES_MAX) {
    return refuseBlock('BLOCK_TOO_LARGE', `transactions: at most ${BLOCK_BYTES_MAX} bytes, got ${bytes}`)
  }
  const inBlock = new Set<Hash>()
  for (const [index, transaction] of transactions.entries()) {
    const refusal = checkTransaction(transaction, { parent, timeMs, inBlock, rules })
    if (refusal !== undefined) return refuseTransaction(transaction, { index, refusal })
    inBlock.add(transaction.id)
  }

  const overlay = parent.state.overlay()
  const height = (parent.height + 1) as Height
  const receipts = transactions.map((transaction) =>
    executeTransaction(transaction, { overlay, height, epoch, timeMs, contracts: parent.contracts, rules }),
  )
  const receiptBytes = receipts.map((receipt) => toBytes(receiptCodec, receipt))
  const diff = overlay.diff()
  const change = parent.state.changeBy(diff)
  const { range, newNodes } = appendLeaf(parent.range, parent.hash)
  const roots: BlockRoots = {
    txRoot: transactionRoot(transactions),
    receiptRoot: merkleRoot(receiptBytes),
    stateRoot: rootHashOf(change.update.root),
    logRoot: rangeRoot(range),
  }
  rules.counters.executedBlocks++
  rules.counters.executedTransactions += transactions.length
  const nextSet = nextSetAfter(diff, { epoch, parent })
  return { ok: true, outcome: { height, roots, receipts, receiptBytes, change, range, rangeNodes: newNodes, nextSet } }
}

function checkTransaction(
  transaction: SignedTransaction,
  at: { parent: Parent; timeMs: number; inBlock: ReadonlySet<Hash>; rules: ExecutionRules },
): TransactionRefusal | undefined {
  const { parent, timeMs, inBlock, rules } = at
  const badTerms = checkTerms(transaction, { chainId: rules.chainId, timeMs })
  if (badTerms !== undefined) return badTerms
  if (inBlock.has(transaction.id) || parent.isInChain(transaction.id)) {
    return refuse('DUPLICATE', 'id: the transaction is in the chain already')
  }
  return checkSigner(transaction, { signerOf: parent.signerOf, verdicts: rules.verdicts })
}

function refuseTransaction(
  { id }: SignedTransaction,
  { index, refusal }: { index: number; refusal: TransactionRefusal },
): { readonly ok: false; readonly refusal: BlockRefusal } {
  const message = `transactions[${index}]: ${refusal.message}`
  return { ok: false, refusal: { code: 'TRANSACTION', message, index, transactionId: id, transaction: refusal } }
}

interface TransactionContext {
  readonly overlay: StateOverlay
  readonly height: Height
  readonly epoch: Epoch
  readonly timeMs: number
  readonly contracts: ContractSet
  readonly rules: ExecutionRules
}

function executeTransaction({ id, transaction }: SignedTransaction, context: TransactionContext): Receipt {
  const { overlay, rules } = context
  const { sender, atomic } = transaction
  const start = overlay.mark()
  const calls: CallReceipt[] = []
  let gasLeft = transaction.gasLimit
  for (const [callIndex, call] of transaction.calls.entries()) {
    const before = overlay.mark()
    const outcome = executeChecked(call, { context, transactionId: id, sender, callIndex, gasLimit: gasLeft })
    gasLeft -= outcome.gas
    rules.counters.executedCalls++
    calls.push(callReceipt(outcome))
    if (outcome.status === 'ok') continue
    rules.counters.refusedCalls++
    overlay.rollback(before)
    if (!atomic) continue
    overlay.rollback(start)
    return { transactionId: id, calls: abandon(calls, transaction.calls.length) }
  }
  return { transactionId: id, calls }
}

/** Some calls are checked before the contract sees them, at a price of their own. */
function executeChecked(
  call: Call,
  {
    context,
    gasLimit,
    ...by
  }: {
    context: TransactionContext
    transactionId: Hash
    sender: IdentityId
    callIndex: number
    gasLimit: number
  },
): CallOutcome {
  const { overlay, height, epoch, timeMs, contracts, rules } = context
  const check = checkOf(call)
  const price = check?.gas ?? 0
  if (price > gasLimit) return { status: 'refused', code: 'OUT_OF_GAS', gas: gasLimit }
  const { chainId, deployed } = rules
  if (check && !check.holds(call.args, { chainId, epoch, state: overlay, deployed })) {
    return { status: 'refused', code: check.refusal, gas: price }
  }
  const outcome = executeCall(contracts, call, {
    context: { ...by, timeMs, height, epoch, genesis: false },
    state: overlay,
    gasLimit: gasLimit - price,
  })
  return price === 0 ? outcome : { ...outcome, gas: outcome.gas + price }
}

function callReceipt(outcome: CallOutcome): CallReceipt {
  const { gas } = outcome
  if (outcome.status === 'ok') return { status: 'ok', code: 'OK', value: outcome.value, events: outcome.events, gas }
  return { status: 'refused', code: outcome.code, value: outcome.detail ?? null, events: [], gas }
}

/** Receipts of an atomic transaction whose last executed call was refused: that one keeps its own code. */
function abandon(executed: readonly CallReceipt[], callCount: number): readonly CallReceipt[] {
  const refused = executed.length - 1
  return Array.from({ length: callCount }, (_, i): CallReceipt => {
    const call = executed[i]
    if (call === undefined) return { status: 'refused', code: NOT_EXECUTED, value: null, events: [], gas: 0 }
    return i === refused ? call : { status: 'refused', code: ROLLED_BACK, value: null, events: [], gas: call.gas }
  })
}
