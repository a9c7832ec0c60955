// The certified head, the executed blocks on top of it, and which blocks the store keeps for them.

import type { Block } from '../types/block.ts'
import type { Hash, Height } from '../types/brand.ts'
import type { BlockNode } from './block-node.ts'
import { LedgerError } from './errors.ts'

/** Executed blocks without a certificate: far more than consensus keeps in flight, over several terms. */
const UNCOMMITTED_MAX = 1_024

/** Enough to find a block in the store and to know where it belongs. */
export interface WaitingBlock {
  readonly hash: Hash
  readonly height: Height
  readonly parentHash: Hash
}

export class BlockTree {
  head: BlockNode
  private readonly nodes = new Map<Hash, BlockNode>()
  /** In the store and not certified, parents before children. */
  private readonly waiting = new Map<Hash, WaitingBlock>()

  constructor(head: BlockNode) {
    this.head = head
    this.nodes.set(head.hash, head)
  }

  get(hash: Hash): BlockNode | undefined {
    return this.nodes.get(hash)
  }

  get uncommittedCount(): number {
    return this.nodes.size - 1
  }

  get storedHeight(): Height {
    let highest = this.head.height
    for (const { height } of this.waiting.values()) if (height > highest) highest = height
    return highest
  }

  add(node: BlockNode): void {
    if (this.nodes.size > UNCOMMITTED_MAX) {
      const message = `more than ${UNCOMMITTED_MAX} executed blocks wait for a certificate`
      throw new LedgerError('TOO_MANY_UNCOMMITTED', message)
    }
    this.nodes.set(node.hash, node)
  }

  noteStored({ hash, header: { height, parentHash } }: Block): void {
    this.waiting.set(hash, { hash, height, parentHash })
  }

  /** Executed here, too; parents before children. */
  storedBlocks(): readonly Block[] {
    return [...this.waiting.keys()].flatMap((hash) => this.nodes.get(hash)?.block ?? [])
  }

  isStored(hash: Hash): boolean {
    return this.waiting.has(hash)
  }

  /** Makes `node` the head and lets go of every block that does not build on it; answers those to delete from the store. */
  moveHead(node: BlockNode): readonly WaitingBlock[] {
    for (const { hash } of node.path()) this.waiting.delete(hash)
    this.head = node
    for (const [hash, other] of this.nodes) {
      if (!other.descendsFrom(node)) this.nodes.delete(hash)
    }
    node.parent = undefined
    const lost: WaitingBlock[] = []
    for (const block of this.waiting.values()) {
      // What was stored without having been executed may still be.
      if (this.nodes.has(block.parentHash) || this.waiting.has(block.parentHash)) continue
      this.waiting.delete(block.hash)
      lost.push(block)
    }
    return lost
  }
}
