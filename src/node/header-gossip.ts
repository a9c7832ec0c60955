// Certified headers for everybody: the leader publishes the head of what was committed, observers live on it. A header
// proves itself by its certificate, whoever passed it on.

import { commitCertFault, type Verifier } from '../consensus/certificate.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Transport, Verdict } from '../p2p/transport.ts'
import { type Block, type SignedHeader, signedHeaderCodec } from '../types/block.ts'
import type { Height, PublicKey } from '../types/brand.ts'
import { fromBytes, record, toBytes } from '../types/canonical.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import { type CommitCert, commitCertCodec } from '../types/certificate.ts'
import { remembered } from '../types/remembered.ts'
import { blockHash } from '../types/signing.ts'
import type { Cancel, Timers } from './clock.ts'
import type { Log } from './log.ts'

/** A header with 25 signatures is about 3 kB. */
const HEADER_BYTES_MAX = 8 * 1024
/** Older headers are news to nobody; passing them on would let one member make all of them repeat the past. */
const LAG_MAX = 1_000
/** While blocks come faster than this, only the latest is published: an observer fetches everything up to it. */
const PUBLISH_INTERVAL_MS = 20

interface CertifiedHeader {
  readonly header: SignedHeader
  readonly certificate: CommitCert
}
const codec = record<CertifiedHeader>({ header: signedHeaderCodec, certificate: commitCertCodec })
/** Judged, then heard. Throws DecodeError. */
const decode = remembered((message: Uint8Array) => fromBytes(codec, message))

export interface HeaderGossipParts {
  readonly transport: Transport
  readonly ledger: Ledger
  readonly verifier: Verifier
  readonly timers: Timers
  readonly log: Log
}

export class HeaderGossip {
  readonly #parts: HeaderGossipParts
  #latest: Uint8Array | null = null
  #timer: Cancel | null = null

  constructor(parts: HeaderGossipParts) {
    this.#parts = parts
  }

  /** Set before the transport starts. `onHeader`: a header of this height is certified. */
  listen(onHeader: (height: Height) => void): void {
    const { transport } = this.#parts
    const validate = (_source: PublicKey, message: Uint8Array): Verdict => this.#judge(message)
    transport.subscribe('headers', { maxBytes: HEADER_BYTES_MAX, validate }, (_source, message) =>
      onHeader(decode(message).certificate.height),
    )
  }

  /** Form and age first; signatures, of which there are up to 25, last. */
  #judge(message: Uint8Array): Verdict {
    const { verifier, ledger } = this.#parts
    let shown: CertifiedHeader
    try {
      shown = decode(message)
    } catch (error) {
      if (error instanceof DecodeError) return 'reject'
      throw error
    }
    const { header, certificate } = shown
    const { height, term } = header.header
    const isOfHeader = certificate.blockHash === blockHash(header.header)
    if (!isOfHeader || certificate.height !== height || certificate.term !== term) return 'reject'
    if (height < ledger.head.header.height - LAG_MAX) return 'ignore'
    // Of validators that are not known here yet: who is behind has no right to judge. Its next look at the peers brings them.
    if (certificate.epoch > ledger.epoch) return 'ignore'
    return commitCertFault(certificate, verifier) === null ? 'accept' : 'reject'
  }

  stop(): void {
    this.#timer?.()
    this.#latest = null
  }

  publish(blocks: readonly Block[], certificate: CommitCert): void {
    const head = blocks.at(-1)
    if (head === undefined) return
    this.#latest = toBytes(codec, { header: { header: head.header, signature: head.signature }, certificate })
    this.#timer ??= this.#parts.timers.after(PUBLISH_INTERVAL_MS, () => {
      this.#timer = null
      const message = this.#latest
      if (message === null) return
      this.#parts.transport
        .publish('headers', message)
        .catch((error: unknown) => this.#parts.log.debug({ error }, 'gossip failed'))
    })
  }
}
