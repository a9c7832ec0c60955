// When a node is so far behind that fetching and executing every block would take too long, or when nobody has the blocks
// any more, it takes a snapshot instead, from one peer after the other. The snapshot is built beside the ledger and takes its
// place when the node is started again: everything that reads the ledger begins anew with it.

import type { Verifier } from '../consensus/certificate.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { SignStateFile } from '../ledger/sign-state-file.ts'
import { SnapshotConflict, SnapshotFault } from '../ledger/state-walk.ts'
import type { Transport } from '../p2p/transport.ts'
import type { FetchRun } from './certified-run.ts'
import type { Clock } from './clock.ts'
import type { FetchedSnapshot, fetchSnapshot } from './fetch-snapshot.ts'
import type { Log } from './log.ts'
import { ackedHeights, settleAcks } from './settle-acks.ts'
import type { SnapshotPlace } from './snapshot-place.ts'

/** Answers of block sync without a block, in a row, before it is taken for certain that nobody has it. */
const UNSERVED_MAX = 6
/** After a round in vain. */
const PAUSE_MS = 10_000

export interface CatchUpParts {
  readonly ledger: Pick<Ledger, 'genesisBlock' | 'head' | 'storedHeight'>
  readonly transport: Transport
  readonly fetchSnapshot: typeof fetchSnapshot
  readonly verifier: Verifier
  readonly fetchRun: FetchRun
  readonly place: SnapshotPlace | null
  /** Blocks behind from which a snapshot is taken; 0: never, not even where nobody has the blocks. */
  readonly behindMin: number
  /** From now on nothing is stored, acked or signed, until the next start. */
  readonly fallStill: () => Promise<void>
  /** Sign-states in service. */
  readonly signStates: () => readonly SignStateFile[]
  /** Start again: a snapshot waits for it, unless the own chain has overtaken it at the last moment. */
  readonly onComplete: () => void
  /** Two chains are certified: this node keeps its own, and goes no further (R5). */
  readonly onFatal: (error: unknown) => void
  readonly clock: Clock
  readonly log: Log
}

export class SnapshotCatchUp {
  readonly #parts: CatchUpParts
  readonly #stopping = new AbortController()
  #running: Promise<void> | null = null
  #isComplete = false
  /** Nothing is left of interrupted snapshots. */
  #isTidy = false
  /** Highest block that somebody spoke of. A mere word: what follows from it is checked. */
  #heardHeight = 0
  #unserved = 0
  #notBeforeMs = 0

  constructor(parts: CatchUpParts) {
    this.#parts = parts
  }

  /** While it is true, blocks are not worth fetching. */
  get isUnderWay(): boolean {
    return this.#running !== null || this.#isComplete
  }

  /** Somebody speaks of a block of this height. */
  heard(height: number): void {
    this.#heardHeight = Math.max(this.#heardHeight, height)
    const { ledger, behindMin } = this.#parts
    const enough = ledger.head.header.height + behindMin
    if (height >= enough) this.#start(enough)
    else if (ledger.head.header.height >= this.#heardHeight) this.#forget()
  }

  /** Blocks have brought what an interrupted snapshot was to bring. */
  #forget(): void {
    if (this.#isTidy || this.isUnderWay) return
    this.#isTidy = true
    this.#parts.place?.forget()
  }

  /** Block sync goes through this: it is left alone while a snapshot comes, and given up where nobody serves it. */
  readonly fetchRun: FetchRun = async (peer, fromHeight) => {
    if (this.isUnderWay) return null
    const run = await this.#parts.fetchRun(peer, fromHeight)
    const isMissed = run === null && fromHeight <= this.#heardHeight
    this.#unserved = isMissed ? this.#unserved + 1 : 0
    if (this.#unserved >= UNSERVED_MAX) this.#start(fromHeight)
    return run
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  #start(heightMin: number): void {
    const { log, onComplete, ledger, place, behindMin, clock } = this.#parts
    if (place === null || behindMin === 0 || this.isUnderWay || this.#stopping.signal.aborted) return
    if (clock.nowMs() < this.#notBeforeMs) return
    log.info({ height: ledger.head.header.height, heardHeight: this.#heardHeight }, 'far behind: asking for a snapshot')
    this.#isTidy = false
    this.#running = this.#fetchFromAnybody(place, heightMin)
      .then((isComplete) => {
        this.#isComplete = isComplete
        if (isComplete) onComplete()
      })
      .catch((error: unknown) => log.error({ error }, 'snapshot: the disk refused it'))
      .finally(() => {
        this.#running = null
        this.#unserved = 0
        this.#notBeforeMs = clock.nowMs() + PAUSE_MS
      })
  }

  /** What this node has acked stays with it until the chain has decided about it: so it is to ack nothing more. */
  async #adopt(place: SnapshotPlace, { height, shown, piecesKept }: FetchedSnapshot): Promise<true> {
    const { ledger, log, fallStill, signStates } = this.#parts
    await fallStill()
    if (ledger.storedHeight <= height) {
      await settleAcks(signStates(), (at) => shown.get(at))
      await place.complete()
      log.info({ height, piecesKept }, 'snapshot complete')
    }
    return true
  }

  async #fetchFromAnybody(place: SnapshotPlace, heightMin: number): Promise<boolean> {
    const { ledger, transport, fetchSnapshot, verifier, fetchRun, signStates, onFatal, log } = this.#parts
    const { signal } = this.#stopping
    for (const peer of transport.connectedPeers()) {
      if (signal.aborted) return false
      try {
        const snapshot = await fetchSnapshot({
          peer,
          transport,
          fetchRun,
          verifier,
          genesisBlock: ledger.genesisBlock,
          held: ledger.head,
          asked: ackedHeights(signStates()),
          heightMin: Math.max(heightMin, ledger.storedHeight + 1),
          place,
          signal,
        })
        if (snapshot === null) continue
        if (ledger.storedHeight <= snapshot.height) return await this.#adopt(place, snapshot)
        log.info({ peer, height: snapshot.height }, 'snapshot given up: the own chain is further')
        return false
      } catch (error) {
        if (error instanceof SnapshotConflict) {
          onFatal(new Error(`the chain of ${peer} has diverged from this one: ${error.message}`, { cause: error }))
          return false
        }
        if (error instanceof SnapshotFault) log.warn({ peer, fault: error.message }, 'refused a snapshot')
        else log.info({ peer, error }, 'snapshot not completed')
      }
    }
    return false
  }
}
