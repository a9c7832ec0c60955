// The ledger's verdict on blocks that others made, and how far this release can judge at all.

import type { Executed } from '../consensus/events.ts'
import type { State } from '../consensus/state.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Block } from '../types/block.ts'

export interface BlockJudgeParts {
  readonly state: State
  readonly ledger: Ledger
}

export class BlockJudge {
  readonly #parts: BlockJudgeParts
  /** Lowest block seen whose protocol version is not supported here. */
  #unsupportedFrom = Number.POSITIVE_INFINITY

  constructor(parts: BlockJudgeParts) {
    this.#parts = parts
  }

  /**
   * Touches nothing but memory. No verdict on a block that this release cannot judge: it is neither acked nor held against
   * anybody.
   */
  judge(block: Block): Executed | null {
    const { ledger } = this.#parts
    if (!ledger.isExecuted(block.hash)) {
      const execution = ledger.check(block)
      if (!execution.ok) {
        const { code: reason } = execution.refusal
        if (reason === 'UNSUPPORTED_VERSION') {
          this.#unsupportedFrom = Math.min(this.#unsupportedFrom, block.header.height)
          return null
        }
        const shown = ledger.showBadTransaction(block, execution.refusal)
        return {
          kind: 'executed',
          blockHash: block.hash,
          verdict: { kind: 'invalid', reason, ...(shown && { shown }) },
        }
      }
      ledger.adopt(block, execution.executed)
    }
    const verdict = { kind: 'valid', nextSet: ledger.nextSetOf(block.hash) } as const
    return { kind: 'executed', blockHash: block.hash, verdict }
  }

  /**
   * Is what comes next beyond this release? Then the certified head is where it stops: the block after it is of a protocol
   * version that is not supported here, or q members have gone on to such a block.
   */
  isOutgrown(): boolean {
    const { state, ledger } = this.#parts
    const { version, supported } = ledger.protocol
    const hasPassed = (state.pendingCommit?.height ?? 0) >= this.#unsupportedFrom
    return !supported.includes(version) || hasPassed
  }
}
