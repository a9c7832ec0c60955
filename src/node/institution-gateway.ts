// The institution's own desk, behind the RPC token: brings its patients, records and consents from FHIR into index, vault
// and chain, and fetches records from other custodians for its practitioners. spec/fhir.md, "Consent", "Identities"
// and "Release".

import { join } from 'node:path'
import { randomBytes } from '../crypto/random.ts'
import { type ChainConsent, type ConsentBody, registerArguments, updateArguments } from '../fhir/consent-intent.ts'
import { consentToChain } from '../fhir/consent-to-chain.ts'
import { limitsFromBytes } from '../fhir/data-limits.ts'
import type { JsonObject } from '../fhir/element.ts'
import { IdentityIndex } from '../fhir/identity-index.ts'
import { createKeyValue } from '../fhir/key-value.ts'
import { readMasterIdentifier } from '../fhir/master-identifier.ts'
import { ownResolver } from '../fhir/own-reference.ts'
import { parseResource } from '../fhir/parse-json.ts'
import { type ElementProblem, Problems } from '../fhir/problem.ts'
import type { ResolvedIdentity } from '../fhir/resolver.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Transport } from '../p2p/transport.ts'
import { RpcError } from '../rpc/errors.ts'
import type { InstitutionService } from '../rpc/services.ts'
import { assert, assertNever } from '../types/assert.ts'
import { asIdentityId, type Hash, type IdentityId, type PublicKey } from '../types/brand.ts'
import type { Value } from '../types/canonical-value.ts'
import type { CallReceipt } from '../types/receipt.ts'
import { originOf } from '../types/signing.ts'
import type { Call } from '../types/transaction.ts'
import { type CommittedBody, ConsentBodies, type ConsentBodyParts } from '../vault/consent-bodies.ts'
import { createDatabase } from '../vault/database.ts'
import { ExchangeError, VaultError } from '../vault/errors.ts'
import { type AnswerRequester, type AskCustodian, RECORD_PROTOCOL } from '../vault/exchange-ports.ts'
import { type FetchedRecord, fetchRecords } from '../vault/fetch-records.ts'
import { REQUEST_BYTES_MAX } from '../vault/limits.ts'
import { RecordVault, type StoredRecord } from '../vault/records.ts'
import { createReleaseHandler } from '../vault/release.ts'
import { SealedStore } from '../vault/sealed-store.ts'
import { type KeySource, readKeySecret } from '../vault/wrapping-key.ts'
import type { Clock, Timers } from './clock.ts'
import type { CommitFeed } from './commit-feed.ts'
import { type Config, ConfigError } from './config.ts'
import { exportConsent } from './consent-export.ts'
import { type Destroyed, Erasures } from './erasures.ts'
import type { Freshness } from './freshness.ts'
import { type InstitutionSender, NotCommitted } from './institution-sender.ts'
import type { NodeKeys } from './key-file.ts'
import type { Log } from './log.ts'
import type { Membership } from './membership.ts'
import { idValue, queryView } from './query.ts'
import { ReleaseLimits } from './release-limits.ts'
import { createReleaseAuthority, createReleaseLog, createRequesterChain, findDecision } from './release-ports.ts'
import { loadOrCreateToken } from './rpc-token.ts'

const RECORD_TIMEOUT_MS = 20_000
const RESOURCE_BYTES_MAX = 4 * 1024 * 1024
/** Records in one call of `access.registerRecords`. */
const RECORDS_PER_CALL = 256
/** Consents have no master identifier; their logical id is unique at the institution. */
const CONSENT_SYSTEM = 'urn:assent:consent'

/** Who a FHIR reference of a Consent stands for; a delegation is under which right its performer consents. */
export type ReferenceBinding = ResolvedIdentity | { readonly kind: 'delegation'; readonly id: IdentityId }

export interface GatewayParts {
  readonly config: Config
  readonly chainId: Hash
  readonly keys: NodeKeys
  readonly ledger: Ledger
  readonly sender: InstitutionSender
  readonly membership: Membership
  readonly freshness: Freshness
  readonly feed: CommitFeed
  readonly transport: Transport
  readonly clock: Clock
  readonly log: Log
}

export interface RegisteredConsent {
  readonly consent: IdentityId
  readonly version: number
}

export type ConsentOutcome =
  | { readonly kind: 'registered'; readonly consents: readonly RegisteredConsent[] }
  | { readonly kind: 'ended'; readonly consent: IdentityId }
  | { readonly kind: 'nothing'; readonly reason: string }
  | { readonly kind: 'refused'; readonly problems: readonly ElementProblem[] }

interface Stores {
  readonly records: SealedStore
  readonly consents: SealedStore
  readonly index: IdentityIndex
}

export class InstitutionGateway implements InstitutionService {
  readonly token: string
  readonly #parts: GatewayParts
  readonly #stores: Stores
  readonly #vault: RecordVault
  readonly #bodies: ConsentBodies
  readonly #erasures: Erasures
  readonly #answer: AnswerRequester

  private constructor(parts: GatewayParts, stores: Stores) {
    this.token = loadOrCreateToken(join(parts.config.dataFolder, 'rpc-token'))
    this.#parts = parts
    this.#stores = stores
    this.#vault = new RecordVault(stores.records)
    this.#bodies = new ConsentBodies(stores.consents)
    this.#erasures = this.#openErasures()
    this.#answer = this.#releaseHandler()
  }

  /**
   * Opens vault and index, and erases what a restored one still holds. To be called before the transport starts: it answers
   * record requests from then on.
   */
  static async open(parts: GatewayParts): Promise<InstitutionGateway> {
    const { config, keys, transport } = parts
    const { dataFolder } = config
    const secret = await readKeySecret(keySource(config), { dataFolder })
    const owner = { chainId: originOf(parts.ledger.genesis), custodian: keys.institution }
    const opened: { close(): Promise<void> }[] = []
    const keep = <T extends { close(): Promise<void> }>(store: T): T => {
      opened.push(store)
      return store
    }
    const openStore = async (name: string): Promise<SealedStore> =>
      keep(await SealedStore.open(createDatabase(join(dataFolder, name)), { owner, secret }))
    let gateway: InstitutionGateway
    try {
      const records = await openStore('records')
      const consents = await openStore('consents')
      const index = keep(await IdentityIndex.open(createKeyValue(join(dataFolder, 'index')), keys.indexKey))
      gateway = new InstitutionGateway(parts, { records, consents, index })
      await gateway.#erasures.reapply()
    } catch (error) {
      await Promise.all(opened.map((store) => store.close()))
      throw error
    }
    transport.handleRequests(RECORD_PROTOCOL, gateway.#answer, {
      maxRequestBytes: REQUEST_BYTES_MAX,
      concurrency: 16,
    })
    return gateway
  }

  /** Carries out erasures from now on: the node can commit their receipts. */
  start(timers: Timers): void {
    this.#erasures.start({ feed: this.#parts.feed, timers })
  }

  /** While receipts can still be committed. */
  stop(): Promise<void> {
    return this.#erasures.stop()
  }

  async close(): Promise<void> {
    const { records, consents, index } = this.#stores
    await Promise.all([records.close(), consents.close(), index.close()])
  }

  /** Random id of a FHIR Patient at this institution; enrolled on the chain when it is new. */
  async enrollPatient(
    resource: JsonObject,
    options: { signing: PublicKey | null; encryption: PublicKey | null },
  ): Promise<{ patient: IdentityId; created: boolean }> {
    const problems = new Problems()
    const system = this.#parts.config.fhir.masterIdentifierSystem
    const identifier = readMasterIdentifier(resource, { type: 'Patient', system, problems })
    if (identifier === undefined) throw unacceptable(problems.list)
    const { id: patient, created } = await this.#stores.index.enroll(identifier)
    if (this.#ask('registry', 'isPatient', [idValue(patient)]) !== true) {
      const { signing, encryption } = options
      const args = [idValue(patient), signing && idValue(signing), encryption && idValue(encryption)]
      await this.#send([{ contract: 'registry', method: 'enrollPatient', args }])
    }
    return { patient, created }
  }

  /** Random id that this institution's index has for a FHIR Patient, or null. */
  async findPatient(resource: JsonObject): Promise<IdentityId | null> {
    const problems = new Problems()
    const system = this.#parts.config.fhir.masterIdentifierSystem
    const identifier = readMasterIdentifier(resource, { type: 'Patient', system, problems })
    if (identifier === undefined) throw unacceptable(problems.list)
    return this.#stores.index.find(identifier)
  }

  /** Encrypts resource versions into the vault and enters them on the chain: random id, ciphertext hash, custodian. */
  async storeRecords(patient: IdentityId, resources: readonly Uint8Array[]): Promise<readonly StoredRecord[]> {
    this.#assertKept(patient)
    const stored = await this.#vault.put(
      patient,
      resources.map((bytes) => ({ bytes })),
    )
    // An erasure may have come meanwhile, and have looked before they were there.
    if (this.#erasures.isErased(patient)) await this.#vault.eraseOf(patient)
    this.#assertKept(patient)
    const calls: Call[] = []
    for (let start = 0; start < stored.length; start += RECORDS_PER_CALL) {
      const entries = stored.slice(start, start + RECORDS_PER_CALL).map(({ recordId, ciphertextHash }) => ({
        record: idValue(recordId),
        ciphertextHash: idValue(ciphertextHash),
      }))
      calls.push({ contract: 'access', method: 'registerRecords', args: [entries] })
    }
    await this.#send(calls)
    return stored
  }

  /** Reads a FHIR Consent and attests, changes or ends it on the chain as its custodian. */
  async putConsent(
    bytes: Uint8Array,
    references: { readonly [reference: string]: ReferenceBinding },
  ): Promise<ConsentOutcome> {
    const { config, keys } = this.#parts
    const index = this.#stores.index
    const name = consentName(bytes)
    const known = name === null ? null : await index.find(name)
    const bound = (reference: string): ReferenceBinding | null =>
      Object.hasOwn(references, reference) ? (references[reference] ?? null) : null
    const intent = await consentToChain(bytes, {
      known: known !== null,
      timeZone: config.fhir.timeZone,
      labelling: this.#isLabelling(),
      resolver: {
        async identity(reference) {
          const binding = bound(reference)
          if (binding === null) return ownResolver.identity(reference)
          return binding.kind === 'delegation' ? null : binding
        },
        async delegation(reference, patient) {
          const binding = bound(reference)
          if (binding === null) return ownResolver.delegation(reference, patient)
          return binding.kind === 'delegation' ? binding.id : null
        },
      },
    })
    switch (intent.kind) {
      case 'refused':
      case 'nothing':
        return intent
      case 'revoke':
      case 'void':
        assert(known !== null, 'only a known consent ends')
        await this.#send([{ contract: 'consent', method: intent.kind, args: [idValue(known)] }])
        return { kind: 'ended', consent: known }
      case 'terms': {
        const own = intent.terms.findIndex(({ custodian }) => custodian === keys.institution)
        const terms = intent.terms[own]
        const body = intent.bodies[own]
        if (terms === undefined || body === undefined) {
          const problems = new Problems()
          const accepted = 'a consent that names this institution as custodian'
          problems.add('conflict', 'Consent.organization', { reason: 'another custodian', accepted })
          return { kind: 'refused', problems: problems.list }
        }
        this.#assertKept(terms.patient)
        const consent = known ?? (name === null ? newId() : (await index.enroll(name)).id)
        const head = this.#ask('consent', 'find', [idValue(terms.patient), idValue(consent)]) as {
          version: number
        } | null
        const version = (head?.version ?? 0) + 1
        const recorder = keys.institution
        const args =
          head === null
            ? registerArguments(terms, { consentId: consent, recorder })
            : updateArguments(terms, { consentId: consent, replaces: head.version, recorder })
        await this.#bodies.put(terms.patient, privateParts(terms, body))
        if (this.#erasures.isErased(terms.patient)) await this.#bodies.eraseOf(terms.patient)
        this.#assertKept(terms.patient)
        await this.#send([{ contract: 'consent', method: head === null ? 'register' : 'update', args }])
        return { kind: 'registered', consents: [{ consent, version }] }
      }
      default:
        return assertNever(intent)
    }
  }

  /** A consent at this custodian as FHIR R4; null where it has none of this id. */
  exportConsent(asked: { patient: IdentityId; consent: IdentityId; version: number | null }): Promise<object | null> {
    const { ledger, keys, config, clock } = this.#parts
    const bodyOf = (commitment: Hash) => this.#partsOf(commitment)
    const { timeZone } = config.fhir
    return exportConsent(asked, { ledger, custodian: keys.institution, bodyOf, timeZone, nowMs: clock.nowMs() })
  }

  /** Destroys what this institution keeps of a patient; the receipt is committed when it answers. */
  async erasePatient(patient: IdentityId, ground: string): Promise<Destroyed> {
    if (this.#erasures.receiptOf(patient) !== null) throw new RpcError('CALL_REFUSED', { reason: 'ALREADY_ERASED' })
    return this.#erasures.erase(patient, ground)
  }

  /** Fetches what a committed decision permits from its custodian, opens it and checks it against the chain. */
  async fetchRecords(
    ref: { patient: IdentityId; decision: number },
    options: { records?: readonly IdentityId[]; recipientSecretKey?: Uint8Array } = {},
  ): Promise<readonly FetchedRecord[]> {
    const { config, ledger, clock, chainId, keys, feed } = this.#parts
    const entry = findDecision(ledger, ref, clock.nowMs())
    const isConcealed = config.vault.disclosure === 'conceal'
    if (entry === null)
      throw isConcealed ? new RpcError('NOT_RELEASED') : new RpcError('NOT_FOUND', { field: 'params.decision' })
    const custodian = asIdentityId(entry.terms.request.custodian.toHex())
    const ask = this.#askAt(custodian)
    const received: FetchedRecord[] = []
    try {
      for await (const record of fetchRecords({
        ...ref,
        ...(options.records === undefined ? {} : { records: options.records }),
        chainId,
        custodian,
        recipientSecretKey: options.recipientSecretKey ?? keys.encryption.secretKey,
        ask,
        chain: createRequesterChain({ ledger, feed, clock }),
      })) {
        received.push(record)
      }
    } catch (error) {
      if (error instanceof ExchangeError) {
        const detail = isConcealed ? {} : { reason: error.reason ?? error.code }
        throw new RpcError('NOT_RELEASED', detail, { cause: error })
      }
      throw error
    }
    return received
  }

  /** The custodian's node; where that is this one, the same answer without a stream: decided and logged all the same. */
  #askAt(custodian: IdentityId): AskCustodian {
    const { keys, transport, membership } = this.#parts
    if (custodian === keys.institution) return (message) => this.#answer(transport.self, message)
    const peer = membership.transportKeysOf(custodian).find((key) => transport.connectedPeers().includes(key))
    if (peer === undefined) throw new RpcError('NOT_READY', { reason: 'CUSTODIAN_NOT_CONNECTED' })
    return (message, limits) =>
      transport.request(peer, RECORD_PROTOCOL, message, { timeoutMs: RECORD_TIMEOUT_MS, ...limits })
  }

  #openErasures(): Erasures {
    const { ledger, keys, config, clock, log } = this.#parts
    const { records, consents, index } = this.#stores
    const send = (calls: readonly Call[]) => this.#send(calls)
    const { folder, vault } = config
    const { institution } = keys
    return new Erasures({
      ledger,
      institution,
      records,
      consents,
      index,
      folder,
      mode: vault.erasure,
      send,
      clock,
      log,
    })
  }

  /** Nothing is kept under an id that was erased here: a new one is made for whoever comes back. */
  #assertKept(patient: IdentityId): void {
    if (this.#erasures.isErased(patient)) throw new RpcError('CALL_REFUSED', { reason: 'ALREADY_ERASED' })
  }

  #releaseHandler() {
    const { chainId, config, ledger, membership, freshness, clock, keys, sender, log } = this.#parts
    const custodian = keys.institution
    const limitsOf = (commitment: Hash) => this.#limitsOf(commitment)
    const limits = new ReleaseLimits({ ledger, custodian, limitsOf, timeZone: config.fhir.timeZone })
    return createReleaseHandler({
      chainId,
      vault: this.#vault,
      authority: createReleaseAuthority({
        ...{ ledger, membership, freshness, clock, custodian, limits },
        isErased: (patient) => this.#erasures.isErased(patient),
        bodyOf: (commitment) => this.#partsOf(commitment),
      }),
      log: createReleaseLog(sender),
      disclosure: config.vault.disclosure,
      onOutcome: (outcome) => log.info(outcome, 'record request answered'),
    })
  }

  /** Data limits of a consent's clauses; null where this vault has none, or has destroyed them. */
  async #limitsOf(commitment: Hash): Promise<readonly Value[] | null> {
    const parts = await this.#partsOf(commitment)
    return parts && limitsFromBytes(parts.bytes)
  }

  async #partsOf(commitment: Hash): Promise<ConsentBodyParts | null> {
    try {
      return await this.#bodies.read(commitment)
    } catch (error) {
      if (error instanceof VaultError && error.code === 'UNKNOWN_RECORD') return null
      throw error
    }
  }

  /** All or an error with the contract's code: what an institution does for itself is not left half done silently. */
  async #send(calls: readonly Call[]): Promise<readonly CallReceipt[]> {
    const receipts = await this.#committed(calls)
    const refused = receipts.find(({ status }) => status === 'refused')
    if (refused !== undefined) throw new RpcError('CALL_REFUSED', { reason: refused.code })
    return receipts
  }

  /** TIMEOUT, which no client repeats by itself: the calls may still be committed. */
  async #committed(calls: readonly Call[]): Promise<readonly CallReceipt[]> {
    try {
      return await this.#parts.sender.send(calls)
    } catch (error) {
      if (error instanceof NotCommitted) throw new RpcError('TIMEOUT', {}, { cause: error })
      throw error
    }
  }

  /** Whether this institution declares on the chain that a service labels its records. */
  #isLabelling(): boolean {
    const settings = this.#ask('policy', 'settings', [idValue(this.#parts.keys.institution)])
    return (settings as { labelling: boolean }).labelling
  }

  #ask(contract: string, method: string, args: Uint8Array[]): unknown {
    return queryView(this.#parts.ledger, { contract, method, args }, this.#parts.clock.nowMs())
  }
}

/** Without a configured key there is no vault to lose: keys that exist nowhere else would be worse than none. */
function keySource(config: Config): KeySource {
  const { wrappingKey } = config.vault
  if (wrappingKey === undefined) {
    throw new ConfigError('assent.json', ['vault.wrappingKey: expected one of {file}, {environment}, {command}'])
  }
  if ('file' in wrappingKey) return { kind: 'file', path: wrappingKey.file }
  if ('environment' in wrappingKey) return { kind: 'environment', variable: wrappingKey.environment }
  const [command = '', ...args] = wrappingKey.command
  return { kind: 'command', command, args }
}

/** What stands on the chain as a commitment: the body, and the data limits where there are any. */
function privateParts(terms: ChainConsent, { bytes, limits, salt }: ConsentBody): CommittedBody[] {
  const document = { commitment: terms.document, bytes, salt }
  if (terms.limits === null || limits === null) return [document]
  return [document, { commitment: terms.limits, bytes: limits, salt }]
}

/** The Consent's logical id at this institution, where it has one. What is wrong with it is for the translation to say. */
function consentName(bytes: Uint8Array): { system: string; value: string } | null {
  const resource = parseResource(bytes, { type: 'Consent', bytesMax: RESOURCE_BYTES_MAX, problems: new Problems() })
  return typeof resource?.id === 'string' ? { system: CONSENT_SYSTEM, value: resource.id } : null
}

const newId = (): IdentityId => randomBytes(32).toHex() as IdentityId
const unacceptable = (problems: readonly ElementProblem[]): RpcError =>
  new RpcError('UNACCEPTABLE_RESOURCE', { problems })
