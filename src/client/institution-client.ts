// The institution's own methods of its node's RPC (spec/rpc.md, "institution.*"): for its systems, which hold its token.

import * as z from 'zod'
import type { IdentityId } from '../types/brand.ts'
import { type Client, type ConnectOptions, connect } from './client.ts'
import { type ConsensusStatus, consensusStatusSchema } from './consensus-status.ts'
import { type StuckBranch, stuckBranchSchema } from './standstill.ts'

const id = z.string() as unknown as z.ZodType<IdentityId>
const patientSchema = z.object({ patient: id, created: z.boolean() })
const recordsSchema = z.object({ records: z.array(z.object({ record: id, ciphertextHash: z.string() })) })
const problemSchema = z.object({ code: z.string(), path: z.string(), reason: z.string(), accepted: z.string() })
const consentSchema = z.union([
  z.object({ kind: z.literal('registered'), consents: z.array(z.object({ consent: id, version: z.int() })) }),
  z.object({ kind: z.literal('ended'), consent: id }),
  z.object({ kind: z.literal('nothing'), reason: z.string() }),
  z.object({ kind: z.literal('refused'), problems: z.array(problemSchema) }),
])
const fetchedSchema = z.object({
  records: z.array(
    z.object({
      record: id,
      version: z.int(),
      release: z.int(),
      resource: z.base64(),
      accompaniment: z.object({ notice: z.string(), consents: z.array(z.string()) }).nullable(),
    }),
  ),
  consents: z.array(z.object({ document: z.string(), resource: z.base64() })),
})

const destroyedSchema = z.object({
  records: z.int(),
  consentParts: z.int(),
  identifiers: z.int(),
  comments: z.int(),
})
/** What was destroyed, counted. */
export type Destroyed = z.output<typeof destroyedSchema>

const evidenceEntrySchema = z.object({
  hash: z.string(),
  kind: z.string(),
  term: z.int(),
  accused: z.array(z.object({ seat: z.int(), institution: z.string().nullable() })),
})

export type EvidenceEntry = z.output<typeof evidenceEntrySchema>
export type ConsentAnswer = z.output<typeof consentSchema>
export interface FetchedResource {
  readonly record: IdentityId
  readonly version: number
  readonly release: number
  readonly bytes: Uint8Array
  /** What whoever gets the record must get with it; the consents by their commitments. */
  readonly accompaniment: { readonly notice: string; readonly consents: readonly string[] } | null
}
export interface Fetched {
  readonly records: readonly FetchedResource[]
  /** Copies of Consents by their commitments. */
  readonly consents: readonly { readonly document: string; readonly bytes: Uint8Array }[]
}
export type ReferenceMap = { readonly [reference: string]: { kind: string; id: IdentityId; at?: IdentityId } }

/** Base64 of resources in one request: stays below the RPC's body limit of 1 MiB. */
const CHUNK_BYTES = 600_000
const FETCH_TIMEOUT_MS = 30_000

export class InstitutionClient {
  readonly #client: Client

  /** `token`: content of the file `rpc-token` in the node's data folder. */
  constructor(options: ConnectOptions, token: string) {
    const request = options.fetch ?? globalThis.fetch.bind(globalThis)
    this.#client = connect({
      ...options,
      fetch(input, init) {
        const headers = new Headers(init?.headers)
        headers.set('authorization', `Bearer ${token}`)
        return request(input, { ...init, headers })
      },
    })
  }

  enrollPatient(resource: object, keys: { signing?: string; encryption?: string } = {}) {
    return this.#call('institution.enrollPatient', { resource, ...keys }, patientSchema)
  }

  /** Exact bytes of resources; in as many requests as it takes. */
  async storeRecords(patient: IdentityId, resources: readonly Uint8Array[]): Promise<readonly IdentityId[]> {
    const stored: IdentityId[] = []
    for (const chunk of chunksOf(resources)) {
      const params = { patient, resources: chunk.map((bytes) => bytes.toBase64()) }
      const { records } = await this.#call('institution.storeRecords', params, recordsSchema)
      stored.push(...records.map(({ record }) => record))
    }
    return stored
  }

  putConsent(bytes: Uint8Array, references: ReferenceMap): Promise<ConsentAnswer> {
    return this.#call('institution.putConsent', { consent: bytes.toBase64(), references }, consentSchema)
  }

  /** A consent at this custodian as FHIR R4; the latest version where none is named. */
  exportConsent(patient: IdentityId, consent: IdentityId, version?: number): Promise<object> {
    const params = { patient, consent, ...(version !== undefined && { version }) }
    return this.#call('institution.exportConsent', params, z.looseObject({ resourceType: z.literal('Consent') }))
  }

  async fetchRecords(patient: IdentityId, decision: number): Promise<Fetched> {
    const { records, consents } = await this.#call('institution.fetchRecords', { patient, decision }, fetchedSchema)
    return { records: records.map(withBytes), consents: consents.map(withBytes) }
  }

  /** Destroys what the institution keeps of a patient; `ground` of contract `erasure`, where nobody has asked for it yet. */
  erasePatient(patient: IdentityId, ground: string): Promise<Destroyed> {
    return this.#call('institution.erasePatient', { patient, ground }, destroyedSchema)
  }

  /** Proofs that validators lied, as the institution's node holds them. */
  evidenceList(): Promise<readonly EvidenceEntry[]> {
    return this.#call('evidence.list', {}, z.array(evidenceEntrySchema))
  }

  async evidence(hash: string): Promise<Omit<EvidenceEntry, 'evidence'> & { readonly evidence: Uint8Array }> {
    const found = await this.#call('evidence.get', { hash }, evidenceEntrySchema.extend({ evidence: z.base64() }))
    return { ...found, evidence: Uint8Array.fromBase64(found.evidence) }
  }

  /** Who leads, who lags, whose signatures are missing: as the institution's node knows it. */
  consensusStatus(): Promise<ConsensusStatus> {
    return this.#call('consensus.status', {}, consensusStatusSchema)
  }

  /** From the institution's node, which leads, to the validator of another. */
  transferLeadership(to: IdentityId): Promise<{ leader: IdentityId }> {
    return this.#call('consensus.transfer', { to }, z.object({ leader: id }))
  }

  /** Branches that members are bound to, and what may be decided about them. */
  standstill(): Promise<readonly StuckBranch[]> {
    return this.#call('consensus.standstill', {}, z.array(stuckBranchSchema))
  }

  /** A governed Release that institutions have signed: the node passes it on. */
  async decideRelease(release: Uint8Array): Promise<void> {
    await this.#call('consensus.release', { release: release.toBase64() }, z.object({}))
  }

  #call<T>(method: string, params: object, schema: z.ZodType<T>): Promise<T> {
    return this.#client.call(method, params, schema, { timeoutMs: FETCH_TIMEOUT_MS, mayRepeat: false })
  }
}

function withBytes<T extends { readonly resource: string }>({ resource, ...rest }: T) {
  return { ...rest, bytes: Uint8Array.fromBase64(resource) }
}

function* chunksOf(resources: readonly Uint8Array[]): Generator<readonly Uint8Array[]> {
  let chunk: Uint8Array[] = []
  let size = 0
  for (const bytes of resources) {
    const length = Math.ceil(bytes.length / 3) * 4
    if (chunk.length > 0 && size + length > CHUNK_BYTES) {
      yield chunk
      chunk = []
      size = 0
    }
    chunk.push(bytes)
    size += length
  }
  if (chunk.length > 0) yield chunk
}
