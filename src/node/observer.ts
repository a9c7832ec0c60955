// An observer's way to the chain: certified headers by gossip tell it that there is more, block sync brings it. It checks
// every certificate and executes every block itself; it signs nothing.

import { commitCertFault, leaderCertFault, type Verifier } from '../consensus/certificate.ts'
import {
  epochCertFault,
  isBodyOf,
  isOnParent,
  isUnderLeaderCert,
  type LinkedHeader,
} from '../consensus/header-rules.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Block } from '../types/block.ts'
import type { Hash, PublicKey } from '../types/brand.ts'
import type { CommitCert, LeaderCert } from '../types/certificate.ts'
import { leaderCertHash } from '../types/signing.ts'
import { type CertifiedRun, type FetchRun, RUN_BLOCKS_MAX } from './certified-run.ts'
import type { Cancel, Timers } from './clock.ts'
import type { Log } from './log.ts'

/** Between two attempts when no peer had what is known to exist. */
const RETRY_MS = 500
/** Asks even when no header was heard: gossip may be lost. */
const POLL_MS = 2_000

export interface ObserverParts {
  readonly ledger: Ledger
  readonly verifier: Verifier
  readonly peers: () => readonly PublicKey[]
  readonly fetchRun: FetchRun
  readonly onCommit: (blocks: readonly Block[], certificate: CommitCert) => void
  /** No peer that answered has more than this node. */
  readonly onCaughtUp: () => void
  /** The chain goes on with a protocol version that this release does not support; the observer has stopped before it. */
  readonly onOutgrown: () => void
  readonly onFatal: (error: unknown) => void
  readonly timers: Timers
  readonly log: Log
}

export class Observer {
  readonly #parts: ObserverParts
  #poll: Cancel | null = null
  #retry: Cancel | null = null
  #running: Promise<void> | null = null
  /** A certificate was shown for this height. */
  #knownHeight = 0
  /** Somebody may have more than that. */
  #askAll = false
  /** Counts through the peers. */
  #turn = 0
  #stopped = false

  constructor(parts: ObserverParts) {
    this.#parts = parts
  }

  start(): void {
    this.#poll = this.#parts.timers.every(POLL_MS, () => this.catchUp())
    this.catchUp()
  }

  /** A header of this height is certified. */
  heard(height: number): void {
    this.#knownHeight = Math.max(this.#knownHeight, height)
    this.#run()
  }

  /** There may be more than we have, and have heard of. */
  catchUp(): void {
    this.#askAll = true
    this.#run()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#poll?.()
    this.#retry?.()
    await this.#running
  }

  #run(): void {
    if (this.#stopped || this.#running !== null) return
    this.#running = this.#fetchAll()
      .catch((error: unknown) => {
        this.#stopped = true
        this.#parts.onFatal(error)
      })
      .finally(() => {
        this.#running = null
        if (this.#askAll) this.#run()
        else if (this.#isBehind) this.#retrySoon()
      })
  }

  get #isBehind(): boolean {
    return this.#parts.ledger.head.header.height < this.#knownHeight
  }

  #retrySoon(): void {
    if (this.#stopped || this.#retry !== null) return
    this.#retry = this.#parts.timers.after(RETRY_MS, () => {
      this.#retry = null
      this.catchUp()
    })
  }

  /** One run from one peer after the other: whoever is slow, behind or lying costs its turn and nothing more. */
  async #fetchAll(): Promise<void> {
    const { ledger, peers, onCaughtUp } = this.#parts
    const { version, supported } = ledger.protocol
    if (!supported.includes(version)) {
      this.#leave()
      return
    }
    const askAll = this.#askAll
    this.#askAll = false
    let inVain = 0
    let answered = 0
    while (!this.#stopped && (askAll || this.#isBehind)) {
      const connected = peers()
      const peer = connected[this.#turn % connected.length]
      if (peer === undefined || inVain >= connected.length) break
      const heightBefore = ledger.head.header.height
      const isAnswer = await this.#fetchFrom(peer)
      const gained = ledger.head.header.height - heightBefore
      inVain = gained > 0 ? 0 : inVain + 1
      answered = gained > 0 ? 0 : answered + (isAnswer ? 1 : 0)
      // It stays the turn of a peer that brought all that is known, or as much as an answer holds.
      const isDone = gained > 0 && !askAll && !this.#isBehind
      if (!isDone && gained < RUN_BLOCKS_MAX) this.#turn++
    }
    if (answered > 0 && !this.#isBehind) onCaughtUp()
  }

  /** Asks for one run. True where the peer answered by the rules, be it that it has no more. */
  async #fetchFrom(peer: PublicKey): Promise<boolean> {
    const { ledger, fetchRun, log } = this.#parts
    const fromHeight = ledger.head.header.height + 1
    let run: CertifiedRun | null
    try {
      run = await fetchRun(peer, fromHeight)
    } catch (error) {
      log.debug({ peer, fromHeight, error }, 'block sync failed')
      return false
    }
    return run === null || this.#apply(run, peer)
  }

  async #apply(run: CertifiedRun, peer: PublicKey): Promise<boolean> {
    const { ledger, verifier, onCommit, log } = this.#parts
    const fault = runFault(run, { verifier, parent: ledger.head })
    if (fault !== null) {
      log.warn({ peer, fault }, 'refused blocks that a peer sent')
      return false
    }
    const { blocks, commitCert } = run
    const applied = await ledger.applyCertified({ blocks, leaderCerts: namedLeaderCerts(run), cert: commitCert })
    if (!applied.ok && applied.refusal.code === 'UNSUPPORTED_VERSION') return this.#leave()
    // A quorum certified what our own execution refuses: either the program or the quorum is broken.
    if (!applied.ok) throw new Error(`execution diverged at height ${applied.height}: ${applied.refusal.code}`)
    onCommit(blocks, commitCert)
    return true
  }

  /** What it has, it has; more it cannot judge. */
  #leave(): boolean {
    this.#stopped = true
    this.#parts.onOutgrown()
    return true
  }
}

/** Of all that came along, what has been checked and is to be stored: a vote can be written in many ways, one counts. */
export function namedLeaderCerts({ blocks, leaderCerts }: CertifiedRun): readonly LeaderCert[] {
  const certs = new Map(leaderCerts.map((cert) => [leaderCertHash(cert), cert]))
  const named = new Set(blocks.map(({ header }) => header.leaderCertHash))
  return [...named].flatMap((hash) => certs.get(hash) ?? [])
}

/** What is wrong with a run that claims to continue the chain at `parent`, or null. spec/consensus.md, "Block sync". */
export function runFault(
  { blocks, leaderCerts, commitCert }: CertifiedRun,
  { verifier, parent: head }: { verifier: Verifier; parent: Omit<LinkedHeader, 'signature'> },
): string | null {
  const certs = new Map<Hash, LeaderCert>(leaderCerts.map((cert) => [leaderCertHash(cert), cert]))
  const verified = new Set<LeaderCert>()
  let parent: Omit<LinkedHeader, 'signature'> = head
  for (const block of blocks) {
    const { header } = block
    const certificate = certs.get(header.leaderCertHash)
    if (!isOnParent(block, { parent, verifier })) return 'a block is not on its parent'
    // Certified is the header. Another body is this peer's lie, and not a divergence of ours.
    if (!isBodyOf(block, { parent: parent.header })) return 'a block has not the transactions of its header'
    const epochFault = epochCertFault(block, verifier)
    if (epochFault !== null) return `certificate of an epoch: ${epochFault}`
    if (certificate === undefined) return 'a LeaderCert is missing'
    if (!isUnderLeaderCert(header, { parent: parent.header, certificate })) return 'a block is not under its LeaderCert'
    if (!verified.has(certificate)) {
      const fault = leaderCertFault(certificate, verifier)
      if (fault !== null) return `LeaderCert: ${fault}`
      verified.add(certificate)
    }
    parent = block
  }
  const { header, hash } = parent
  const isOfLast = commitCert.blockHash === hash && commitCert.height === header.height
  if (!isOfLast || commitCert.term !== header.term) return 'the CommitCert is not of the last block'
  const fault = commitCertFault(commitCert, verifier)
  return fault === null ? null : `CommitCert: ${fault}`
}
