// A snapshot taken from a ledger and built into another store, as node/fetch-snapshot.ts does over the wire.

import type { Verifier } from '../consensus/certificate.ts'
import type { Lineage } from '../consensus/evidence/lineage.ts'
import type { Block } from '../types/block.ts'
import type { CommitCert } from '../types/certificate.ts'
import type { Ledger } from './ledger.ts'
import { type BuilderParts, SnapshotBuilder } from './snapshot-builder.ts'
import type { SnapshotManifest, StatePiece, TermLink } from './snapshot-format.ts'
import type { SnapshotSource } from './snapshot-source.ts'
import type { KeyValueStore } from './store.ts'

/** What a peer sends, each kind through a hand that may change it. */
export interface Hands {
  manifest(manifest: SnapshotManifest): SnapshotManifest
  lineage(lineage: Lineage): Lineage
  terms(links: readonly TermLink[]): readonly TermLink[]
  blocks(blocks: readonly Block[]): readonly Block[]
  receipts(pages: readonly (readonly Uint8Array[])[]): readonly (readonly Uint8Array[])[]
  state(pieces: readonly StatePiece[]): readonly StatePiece[]
}
const honest: Hands = {
  manifest: (manifest) => manifest,
  lineage: (lineage) => lineage,
  terms: (links) => links,
  blocks: (blocks) => blocks,
  receipts: (pages) => pages,
  state: (pieces) => pieces,
}

export async function snapshotInto(
  store: KeyValueStore,
  {
    ledger,
    verifier,
    hands = {},
    source = ledger.snapshot(),
    held = ledger.genesisBlock,
    asked = [],
  }: {
    ledger: Ledger
    verifier: Verifier
    hands?: Partial<Hands>
    source?: SnapshotSource
    held?: BuilderParts['held']
    asked?: BuilderParts['asked']
  },
): Promise<SnapshotBuilder> {
  const by: Hands = { ...honest, ...hands }
  const manifest = source.manifest()
  if (manifest === null) throw new Error('no snapshot')
  const parts = { store, genesisBlock: ledger.genesisBlock, verifier, held, asked }
  const builder = new SnapshotBuilder(parts, by.manifest(manifest))
  for (let height = builder.lineageFrom; height !== null; height = builder.lineageFrom) {
    const lineage = source.lineage(height)
    if (lineage === null) throw new Error('no lineage')
    builder.addLineage(by.lineage(lineage))
  }
  await builder.begin()
  for (let from = builder.termsFrom; from !== null; from = builder.termsFrom) {
    await builder.addTerms(by.terms(source.terms(from)))
  }
  for (let next = builder.nextBlock; next !== null; next = builder.nextBlock) {
    const block = ledger.block(next) as Block
    await builder.addBlocks(by.blocks([block]), ledger.commitCert(next) as CommitCert)
  }
  for (let from = builder.receiptsFrom; from !== null; from = builder.receiptsFrom) {
    await builder.addReceipts(by.receipts(source.receipts(from)))
  }
  for (let from = builder.stateFrom; from !== null; from = builder.stateFrom) {
    await builder.addState(by.state(source.state(from)))
  }
  await builder.finish()
  await source.close()
  return builder
}
