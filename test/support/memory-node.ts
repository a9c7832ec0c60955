// The RPC's ports over simple in-memory data: one contract about beds on a ward, blocks made when the test says so. What
// crosses the ports is real: signed transactions, verified signatures, roots, certificates and proofs.

import { Registry } from 'prom-client'
import type { Abi } from '../../src/contracts/abi.ts'
import { loadContracts } from '../../src/contracts/execute.ts'
import { compile } from '../../src/contracts/lang/compile.ts'
import { createSigner, verify } from '../../src/crypto/ed25519.ts'
import { sha256Hex } from '../../src/crypto/hash.ts'
import { RpcError } from '../../src/rpc/errors.ts'
import type {
  ChainEvent,
  Cursor,
  EventPage,
  InstitutionService,
  RpcServices,
  Submission,
  SubmissionState,
} from '../../src/rpc/services.ts'
import type { Hash, Height, IdentityId, PublicKey } from '../../src/types/brand.ts'
import { DecodeError } from '../../src/types/canonical-bytes.ts'
import type { Value } from '../../src/types/canonical-value.ts'
import type { CallReceipt } from '../../src/types/receipt.ts'
import { type SignedRead, verifySignedRead } from '../../src/types/signed-read.ts'
import { decodeTransaction, signTransaction, transactionMessage } from '../../src/types/signing.ts'
import type { Call, SignedTransaction } from '../../src/types/transaction.ts'
import { idOf, keyOf, TestChain } from './test-chain.ts'

export const INSTITUTION_TOKEN = 'correct horse battery staple'
export const HOSPITAL = idOf(1)
export const PATIENT = idOf(0xa1)
export const OTHER_PATIENT = idOf(0xa2)
const KEYS = new Map([
  [HOSPITAL, keyOf(1)],
  [PATIENT, keyOf(0xa1)],
  [OTHER_PATIENT, keyOf(0xa2)],
])

export function signerOf(identity: IdentityId) {
  const { sign } = KEYS.get(identity) ?? createSigner(new Uint8Array(32).fill(0xee))
  return { identity, keyId: 0, sign }
}

const WARD_SOURCE = `contract ward version 1
state beds: map<id, int>
state opened: int
event Opened(bed: int)
event Admitted(patient: id, bed: int)
refusal NO_SUCH_BED "Beds are numbered from 0."
action open(bed: int) returns int {
  require bed >= 0 else NO_SUCH_BED
  emit Opened(bed)
  return bed
}
action admit(patient: id, bed: int) returns int {
  require bed >= 0 else NO_SUCH_BED
  beds[patient] = bed
  emit Admitted(patient, bed)
  return bed
}
view count() returns int {
  return opened else 0
}
view bedOf(patient: id) returns int? reveals patient {
  return beds[patient]
}
`

const MODULES = compile([{ name: 'ward', text: WARD_SOURCE }])
const CONTRACTS = loadContracts(MODULES)
const WARD = CONTRACTS.abi('ward') as Abi

const KNOWN_ENTRIES = WARD.entries.map(({ name }) => name)

export class MemoryNode {
  readonly chain: TestChain
  readonly services: RpcServices
  readonly admitted: SignedRead[] = []
  readonly logged: unknown[] = []
  readonly #pending = new Map<Hash, SignedTransaction>()
  readonly #beds = new Map<string, number>()
  readonly #events: ChainEvent[] = []
  readonly #listeners = new Set<(height: Height) => void>()
  readonly #settled = new Set<() => void>()
  /** Commits whatever is submitted at once. */
  autoCommit = true
  ready = true
  nowMs: () => number = Date.now
  /** Thrown by the next submission. */
  refuseNext: Error | undefined
  linearizableReads = 0
  observes = false

  /** The next submission is asked to come again. */
  set retryNextAfterMs(retryAfterMs: number) {
    this.refuseNext = new RpcError('RETRY_LATER', { retryAfterMs })
  }

  /** The next submission is refused at the door. */
  set invalidNext(reason: string) {
    this.refuseNext = new RpcError('INVALID_TRANSACTION', { reason })
  }

  constructor() {
    this.chain = new TestChain({ contracts: MODULES.map(({ name, bytes }) => ({ name, module: bytes })) })
    this.services = this.#createServices()
  }

  transaction(calls: readonly Call[], by: IdentityId = HOSPITAL): SignedTransaction {
    const { identity, keyId, sign } = signerOf(by)
    return signTransaction(
      {
        version: 1,
        chainId: this.chain.chainId,
        sender: identity,
        keyId,
        calls,
        atomic: false,
        gasLimit: 1_000,
        expiresAtMs: Date.now() + 60_000,
        salt: crypto.getRandomValues(new Uint8Array(16)),
      },
      sign,
    )
  }

  /** One block with everything that waits. */
  commit(): void {
    const transactions = [...this.#pending.values()]
    this.#pending.clear()
    const executed = transactions.map((transaction) => ({
      transaction,
      receipt: { transactionId: transaction.id, calls: transaction.transaction.calls.map((call) => this.#run(call)) },
    }))
    const { block, receipts } = this.chain.commit(executed)
    const { height, timeMs } = block.header
    let index = 0
    for (const { transactionId, calls } of receipts) {
      for (const [callIndex, call] of calls.entries()) {
        for (const event of call.events) {
          this.#events.push({ height, index: index++, timeMs, transactionId, callIndex, event })
        }
      }
    }
    for (const listener of this.#listeners) listener(height)
    const waiting = [...this.#settled]
    this.#settled.clear()
    for (const settle of waiting) settle()
  }

  /** Submits and commits calls, one block. */
  commitCalls(...calls: readonly Call[]): void {
    const transaction = this.transaction(calls)
    this.#pending.set(transaction.id, transaction)
    this.commit()
  }

  #run({ method, args: [first = null, second = null] }: Call): CallReceipt {
    const refused = (code: string): CallReceipt => ({ status: 'refused', code, value: null, events: [], gas: 1 })
    if (!KNOWN_ENTRIES.includes(method)) return refused('UNKNOWN_METHOD')
    const bed = (method === 'open' ? first : second) as number
    if (bed < 0) return refused('NO_SUCH_BED')
    if (method === 'admit') this.#beds.set((first as Uint8Array).toHex(), bed)
    const event =
      method === 'open'
        ? { contract: 'ward', name: 'Opened', fields: { bed } }
        : { contract: 'ward', name: 'Admitted', fields: { patient: first, bed } }
    return { status: 'ok', code: 'OK', value: bed, events: [event], gas: 1 }
  }

  #submit(bytes: Uint8Array): Submission {
    if (!this.ready) throw new RpcError('NOT_READY')
    const refusal = this.refuseNext
    this.refuseNext = undefined
    if (refusal) throw refusal
    const transaction = this.#admit(bytes)
    const known = this.#status(transaction.id)
    if (known.status !== 'UNKNOWN') return { id: transaction.id, exists: true, state: known }
    this.#pending.set(transaction.id, transaction)
    if (this.autoCommit) setTimeout(() => this.commit(), 1)
    return { id: transaction.id, exists: false, state: { status: 'PENDING' } }
  }

  #admit(bytes: Uint8Array): SignedTransaction {
    let transaction: SignedTransaction
    try {
      transaction = decodeTransaction(bytes)
    } catch (error) {
      if (error instanceof DecodeError) throw new RpcError('INVALID_TRANSACTION', { reason: 'MALFORMED' })
      throw error
    }
    const { unsignedBytes, signature } = transaction
    const key = KEYS.get(transaction.transaction.sender)?.publicKey
    if (key && verify(key, transactionMessage(unsignedBytes), signature)) return transaction
    throw new RpcError('INVALID_TRANSACTION', { reason: 'BAD_SIGNATURE' })
  }

  #status(id: Hash): SubmissionState {
    const at = this.chain.locate(id)
    if (at) return { status: 'COMMITTED', ...at }
    return { status: this.#pending.has(id) ? 'PENDING' : 'UNKNOWN' }
  }

  async #waitUntilSettled(id: Hash, signal: AbortSignal): Promise<SubmissionState> {
    while (this.#status(id).status === 'PENDING') {
      signal.throwIfAborted()
      await new Promise<void>((resolve, reject) => {
        this.#settled.add(resolve)
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    }
    return this.#status(id)
  }

  #eventsFrom(cursor: Cursor, limit: number): EventPage {
    const rest = this.#events.filter(
      ({ height, index }) => height > cursor.height || (height === cursor.height && index >= cursor.index),
    )
    const events = rest.slice(0, limit)
    const last = events.at(-1)
    const afterHead = { height: this.chain.head.block.header.height + 1, index: 0 }
    if (rest.length > limit && last) return { events, next: { height: last.height, index: last.index + 1 }, more: true }
    return { events, next: cursor.height > afterHead.height ? cursor : afterHead, more: false }
  }

  #query(method: string, args: readonly Value[]): Value {
    if (method === 'count') return this.#events.length
    return this.#beds.get((args[0] as Uint8Array).toHex()) ?? null
  }

  #admitRead(read: SignedRead): void {
    const key = KEYS.get(read.reader)
    const publicKey = key?.publicKey.toHex() as PublicKey
    if (!key || !verifySignedRead(read, { publicKey, verify })) {
      throw new RpcError('INVALID_READ', { reason: 'BAD_SIGNATURE' })
    }
    if (read.reader !== read.subject && read.reader !== HOSPITAL) throw new RpcError('NOT_ENTITLED')
    this.admitted.push(read)
  }

  #createServices(): RpcServices {
    const header = (height: number) => {
      const made = this.chain.blocks[height]
      if (made === undefined) return null
      const { header, hash, signature } = made.block
      return { header, hash, signature, commitCert: made.commitCert }
    }
    const head = () => {
      const { header: top } = this.chain.head.block
      return header(top.height) as NonNullable<ReturnType<typeof header>>
    }
    return {
      genesis: this.chain.genesis,
      chain: {
        nodes: () => [{ institution: HOSPITAL, consensusKey: null, signs: true, height: 0, versions: [1] }],
        status: () => ({
          institution: HOSPITAL,
          role: 'validator',
          signing: { state: 'signing', reason: null, advice: null },
          version: '0.1.0',
          epoch: 0,
          term: 1,
          leader: HOSPITAL,
          height: head().header.height,
          headHash: head().hash,
          headTimeMs: head().header.timeMs,
          stateRoot: head().header.stateRoot,
          peers: 3,
          protocol: { version: 1, supported: [1], next: null, announced: [], quorum: 1 },
          pending: this.#pending.size,
          evidence: 0,
        }),
        head,
        header,
        block: (height) => this.chain.blocks[height]?.block ?? null,
        receipt: (id) => this.chain.prove(id),
      },
      submissions: {
        submit: (bytes) => this.#submit(bytes),
        status: (id) => this.#status(id),
        settled: (id, signal) => this.#waitUntilSettled(id, signal),
      },
      queries: {
        contracts: () => [{ name: 'ward', abi: WARD }],
        query: ({ method, args }) => ({
          value: this.#query(method, args),
          height: head().header.height,
          timeMs: head().header.timeMs,
          fresh: true,
        }),
      },
      reads: { admit: async (read) => this.#admitRead(read) },
      events: {
        eventsFrom: (cursor, limit) => this.#eventsFrom(cursor, limit),
        onCommit: (listener) => {
          this.#listeners.add(listener)
          return () => this.#listeners.delete(listener)
        },
      },
      health: {
        live: () => true,
        ready: () => ({ ready: this.ready, reasons: this.ready ? [] : ['NO_LEADER'] }),
      },
      institution: this.#createInstitution(),
      evidence: { list: () => [], get: () => null },
      consensus: {
        status: () => ({
          institution: HOSPITAL,
          role: 'leader',
          signing: 'signing',
          epoch: 0,
          b: 0,
          quorum: 1,
          term: 1,
          leader: { institution: HOSPITAL, term: 1, sinceMs: null, blocks: 0, transferTo: null },
          election: { term: 1, winner: HOSPITAL, signed: [HOSPITAL], missing: [] },
          candidacy: null,
          head: { height: head().header.height, hash: head().hash, timeMs: head().header.timeMs },
          certificate: null,
          waiting: [],
          pending: null,
          own: { vote: { term: 1, candidate: HOSPITAL }, promise: null, lastAck: null },
          validators: [],
          alarms: [],
        }),
        transfer: async (to) => {
          if (to === HOSPITAL) throw new RpcError('NOT_TRANSFERRED', { reason: 'NO_TARGET' })
          return to
        },
        standstill: () => [],
        decideRelease: () => {
          throw new RpcError('NOT_A_RELEASE', { field: 'params.release', reason: 'NO_QUORUM' })
        },
        readIndex: async () => {
          this.linearizableReads++
          if (this.observes) throw new RpcError('NOT_A_VALIDATOR')
        },
      },
      metrics: new Registry(),
      log: { error: (fields) => this.logged.push(fields), info: () => {} },
      nowMs: () => this.nowMs(),
    }
  }

  /** One patient, whose stored resources can be fetched under decision 1. */
  #createInstitution(): InstitutionService {
    const stored: Uint8Array[] = []
    return {
      token: INSTITUTION_TOKEN,
      enrollPatient: async () => ({ patient: PATIENT, created: true }),
      findPatient: async () => PATIENT,
      storeRecords: async (_patient, resources) => {
        stored.push(...resources)
        return resources.map((bytes, i) => ({ recordId: idOf(i + 1), ciphertextHash: sha256Hex(bytes) }))
      },
      putConsent: async () => ({ kind: 'nothing', reason: 'DRAFT' }),
      exportConsent: async () => ({ resourceType: 'Consent' }),
      erasePatient: async () => ({
        records: stored.length,
        consentParts: 0,
        identifiers: 1,
        comments: 0,
      }),
      fetchRecords: async ({ decision }) => {
        if (decision !== 1) throw new RpcError('NOT_RELEASED')
        return stored.map((bytes, i) => ({ recordId: idOf(i + 1), version: 1, release: 1, bytes, accompaniment: null }))
      },
    }
  }
}
