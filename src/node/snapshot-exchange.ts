// Snapshots between peers: a node serves what its store held at one commit, another takes it piece by piece and checks each
// at once (ledger/snapshot-builder.ts). Blocks travel by block sync as ever. spec/ledger.md, "Snapshots".

import type { Verifier } from '../consensus/certificate.ts'
import { lineageCodec } from '../consensus/evidence/lineage.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { SnapshotBuilder } from '../ledger/snapshot-builder.ts'
import {
  manifestCodec,
  receiptPagesCodec,
  SNAPSHOT_REPLY_BYTES_MAX,
  SNAPSHOT_REQUEST_BYTES_MAX,
  type SnapshotRequest,
  snapshotRequestCodec,
  statePiecesCodec,
  termLinksCodec,
} from '../ledger/snapshot-format.ts'
import type { SnapshotSource } from '../ledger/snapshot-source.ts'
import { SnapshotFault } from '../ledger/state-walk.ts'
import type { KeyValueStore } from '../ledger/store.ts'
import { SNAPSHOT_PROTOCOL, type Transport } from '../p2p/transport.ts'
import type { Hash, Height, PublicKey } from '../types/brand.ts'
import { bytes, type Codec, fromBytes, optional, toBytes } from '../types/canonical.ts'
import { blockHash } from '../types/signing.ts'
import type { FetchRun } from './certified-run.ts'
import type { Cancel, Timers } from './clock.ts'
import { runFault } from './observer.ts'

// ── serving ──

/** Kept open at once: each holds on to disk space that the database would give back. */
const OPEN_MAX = 2
/** Nobody asked for so long. */
const IDLE_MS = 60_000
const CONCURRENCY = 2

interface OpenSnapshot {
  readonly source: SnapshotSource
  readonly manifest: Uint8Array
  expiry: Cancel
}

/** What a request is answered with. */
export const replyCodec: Codec<Uint8Array | null> = optional(bytes(SNAPSHOT_REPLY_BYTES_MAX))

export class SnapshotServer {
  readonly #ledger: Ledger
  readonly #timers: Timers
  readonly #open = new Map<Hash, OpenSnapshot>()

  constructor({ ledger, timers }: { ledger: Ledger; timers: Timers }) {
    this.#ledger = ledger
    this.#timers = timers
  }

  listen(transport: Transport): void {
    transport.handleRequests(SNAPSHOT_PROTOCOL, async (_peer, message) => toBytes(replyCodec, this.answer(message)), {
      maxRequestBytes: SNAPSHOT_REQUEST_BYTES_MAX,
      concurrency: CONCURRENCY,
    })
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((hash) => this.#close(hash)))
  }

  /** Null: there is no such snapshot here, or none at all. Throws DecodeError. */
  answer(message: Uint8Array): Uint8Array | null {
    const request = fromBytes(snapshotRequestCodec, message)
    if (request.snapshot === null) return this.#manifest()
    const found = this.#open.get(request.snapshot)
    if (found === undefined) return null
    found.expiry()
    found.expiry = this.#closeLater(request.snapshot)
    const { source } = found
    if (request.lineage !== null) return toBytes(optional(lineageCodec), source.lineage(request.lineage))
    if (request.terms !== null) return toBytes(termLinksCodec, source.terms(request.terms))
    if (request.state !== null) return toBytes(statePiecesCodec, source.state(request.state))
    if (request.receipts !== null) return toBytes(receiptPagesCodec, source.receipts(request.receipts))
    return null
  }

  /** The one that is open is offered again; whoever takes it fetches the rest of the chain by block sync. */
  #manifest(): Uint8Array | null {
    const newest = [...this.#open.values()].at(-1)
    if (newest !== undefined && this.#open.size >= OPEN_MAX) return newest.manifest
    const source = this.#ledger.snapshot()
    const manifest = source.manifest()
    if (manifest === null) {
      void source.close()
      return null
    }
    const hash = blockHash(manifest.head.header)
    const known = this.#open.get(hash)
    if (known !== undefined) {
      void source.close()
      return known.manifest
    }
    const encoded = toBytes(manifestCodec, manifest)
    this.#open.set(hash, { source, manifest: encoded, expiry: this.#closeLater(hash) })
    return encoded
  }

  #closeLater(hash: Hash): Cancel {
    return this.#timers.after(IDLE_MS, () => void this.#close(hash))
  }

  async #close(hash: Hash): Promise<void> {
    const found = this.#open.get(hash)
    this.#open.delete(hash)
    found?.expiry()
    await found?.source.close()
  }
}

// ── fetching ──

/** Block sync is left alone meanwhile, and a group may need this validator: who is silent is not waited for long. */
const OFFER_TIMEOUT_MS = 5_000
const PART_TIMEOUT_MS = 10_000

export interface SnapshotOrder {
  readonly peer: PublicKey
  readonly transport: Transport
  readonly fetchRun: FetchRun
  readonly verifier: Verifier
  readonly genesisBlock: Ledger['genesisBlock']
  /** Certified here; the snapshot's chain has to hold it. */
  readonly held: Ledger['head']
  /** Where else it has to be shown which block that chain holds. */
  readonly asked: readonly Height[]
  /** A snapshot below this height is of no use. */
  readonly heightMin: number
  /** An empty store to build it in. */
  readonly createStore: () => Promise<KeyValueStore>
  readonly signal: AbortSignal
}

export interface FetchedSnapshot {
  /** Of its head. */
  readonly height: Height
  /** Blocks of its chain at the heights that were asked for. */
  readonly shown: ReadonlyMap<number, Hash>
}

/**
 * Builds a whole ledger's store from one peer's snapshot; null when the peer has none to
 * offer. Rejects with SnapshotFault where the peer sends what is not true, SnapshotConflict where it is a fork, with P2pError or DecodeError where it sends
 * nothing or nonsense. What was built until then is no ledger, and goes away with the store.
 */
export async function fetchSnapshot(order: SnapshotOrder): Promise<FetchedSnapshot | null> {
  const { peer, fetchRun, verifier, genesisBlock, held, asked, heightMin, createStore, signal } = order
  const manifest = await ask(order, { codec: manifestCodec, request: NOTHING })
  if (manifest === null || manifest.head.header.height < heightMin) return null
  const store = await createStore()
  try {
    const builder = new SnapshotBuilder({ store, genesisBlock, verifier, held, asked }, manifest)
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
    for (let from = builder.stateFrom; from !== null; from = builder.stateFrom) {
      await builder.addState(await part(statePiecesCodec, { state: from }))
    }
    await builder.finish()
    return { height: manifest.head.header.height, shown: builder.shown }
  } finally {
    await store.close()
  }
}

const NOTHING: SnapshotRequest = { snapshot: null, lineage: null, terms: null, state: null, receipts: null }

async function ask<T>(
  { peer, transport, signal }: SnapshotOrder,
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
