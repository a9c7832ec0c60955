// The two messages of the release protocol and what binds them: canonical bytes, bounded. spec/fhir.md, "Release".

import { sha256Hex, taggedHash } from '../crypto/hash.ts'
import { ENCRYPTION_OVERHEAD_BYTES } from '../crypto/record-cipher.ts'
import type { Hash, IdentityId } from '../types/brand.ts'
import {
  boolean,
  bytes,
  type Codec,
  fixedBytes,
  hash,
  identityId,
  list,
  literal,
  oneOf,
  optional,
  record,
  text,
  toBytes,
  uint,
} from '../types/canonical.ts'
import { TAG } from '../types/tags.ts'
import { type RecordBinding, recordBindingCodec } from './associated-data.ts'
import { COPIES_BYTES_MAX, RECORD_BYTES_MAX, RELEASE_RECORDS_MAX } from './limits.ts'

export interface RecordRequest {
  readonly version: 1
  readonly chainId: Hash
  readonly patient: IdentityId
  readonly decision: number
  /** Records wanted; empty: everything that the decision covers. */
  readonly records: readonly IdentityId[]
  /** Last record of the page before. */
  readonly after: IdentityId | null
}

/** A record on its way: the stored ciphertext as it is, and its key, sealed to the decision's recipient key. */
export interface SentRecord {
  readonly recordId: IdentityId
  readonly ciphertext: Uint8Array
  /** HPKE of the canonical SealedContent. */
  readonly enc: Uint8Array
  readonly sealedKey: Uint8Array
}

/** A consent that records of the page need beside them: HPKE of its salt and body, to the same key. */
export interface SentConsent {
  /** As it stands on the chain. */
  readonly commitment: Hash
  readonly enc: Uint8Array
  readonly sealed: Uint8Array
}

export interface ReleasePage {
  /** Number of the release within the decision. */
  readonly release: number
  readonly records: readonly SentRecord[]
  readonly consents: readonly SentConsent[]
  readonly more: boolean
}

export const REFUSAL_CODES = ['NOT_RELEASED', 'STALE', 'REFUSED_REQUEST'] as const
export type RefusalCode = (typeof REFUSAL_CODES)[number]

export interface Refusal {
  readonly code: RefusalCode
  /** Why, in reveal mode; always null when the custodian conceals. */
  readonly reason: string | null
}

/** Exactly one of the two. */
export interface RecordReply {
  readonly refusal: Refusal | null
  readonly page: ReleasePage | null
}

/** What the HPKE seals: only the holder of the recipient key learns it. */
export interface SealedContent {
  readonly key: Uint8Array
  readonly binding: RecordBinding
  readonly terms: RecordTerms | null
}

/** What the receiver is told with the record, and the consents without which it is not to be handed on. */
export interface RecordTerms {
  readonly notice: string
  readonly consents: readonly Hash[]
}

/** What HPKE binds a sealed key to (its info). */
export interface SealingOccasion {
  readonly chainId: Hash
  readonly patient: IdentityId
  readonly decision: number
  readonly recordId: IdentityId
}

export const requestCodec: Codec<RecordRequest> = record<RecordRequest>({
  version: literal(1),
  chainId: hash,
  patient: identityId,
  decision: uint,
  records: list(identityId, RELEASE_RECORDS_MAX),
  after: optional(identityId),
})

const CONSENTS_MAX = 64
const NOTICE_BYTES_MAX = 1024
const SEALED_BYTES_MAX = 512 + NOTICE_BYTES_MAX + CONSENTS_MAX * 40

export const replyCodec: Codec<RecordReply> = record<RecordReply>({
  refusal: optional(record<Refusal>({ code: oneOf(...REFUSAL_CODES), reason: optional(text(64)) })),
  page: optional(
    record<ReleasePage>({
      release: uint,
      records: list(
        record<SentRecord>({
          recordId: identityId,
          ciphertext: bytes(RECORD_BYTES_MAX + ENCRYPTION_OVERHEAD_BYTES),
          enc: fixedBytes(32),
          sealedKey: bytes(SEALED_BYTES_MAX),
        }),
        RELEASE_RECORDS_MAX,
      ),
      consents: list(
        record<SentConsent>({
          commitment: hash,
          enc: fixedBytes(32),
          sealed: bytes(COPIES_BYTES_MAX + SEALED_BYTES_MAX),
        }),
        CONSENTS_MAX,
      ),
      more: boolean,
    }),
  ),
})

export const sealedContentCodec: Codec<SealedContent> = record<SealedContent>({
  key: fixedBytes(32),
  binding: recordBindingCodec,
  terms: optional(record<RecordTerms>({ notice: text(NOTICE_BYTES_MAX), consents: list(hash, CONSENTS_MAX) })),
})

const occasionCodec = record<SealingOccasion>({
  chainId: hash,
  patient: identityId,
  decision: uint,
  recordId: identityId,
})

export function sealingInfo({ chainId, patient, decision, recordId }: SealingOccasion): Uint8Array {
  return toBytes(occasionCodec, { chainId, patient, decision, recordId })
}

interface Manifest {
  readonly chainId: Hash
  readonly patient: IdentityId
  readonly decision: number
  readonly items: readonly ManifestItem[]
  readonly consents: readonly SentConsent[]
}

export interface ManifestItem {
  readonly recordId: IdentityId
  readonly ciphertextHash: Hash
  readonly enc: Uint8Array
  readonly sealedKey: Uint8Array
}

interface ManifestConsent {
  readonly commitment: Hash
  /** Of enc and sealed, one behind the other. */
  readonly sealedHash: Hash
}

const manifestCodec = record<Omit<Manifest, 'consents'> & { readonly consents: readonly ManifestConsent[] }>({
  chainId: hash,
  patient: identityId,
  decision: uint,
  items: list(
    record<ManifestItem>({
      recordId: identityId,
      ciphertextHash: hash,
      enc: fixedBytes(32),
      sealedKey: bytes(SEALED_BYTES_MAX),
    }),
    RELEASE_RECORDS_MAX,
  ),
  consents: list(record<ManifestConsent>({ commitment: hash, sealedHash: hash }), CONSENTS_MAX),
})

/** What the chain's release entry commits to: everything that is sent, in order. Custodian and requester compute the same. */
export function releaseManifest({ consents, ...sent }: Manifest): Hash {
  const copies = consents.map(({ commitment, enc, sealed }) => {
    return { commitment, sealedHash: sha256Hex(Uint8Array.from([...enc, ...sealed])) }
  })
  return taggedHash(TAG.releaseManifest, toBytes(manifestCodec, { ...sent, consents: copies }))
}
