// All blocks of a run by hash, with their place: is one an ancestor of the other? Answers only from what was seen.

import type { Block, Header } from '../../src/types/block.ts'
import type { Hash } from '../../src/types/brand.ts'

export class BlockIndex {
  readonly #headers = new Map<Hash, Header>()

  /** True when it is new. */
  add({ hash, header }: Pick<Block, 'hash' | 'header'>): boolean {
    if (this.#headers.has(hash)) return false
    this.#headers.set(hash, header)
    return true
  }

  header(hash: Hash): Header | undefined {
    return this.#headers.get(hash)
  }

  /** Did its proposer make another block in its place? */
  hasTwin(hash: Hash): boolean {
    const block = this.#headers.get(hash)
    if (block === undefined) return false
    return [...this.#headers].some(
      ([other, { term, height, proposer }]) =>
        other !== hash && term === block.term && height === block.height && proposer === block.proposer,
    )
  }

  /** Does the chain that ends in `tip` contain `hash`? Undefined where a block on the way was never seen. */
  contains(tip: Hash, hash: Hash): boolean | undefined {
    const target = this.#headers.get(hash)
    let at: Hash = tip
    for (;;) {
      if (at === hash) return true
      const header = this.#headers.get(at)
      if (header === undefined || target === undefined) return undefined
      if (header.height <= target.height) return false
      at = header.parentHash
    }
  }
}
