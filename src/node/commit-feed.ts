// Tells the rest of the node what was committed. Listeners run in order, after the blocks can be read from the ledger.

import type { Block } from '../types/block.ts'
import type { CommitCert } from '../types/certificate.ts'

export type CommitListener = (blocks: readonly Block[], certificate: CommitCert) => void

export class CommitFeed {
  readonly #listeners = new Set<CommitListener>()

  subscribe(listener: CommitListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves with the next commit, or when the signal fires. */
  async next(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const done = (): void => resolve()
    const unsubscribe = this.subscribe(done)
    signal.addEventListener('abort', done)
    await promise
    unsubscribe()
    signal.removeEventListener('abort', done)
  }

  publish(blocks: readonly Block[], certificate: CommitCert): void {
    if (blocks.length === 0) return
    for (const listener of this.#listeners) listener(blocks, certificate)
  }
}
