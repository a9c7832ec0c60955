// Proofs that members lied: kept, told to everybody, and an alarm for the operator. Whoever passes on what proves nothing is
// named for it. spec/consensus.md, "Evidence".

import type { Verifier } from '../consensus/certificate.ts'
import { convict } from '../consensus/evidence/convict.ts'
import {
  decodeEvidence,
  EVIDENCE_BYTES_MAX,
  type Evidence,
  encodeEvidence,
  evidenceHash,
  subjectOf,
} from '../consensus/evidence/evidence.ts'
import type { Transport, Verdict } from '../p2p/transport.ts'
import type { Hash, PublicKey, Seat } from '../types/brand.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import type { Cancel, Timers } from './clock.ts'
import type { EvidenceStore } from './evidence-files.ts'
import type { Log } from './log.ts'

export interface HeldEvidence {
  readonly hash: Hash
  readonly evidence: Evidence
  readonly accused: readonly Seat[]
}

/** One lie is one piece; beyond this nobody learns anything more. */
const HELD_MAX = 1_024
/** Whoever was away hears it again; gossip itself drops what it passed on lately. */
const REPEAT_MS = 60_000
const REPEATED_MAX = 8

export interface EvidencePoolParts {
  readonly transport: Transport
  readonly verifier: Verifier
  readonly store: EvidenceStore
  readonly timers: Timers
  readonly log: Log
  /** New here, from whomever: the core may need it. */
  readonly onEvidence: (evidence: Evidence) => void
}

export class EvidencePool {
  readonly #parts: EvidencePoolParts
  readonly #held = new Map<Hash, HeldEvidence>()
  readonly #subjects = new Set<string>()
  #timer: Cancel | null = null
  #next = 0

  constructor(parts: EvidencePoolParts) {
    this.#parts = parts
    for (const encoded of parts.store.load()) this.#hold(encoded)
    const validate = (source: PublicKey, message: Uint8Array): Verdict => this.#judge(source, message)
    parts.transport.subscribe('evidence', { maxBytes: EVIDENCE_BYTES_MAX, validate }, () => undefined)
  }

  start(): void {
    this.#timer = this.#parts.timers.every(REPEAT_MS, () => this.#repeat())
    for (const { evidence } of this.#held.values()) this.#parts.onEvidence(evidence)
  }

  stop(): void {
    this.#timer?.()
  }

  /** Oldest first. */
  list(): readonly HeldEvidence[] {
    return [...this.#held.values()]
  }

  get(hash: Hash): HeldEvidence | undefined {
    return this.#held.get(hash)
  }

  /** Found by this node's own core, which has convinced itself. */
  found(evidence: Evidence): void {
    const encoded = encodeEvidence(evidence)
    if (this.#take(encoded) === 'new') this.#publish(encoded)
  }

  #judge(source: PublicKey, message: Uint8Array): Verdict {
    const outcome = this.#take(message)
    if (outcome !== 'false') return outcome === 'new' ? 'accept' : 'ignore'
    this.#parts.log.warn({ peer: source }, 'a peer passed on evidence that proves nothing')
    return 'reject'
  }

  #take(encoded: Uint8Array): 'new' | 'known' | 'false' {
    const held = this.#hold(encoded)
    if (typeof held === 'string') return held
    const { evidence, accused, hash } = held
    this.#parts.store.save(hash, encoded)
    this.#parts.log.fatal(
      { evidence: hash, kind: evidence.kind, accused },
      'PROOF that validators lied: assent evidence show',
    )
    this.#parts.onEvidence(evidence)
    return 'new'
  }

  /** known: nothing new to learn from it here. */
  #hold(encoded: Uint8Array): HeldEvidence | 'known' | 'false' {
    let evidence: Evidence
    try {
      evidence = decodeEvidence(encoded)
    } catch (error) {
      if (error instanceof DecodeError) return 'false'
      throw error
    }
    const hash = evidenceHash(evidence)
    if (this.#held.has(hash)) return 'known'
    const { accused, isOfLaterEpoch } = this.#judged(evidence)
    if (accused.length === 0) return isOfLaterEpoch ? 'known' : 'false'
    const subject = subjectOf(evidence, accused)
    if (this.#subjects.has(subject) || this.#held.size >= HELD_MAX) return 'known'
    const held = { hash, evidence, accused }
    this.#held.set(hash, held)
    this.#subjects.add(subject)
    return held
  }

  /** Where a set is not known here yet, nothing is proven, and nobody to blame: it will be told again. */
  #judged(evidence: Evidence): { accused: readonly Seat[]; isOfLaterEpoch: boolean } {
    const { verifier } = this.#parts
    let isOfLaterEpoch = false
    const setOf: Verifier['setOf'] = (epoch) => {
      const set = verifier.setOf(epoch)
      if (set === undefined) isOfLaterEpoch = true
      return set
    }
    return { accused: convict(evidence, { ...verifier, setOf }), isOfLaterEpoch }
  }

  #repeat(): void {
    const all = this.list()
    for (let i = 0; i < Math.min(REPEATED_MAX, all.length); i++) {
      const held = all[this.#next++ % all.length]
      if (held !== undefined) this.#publish(encodeEvidence(held.evidence))
    }
  }

  #publish(encoded: Uint8Array): void {
    const { transport, log } = this.#parts
    transport.publish('evidence', encoded).catch((error: unknown) => log.debug({ error }, 'gossip failed'))
  }
}
