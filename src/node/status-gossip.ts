// Every member says regularly how far it is: an observer on an idle chain knows by the validators' word that it has missed
// nothing, and operators see who is there. Signed by the transport key, so that a status is its author's whoever passed it on.

import { sign, verify } from '../crypto/ed25519.ts'
import { taggedBytes } from '../crypto/hash.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Transport, Verdict } from '../p2p/transport.ts'
import type { Hash, Height, IdentityId, PublicKey } from '../types/brand.ts'
import {
  boolean,
  fromBytes,
  hash,
  height,
  list,
  optional,
  publicKey,
  record,
  signature,
  toBytes,
  uint,
} from '../types/canonical.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import { TAG } from '../types/tags.ts'
import type { Cancel, Clock, Timers } from './clock.ts'
import type { Freshness } from './freshness.ts'
import type { NodeKeys } from './key-file.ts'
import type { Log } from './log.ts'
import type { Membership } from './membership.ts'
import type { NodeReports } from './node-reports.ts'
import type { Seats } from './seats.ts'

const INTERVAL_MS = 1_000
/** A status older than this says nothing about now. */
const AGE_MAX_MS = 5_000
const STATUS_BYTES_MAX = 512

interface Status {
  readonly transportKey: PublicKey
  readonly height: Height
  readonly headHash: Hash
  readonly timeMs: number
  readonly consensusKey: PublicKey | null
  readonly signs: boolean
  /** Protocol versions that its program supports. */
  readonly versions: readonly number[]
}
const VERSIONS_MAX = 16
const statusCodec = record<Status>({
  transportKey: publicKey,
  height,
  headHash: hash,
  timeMs: uint,
  consensusKey: optional(publicKey),
  signs: boolean,
  versions: list(uint, VERSIONS_MAX),
})
const signedCodec = record<{ status: Status; signature: Uint8Array }>({ status: statusCodec, signature })

export interface StatusGossipParts {
  readonly transport: Transport
  readonly keys: Pick<NodeKeys, 'transport'>
  /** That it signs with, else the one for which it may get a seat; null on an observer. */
  readonly consensusKey: () => PublicKey | null
  readonly ledger: Ledger
  readonly clock: Clock
  readonly timers: Timers
  readonly freshness: Freshness
  readonly reports: NodeReports
  readonly membership: Pick<Membership, 'institutionOf'>
  readonly seats: Pick<Seats, 'presentSeatOf'>
  /** A validator says that it has a certified block of this height: its word. */
  readonly onHeight: (height: Height) => void
  readonly isSigning: () => boolean
  readonly log: Log
}

export class StatusGossip {
  readonly #parts: StatusGossipParts
  /** Time of the latest status of each. */
  readonly #heard = new Map<PublicKey, number>()
  #timer: Cancel | null = null

  constructor(parts: StatusGossipParts) {
    this.#parts = parts
    const validate = (_source: PublicKey, message: Uint8Array): Verdict => this.#judge(message)
    parts.transport.subscribe('status', { maxBytes: STATUS_BYTES_MAX, validate }, () => undefined)
  }

  start(): void {
    this.#timer = this.#parts.timers.every(INTERVAL_MS, () => this.#publish())
  }

  stop(): void {
    this.#timer?.()
  }

  #publish(): void {
    const { consensusKey, transport, keys, ledger, clock, membership, log } = this.#parts
    const institution = membership.institutionOf(keys.transport.publicKey)
    if (institution === null) return
    const { header, hash: headHash } = ledger.head
    const status: Status = {
      transportKey: keys.transport.publicKey,
      height: header.height,
      headHash,
      timeMs: clock.nowMs(),
      consensusKey: consensusKey(),
      signs: this.#parts.isSigning(),
      versions: ledger.protocol.supported.slice(-VERSIONS_MAX),
    }
    this.#note(institution, status)
    const message = taggedBytes(TAG.status, toBytes(statusCodec, status))
    const bytes = toBytes(signedCodec, { status, signature: sign(keys.transport.seed, message) })
    transport.publish('status', bytes).catch((error: unknown) => log.debug({ error }, 'gossip failed'))
  }

  #note(institution: IdentityId, { transportKey, consensusKey, signs, height, versions }: Status): void {
    this.#parts.reports.heard(transportKey, { institution, consensusKey, signs, height, versions })
  }

  #judge(bytes: Uint8Array): Verdict {
    const { ledger, clock, freshness, seats, membership } = this.#parts
    let report: { status: Status; signature: Uint8Array }
    try {
      report = fromBytes(signedCodec, bytes)
    } catch (error) {
      if (error instanceof DecodeError) return 'reject'
      throw error
    }
    const { status } = report
    const { transportKey, timeMs } = status
    const institution = membership.institutionOf(transportKey)
    if (institution === null) return 'ignore'
    // Old, or from a clock that is far off; said again; or overtaken by what the same validator said since.
    if (Math.abs(clock.nowMs() - timeMs) > AGE_MAX_MS || timeMs <= (this.#heard.get(transportKey) ?? 0)) return 'ignore'
    const message = taggedBytes(TAG.status, toBytes(statusCodec, status))
    if (!verify(Uint8Array.fromHex(transportKey), message, report.signature)) return 'reject'
    this.#heard.set(transportKey, timeMs)
    this.#note(institution, status)
    const seat = seats.presentSeatOf(transportKey)
    if (seat === null) return 'accept'
    this.#parts.onHeight(status.height)
    if (status.height <= ledger.head.header.height) freshness.reported(seat, timeMs)
    return 'accept'
  }
}
