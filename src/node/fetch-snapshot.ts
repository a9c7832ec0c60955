// Takes a snapshot from a peer, piece by piece, and checks each at once (ledger/snapshot-builder.ts). Blocks travel by block
// sync as ever. spec/ledger.md, "Snapshots".

import type { Verifier } from '../consensus/certificate.ts'
import { lineageCodec } from '../consensus/evidence/lineage.ts'
import { writeBlockZero } from '../ledger/block-store.ts'
import { recoveredBlockZero } from '../ledger/genesis-block.ts'
import { KeptPieces } from '../ledger/kept-pieces.ts'
import { SnapshotBuilder } from '../ledger/snapshot-builder.ts'
import {
  type BranchAddress,
  manifestCodec,
  receiptPagesCodec,
  replyCodec,
  SNAPSHOT_REPLY_BYTES_MAX,
  type SnapshotRequest,
  type StatePiece,
  snapshotRequestCodec,
  statePiecesCodec,
  termLinksCodec,
} from '../ledger/snapshot-format.ts'
import { StateBuilder } from '../ledger/state-builder.ts'
import { SnapshotFault } from '../ledger/state-walk.ts'
import { SNAPSHOT_PROTOCOL, type Transport } from '../p2p/transport.ts'
import type { Block } from '../types/block.ts'
import type { Hash, Height, PublicKey } from '../types/brand.ts'
import { type Codec, fromBytes, optional, toBytes } from '../types/canonical.ts'
import type { Genesis } from '../types/genesis.ts'
import type { FetchRun } from './certified-run.ts'
import { runFault } from './observer.ts'
import type { SnapshotPlace } from './snapshot-place.ts'

/** Block sync is left alone meanwhile, and a group may need this validator: who is silent is not waited for long. */
const OFFER_TIMEOUT_MS = 5_000
const PART_TIMEOUT_MS = 10_000

export interface SnapshotOrder {
  readonly peer: PublicKey
  readonly transport: Transport
  readonly fetchRun: FetchRun
  readonly verifier: Verifier
  readonly genesisBlock: Block
  /** Certified here; the snapshot's chain has to hold it. Genesis for who has nothing. */
  readonly held: Pick<Block, 'hash' | 'header'>
  /** Where else it has to be shown which block that chain holds. */
  readonly asked: readonly Height[]
  /** A snapshot below this height is of no use. */
  readonly heightMin: number
  /** Where it is built. */
  readonly place: Pick<SnapshotPlace, 'create' | 'pieces'>
  readonly signal: AbortSignal
}

export interface FetchedSnapshot {
  /** Of its head. */
  readonly height: Height
  /** Blocks of its chain at the heights that were asked for. */
  readonly shown: ReadonlyMap<number, Hash>
  /** Pieces of the state that were there from an interrupted fetch. */
  readonly piecesKept: number
}

/**
 * Builds a whole ledger's store from one peer's snapshot; null when the peer has none to offer. Rejects with SnapshotFault where the peer sends what is not true, SnapshotConflict where it is a fork, with P2pError
 * or DecodeError where it sends nothing or nonsense. What was built until then is no ledger, and goes away with the store.
 */
export async function fetchSnapshot(order: SnapshotOrder): Promise<FetchedSnapshot | null> {
  const { peer, fetchRun, verifier, genesisBlock, held, asked, heightMin, place, signal } = order
  const manifest = await ask(order, { codec: manifestCodec, request: NOTHING })
  if (manifest === null || manifest.head.header.height < heightMin) return null
  const store = await place.create()
  const pieces = await place.pieces()
  try {
    const kept = new KeptPieces(pieces)
    const builder = new SnapshotBuilder({ store, genesisBlock, verifier, held, asked, kept }, manifest)
    const snapshot = builder.headHash
    const part = async <T>(codec: Codec<T>, request: Partial<SnapshotRequest>): Promise<T> => {
      const answer = await ask(order, { codec, request: { ...NOTHING, snapshot, ...request } })
      if (answer === null) throw new SnapshotFault('the peer has closed its snapshot')
      return answer
    }
    for (let height = builder.lineageFrom; height !== null; height = builder.lineageFrom) {
      const lineage = await part(optional(lineageCodec), { lineage: height })
      if (lineage === null) throw new SnapshotFault(`the peer does not know its chain at height ${height}`)
      builder.addLineage(lineage)
    }
    await builder.begin()
    for (let from = builder.termsFrom; from !== null; from = builder.termsFrom) {
      await builder.addTerms(await part(termLinksCodec, { terms: from }))
    }
    for (let next = builder.nextBlock; next !== null; next = builder.nextBlock) {
      signal.throwIfAborted()
      const run = await fetchRun(peer, next)
      if (run === null) throw new SnapshotFault(`the peer has no blocks from height ${next} on`)
      const fault = runFault(run, { verifier: builder.verifier, parent: builder.lastBlock })
      if (fault !== null) throw new SnapshotFault(fault)
      await builder.addBlocks(run.blocks, run.commitCert)
    }
    for (let from = builder.receiptsFrom; from !== null; from = builder.receiptsFrom) {
      await builder.addReceipts(await part(receiptPagesCodec, { receipts: from }))
    }
    await kept.begin(manifest.head.header.stateRoot)
    let piecesKept = 0
    for (let from = builder.stateFrom; from !== null; from = builder.stateFrom) {
      await builder.addState(await part(statePiecesCodec, { state: from }))
      piecesKept += await builder.addKeptState()
    }
    await builder.finish()
    return { height: manifest.head.header.height, shown: builder.shown, piecesKept }
  } finally {
    await Promise.all([store.close(), pieces.close()])
  }
}

/**
 * Of a recovered chain that has no block yet: builds the ledger with block 0 out of the state that its genesis names; null when
 * the peer is elsewhere. Rejects like fetchSnapshot().
 */
export async function fetchBlockZero(
  order: Pick<SnapshotOrder, 'peer' | 'transport' | 'place' | 'signal'> & { readonly genesis: Genesis },
): Promise<FetchedSnapshot | null> {
  const { place, genesis } = order
  const block = recoveredBlockZero(genesis)
  const { stateRoot } = block.header
  const fetch = (state: readonly BranchAddress[]): Promise<readonly StatePiece[] | null> =>
    ask(order, { codec: statePiecesCodec, request: { ...NOTHING, snapshot: block.hash, state } })
  const first = await fetch([])
  if (first === null) return null
  const store = await place.create()
  const pieces = await place.pieces()
  try {
    const kept = new KeptPieces(pieces)
    const builder = new StateBuilder({ stateRoot, store, kept })
    await kept.begin(stateRoot)
    await builder.add(first)
    let piecesKept = await builder.addKept()
    for (let from = builder.wanted; from !== null; from = builder.wanted) {
      const next = await fetch(from)
      if (next === null) throw new SnapshotFault('the peer has closed its snapshot')
      await builder.add(next)
      piecesKept += await builder.addKept()
    }
    await store.write(writeBlockZero(block), { sync: true })
    return { height: block.header.height, shown: new Map(), piecesKept }
  } finally {
    await Promise.all([store.close(), pieces.close()])
  }
}

const NOTHING: SnapshotRequest = { snapshot: null, lineage: null, terms: null, state: null, receipts: null }

async function ask<T>(
  { peer, transport, signal }: Pick<SnapshotOrder, 'peer' | 'transport' | 'signal'>,
  { codec, request }: { codec: Codec<T>; request: SnapshotRequest },
): Promise<T | null> {
  const reply = await transport.request(peer, SNAPSHOT_PROTOCOL, toBytes(snapshotRequestCodec, request), {
    timeoutMs: request === NOTHING ? OFFER_TIMEOUT_MS : PART_TIMEOUT_MS,
    maxReplyBytes: SNAPSHOT_REPLY_BYTES_MAX,
    signal,
  })
  const answer = fromBytes(replyCodec, reply)
  return answer === null ? null : fromBytes(codec, answer)
}
