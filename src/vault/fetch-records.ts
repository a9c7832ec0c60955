// The requester's half of the release protocol: ask, check against the own node's chain, open. A record that comes back is
// byte-identical to what the custodian stored and registered, and its release stands in the log.

import { CryptoError } from '../crypto/errors.ts'
import { sha256Hex } from '../crypto/hash.ts'
import { open } from '../crypto/hpke.ts'
import { decryptRecord } from '../crypto/record-cipher.ts'
import type { Hash, IdentityId } from '../types/brand.ts'
import { fromBytes, toBytes } from '../types/canonical.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import { associatedData } from './associated-data.ts'
import { openCopy } from './consent-copies.ts'
import { ExchangeError } from './errors.ts'
import {
  type Refusal,
  type ReleasePage,
  releaseManifest,
  replyCodec,
  requestCodec,
  type SealedContent,
  type SentConsent,
  type SentRecord,
  sealedContentCodec,
  sealingInfo,
} from './exchange-messages.ts'
import type { AskCustodian, DecisionRef, RequesterChain } from './exchange-ports.ts'
import { REPLY_BYTES_MAX } from './limits.ts'

export interface FetchOptions extends DecisionRef {
  readonly chainId: Hash
  /** The decision's custodian: what it did not register is refused. */
  readonly custodian: IdentityId
  /** Secret key of the decision's recipientKey. */
  readonly recipientSecretKey: Uint8Array
  /** At most 64; empty or absent: everything that the decision covers. */
  readonly records?: readonly IdentityId[]
  readonly ask: AskCustodian
  readonly chain: RequesterChain
  readonly signal?: AbortSignal
}

export interface FetchedRecord {
  readonly recordId: IdentityId
  readonly patient: IdentityId
  readonly version: number
  /** Number of the release, within the decision, that it came with. */
  readonly release: number
  readonly bytes: Uint8Array
  /** What whoever gets the record must get with it; null: nothing. */
  readonly accompaniment: {
    readonly notice: string
    readonly consents: readonly { readonly commitment: Hash; readonly bytes: Uint8Array }[]
  } | null
}

/** Page by page, each record after all its checks. Throws ExchangeError, and what `ask` rejects with. */
export async function* fetchRecords(options: FetchOptions): AsyncGenerator<FetchedRecord> {
  let after: IdentityId | null = null
  // Ends: ids ascend from page to page, and the chain logs at most 16 releases under one decision.
  for (;;) {
    const page: ReleasePage = await fetchPage(options, after)
    for (const record of await openPage(page, options)) yield record
    if (!page.more) return
    after = (page.records.at(-1) as SentRecord).recordId
  }
}

async function fetchPage(options: FetchOptions, after: IdentityId | null): Promise<ReleasePage> {
  const { chainId, patient, decision, records = [], ask, signal } = options
  const message = toBytes(requestCodec, { version: 1, chainId, patient, decision, records, after })
  const bytes = await ask(message, { maxReplyBytes: REPLY_BYTES_MAX, ...(signal && { signal }) })
  const { refusal, page } = readReply(bytes)
  if (refusal !== null) throw refused(refusal)
  if (page === null) throw badReply('neither a page nor a refusal')
  checkPage(page, { after, records })
  return page
}

function readReply(bytes: Uint8Array): { refusal: Refusal | null; page: ReleasePage | null } {
  try {
    return fromBytes(replyCodec, bytes)
  } catch (cause) {
    if (cause instanceof DecodeError) throw badReply(cause.message)
    throw cause
  }
}

/** Ascending and after the page before: every round makes progress, no record comes twice. Nothing that was not asked for. */
function checkPage(
  { records: sent }: ReleasePage,
  { after, records }: { after: IdentityId | null; records: readonly IdentityId[] },
): void {
  if (sent.length === 0) throw badReply('a page without records')
  let last = after
  for (const { recordId } of sent) {
    if (last !== null && recordId <= last) throw badReply('records not ascending')
    if (records.length > 0 && !records.includes(recordId)) throw badReply('a record that was not asked for')
    last = recordId
  }
}

async function openPage(page: ReleasePage, options: FetchOptions): Promise<FetchedRecord[]> {
  const { chainId, patient, decision, chain } = options
  const items = page.records.map(({ recordId, ciphertext, enc, sealedKey }) => {
    return { recordId, ciphertextHash: sha256Hex(ciphertext), enc, sealedKey }
  })
  for (const item of items) await checkRegistered(item, options)
  const logged = await chain.manifest({ patient, decision, release: page.release })
  if (logged !== releaseManifest({ chainId, patient, decision, items, consents: page.consents })) {
    throw new ExchangeError('RELEASE_NOT_LOGGED', 'release: the chain has no entry for what the custodian sent')
  }
  const copies = await openCopies(page.consents, options)
  return Promise.all(page.records.map((record) => openRecord(record, { ...options, release: page.release, copies })))
}

type Copies = ReadonlyMap<Hash, Uint8Array>

/** Only of consents that the decision stands on, and exactly what was registered. */
async function openCopies(consents: readonly SentConsent[], options: FetchOptions): Promise<Copies> {
  const { chainId, patient, decision, chain, recipientSecretKey: secretKey } = options
  const documents = consents.length === 0 ? [] : await chain.documents({ patient, decision })
  const copies = new Map<Hash, Uint8Array>()
  for (const sent of consents) {
    if (!documents.includes(sent.commitment)) throw badReply('a consent that the decision does not stand on')
    const info = sealingInfo({ chainId, patient, decision, recordId: sent.commitment as string as IdentityId })
    const bytes = await authentic('consent', () => openCopy(sent, { secretKey, info }))
    if (bytes === null) throw badReply('a consent other than the registered one')
    copies.set(sent.commitment, bytes)
  }
  return copies
}

/** Throws NOT_AUTHENTIC where something does not open, BAD_REPLY where it is of another form. */
async function authentic<T>(what: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (cause) {
    if (cause instanceof DecodeError) throw badReply(`a sealed ${what} of another form`)
    if (!(cause instanceof CryptoError)) throw cause
    throw new ExchangeError('NOT_AUTHENTIC', `${what}: does not open with this recipient key`, { cause })
  }
}

async function checkRegistered(
  { recordId, ciphertextHash }: { recordId: IdentityId; ciphertextHash: Hash },
  { chain, custodian }: FetchOptions,
): Promise<void> {
  const entry = await chain.record(recordId)
  if (entry === null || entry.custodian !== custodian) {
    throw new ExchangeError('UNREGISTERED_RECORD', 'record: this custodian has not registered it on the chain')
  }
  if (entry.ciphertextHash !== ciphertextHash) {
    throw new ExchangeError('HASH_MISMATCH', 'record: its ciphertext is not the one registered on the chain')
  }
}

async function openRecord(
  { recordId, ciphertext, enc, sealedKey }: SentRecord,
  options: FetchOptions & { release: number; copies: Copies },
): Promise<FetchedRecord> {
  const { chainId, patient, decision, custodian, recipientSecretKey, release, copies } = options
  const info = sealingInfo({ chainId, patient, decision, recordId })
  const { content, bytes } = await authentic('record', async () => {
    const opened = await open(recipientSecretKey, { info, aad: new Uint8Array(), enc, ciphertext: sealedKey })
    const content: SealedContent = fromBytes(sealedContentCodec, opened)
    const bytes = decryptRecord(content.key, { encrypted: ciphertext, associatedData: associatedData(content.binding) })
    return { content, bytes }
  })
  const { binding, terms } = content
  if (binding.recordId !== recordId || binding.custodian !== custodian) throw badReply('a key for another record')
  const accompaniment = terms && { notice: terms.notice, consents: terms.consents.map((each) => copyOf(each, copies)) }
  return { recordId, patient: binding.patient, version: binding.version, release, bytes, accompaniment }
}

function copyOf(commitment: Hash, copies: Copies): { readonly commitment: Hash; readonly bytes: Uint8Array } {
  const bytes = copies.get(commitment)
  if (bytes === undefined) throw badReply('a record without the consent that must go along')
  return { commitment, bytes }
}

function refused({ code, reason }: Refusal): ExchangeError {
  return new ExchangeError(code, `release: refused by the custodian (${reason ?? code})`, { reason })
}

function badReply(what: string): ExchangeError {
  return new ExchangeError('BAD_REPLY', `release: the custodian's answer is not of this protocol: ${what}`)
}
