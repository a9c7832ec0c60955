// Certified headers for everybody: the leader publishes the head of what was committed, observers live on it. A header
// proves itself by its certificate, whoever passed it on.

import { commitCertFault, type Verifier } from '../consensus/certificate.ts'
import type { Transport } from '../p2p/transport.ts'
import { type Block, type SignedHeader, signedHeaderCodec } from '../types/block.ts'
import { fromBytes, record, toBytes } from '../types/canonical.ts'
import { type CommitCert, commitCertCodec } from '../types/certificate.ts'
import { blockHash } from '../types/signing.ts'
import type { Log } from './log.ts'

/** A header with 25 signatures is about 3 kB. */
const HEADER_BYTES_MAX = 8 * 1024
/** While blocks come faster than this, only the latest is published: an observer fetches everything up to it. */
const PUBLISH_INTERVAL_MS = 20

interface CertifiedHeader {
  readonly header: SignedHeader
  readonly certificate: CommitCert
}
const codec = record<CertifiedHeader>({ header: signedHeaderCodec, certificate: commitCertCodec })

export class HeaderGossip {
  readonly #parts: { readonly transport: Transport; readonly verifier: Verifier; readonly log: Log }
  #latest: Uint8Array | null = null
  #timer: NodeJS.Timeout | null = null

  constructor(parts: { readonly transport: Transport; readonly verifier: Verifier; readonly log: Log }) {
    this.#parts = parts
  }

  /** Set before the transport starts. */
  listen(onHeader: () => void): void {
    const { transport, verifier } = this.#parts
    transport.subscribe(
      'headers',
      {
        maxBytes: HEADER_BYTES_MAX,
        validate(_source, message) {
          try {
            const { header, certificate } = fromBytes(codec, message)
            if (certificate.blockHash !== blockHash(header.header)) return 'reject'
            return commitCertFault(certificate, verifier) === null ? 'accept' : 'reject'
          } catch {
            return 'reject'
          }
        },
      },
      onHeader,
    )
  }

  publish(blocks: readonly Block[], certificate: CommitCert): void {
    const head = blocks.at(-1)
    if (head === undefined) return
    this.#latest = toBytes(codec, { header: { header: head.header, signature: head.signature }, certificate })
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      const message = this.#latest
      if (message === null) return
      this.#parts.transport
        .publish('headers', message)
        .catch((error: unknown) => this.#parts.log.debug({ error }, 'gossip failed'))
    }, PUBLISH_INTERVAL_MS)
  }
}
