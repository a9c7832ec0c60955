// A leader's drafts: when the core would take a block and there is work for it, transactions out of the mempool, executed
// on the tip. What has become inadmissible since it was accepted leaves; the others try again.

import { canPropose, type Opportunity } from '../consensus/can-propose.ts'
import type { State } from '../consensus/state.ts'
import type { TransactionRefusalCode } from '../ledger/errors.ts'
import type { ExecutedBlock, Ledger } from '../ledger/ledger.ts'
import type { Mempool } from '../ledger/mempool.ts'
import { assert } from '../types/assert.ts'
import type { Hash } from '../types/brand.ts'
import { BLOCK_TRANSACTIONS_MAX } from '../types/limits.ts'
import type { SignedTransaction } from '../types/transaction.ts'
import type { BlockPace } from './block-pace.ts'
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'

/**
 * Calls in a draft. A block runs in one go on every validator, at 0.2 ms a call on a quiet machine and several times that
 * on a busy one; meanwhile no heartbeat goes out, and below an election timeout nobody may miss one.
 */
const DRAFT_CALLS_MAX = 512

export interface BlockMakerParts {
  readonly state: State
  readonly ledger: Pick<Ledger, 'execute' | 'header' | 'isInFlight'>
  readonly mempool: Pick<Mempool, 'size' | 'take' | 'remove'>
  readonly pace: Pick<BlockPace, 'isDue' | 'idle' | 'made'>
  readonly clock: Pick<Clock, 'nowMs'>
  readonly log: Log
  /** Accepted into the mempool, and refused by the state that it was to be executed on. */
  readonly onInadmissible: (transactionId: Hash, code: TransactionRefusalCode) => void
}

export class BlockMaker {
  readonly #parts: BlockMakerParts
  /** Leads, and may not make the block that its term begins with: it is of a version that this release does not support. */
  cannotOpen = false

  constructor(parts: BlockMakerParts) {
    this.#parts = parts
  }

  /** The next draft, executed; null while the core takes none, or nothing is due. */
  next(): ExecutedBlock | null {
    const { state, ledger, pace, clock } = this.#parts
    for (;;) {
      const chance = canPropose(state)
      if (chance === null) return null
      const { parentHash, epoch, opening, blocksInFlight } = chance
      const timeMs = Math.max(clock.nowMs(), chance.parentTimeMs + 1)
      const transactions = this.#due(chance, timeMs)
      if (transactions === null) return null
      const execution = ledger.execute({ parentHash, epoch, timeMs, transactions })
      if (execution.ok) {
        const { executed } = execution
        // Certified apart: whoever does not support the new version still gets the certificate of the last old block.
        const isFirstOfVersion = executed.version !== ledger.header(parentHash)?.version
        if (isFirstOfVersion && blocksInFlight > 0 && !opening) return null
        pace.made()
        return executed
      }
      const { transactionId, transaction, code } = execution.refusal
      if (code === 'UNSUPPORTED_VERSION') {
        this.cannotOpen = opening
        return null
      }
      assert(transactionId !== undefined && transaction !== undefined, `own draft refused: ${code}`)
      this.#leaveOut(transactionId, transaction.code)
    }
  }

  /** What the block would hold; none in a block that only opens its term. Null while no block is due. */
  #due(chance: Opportunity, timeMs: number): readonly SignedTransaction[] | null {
    const { mempool, pace } = this.#parts
    const { opening, blocksInFlight, transactionsInFlight } = chance
    const waiting = mempool.size - transactionsInFlight
    const isDue = pace.isDue({ waiting, transactionsInFlight, blocksInFlight })
    if (!isDue && !opening) return null
    const transactions = isDue && chance.bytesMax > 0 ? this.#take(chance, timeMs) : []
    if (transactions.length > 0 || opening) return transactions
    pace.idle()
    return null
  }

  #take(chance: Opportunity, timeMs: number): readonly SignedTransaction[] {
    const { ledger, mempool } = this.#parts
    return mempool.take({
      countMax: BLOCK_TRANSACTIONS_MAX,
      callsMax: DRAFT_CALLS_MAX,
      bytesMax: chance.bytesMax,
      timeMs,
      isTaken: (id) => ledger.isInFlight(chance.parentHash, id),
    })
  }

  #leaveOut(transactionId: Hash, code: TransactionRefusalCode): void {
    const { mempool, onInadmissible, log } = this.#parts
    mempool.remove([transactionId])
    onInadmissible(transactionId, code)
    log.info({ transactionId, code }, 'transaction became inadmissible')
  }
}
