// Reads of the certified chain: blocks, certificates, receipts with their proofs, events. Nothing here changes anything.

import type { Block, Header } from '../types/block.ts'
import type { Hash, Height, Term } from '../types/brand.ts'
import type { CommitCert, LeaderCert } from '../types/certificate.ts'
import type { ContractEvent, Receipt } from '../types/receipt.ts'
import type { ReceiptProof } from '../types/receipt-proof.ts'
import type { BlockStore } from './block-store.ts'
import { corrupt } from './errors.ts'
import { readEvents } from './event-index.ts'
import type { EventCursor, EventPage, TransactionLocation } from './ledger.ts'
import { createReceiptProof } from './receipt-proof.ts'

export class CertifiedReader {
  private readonly blocks: BlockStore
  private readonly genesisBlock: Block
  private readonly headHeight: () => Height

  constructor(blocks: BlockStore, on: { readonly genesisBlock: Block; readonly headHeight: () => Height }) {
    this.blocks = blocks
    this.genesisBlock = on.genesisBlock
    this.headHeight = on.headHeight
  }

  /** By height certified blocks alone; by hash whatever is stored. */
  block(at: Height | Hash): Block | undefined {
    const place = this.placeOf(at)
    return place && (place.height === 0 ? this.genesisBlock : this.blocks.block(place))
  }

  header(at: Height | Hash): Header | undefined {
    const place = this.placeOf(at)
    return place && (place.height === 0 ? this.genesisBlock.header : this.blocks.header(place))
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

  receipts(height: Height): readonly Receipt[] | undefined {
    return height === 0 ? [] : this.blocks.receipts(height)
  }

  receipt(transactionId: Hash): Receipt | undefined {
    const at = this.locate(transactionId)
    return at && this.blocks.receipts(at.height)?.[at.index]
  }

  receiptProof(transactionId: Hash): ReceiptProof | undefined {
    const at = this.locate(transactionId)
    if (at === undefined) return undefined
    const header = this.header(at.height) ?? missing(`block ${at.height}`)
    const commitCert = this.commitCertCovering(at.height) ?? missing(`CommitCert over height ${at.height}`)
    const certified = this.header(commitCert.height) ?? missing(`block ${commitCert.height}`)
    return createReceiptProof({
      receipts: this.blocks.receiptBytes(at.height) ?? missing(`receipts of height ${at.height}`),
      index: at.index,
      header,
      certified: { header: certified, commitCert },
      readNode: (position) => this.blocks.rangeNode(position),
    })
  }

  eventsFrom(
    cursor: EventCursor,
    options: { readonly limit: number; readonly matches?: (event: ContractEvent) => boolean },
  ): EventPage {
    const source = {
      headHeight: this.headHeight(),
      receipts: (height: number) => this.receipts(height as Height) ?? missing(`receipts of height ${height}`),
      timeMs: (height: number) => (this.header(height as Height) ?? missing(`block ${height}`)).timeMs,
    }
    return readEvents(source, cursor, options)
  }
}

export function missing(what: string): never {
  throw corrupt(`${what}: missing`)
}
