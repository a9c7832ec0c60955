// The release protocol end to end: both halves, real encryption, the chain as a small table in memory.

import { MemoryLevel } from 'memory-level'
import { beforeEach, describe, expect, test } from 'vitest'
import { commitment } from '../crypto/hash.ts'
import { generateSealingKeyPair, type SealingKeyPair } from '../crypto/hpke.ts'
import type { Hash, IdentityId, PublicKey } from '../types/brand.ts'
import { fromBytes, toBytes } from '../types/canonical.ts'
import { TAG } from '../types/tags.ts'
import type { Database } from './database.ts'
import { ExchangeError } from './errors.ts'
import {
  type RecordReply,
  type RecordRequest,
  type ReleasePage,
  replyCodec,
  requestCodec,
  type SentRecord,
} from './exchange-messages.ts'
import type { ReleaseAuthority, ReleaseCheck, ReleaseEntry, ReleaseLogged, RequesterChain } from './exchange-ports.ts'
import { type FetchedRecord, type FetchOptions, fetchRecords } from './fetch-records.ts'
import { COPIES_BYTES_MAX } from './limits.ts'
import { RecordVault, type StoredRecord } from './records.ts'
import { createReleaseHandler, type Disclosure, type ReleaseOutcome } from './release.ts'
import { SealedStore } from './sealed-store.ts'

const id = (digit: string): IdentityId => digit.repeat(64) as IdentityId
const CHAIN = 'a'.repeat(64) as Hash
const CUSTODIAN = id('b')
const REQUESTER = id('c')
const PATIENT = id('1')
const LINKED = id('2')
const STRANGER = id('3')
const REQUESTER_NODE = 'c1'.repeat(32) as PublicKey
const OTHER_NODE = 'd1'.repeat(32) as PublicKey
const DECISION = 4

/** What the chain knows and decides; tests change it. */
class Chain implements ReleaseAuthority, RequesterChain {
  fresh = true
  verdict: ReleaseCheck
  /** Order of what the custodian did. */
  readonly steps: string[] = []
  readonly entries = new Map<string, { custodian: IdentityId; ciphertextHash: Hash }>()
  readonly releases: ReleaseEntry[] = []
  refusal: string | null = null

  constructor(recipientKey: PublicKey) {
    this.verdict = {
      kind: 'releasable',
      institution: REQUESTER,
      recipientKey,
      records: [],
      patients: [PATIENT],
      mayLeave: null,
      redisclosure: { applies: () => false, accompaniment: async () => null },
    }
  }
  isFresh(): boolean {
    return this.fresh
  }
  /** Their registration never came through. */
  readonly unregistered = new Set<IdentityId>()
  async isRegistered(recordId: IdentityId): Promise<boolean> {
    return !this.unregistered.has(recordId)
  }
  async institutionOf(transportKey: PublicKey): Promise<IdentityId | null> {
    return transportKey === REQUESTER_NODE ? REQUESTER : transportKey === OTHER_NODE ? id('d') : null
  }
  async check({ patient, decision }: { patient: IdentityId; decision: number }): Promise<ReleaseCheck> {
    this.steps.push('check')
    if (patient !== PATIENT || decision !== DECISION) return { kind: 'refused', reason: 'UNKNOWN_DECISION' }
    return this.verdict
  }
  async commit(entry: ReleaseEntry): Promise<ReleaseLogged> {
    this.steps.push('commit')
    if (this.refusal !== null) return { kind: 'refused', code: this.refusal }
    return { kind: 'committed', release: this.releases.push(entry) }
  }
  async record(recordId: IdentityId) {
    return this.entries.get(recordId) ?? null
  }
  documentsOfDecision: readonly Hash[] = []
  async documents(): Promise<readonly Hash[]> {
    return this.documentsOfDecision
  }
  async manifest({ release }: { release: number }): Promise<Hash | null> {
    return this.releases[release - 1]?.manifest ?? null
  }
  releasable(change: Partial<Extract<ReleaseCheck, { kind: 'releasable' }>>): void {
    if (this.verdict.kind === 'releasable') this.verdict = { ...this.verdict, ...change }
  }
}

let keys: SealingKeyPair
let chain: Chain
let vault: RecordVault
let stored: readonly StoredRecord[]
let outcomes: ReleaseOutcome[]

const plaintext = (text: string): Uint8Array => new TextEncoder().encode(JSON.stringify({ text }))

async function store(patient: IdentityId, contents: readonly Uint8Array[]): Promise<StoredRecord[]> {
  const records = await vault.put(
    patient,
    contents.map((bytes) => ({ bytes })),
  )
  for (const { recordId, custodian, ciphertextHash } of records) {
    chain.entries.set(recordId, { custodian, ciphertextHash })
  }
  return records
}

beforeEach(async () => {
  keys = generateSealingKeyPair()
  chain = new Chain(keys.publicKey.toHex() as PublicKey)
  const database = new MemoryLevel<string, Uint8Array>({ keyEncoding: 'utf8', valueEncoding: 'view' }) as Database
  const owner = { chainId: CHAIN, custodian: CUSTODIAN }
  const sealed = await SealedStore.open(database, { owner, secret: { kind: 'key', key: new Uint8Array(32).fill(9) } })
  vault = new RecordVault(sealed)
  stored = await store(PATIENT, [plaintext('one'), plaintext('two'), plaintext('three')])
  await store(STRANGER, [plaintext('of somebody else')])
  outcomes = []
})

interface Wire {
  readonly disclosure?: Disclosure
  readonly peer?: PublicKey
  readonly request?: (request: RecordRequest) => RecordRequest
  readonly reply?: (reply: RecordReply) => RecordReply
}

/** The request port: what goes over the wire may be altered on its way. */
function ask({ disclosure = 'reveal', peer = REQUESTER_NODE, request, reply }: Wire): FetchOptions['ask'] {
  const onOutcome = (outcome: ReleaseOutcome): void => void outcomes.push(outcome)
  const handler = createReleaseHandler({ chainId: CHAIN, vault, authority: chain, log: chain, disclosure, onOutcome })
  return async (message) => {
    const asked = request ? toBytes(requestCodec, request(fromBytes(requestCodec, message))) : message
    const answer = await handler(peer, asked)
    return reply ? toBytes(replyCodec, reply(fromBytes(replyCodec, answer))) : answer
  }
}

function fetch(wire: Wire = {}, options: Partial<FetchOptions> = {}): Promise<FetchedRecord[]> {
  return Array.fromAsync(
    fetchRecords({
      chainId: CHAIN,
      patient: PATIENT,
      decision: DECISION,
      custodian: CUSTODIAN,
      recipientSecretKey: keys.secretKey,
      chain,
      ask: ask(wire),
      ...options,
    }),
  )
}

async function failure(attempt: Promise<unknown>): Promise<{ code: string; reason: string | null }> {
  const error = await attempt.then(
    () => new Error('was not refused'),
    (cause: unknown) => cause,
  )
  if (!(error instanceof ExchangeError)) throw error
  return { code: error.code, reason: error.reason }
}

const texts = (records: readonly FetchedRecord[]) =>
  records.map(({ bytes }) => JSON.parse(new TextDecoder().decode(bytes)).text).sort()
const idsOf = (records: readonly { recordId: IdentityId }[]) => records.map(({ recordId }) => recordId).sort()

describe('a permitted requester', () => {
  test('gets every record of the patient, byte-identical, and nobody else’s', async () => {
    const records = await fetch()
    expect(texts(records)).toEqual(['one', 'three', 'two'])
    expect(idsOf(records)).toEqual(idsOf(stored))
    expect(outcomes).toEqual([{ kind: 'released', decision: DECISION, records: 3 }])
  })

  test('gets nothing before the release is committed, and the entry names what was sent', async () => {
    await fetch()
    expect(chain.steps).toEqual(['check', 'commit'])
    expect(chain.releases.map(({ records }) => records)).toEqual([idsOf(stored)])
  })

  test('gets only what the decision asked for, and of that only what it asks for now', async () => {
    const [first, second] = idsOf(stored) as [IdentityId, IdentityId]
    chain.releasable({ records: [first, second] })
    expect(idsOf(await fetch())).toEqual([first, second])
    expect(idsOf(await fetch({}, { records: [second] }))).toEqual([second])
  })

  test('gets only what the data limits leave: the rest neither leaves nor is counted', async () => {
    const withheld = stored[1] as StoredRecord
    const secret = new TextDecoder().decode(plaintext('two'))
    chain.releasable({ mayLeave: (record) => new TextDecoder().decode(record) !== secret })
    let answered: RecordReply | undefined
    const records = await fetch({ reply: (reply) => (answered = reply) })
    const left = stored.map(({ recordId }) => recordId).filter((recordId) => recordId !== withheld.recordId)
    expect(records.map(({ recordId }) => recordId).sort()).toEqual(left.sort())
    expect(chain.releases.map((release) => [...release.records].sort())).toEqual([left])
    expect(answered?.page?.more).toBe(false)
    const sent = answered?.page?.records.map(({ recordId }) => recordId) ?? []
    expect(sent).not.toContain(withheld.recordId)
    const asked = fetch({}, { records: [withheld.recordId] })
    await expect(asked).rejects.toMatchObject({ reason: 'NOTHING_TO_RELEASE' })
  })

  test('gets pages filled with what is left, and no word of what is not', async () => {
    const many = await store(
      PATIENT,
      Array.from({ length: 130 }, (_, i) => plaintext(`n${i}`)),
    )
    const kept = new Set(many.slice(0, 64).map(({ recordId }) => recordId))
    const texts = new Set(Array.from({ length: 64 }, (_, i) => new TextDecoder().decode(plaintext(`n${i}`))))
    chain.releasable({ mayLeave: (record) => texts.has(new TextDecoder().decode(record)) })
    const pages: boolean[] = []
    const records = await fetch({
      reply: (reply) => {
        pages.push(reply.page?.more ?? false)
        return reply
      },
    })
    expect(new Set(records.map(({ recordId }) => recordId))).toEqual(kept)
    expect(pages).toEqual([false])
  })

  test('gets records stored under a linked id of the patient', async () => {
    const linked = await store(LINKED, [plaintext('under the other id')])
    chain.releasable({ patients: [PATIENT, LINKED] })
    const records = await fetch()
    expect(idsOf(records)).toEqual(idsOf([...stored, ...linked]))
    expect(records.find(({ recordId }) => recordId === linked[0]?.recordId)?.patient).toBe(LINKED)
  })

  test('gets a large record set page by page, each page a release of its own', async () => {
    const more = await store(PATIENT, Array(130).fill(plaintext('more')))
    const records = await fetch()
    expect(idsOf(records)).toEqual(idsOf([...stored, ...more]))
    expect(chain.releases.map((release) => release.records.length)).toEqual([64, 64, 5])
    expect(new Set(records.map(({ release }) => release))).toEqual(new Set([1, 2, 3]))
  })

  test('gets the registered ones of a set in which many registrations never came through', async () => {
    const more = await store(PATIENT, Array(200).fill(plaintext('more')))
    const registered = idsOf([...stored, ...more]).filter((_, i) => i % 50 === 0)
    for (const recordId of idsOf([...stored, ...more])) chain.unregistered.add(recordId)
    for (const recordId of registered) chain.unregistered.delete(recordId)
    expect(idsOf(await fetch())).toEqual(registered)
  })

  test('gets large records in pages of bounded size', async () => {
    await store(PATIENT, Array(3).fill(new Uint8Array(3 * 1024 * 1024)))
    chain.releasable({ patients: [PATIENT], mayLeave: null })
    expect(await fetch()).toHaveLength(6)
    expect(chain.releases.length).toBeGreaterThan(1)
  })
})

describe('a custodian releases nothing', () => {
  const cases: readonly (readonly [string, string, () => Promise<unknown>])[] = [
    [
      'after the consent was revoked',
      'REVOKED',
      () => {
        chain.verdict = { kind: 'refused', reason: 'REVOKED' }
        return fetch()
      },
    ],
    ['for a decision that does not exist', 'UNKNOWN_DECISION', () => fetch({}, { decision: 5 })],
    ['about a patient it does not know', 'UNKNOWN_DECISION', () => fetch({}, { patient: id('8') })],
    ['to another member than the requester', 'NOT_THE_REQUESTER', () => fetch({ peer: OTHER_NODE })],
    ['to a node of no institution', 'NOT_THE_REQUESTER', () => fetch({ peer: 'ee'.repeat(32) as PublicKey })],
    [
      'when it holds nothing of the patient',
      'NOTHING_TO_RELEASE',
      async () => {
        await vault.eraseOf(PATIENT)
        return fetch()
      },
    ],
    [
      'of another patient, named by its id',
      'NOTHING_TO_RELEASE',
      async () => fetch({}, { records: idsOf(await vault.list(STRANGER)) }),
    ],
    [
      'that the decision did not ask for',
      'NOTHING_TO_RELEASE',
      () => {
        chain.releasable({ records: [id('7')] })
        return fetch({}, { records: idsOf(stored) })
      },
    ],
    [
      'when the chain refuses to log the release',
      'TOO_MANY_RELEASES',
      () => {
        chain.refusal = 'TOO_MANY_RELEASES'
        return fetch()
      },
    ],
  ]
  test.each(cases)('%s, and says %s where it reveals reasons', async (_, reason, attempt) => {
    expect(await failure(attempt())).toEqual({ code: 'NOT_RELEASED', reason })
    expect(chain.releases).toEqual([])
  })

  test('that could tell refusals apart where it conceals: every answer has the same bytes', async () => {
    const answers: string[] = []
    const handler = (): FetchOptions['ask'] => {
      const concealed = ask({ disclosure: 'conceal' })
      return async (message, options) => {
        const answer = await concealed(message, options)
        answers.push(answer.toHex())
        return answer
      }
    }
    await failure(fetch({}, { ask: handler(), decision: 5 }))
    await failure(fetch({}, { ask: handler(), patient: id('8') }))
    await failure(fetch({}, { ask: handler(), records: [id('7')] }))
    await failure(fetch({}, { ask: ask({ peer: OTHER_NODE, disclosure: 'conceal' }) }))
    chain.verdict = { kind: 'refused', reason: 'DENIED' }
    expect(await failure(fetch({}, { ask: handler() }))).toEqual({ code: 'NOT_RELEASED', reason: null })
    expect(answers).toHaveLength(4)
    expect(new Set(answers).size).toBe(1)
  })

  test('while it is out of touch, and does not even look at the decision', async () => {
    chain.fresh = false
    expect((await failure(fetch())).code).toBe('STALE')
    expect(chain.steps).toEqual([])
  })

  test('to a request for another chain or of another form', async () => {
    expect((await failure(fetch({}, { chainId: 'f'.repeat(64) as Hash }))).code).toBe('REFUSED_REQUEST')
    const handler = ask({})
    const answer = fromBytes(replyCodec, await handler(Uint8Array.of(1, 2, 3), { maxReplyBytes: 1000 }))
    expect(answer).toEqual({ refusal: { code: 'REFUSED_REQUEST', reason: 'MALFORMED' }, page: null })
  })
})

describe('a requester accepts nothing', () => {
  const altered = (change: (record: SentRecord) => SentRecord): Wire => ({
    reply: ({ refusal, page }) => ({ refusal, page: page && { ...page, records: page.records.map(change) } }),
  })
  const flip = (bytes: Uint8Array): Uint8Array => bytes.with(bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1)

  test.each<[string, string, Wire]>([
    ['with an altered ciphertext', 'HASH_MISMATCH', altered((r) => ({ ...r, ciphertext: flip(r.ciphertext) }))],
    ['with an altered key', 'RELEASE_NOT_LOGGED', altered((r) => ({ ...r, sealedKey: flip(r.sealedKey) }))],
    ['with an altered encapsulation', 'RELEASE_NOT_LOGGED', altered((r) => ({ ...r, enc: flip(r.enc) }))],
    ['under an id that is not registered', 'UNREGISTERED_RECORD', altered((r) => ({ ...r, recordId: id('7') }))],
    [
      'that the custodian left something out of',
      'RELEASE_NOT_LOGGED',
      { reply: ({ refusal, page }) => ({ refusal, page: page && { ...page, records: page.records.slice(1) } }) },
    ],
    [
      'in another order',
      'BAD_REPLY',
      { reply: ({ refusal, page }) => ({ refusal, page: page && { ...page, records: page.records.toReversed() } }) },
    ],
    [
      'that is empty',
      'BAD_REPLY',
      { reply: () => ({ refusal: null, page: { release: 1, records: [], consents: [], more: true } }) },
    ],
    ['that is neither', 'BAD_REPLY', { reply: () => ({ refusal: null, page: null }) }],
    [
      'of another release than the one logged',
      'RELEASE_NOT_LOGGED',
      { reply: ({ refusal, page }) => ({ refusal, page: page && { ...page, release: 2 } }) },
    ],
  ])('%s: %s', async (what, code, wire) => {
    // One record is enough where each record gets the same id.
    if (what.includes('not registered')) chain.releasable({ records: idsOf(stored).slice(0, 1) })
    expect((await failure(fetch(wire))).code).toBe(code)
  })

  test('that is not an answer of this protocol', async () => {
    expect((await failure(fetch({}, { ask: async () => Uint8Array.of(0xff) }))).code).toBe('BAD_REPLY')
  })

  test('from a custodian that did not register it', async () => {
    expect((await failure(fetch({}, { custodian: id('e') }))).code).toBe('UNREGISTERED_RECORD')
  })

  test('that it did not ask for', async () => {
    const [wanted] = idsOf(stored)
    const wire: Wire = { request: (request) => ({ ...request, records: [] }) }
    expect((await failure(fetch(wire, { records: [wanted as IdentityId] }))).code).toBe('BAD_REPLY')
  })

  test('with another key than the one of the decision', async () => {
    const { secretKey } = generateSealingKeyPair()
    expect((await failure(fetch({}, { recipientSecretKey: secretKey }))).code).toBe('NOT_AUTHENTIC')
  })

  test('that was sealed for another decision, although the custodian logged it', async () => {
    const wire: Wire = { request: (request) => ({ ...request, decision: DECISION }) }
    const attempt = fetch(wire, { decision: DECISION + 1 })
    expect((await failure(attempt)).code).toBe('RELEASE_NOT_LOGGED')
  })
})

describe('a record that must not leave alone', () => {
  const NOTICE = 'not to be passed on'
  const body = (text: string) => ({ bytes: new TextEncoder().encode(text), salt: new Uint8Array(32).fill(3) })
  const committed = (text: string) => ({ ...body(text), commitment: commitment(TAG.consentDocument, body(text)) })
  const consent = committed('a consent')
  const isOne = (record: Uint8Array) => new TextDecoder().decode(record).includes('one')
  const accompanied = (consents = [consent]) => {
    chain.documentsOfDecision = consents.map((each) => each.commitment)
    chain.releasable({ redisclosure: { applies: isOne, accompaniment: async () => ({ notice: NOTICE, consents }) } })
  }

  test('comes with the notice and the consent in the same answer; others come alone', async () => {
    accompanied()
    const records = await fetch()
    const along = records.filter(({ accompaniment }) => accompaniment !== null)
    expect(texts(along)).toEqual(['one'])
    const { commitment, bytes } = consent
    expect(along[0]?.accompaniment).toEqual({ notice: NOTICE, consents: [{ commitment, bytes }] })
    expect(records).toHaveLength(3)
  })

  test('stays where there is no consent to copy, and others come', async () => {
    chain.releasable({ redisclosure: { applies: isOne, accompaniment: async () => null } })
    expect(texts(await fetch())).toEqual(['three', 'two'])
    chain.releasable({ redisclosure: { applies: () => true, accompaniment: async () => null } })
    expect(await failure(fetch())).toEqual({ code: 'NOT_RELEASED', reason: 'CONSENT_COPY_MISSING' })
    expect(await failure(fetch({ disclosure: 'conceal' }))).toEqual({ code: 'NOT_RELEASED', reason: null })
  })

  test('stays where the copies are more than an answer carries', async () => {
    accompanied([{ ...consent, bytes: new Uint8Array(COPIES_BYTES_MAX + 1) }])
    expect(texts(await fetch())).toEqual(['three', 'two'])
  })

  test.each<[string, string, (page: ReleasePage) => ReleasePage]>([
    ['whose consent was left out on the way', 'RELEASE_NOT_LOGGED', (page) => ({ ...page, consents: [] })],
    [
      'whose consent was altered on the way',
      'RELEASE_NOT_LOGGED',
      (page) => ({ ...page, consents: page.consents.map((each) => ({ ...each, sealed: each.sealed.with(0, 1) })) }),
    ],
  ])('%s is refused: %s', async (_what, code, change) => {
    accompanied()
    const reply: Wire['reply'] = ({ refusal, page }) => ({ refusal, page: page && change(page) })
    expect((await failure(fetch({ reply }))).code).toBe(code)
  })

  test('is refused with a consent that the decision does not stand on, or another than was registered', async () => {
    accompanied()
    chain.documentsOfDecision = []
    expect((await failure(fetch())).code).toBe('BAD_REPLY')
    accompanied([{ ...consent, bytes: new TextEncoder().encode('another text') }])
    expect((await failure(fetch())).code).toBe('BAD_REPLY')
  })
})
