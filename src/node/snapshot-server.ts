// Serves snapshots to peers: what the store held at one commit, piece by piece, however far the chain has gone since. Blocks
// travel by block sync as ever. spec/ledger.md, "Snapshots".

import { lineageCodec } from '../consensus/evidence/lineage.ts'
import type { Ledger } from '../ledger/ledger.ts'
import {
  manifestCodec,
  receiptPagesCodec,
  replyCodec,
  SNAPSHOT_REQUEST_BYTES_MAX,
  snapshotRequestCodec,
  statePiecesCodec,
  termLinksCodec,
} from '../ledger/snapshot-format.ts'
import type { SnapshotSource } from '../ledger/snapshot-source.ts'
import { SNAPSHOT_PROTOCOL, type Transport } from '../p2p/transport.ts'
import type { Hash } from '../types/brand.ts'
import { fromBytes, optional, toBytes } from '../types/canonical.ts'
import { blockHash } from '../types/signing.ts'
import type { Cancel, Timers } from './clock.ts'

/** Kept open at once: each holds on to disk space that the database would give back. */
const OPEN_MAX = 2
/** Nobody asked for so long. */
const IDLE_MS = 60_000
const CONCURRENCY = 2

interface OpenSnapshot {
  readonly source: SnapshotSource
  /** Null of block 0: of a recovered chain its state alone is asked for. */
  readonly manifest: Uint8Array | null
  expiry: Cancel
}

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
    const found = this.#open.get(request.snapshot) ?? this.#openBlockZero(request.snapshot)
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

  /** A recovered chain that has no block yet has nothing but a state. */
  #openBlockZero(hash: Hash): OpenSnapshot | undefined {
    const { genesis, genesisBlock, head } = this.#ledger
    if (!genesis.predecessor || hash !== genesisBlock.hash || head.hash !== hash) return undefined
    const opened = { source: this.#ledger.snapshot(), manifest: null, expiry: this.#closeLater(hash) }
    this.#open.set(hash, opened)
    return opened
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
