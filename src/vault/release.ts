// The custodian's half of the release protocol. In this order, and nothing leaves before the last step:
//   1 the request reads well and is for this chain           5 seal every record's key to the decision's recipient key
//   2 this node is in touch with the consortium, else STALE  6 commit the release on the chain, with a manifest of
//   3 the chain releases this decision, now, to this peer      everything that is to be sent
//   4 the records of the page: stored here, asked for,       7 send
//     and left by the data limits
//
// `conceal` (EHDS Art. 8): whatever the reason, one answer of one shape. `reveal`: the reason goes along.

import { seal } from '../crypto/hpke.ts'
import type { Hash, IdentityId, PublicKey } from '../types/brand.ts'
import { fromBytes, toBytes } from '../types/canonical.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import { sealCopies } from './consent-copies.ts'
import { VaultError } from './errors.ts'
import {
  type RecordReply,
  type RecordRequest,
  type RecordTerms,
  type RefusalCode,
  type ReleasePage,
  releaseManifest,
  replyCodec,
  requestCodec,
  type SentRecord,
  sealedContentCodec,
  sealingInfo,
} from './exchange-messages.ts'
import type {
  Accompaniment,
  AnswerRequester,
  Redisclosure,
  ReleaseAuthority,
  ReleaseCheck,
  ReleaseLog,
} from './exchange-ports.ts'
import { COPIES_BYTES_MAX, RELEASE_BYTES_MAX, RELEASE_RECORDS_MAX } from './limits.ts'
import type { RecordVault, StoredRecord } from './records.ts'
import type { UnwrappedEntry } from './sealed-store.ts'

export type Disclosure = 'conceal' | 'reveal'

/** For logs and metrics: codes only. */
export type ReleaseOutcome =
  | { readonly kind: 'released'; readonly decision: number; readonly records: number }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly reason: string }

export interface ReleaseOptions {
  readonly chainId: Hash
  readonly vault: RecordVault
  readonly authority: ReleaseAuthority
  readonly log: ReleaseLog
  readonly disclosure: Disclosure
  readonly onOutcome?: (outcome: ReleaseOutcome) => void
}

type Releasable = Extract<ReleaseCheck, { kind: 'releasable' }>

/** Ends the handling of a request; its reason is shown in reveal mode only. */
class Refused extends Error {
  readonly code: RefusalCode
  readonly reason: string
  constructor(code: RefusalCode, reason: string) {
    super(reason)
    this.code = code
    this.reason = reason
  }
}

/** The handler for requests of protocol `record`. It answers every request; what it throws is a fault of this node. */
export function createReleaseHandler(options: ReleaseOptions): AnswerRequester {
  return async (peer, message) => {
    const reply = await answer(options, { peer, message })
    return toBytes(replyCodec, reply)
  }
}

async function answer(
  options: ReleaseOptions,
  { peer, message }: { peer: PublicKey; message: Uint8Array },
): Promise<RecordReply> {
  try {
    const request = readRequest(message, options.chainId)
    if (!options.authority.isFresh()) throw new Refused('STALE', 'STALE')
    const terms = await releasable(options.authority, { peer, request })
    const page = await releasePage(options, { request, terms })
    options.onOutcome?.({ kind: 'released', decision: request.decision, records: page.records.length })
    return { refusal: null, page }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    const { code, reason } = error
    options.onOutcome?.({ kind: 'refused', code, reason })
    return { refusal: { code, reason: options.disclosure === 'reveal' ? reason : null }, page: null }
  }
}

function readRequest(message: Uint8Array, chainId: Hash): RecordRequest {
  let request: RecordRequest
  try {
    request = fromBytes(requestCodec, message)
  } catch (error) {
    if (error instanceof DecodeError) throw new Refused('REFUSED_REQUEST', 'MALFORMED')
    throw error
  }
  if (request.chainId !== chainId) throw new Refused('REFUSED_REQUEST', 'OTHER_CHAIN')
  return request
}

async function releasable(
  authority: ReleaseAuthority,
  { peer, request }: { peer: PublicKey; request: RecordRequest },
): Promise<Releasable> {
  const { patient, decision } = request
  const [check, institution] = await Promise.all([
    authority.check({ patient, decision }),
    authority.institutionOf(peer),
  ])
  if (check.kind === 'refused') throw new Refused('NOT_RELEASED', check.reason)
  // Only the requester's institution: another member could not open what is sealed, but would make releases appear.
  if (institution !== check.institution) throw new Refused('NOT_RELEASED', 'NOT_THE_REQUESTER')
  return check
}

async function releasePage(
  { chainId, vault, authority, log }: ReleaseOptions,
  { request, terms }: { request: RecordRequest; terms: Releasable },
): Promise<ReleasePage> {
  const { patient, decision } = request
  const { entries, accompaniment, more, whyNone } = await nextEntries({ vault, authority }, { request, terms })
  if (entries.length === 0) throw new Refused('NOT_RELEASED', whyNone)

  const recipientKey = Uint8Array.fromHex(terms.recipientKey)
  const records = await Promise.all(
    entries.map((entry) =>
      sealEntry(entry, { recipientKey, custodian: vault.custodian, info: occasion(request, entry.id) }),
    ),
  )
  const infoOf = (commitment: Hash) => occasion(request, commitment)
  const consents = await sealCopies(accompaniment?.consents ?? [], { recipientKey, infoOf })
  const items = records.map(({ recordId, enc, sealedKey }, i) => {
    return { recordId, ciphertextHash: (entries[i] as UnwrappedEntry).ciphertextHash, enc, sealedKey }
  })
  const manifest = releaseManifest({ chainId, patient, decision, items, consents })
  const logged = await log.commit({ patient, decision, records: records.map(({ recordId }) => recordId), manifest })
  if (logged.kind === 'refused') throw new Refused('NOT_RELEASED', logged.code)
  return { release: logged.release, records, consents, more }
}

/** `sent`: id of a record, commitment to a consent. */
const occasion = ({ chainId, patient, decision }: RecordRequest, sent: IdentityId | Hash): Uint8Array =>
  sealingInfo({ chainId, patient, decision, recordId: sent as IdentityId })

async function sealEntry(
  { id, patient, version, key, ciphertext, terms }: NextEntry,
  { recipientKey, custodian, info }: { recipientKey: Uint8Array; custodian: IdentityId; info: Uint8Array },
): Promise<SentRecord> {
  const plaintext = toBytes(sealedContentCodec, { key, binding: { recordId: id, version, custodian, patient }, terms })
  const sealed = await seal(recipientKey, { info, aad: new Uint8Array(), plaintext })
  return { recordId: id, ciphertext, enc: sealed.enc, sealedKey: sealed.ciphertext }
}

interface NextEntry extends UnwrappedEntry {
  readonly terms: RecordTerms | null
}

interface NextEntries {
  readonly entries: readonly NextEntry[]
  /** Where records of the page need one. */
  readonly accompaniment: Accompaniment | null
  readonly more: boolean
  readonly whyNone: 'NOTHING_TO_RELEASE' | 'CONSENT_COPY_MISSING'
}

/** The next records that are wanted, covered by the decision, stored here, left by its limits; as many as one answer carries. */
async function nextEntries(
  { vault, authority }: Pick<ReleaseOptions, 'vault' | 'authority'>,
  { request, terms }: { request: RecordRequest; terms: Releasable },
): Promise<NextEntries> {
  const entries: NextEntry[] = []
  let bytes = 0
  let whyNone: NextEntries['whyNone'] = 'NOTHING_TO_RELEASE'
  let accompaniment: Accompaniment | null = null
  const page = (more: boolean): NextEntries => {
    const isNeeded = entries.some((entry) => entry.terms !== null)
    return { entries, accompaniment: isNeeded ? accompaniment : null, more, whyNone }
  }
  for await (const recordId of coveredIds(vault, { request, terms })) {
    if (!(await authority.isRegistered(recordId))) continue
    const { bytes: plaintext } = await vault.read(recordId)
    if (terms.mayLeave !== null && !terms.mayLeave(plaintext)) continue
    const isAlone = !terms.redisclosure.applies(plaintext)
    if (!isAlone) accompaniment ??= await affordable(terms.redisclosure)
    if (!isAlone && accompaniment === null) {
      whyNone = 'CONSENT_COPY_MISSING'
      continue
    }
    if (entries.length === RELEASE_RECORDS_MAX) return page(true)
    const entry = await vault.unwrap(recordId)
    bytes += entry.ciphertext.length
    if (entries.length > 0 && bytes > RELEASE_BYTES_MAX) return page(true)
    entries.push({ ...entry, terms: isAlone || accompaniment === null ? null : termsIn(accompaniment) })
  }
  return page(false)
}

/** Null where the copies are more than an answer carries. */
async function affordable(redisclosure: Redisclosure): Promise<Accompaniment | null> {
  const accompaniment = await redisclosure.accompaniment()
  const size = accompaniment?.consents.reduce((sum, { bytes }) => sum + bytes.length, 0) ?? 0
  return size > COPIES_BYTES_MAX ? null : accompaniment
}

const termsIn = ({ notice, consents }: Accompaniment): RecordTerms => {
  return { notice, consents: consents.map(({ commitment }) => commitment) }
}

const LIST_PAGE = RELEASE_RECORDS_MAX + 1

/** Ascending, after the page before, over all ids of the patient. */
async function* coveredIds(
  vault: RecordVault,
  { request, terms }: { request: RecordRequest; terms: Releasable },
): AsyncGenerator<IdentityId> {
  const { after } = request
  const asked = askedIds(request, terms)
  if (asked !== null) {
    for (const recordId of asked) {
      if (after !== null && recordId <= after) continue
      if (await isPatients(vault, { recordId, patients: terms.patients })) yield recordId
    }
    return
  }
  for (let from = after; ; ) {
    const pages = await Promise.all(
      terms.patients.map((patient) => vault.list(patient, { after: from, limit: LIST_PAGE })),
    )
    // A full page may be followed by more: beyond its end the ids of the others would come too early.
    const ends = pages
      .filter(({ length }) => length === LIST_PAGE)
      .map((page) => (page.at(-1) as StoredRecord).recordId)
    const horizon = ends.sort().at(0)
    const ids = pages.flat().map(({ recordId }) => recordId)
    yield* ids.filter((recordId) => horizon === undefined || recordId <= horizon).sort()
    if (horizon === undefined) return
    from = horizon
  }
}

/** Ascending; null where decision and request both mean the whole record. */
function askedIds({ records }: RecordRequest, terms: Releasable): IdentityId[] | null {
  if (records.length === 0 && terms.records.length === 0) return null
  if (records.length === 0) return [...terms.records].sort()
  if (terms.records.length === 0) return [...new Set(records)].sort()
  return [...new Set(records)].filter((recordId) => terms.records.includes(recordId)).sort()
}

/** A record id that is not stored here, was erased, or is another patient's, is not released. */
async function isPatients(
  vault: RecordVault,
  { recordId, patients }: { recordId: IdentityId; patients: readonly IdentityId[] },
): Promise<boolean> {
  try {
    return patients.includes((await vault.info(recordId)).patient)
  } catch (error) {
    if (error instanceof VaultError && error.code === 'UNKNOWN_RECORD') return false
    throw error
  }
}
