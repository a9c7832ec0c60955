// Reads of the certified chain: blocks, certificates, receipts with their proofs, events. Nothing here changes anything.

import { createRangeProof, type RangeProof } from '../crypto/mountain-range.ts'
import type { Block, Header } from '../types/block.ts'
import type { Hash, Height, Term } from '../types/brand.ts'
import type { CommitCert, LeaderCert } from '../types/certificate.ts'
import type { ContractEvent, Receipt } from '../types/receipt.ts'
import type { ReceiptProof } from '../types/receipt-proof.ts'
import type { BlockStore } from './block-store.ts'
import { corrupt, LedgerError } from './errors.ts'
import { readEvents } from './event-index.ts'
import type { EventCursor, EventPage, TransactionLocation } from './ledger.ts'
import { createReceiptProver } from './receipt-proof.ts'

/** Whoever waited for a block asks for its receipts and their proofs at once: what they share is kept for a moment. */
const BLOCKS_KEPT = 8

export class CertifiedReader {
  private readonly blocks: BlockStore
  private readonly genesisBlock: Block
  private readonly headHeight: () => Height
  private readonly provers = new Map<Height, (index: number) => ReceiptProof>()
  private readonly decoded = new Map<Height, readonly Receipt[]>()

  constructor(blocks: BlockStore, on: { readonly genesisBlock: Block; readonly headHeight: () => Height }) {
    this.blocks = blocks
    this.genesisBlock = on.genesisBlock
    this.headHeight = on.headHeight
  }

  /** Blocks from here on are in the store, besides the genesis. */
  get baseHeight(): Height {
    return this.blocks.base()
  }

  /** Throws NOT_KEPT for what lies before a snapshot. */
  private requireKept(height: number): void {
    const { baseHeight } = this
    if (height === 0 || height >= baseHeight) return
    const message = `height ${height}: this node began with a snapshot and has blocks, receipts and events from height ${baseHeight} on; ask another node`
    throw new LedgerError('NOT_KEPT', message)
  }

  /** By height certified blocks alone; by hash whatever is stored. */
  block(at: Height | Hash): Block | undefined {
    const place = this.placeOf(at)
    return place && (place.height === 0 ? this.genesisBlock : this.blocks.block(place))
  }

  header(at: Height | Hash): Header | undefined {
    const place = this.placeOf(at)
    if (place !== undefined) return place.height === 0 ? this.genesisBlock.header : this.blocks.headerOf(place.hash)
    return typeof at === 'string' ? this.blocks.headerOf(at) : undefined
  }

  hashAt(height: number): Hash | undefined {
    return height === 0 ? this.genesisBlock.hash : this.blocks.hashAt(height)
  }

  private placeOf(at: Height | Hash): { height: Height; hash: Hash } | undefined {
    if (at === this.genesisBlock.hash) return { height: this.genesisBlock.header.height, hash: at }
    const height = typeof at === 'string' ? this.blocks.heightOf(at) : at
    const hash = typeof at === 'string' ? at : this.hashAt(at)
    return height === undefined || hash === undefined ? undefined : { height, hash }
  }

  commitCertCovering(height: Height): CommitCert | undefined {
    for (let at: number = height; at <= this.headHeight(); at++) {
      const cert = this.blocks.commitCert(at)
      if (cert !== undefined) return cert
    }
    return undefined
  }

  leaderCert(term: Term): LeaderCert | undefined {
    const hash = this.blocks.leaderCertHashOf(term)
    return hash && this.blocks.leaderCert(hash)
  }

  locate(transactionId: Hash): TransactionLocation | undefined {
    return this.blocks.location(transactionId)
  }

  /** Throws NOT_KEPT. */
  receipts(height: Height): readonly Receipt[] | undefined {
    if (height === 0) return []
    this.requireKept(height)
    const kept = this.decoded.get(height)
    if (kept !== undefined) return kept
    const receipts = this.blocks.receipts(height)
    if (receipts !== undefined) keepLatest(this.decoded, { height, value: receipts })
    return receipts
  }

  /** Just certified, and in the store: most of those who want them ask now. */
  certified(height: Height, receipts: readonly Receipt[]): void {
    keepLatest(this.decoded, { height, value: receipts })
  }

  receipt(transactionId: Hash): Receipt | undefined {
    const at = this.locate(transactionId)
    return at && this.receipts(at.height)?.[at.index]
  }

  receiptProof(transactionId: Hash): ReceiptProof | undefined {
    const at = this.locate(transactionId)
    return at && this.proverOf(at.height)(at.index)
  }

  /** That the head's logRoot holds the certified block at this height; undefined where the store does not reach. */
  ancestry(height: Height): RangeProof | undefined {
    const size = this.headHeight()
    if (height < this.baseHeight || height >= size) return undefined
    return createRangeProof(height, { size, readNode: (position) => this.blocks.rangeNode(position) })
  }

  private proverOf(height: Height): (index: number) => ReceiptProof {
    const kept = this.provers.get(height)
    if (kept !== undefined) return kept
    const header = this.header(height) ?? missing(`block ${height}`)
    const commitCert = this.commitCertCovering(height) ?? missing(`CommitCert over height ${height}`)
    const certified = this.header(commitCert.height) ?? missing(`block ${commitCert.height}`)
    const prover = createReceiptProver({
      receipts: this.blocks.receiptBytes(height) ?? missing(`receipts of height ${height}`),
      header,
      certified: { header: certified, commitCert },
      epochs: this.blocks.epochLinks(commitCert.epoch),
      readNode: (position) => this.blocks.rangeNode(position),
    })
    keepLatest(this.provers, { height, value: prover })
    return prover
  }

  eventsFrom(
    cursor: EventCursor,
    options: { readonly limit: number; readonly matches?: (event: ContractEvent) => boolean },
  ): EventPage {
    if (cursor.height < this.baseHeight && this.baseHeight > 1) this.requireKept(Math.max(1, cursor.height))
    const source = {
      headHeight: this.headHeight(),
      receipts: (height: number) => this.receipts(height as Height) ?? missing(`receipts of height ${height}`),
      timeMs: (height: number) => (this.header(height as Height) ?? missing(`block ${height}`)).timeMs,
    }
    return readEvents(source, cursor, options)
  }
}

function keepLatest<T>(kept: Map<Height, T>, { height, value }: { height: Height; value: T }): void {
  kept.set(height, value)
  for (const oldest of kept.keys()) {
    if (kept.size <= BLOCKS_KEPT) return
    kept.delete(oldest)
  }
}

export function missing(what: string): never {
  throw corrupt(`${what}: missing`)
}
