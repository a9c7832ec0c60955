// What the RPC asks of the node: ports, implemented by node/. They speak protocol types; JSON is made here, above them.
// A service refuses by throwing RpcError; anything else it throws is answered as INTERNAL_ERROR and logged.

import type { Registry } from 'prom-client'
import type { Abi } from '../contracts/abi.ts'
import type { Block, SignedHeader } from '../types/block.ts'
import type { Hash, Height, IdentityId, PublicKey } from '../types/brand.ts'
import type { Value } from '../types/canonical-value.ts'
import type { CommitCert } from '../types/certificate.ts'
import type { SignedGenesis } from '../types/genesis.ts'
import type { VersionChange } from '../types/protocol-version.ts'
import type { ContractEvent } from '../types/receipt.ts'
import type { ReceiptProof } from '../types/receipt-proof.ts'
import type { SignedRead } from '../types/signed-read.ts'

type Awaitable<T> = T | Promise<T>

export interface NodeStatus {
  readonly institution: IdentityId
  readonly role: 'validator' | 'observer'
  /** Does a validator sign, and if not, why (spec/consensus.md, section 5)? */
  readonly signing: {
    readonly state: 'none' | 'unseated' | 'greeting' | 'signing' | 'refused'
    readonly reason: string | null
    readonly advice: string | null
  }
  /** Of the program. */
  readonly version: string
  readonly epoch: number
  readonly term: number
  /** Institution that leads this term, where known. */
  readonly leader: IdentityId | null
  /** Height of the certified head. */
  readonly height: number
  readonly headHash: Hash
  readonly headTimeMs: number
  readonly stateRoot: Hash
  readonly peers: number
  /** Transactions waiting in the mempool. */
  readonly pending: number
  /** Proofs held that validators lied (`evidence.list`). */
  readonly evidence: number
  readonly protocol: ProtocolStatus
}

export interface NodeReport {
  readonly institution: IdentityId
  /** The consensus key that lies on the node, with a seat or without; null on an observer. */
  readonly consensusKey: PublicKey | null
  readonly signs: boolean
  readonly height: number
  readonly versions: readonly number[]
}

/** spec/ledger.md, "Versions". */
export interface ProtocolStatus {
  /** In force for the next block. Where it is not among `supported`, the node has stopped before it. */
  readonly version: number
  readonly supported: readonly number[]
  readonly next: VersionChange | null
  /** What every validator's program supports; null for one not heard lately. */
  readonly announced: readonly { readonly institution: IdentityId; readonly versions: readonly number[] | null }[]
  readonly quorum: number
}

/** A committed header. The certificate is on it or on a descendant; null for a node that holds neither yet. */
export interface CommittedHeader extends SignedHeader {
  readonly hash: Hash
  readonly commitCert: CommitCert | null
}

/** Certified data only. */
export interface ChainService {
  status(): Awaitable<NodeStatus>
  /** What every node heard lately said of itself, this one included. */
  nodes(): Awaitable<readonly NodeReport[]>
  head(): Awaitable<CommittedHeader>
  /** Null above the head. */
  header(height: Height): Awaitable<CommittedHeader | null>
  block(height: Height): Awaitable<Block | null>
  /** Null for a transaction that is not committed. */
  receipt(transactionId: Hash): Awaitable<ReceiptProof | null>
}

/** spec/rpc.md, "Submitting". */
export type SubmissionState =
  | { readonly status: 'UNKNOWN' }
  | { readonly status: 'PENDING' }
  | { readonly status: 'COMMITTED'; readonly height: Height; readonly index: number }
  /** `reason`: a code of the mempool, such as EXPIRED. */
  | { readonly status: 'INVALID'; readonly reason: string }

export interface Submission {
  readonly id: Hash
  /** The same id was known before this submission. */
  readonly exists: boolean
  readonly state: SubmissionState
}

export interface SubmissionService {
  /** Validates and accepts. Throws INVALID_TRANSACTION (reason), RETRY_LATER (retryAfterMs), NOT_READY, TOO_LARGE. */
  submit(signedBytes: Uint8Array): Awaitable<Submission>
  status(transactionId: Hash): Awaitable<SubmissionState>
  /** Resolves once the transaction is COMMITTED or INVALID; rejects with the signal's reason when that aborts. */
  settled(transactionId: Hash, signal: AbortSignal): Promise<SubmissionState>
}

export interface QueryAnswer {
  /** Self-describing. */
  readonly value: Value
  /** Height of the state that was asked. */
  readonly height: Height
  /** max(head time, node's clock): what the contract took for now. */
  readonly timeMs: number
  /** Has the node shown that its head is recent? */
  readonly fresh: boolean
}

export interface QueryService {
  /** Names and ABIs of the contracts in force, or of a deployment; none where it is unknown. In the order of use. */
  contracts(deployment?: number): Awaitable<readonly { readonly name: string; readonly abi: Abi }[]>
  /** Evaluates a view on the certified state. `args` are positional and checked against the ABI. Throws QUERY_REFUSED. */
  query(view: {
    readonly contract: string
    readonly method: string
    readonly args: readonly Value[]
    /** Whose code is asked; undefined: of the one in force. */
    readonly deployment?: number | undefined
  }): Awaitable<QueryAnswer>
}

/** What a signed read is presented for. */
export type ReadScope =
  | { readonly kind: 'query'; readonly contract: string; readonly method: string }
  | { readonly kind: 'events' }
  | { readonly kind: 'block'; readonly height: Height }

export interface ReadService {
  /**
   * Form, chain, expiry and replay of `read` are checked. What is left: (1) the signature, by the reader's registered
   * key; (2) whether the reader is entitled to read about `read.subject` (null: a member); (3) commit `audit.read`, and
   * only then resolve. Throws INVALID_READ (reason), NOT_ENTITLED, TIMEOUT, NOT_READY.
   */
  admit(read: SignedRead, scope: ReadScope): Promise<void>
}

/** Position in the log: the `index`-th event of the block at `height`. Reading starts at the cursor, inclusive. */
export interface Cursor {
  readonly height: number
  readonly index: number
}

export interface ChainEvent {
  readonly height: Height
  /** Position among the events of its block. */
  readonly index: number
  readonly timeMs: number
  readonly transactionId: Hash
  readonly callIndex: number
  readonly event: ContractEvent
}

export interface EventPage {
  readonly events: readonly ChainEvent[]
  /** Where to go on: behind the last event, or at the block after the head when there is nothing more. */
  readonly next: Cursor
  /** Are there committed blocks at or behind `next`? */
  readonly more: boolean
}

export interface EventService {
  /** Up to `limit` committed events, in order, from the cursor on. */
  eventsFrom(cursor: Cursor, limit: number): Awaitable<EventPage>
  /** Calls back after every commit, when its events can be read. Returns what ends it. */
  onCommit(listener: (height: Height) => void): () => void
}

export interface HealthService {
  live(): boolean
  /** `reasons` are codes such as `NO_LEADER`, `SYNCING`; empty when ready. */
  ready(): { readonly ready: boolean; readonly reasons: readonly string[] }
}

/** What the node does in its institution's name. Throws UNACCEPTABLE_RESOURCE, CALL_REFUSED, NOT_RELEASED, NOT_READY. */
export interface InstitutionService {
  /** The secret that opens these methods. */
  readonly token: string
  enrollPatient(
    resource: { readonly [element: string]: unknown },
    keys: { readonly signing: PublicKey | null; readonly encryption: PublicKey | null },
  ): Promise<{ patient: IdentityId; created: boolean }>
  findPatient(resource: { readonly [element: string]: unknown }): Promise<IdentityId | null>
  storeRecords(
    patient: IdentityId,
    resources: readonly Uint8Array[],
  ): Promise<readonly { readonly recordId: IdentityId; readonly ciphertextHash: Hash }[]>
  /** `references`: who the references in the Consent stand for. */
  putConsent(
    bytes: Uint8Array,
    references: { readonly [reference: string]: { kind: string; id: IdentityId; at?: IdentityId | undefined } },
  ): Promise<object>
  /** FHIR R4 Consent of a version, the latest where none is named; null where this custodian has no such consent. */
  exportConsent(asked: { patient: IdentityId; consent: IdentityId; version: number | null }): Promise<object | null>
  /** Destroys what it keeps of a patient, and commits the receipt. `ground`: of contract `erasure`, where nobody has asked. */
  erasePatient(
    patient: IdentityId,
    ground: string,
  ): Promise<{
    readonly records: number
    readonly consentParts: number
    readonly identifiers: number
    readonly comments: number
  }>
  fetchRecords(ref: { readonly patient: IdentityId; readonly decision: number }): Promise<
    readonly {
      readonly recordId: IdentityId
      readonly version: number
      readonly release: number
      readonly bytes: Uint8Array
      /** What whoever gets the record must get with it. */
      readonly accompaniment: {
        readonly notice: string
        readonly consents: readonly { readonly commitment: Hash; readonly bytes: Uint8Array }[]
      } | null
    }[]
  >
}

export interface EvidenceEntry {
  readonly hash: Hash
  /** E1 to E8: spec/consensus.md, "Evidence". */
  readonly kind: string
  readonly term: number
  readonly accused: readonly { readonly seat: number; readonly institution: IdentityId | null }[]
}

export interface EvidenceService {
  list(): Awaitable<readonly EvidenceEntry[]>
  /** Canonical bytes of ShownEvidence (consensus/evidence); null for a hash that is not held. */
  get(hash: Hash): Awaitable<{ readonly entry: EvidenceEntry; readonly bytes: Uint8Array } | null>
}

export interface ConsensusService {
  status(): Awaitable<ConsensusStatus>
  /** Hands leadership to the validator of this institution; answers who leads then. Throws NOT_TRANSFERRED (reason),
   * NOT_A_VALIDATOR, NOT_READY. */
  transfer(to: IdentityId): Promise<IdentityId>
  /**
   * Resolves once the certified state holds everything that anybody was told is committed before the call. Throws STALE,
   * RETRY_LATER (retryAfterMs), NOT_A_VALIDATOR, NOT_READY.
   */
  readIndex(): Promise<void>
  /** Branches that an equivocating leader has left above the head. Throws NOT_A_VALIDATOR. */
  standstill(): Awaitable<readonly StuckBranch[]>
  /** A governed Release, signed by the institutions. Throws NOT_A_RELEASE (reason), NOT_A_VALIDATOR, NOT_READY. */
  decideRelease(release: Uint8Array): Awaitable<void>
}

interface BlockName {
  readonly term: number
  readonly height: number
  readonly hash: Hash
}

/** A branch, and who is bound to what by his own word (spec/consensus.md, "Releases"). */
export interface StuckBranch {
  readonly branch: BlockName
  /** The other block that its leader made in that place. */
  readonly twin: Hash
  readonly leader: IdentityId | null
  /** Proven to have lied. */
  readonly guilty: readonly (IdentityId | null)[]
  /** Of the election in which they said so. */
  readonly term: number | null
  readonly words: readonly {
    readonly institution: IdentityId | null
    readonly kind: 'vote' | 'promise'
    readonly tip: BlockName | null
    /** It shows a last ack that is not on the branch. */
    readonly isApart: boolean
  }[]
  readonly silent: readonly (IdentityId | null)[]
  /** This validator has acked it. */
  readonly bindsSelf: boolean
  /** known: nothing is to be decided. none: too few have turned away. */
  readonly release: 'known' | 'proposed' | 'none'
  /** The Release that institutions may sign. */
  readonly proposal: Uint8Array | null
}

export interface Signatories {
  readonly signed: readonly IdentityId[]
  readonly missing: readonly IdentityId[]
}

/** Consensus as this node sees it. What a leader alone knows is null elsewhere; what a validator alone knows, on an observer. */
export interface ConsensusStatus {
  readonly institution: IdentityId
  readonly role: 'leader' | 'candidate' | 'follower' | 'observer'
  readonly signing: NodeStatus['signing']['state']
  readonly epoch: number
  readonly b: number
  readonly quorum: number
  /** Highest heard of; on an observer that of the head. */
  readonly term: number
  readonly leader: {
    readonly institution: IdentityId
    readonly term: number
    /** Time of the first block of its term; null before that is here. */
    readonly sinceMs: number | null
    /** Certified blocks of its term. */
    readonly blocks: number
    /** It is bringing this member up to date to take over. */
    readonly transferTo: IdentityId | null
  } | null
  /** Who gave the leader its term. Whoever is missing voted too late, not at all, or for somebody else. */
  readonly election: (Signatories & { readonly term: number; readonly winner: IdentityId }) | null
  /** Who has voted for this node so far. */
  readonly candidacy: Signatories | null
  readonly head: { readonly height: number; readonly hash: Hash; readonly timeMs: number }
  /** The latest. It is made as soon as a quorum has acked: some are always missing, the same one always tells something. */
  readonly certificate: (Signatories & { readonly height: number; readonly term: number }) | null
  /** Blocks above the head on the chain that this node would build on, oldest first. */
  readonly waiting: readonly {
    readonly height: number
    readonly term: number
    readonly hash: Hash
    readonly timeMs: number
    readonly transactions: number
    readonly acks: Signatories | null
  }[]
  /** Decided by a block that waits for its certificate. */
  readonly pending: {
    readonly epoch: number
    readonly b: number
    readonly quorum: number
    readonly decidedAt: number
    readonly validators: readonly IdentityId[]
  } | null
  /** What this validator has signed last. */
  readonly own: {
    readonly vote: { readonly term: number; readonly candidate: IdentityId | null } | null
    readonly promise: { readonly term: number } | null
    readonly lastAck: {
      readonly term: number
      readonly height: number
      readonly hash: Hash
      readonly standing: 'binding' | 'certified' | 'superseded'
    } | null
  } | null
  readonly validators: readonly ValidatorStatus[]
  /** What looked wrong since start and convicts nobody, the latest first. */
  readonly alarms: readonly {
    readonly what: string
    readonly seat: number
    /** Null for one of long ago. */
    readonly institution: IdentityId | null
    readonly count: number
    readonly firstMs: number
    readonly lastMs: number
  }[]
}

export interface ValidatorStatus {
  readonly seat: number
  readonly institution: IdentityId
  readonly isSelf: boolean
  readonly isConnected: boolean
  /** On the consensus stream or by its status; null: never since this node started. */
  readonly heardMs: number | null
  /** By its own word. */
  readonly signs: boolean | null
  /** Its certified head; null where nothing was heard. */
  readonly height: number | null
  /** The leader's: last block of its chain that the validator has stored. */
  readonly matchHeight: number | null
  /** On the leader behind the leader's tip, elsewhere behind this node's head. */
  readonly blocksBehind: number | null
  /** Age of the first block that it lacks. */
  readonly behindMs: number | null
  readonly lastAck: { readonly height: number; readonly atMs: number | null } | null
  /** Of the latest certificates that it could sign, at most 100, how many it has signed. */
  readonly certificates: { readonly signed: number; readonly of: number }
  /** blockSync: it lacks blocks that the leader has no more at hand. clock: to it a block is from the future. */
  readonly trouble: 'blockSync' | 'clock' | null
}

/** Structured log; never given request bodies. */
export interface RpcLog {
  error(fields: { readonly [key: string]: unknown }, message: string): void
  info(fields: { readonly [key: string]: unknown }, message: string): void
}

export interface RpcServices {
  readonly genesis: SignedGenesis
  readonly chain: ChainService
  readonly submissions: SubmissionService
  readonly queries: QueryService
  readonly reads: ReadService
  readonly events: EventService
  readonly health: HealthService
  readonly institution: InstitutionService
  readonly consensus: ConsensusService
  readonly evidence: EvidenceService
  readonly metrics: Registry
  readonly log: RpcLog
  nowMs(): number
}
