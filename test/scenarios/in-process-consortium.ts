// A whole consortium in one process: real contracts, keys, signatures, ledgers, consensus and wiring (node/participant.ts),
// over the memory twins of store and transport. A node can be stopped, crash, and start again from what its disk kept.

import { fail } from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import type { DurableNote } from '../../src/ledger/durable-note.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { MemoryStore } from '../../src/ledger/memory-store.ts'
import { openLedger } from '../../src/ledger/open-ledger.ts'
import type { SignedUnder, SignStateFile } from '../../src/ledger/sign-state-file.ts'
import type { SignStateRefusal } from '../../src/ledger/sign-state-refusal.ts'
import type { KeyValueStore } from '../../src/ledger/store.ts'
import { BUILT_IN_SETUP, compileBuiltInContracts } from '../../src/node/built-in-contracts.ts'
import { systemClock, systemTimers } from '../../src/node/clock.ts'
import { EvidenceMemory } from '../../src/node/evidence-files.ts'
import { buildGenesis, createJoinCard } from '../../src/node/genesis-file.ts'
import {
  consensusKeysOf,
  encryptionKey,
  type NodeKeys,
  newEncryptionKey,
  newSeed,
  presentKeyOf,
  signingKey,
} from '../../src/node/key-file.ts'
import type { Log } from '../../src/node/log.ts'
import { Membership } from '../../src/node/membership.ts'
import { compareWithLedger } from '../../src/node/open-signing-right.ts'
import { createParticipant, type Participant, type ParticipantParts } from '../../src/node/participant.ts'
import { queryView } from '../../src/node/query.ts'
import type { SigningRight } from '../../src/node/signing-right.ts'
import type { SnapshotPlace } from '../../src/node/snapshot-place.ts'
import { MemoryNetwork } from '../../src/p2p/memory-network.ts'
import { MemoryTransport } from '../../src/p2p/memory-transport.ts'
import type { PeerClass } from '../../src/p2p/transport.ts'
import type { Hash, IdentityId, PublicKey } from '../../src/types/brand.ts'
import type { Value } from '../../src/types/canonical-value.ts'
import type { ContractModule, Genesis } from '../../src/types/genesis.ts'
import { SUPPORTED_VERSIONS } from '../../src/types/protocol-version.ts'
import { chainIdOf, signTransaction } from '../../src/types/signing.ts'
import type { Call, SignedTransaction } from '../../src/types/transaction.ts'

/** Long enough for four nodes that share one busy processor, short enough for tests. */
const TIMING: ParticipantParts['timing'] = {
  heartbeatMs: 50,
  electionTimeoutMinMs: 300,
  electionTimeoutMaxMs: 600,
  batchDelayMs: 1,
}
const WAIT_MS = 30_000

const builtIn = compileBuiltInContracts()

export const quietLog: Log = {
  fatal: () => undefined,
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
} as unknown as Log

export function createKeys({ validator }: { validator: boolean }): NodeKeys {
  const transport = newSeed()
  return {
    institution: newSeed() as IdentityId,
    signing: signingKey(newSeed()),
    encryption: encryptionKey(newEncryptionKey()),
    transport: { publicKey: signingKey(transport).publicKey, seed: Uint8Array.fromHex(transport) },
    consensus: validator ? signingKey(newSeed()) : null,
    laterConsensus: [],
    indexKey: Uint8Array.fromHex(newSeed()),
  }
}

class MemoryNote implements DurableNote {
  content: Uint8Array | undefined
  refuses = false
  async write(content: Uint8Array): Promise<void> {
    if (this.refuses) throw new Error('heard starts: the disk refused a write')
    this.content = content
  }
  async close(): Promise<void> {}
}

/** The sign-state file's twin: remembers across restarts, and refuses to write when the test says so. */
export class MemorySignState implements SignStateFile {
  content: Uint8Array | undefined
  /** What was written first. */
  beginning: Uint8Array | undefined
  incarnation = 0
  /** Of the other validators' starts. */
  readonly heard = new MemoryNote()
  refusal: SignStateRefusal | null = null
  refuses = false
  /** A disk that does not come back: writes wait for it. */
  stall: Promise<void> | null = null
  get signed(): SignedUnder {
    const { content, refusal } = this
    return refusal === null ? { kind: 'found', content } : { kind: 'refused', refusal }
  }
  /** Every start of the node counts. */
  open(): SigningRight {
    if (this.refusal !== null) return { kind: 'refused', refusal: this.refusal }
    this.incarnation++
    return { kind: 'granted', file: this, heard: this.heard }
  }
  async silence(refusal: SignStateRefusal): Promise<void> {
    this.refusal = refusal
  }
  async write(content: Uint8Array): Promise<void> {
    if (this.refuses) throw new Error('sign-state: the disk refused a write')
    await this.stall
    this.beginning ??= content
    this.content = content
  }
  async close(): Promise<void> {}
}

interface Running {
  readonly ledger: Ledger
  readonly membership: Membership
  readonly transport: MemoryTransport
  readonly participant: Participant
}

export interface NodeOptions {
  readonly name: string
  readonly keys: NodeKeys
  readonly genesis: Genesis
  readonly network: MemoryNetwork
  /** Takes its peers for strangers with blocks: it asks them for block sync, and hears no gossip. */
  readonly isDeaf: boolean
  /** Whom it asks for blocks before it is a member. */
  readonly bootstrap?: readonly PublicKey[]
}

export class InProcessNode {
  readonly name: string
  keys: NodeKeys
  /** Of the first consensus key. */
  readonly signState = new MemorySignState()
  /** Of later ones, by key. */
  readonly #laterSignStates = new Map<PublicKey, MemorySignState>()
  store: KeyValueStore = new MemoryStore()
  /** Protocol versions of its release; a restart takes a new one into use. */
  supportedVersions = SUPPORTED_VERSIONS
  /** Blocks behind from which it takes a snapshot; 0: never. */
  snapshotsFrom = 0
  /** One waits for the next start. */
  hasSnapshot = false
  #incoming: MemoryStore | null = null
  readonly #evidence = new EvidenceMemory()
  /** What it warned of, over all its starts. */
  readonly warnings: Record<string, unknown>[] = []
  /** Why the node must not go on. */
  failure: unknown = null
  readonly #options: NodeOptions
  #running: Running | null = null

  constructor(options: NodeOptions) {
    this.name = options.name
    this.keys = options.keys
    this.#options = options
  }

  get self(): PublicKey {
    return this.keys.transport.publicKey
  }
  get isRunning(): boolean {
    return this.#running !== null
  }
  get running(): Running {
    return this.#running ?? fail(`${this.name} is not running`)
  }
  get ledger(): Ledger {
    return this.running.ledger
  }
  get participant(): Participant {
    return this.running.participant
  }
  get height(): number {
    return this.ledger.head.header.height
  }
  get isLeader(): boolean {
    return this.isRunning && this.participant.standing.leader === this.keys.institution
  }

  #snapshotPlace(): SnapshotPlace {
    return {
      create: async () => {
        this.#incoming = new MemoryStore()
        return this.#incoming
      },
      complete: async () => {
        this.hasSnapshot = true
      },
      pieces: async () => new MemoryStore(),
      forget: () => undefined,
    }
  }

  async start(): Promise<void> {
    if (this.hasSnapshot) this.store = this.#incoming ?? fail('a complete snapshot')
    this.hasSnapshot = false
    const { genesis, network, isDeaf, bootstrap = [] } = this.#options
    const genesisFacts = { chainId: chainIdOf(genesis) }
    const ledger = await openLedger({ store: this.store, genesis, supportedVersions: this.supportedVersions })
    const membership = new Membership({ ledger, clock: systemClock, bootstrap })
    const heard = (classified: PeerClass): PeerClass => (isDeaf && classified === 'member' ? 'bootstrap' : classified)
    const transport = new MemoryTransport({
      network,
      chainId: genesisFacts.chainId,
      transportKey: this.self,
      allow: (peer) => heard(membership.classify(peer)),
      logger: quietLog,
    })
    const setPeers = (): void =>
      transport.setPeers(
        [...membership.members, ...bootstrap].map((transportKey) => ({ transportKey, addresses: ['memory'] })),
      )
    const participant = createParticipant({
      genesis: genesisFacts,
      keys: this.keys,
      timing: TIMING,
      ledger,
      signingRight: await this.#signingRight(ledger, presentKeyOf(this.keys, ledger.validators)?.publicKey),
      laterSeats: {
        consensusKeys: () => consensusKeysOf(this.keys),
        open: ({ publicKey }) => this.#signingRight(ledger, publicKey),
      },
      membership,
      transport,
      clock: systemClock,
      timers: systemTimers,
      log: {
        ...quietLog,
        warn: (fields: object, message: string) => this.warnings.push({ ...fields, message }),
      } as never,
      evidenceStore: this.#evidence,
      snapshots: this.snapshotsFrom === 0 ? null : { place: this.#snapshotPlace(), behindMin: this.snapshotsFrom },
      onSnapshot: () => undefined,
      onMembers: setPeers,
      onFatal: (error) => {
        this.failure = error
      },
    })
    this.#running = { ledger, membership, transport, participant }
    await participant.start()
    setPeers()
  }

  async #signingRight(ledger: Ledger, key: PublicKey | undefined): Promise<SigningRight> {
    if (key === undefined) return { kind: 'none' }
    const right = this.signStateOf(key).open()
    if (right.kind !== 'granted') return right
    const refusal = await compareWithLedger(right.file, {
      ledger,
      key,
      signedUnder: async (former) => this.signStateOf(former).signed,
    })
    return refusal === null ? right : { kind: 'refused', refusal }
  }

  signStateOf(key: PublicKey): MemorySignState {
    if (key === this.keys.consensus?.publicKey) return this.signState
    const known = this.#laterSignStates.get(key) ?? new MemorySignState()
    this.#laterSignStates.set(key, known)
    return known
  }

  /** In the key file of a running node. */
  addConsensusKey(): PublicKey {
    const key = signingKey(newSeed())
    this.keys = { ...this.keys, laterConsensus: [...this.keys.laterConsensus, key] }
    return key.publicKey
  }

  get isSigning(): boolean {
    return this.isRunning && this.participant.standing.signing.kind === 'signing'
  }

  async stop(): Promise<void> {
    const { participant, ledger } = this.running
    this.#running = null
    await participant.stop()
    await ledger.close()
  }

  /** Power fails: what was not synced is gone. */
  async crash(): Promise<void> {
    // The wires go first: a leader has nobody to hand over to.
    await this.running.transport.stop()
    await this.stop()
    const { store } = this
    if (!(store instanceof MemoryStore)) fail('only a memory store crashes')
    this.store = store.afterCrash({ lost: Number.POSITIVE_INFINITY })
  }

  /** Signed by this node's institution. */
  sign(calls: readonly Call[], change: { keyId?: number; sign?: NodeKeys['signing']['sign'] } = {}): SignedTransaction {
    return signTransaction(
      {
        version: 1,
        chainId: this.ledger.chainId,
        sender: this.keys.institution,
        keyId: change.keyId ?? 0,
        calls,
        atomic: false,
        gasLimit: 50_000_000,
        expiresAtMs: Date.now() + 300_000,
        salt: crypto.getRandomValues(new Uint8Array(16)),
      },
      change.sign ?? this.keys.signing.sign,
    )
  }

  /** Resolves when it is certified here. */
  async commit(calls: readonly Call[]): Promise<Hash> {
    const { id, bytes } = this.sign(calls)
    this.participant.intake.submissions.submit(bytes)
    await this.settled(id)
    return id
  }

  async settled(id: Hash): Promise<void> {
    const state = await this.participant.intake.submissions.settled(id, AbortSignal.timeout(WAIT_MS))
    if (state.status !== 'COMMITTED') fail(`${this.name}: transaction is ${JSON.stringify(state)}`)
  }

  ask(contract: string, method: string, args: readonly Value[]): Value {
    return queryView(this.ledger, { contract, method, args }, Date.now())
  }
}

export interface ConsortiumOptions {
  readonly validators: number
  readonly observers?: number
  readonly deafObservers?: number
  /** Hospitals with a consensus key that the genesis gives no seat. */
  readonly learners?: number
  readonly contracts?: readonly ContractModule[]
}

export class InProcessConsortium {
  readonly network = new MemoryNetwork()
  readonly genesis: Genesis
  readonly nodes: InProcessNode[]

  constructor(options: ConsortiumOptions) {
    const { validators, observers = 0, deafObservers = 0, learners = 0, contracts = builtIn } = options
    const roles = [
      ...Array.from({ length: validators }, () => 'validator' as const),
      ...Array.from({ length: observers }, () => 'observer' as const),
      ...Array.from({ length: deafObservers }, () => 'deaf' as const),
      ...Array.from({ length: learners }, () => 'learner' as const),
    ]
    const members = roles.map((role, i) => {
      const keys = createKeys({ validator: role === 'validator' || role === 'learner' })
      const name = `Institution ${i + 1}`
      const kind = role === 'validator' || role === 'learner' ? 'hospital' : 'regulator'
      const founding = role === 'validator' ? keys : { ...keys, consensus: null }
      return { role, name, keys, card: createJoinCard(founding, { kind, name, addresses: [] }) }
    })
    this.genesis = buildGenesis({
      name: 'In one process',
      timeMs: Date.now(),
      cards: members.map(({ card }) => card),
      contracts,
      setup: BUILT_IN_SETUP,
    })
    const { genesis, network } = this
    this.nodes = members.map(
      ({ role, name, keys }) => new InProcessNode({ name, keys, genesis, network, isDeaf: role === 'deaf' }),
    )
  }

  /** A node of an institution that the registry does not know yet. It asks the others for blocks. */
  newcomer(name: string): InProcessNode {
    const { genesis, network } = this
    const keys = createKeys({ validator: true })
    const bootstrap = this.nodes.map(({ self }) => self)
    const node = new InProcessNode({ name, keys, genesis, network, isDeaf: false, bootstrap })
    this.nodes.push(node)
    return node
  }

  async start(): Promise<this> {
    for (const node of this.nodes) await node.start()
    return this
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) if (node.isRunning) await node.stop()
  }

  node(index: number): InProcessNode {
    return this.nodes[index] ?? fail(`no node ${index}`)
  }

  /** The running node that leads, as soon as another one or a commit confirms it. */
  async leader(among: readonly InProcessNode[] = this.nodes): Promise<InProcessNode> {
    const find = (): InProcessNode | undefined => {
      const leaders = among.filter((node) => node.isLeader)
      const [leader] = leaders
      return leaders.length === 1 && leader !== undefined && leader.height > 0 ? leader : undefined
    }
    await until(() => find() !== undefined, 'a leader')
    return find() ?? fail('the leader has just gone')
  }

  /** Until all of them have the same head; answers its state root. */
  async converge(nodes: readonly InProcessNode[] = this.nodes): Promise<string> {
    const roots = (): Set<string> => new Set(nodes.map(({ ledger }) => ledger.head.header.stateRoot))
    const heights = (): Set<number> => new Set(nodes.map(({ height }) => height))
    await until(() => heights().size === 1, 'the same height everywhere')
    const [root, ...others] = roots()
    if (root === undefined || others.length > 0) fail('nodes have the same height and different states')
    return root
  }
}

/** Waits for a condition, however long a busy machine takes. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (const deadlineMs = performance.now() + WAIT_MS; !holds(); ) {
    if (performance.now() > deadlineMs) fail(`waited in vain for ${what}`)
    await pause(5)
  }
}

export const newId = (): Uint8Array => crypto.getRandomValues(new Uint8Array(32))
export const enrolPatient = (patient: Uint8Array): Call => ({
  contract: 'registry',
  method: 'enrollPatient',
  args: [patient, null, null],
})
