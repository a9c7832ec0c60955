// An observer's way to the chain: certified headers by gossip tell it that there is more, block sync brings it. It checks
// every certificate and executes every block itself; it signs nothing.

import { commitCertFault, leaderCertFault, type Verifier } from '../consensus/certificate.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Block } from '../types/block.ts'
import type { Hash, PublicKey } from '../types/brand.ts'
import type { CommitCert, LeaderCert } from '../types/certificate.ts'
import { headerMessage, leaderCertHash } from '../types/signing.ts'
import { memberAt } from '../types/validator-set.ts'
import type { CertifiedRun, FetchRun } from './certified-run.ts'
import type { Log } from './log.ts'

/** Between two attempts when every peer failed. */
const RETRY_MS = 500
/** Asks even when no header was heard: gossip may be lost. */
const POLL_MS = 2_000

export interface ObserverParts {
  readonly ledger: Ledger
  readonly verifier: Verifier
  readonly peers: () => readonly PublicKey[]
  readonly fetchRun: FetchRun
  readonly onCommit: (blocks: readonly Block[], certificate: CommitCert) => void
  readonly onFatal: (error: unknown) => void
  readonly log: Log
}

export class Observer {
  readonly #parts: ObserverParts
  readonly #poll: NodeJS.Timeout
  #running: Promise<void> | null = null
  #again = false
  #stopped = false

  constructor(parts: ObserverParts) {
    this.#parts = parts
    this.#poll = setInterval(() => this.catchUp(), POLL_MS)
  }

  /** There may be more than we have. */
  catchUp(): void {
    if (this.#stopped) return
    if (this.#running !== null) {
      this.#again = true
      return
    }
    this.#running = this.#fetchAll()
      .catch((error: unknown) => {
        this.#stopped = true
        this.#parts.onFatal(error)
      })
      .finally(() => {
        this.#running = null
        if (this.#again) {
          this.#again = false
          this.catchUp()
        }
      })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#poll)
    await this.#running
  }

  async #fetchAll(): Promise<void> {
    for (const peer of this.#parts.peers()) {
      if (await this.#fetchFrom(peer)) return
    }
    if (!this.#stopped) setTimeout(() => this.catchUp(), RETRY_MS).unref()
  }

  /** True when the peer was followed up to its head. */
  async #fetchFrom(peer: PublicKey): Promise<boolean> {
    const { ledger, fetchRun, log } = this.#parts
    while (!this.#stopped) {
      const fromHeight = ledger.head.header.height + 1
      let run: CertifiedRun | null
      try {
        run = await fetchRun(peer, fromHeight)
      } catch (error) {
        log.debug({ peer, fromHeight, error }, 'block sync failed')
        return false
      }
      if (run === null) return true
      if (!(await this.#apply(run, peer))) return false
    }
    return true
  }

  async #apply(run: CertifiedRun, peer: PublicKey): Promise<boolean> {
    const { ledger, verifier, onCommit, log } = this.#parts
    const fault = runFault(run, { verifier, parent: ledger.head })
    if (fault !== null) {
      log.warn({ peer, fault }, 'refused blocks that a peer sent')
      return false
    }
    const { blocks, leaderCerts, commitCert } = run
    const applied = await ledger.applyCertified({ blocks, leaderCerts, cert: commitCert })
    // A quorum certified what our own execution refuses: either the program or the quorum is broken.
    if (!applied.ok) throw new Error(`execution diverged at height ${applied.height}: ${applied.refusal.code}`)
    onCommit(blocks, commitCert)
    return true
  }
}

/** What is wrong with a run that claims to continue the chain at `parentHash`, or null. spec/consensus.md, "Block sync". */
export function runFault(
  { blocks, leaderCerts, commitCert }: CertifiedRun,
  { verifier, parent: head }: { verifier: Verifier; parent: Pick<Block, 'header' | 'hash'> },
): string | null {
  const certs = new Map<Hash, LeaderCert>(leaderCerts.map((cert) => [leaderCertHash(cert), cert]))
  const checked = new Set<Hash>()
  let parent = head
  for (const block of blocks) {
    const { header, signature } = block
    if (header.chainId !== verifier.chainId || header.epoch !== verifier.set.epoch) return 'foreign block'
    if (header.parentHash !== parent.hash) return 'blocks do not form a chain'
    const opensTerm = header.term !== parent.header.term
    parent = block
    const proposer = memberAt(verifier.set, header.proposer)
    if (proposer === undefined) return 'unknown proposer'
    if (!verifier.verify(proposer.consensusKey, headerMessage(header), signature)) return 'bad header signature'
    if (checked.has(header.leaderCertHash) && !opensTerm) continue
    const cert = certs.get(header.leaderCertHash)
    if (cert === undefined) return 'a LeaderCert is missing'
    if (cert.term !== header.term || cert.candidate !== header.proposer) return 'a LeaderCert is for another leader'
    if (opensTerm && cert.tip.hash !== header.parentHash) return 'a term opens on another tip than was voted for'
    const certFault = leaderCertFault(cert, verifier)
    if (certFault !== null) return `LeaderCert: ${certFault}`
    checked.add(header.leaderCertHash)
  }
  const last = blocks.at(-1)
  if (last === undefined || commitCert.blockHash !== last.hash) return 'the CommitCert is for another block'
  const commitFault = commitCertFault(commitCert, verifier)
  return commitFault === null ? null : `CommitCert: ${commitFault}`
}
