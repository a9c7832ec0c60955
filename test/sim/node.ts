// A simulated node: production's participant, ledger and effects loop, with the simulated clock, disk and network in the
// place of the machine's. It crashes by being left alone: nothing of an earlier life ever runs again.

import type { StoredStatements } from '../../src/consensus/evidence/investigate.ts'
import type { Message, MessageWire } from '../../src/consensus/messages.ts'
import { verifyStateProof } from '../../src/crypto/state-proof.ts'
import type { ExecuteBlock } from '../../src/ledger/execute-block.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open-ledger.ts'
import type { Config } from '../../src/node/config.ts'
import { isHelloMessage } from '../../src/node/hello/messages.ts'
import { consensusKeysOf, type NodeKeys, presentKeyOf, type SigningKey } from '../../src/node/key-file.ts'
import type { Log } from '../../src/node/log.ts'
import { Membership } from '../../src/node/membership.ts'
import { compareWithLedger } from '../../src/node/open-signing-right.ts'
import { createParticipant, type Participant } from '../../src/node/participant.ts'
import type { SigningRight } from '../../src/node/signing-right.ts'
import type { Channel } from '../../src/p2p/transport.ts'
import type { Block } from '../../src/types/block.ts'
import type { Height, PublicKey, Seat } from '../../src/types/brand.ts'
import { DecodeError } from '../../src/types/canonical-bytes.ts'
import type { CommitCert } from '../../src/types/certificate.ts'
import { Life, SimulatedClock } from './clock.ts'
import { type Consortium, laterKeyOf } from './consortium.ts'
import { Disk, type DiskSignState } from './disk.ts'
import type { EventQueue } from './event-queue.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import { SimulatedTransport, type Tap } from './transport.ts'

export interface Running {
  readonly ledger: Ledger
  readonly transport: SimulatedTransport
  readonly participant: Participant
}

/** What the world hears of a node. */
export interface NodeEvents {
  /** A consensus message on its way out; false keeps it back. */
  sends(node: SimulatedNode, to: PublicKey, message: Message): boolean
  /** A consensus message that has arrived; false keeps it from the node. */
  receives(node: SimulatedNode, from: PublicKey, message: Message): boolean
  /** What is answered to a peer's request instead of `reply`. */
  serves(node: SimulatedNode, protocol: string, reply: Uint8Array): Uint8Array
  commits(node: SimulatedNode, blocks: readonly Block[], certificate: CommitCert): void
  /** About to write its sign-state. */
  remembers(node: SimulatedNode, signState: Uint8Array): void
  /** Has a seat under this key, for the first time. */
  takesUp(node: SimulatedNode, key: PublicKey): void
  /** Starts with a snapshot in the place of its ledger. */
  caughtUp(node: SimulatedNode): void
  /** With the sign-state that its disk has, before it says anything. */
  resumes(node: SimulatedNode): void
  started(node: SimulatedNode): void
  /** It has stopped by itself, or could not start. */
  failed(node: SimulatedNode, error: unknown): void
  /** A handler threw: production logs it and goes on, the simulator calls it a bug. */
  threw(node: SimulatedNode, error: unknown): void
  logs(node: SimulatedNode, level: LogLevel, fields: object, text: string): void
}

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug'

export interface NodeParts {
  /** Number of the member; of founders it is their first seat, too. */
  readonly seat: Seat
  readonly keys: NodeKeys
  readonly consortium: Consortium
  readonly timing: Config['consensus']
  readonly queue: EventQueue
  readonly network: Network
  readonly wire: MessageWire
  readonly executeBlock: ExecuteBlock
  readonly random: Random
  readonly events: NodeEvents
}

/** Low, so that a partition of a few seconds is enough. */
const SNAPSHOT_BEHIND_MIN = 25

export class SimulatedNode {
  readonly seat: Seat
  readonly name: string
  keys: NodeKeys
  readonly clock: SimulatedClock
  readonly parts: NodeParts
  disk: Disk
  /** A liar's statements prove nothing against the code. */
  isHonest = true
  /** Since its last start. */
  hasLostLedger = false
  #life: Life | null = null
  #running: Running | null = null
  #lastLedger: Ledger | null = null
  #laterKeys = 0
  /** Keys under which it has had a seat. */
  readonly #takenUp = new Set<PublicKey>()

  constructor(parts: NodeParts) {
    this.parts = parts
    this.seat = parts.seat
    this.name = String.fromCharCode('A'.charCodeAt(0) + parts.seat)
    this.keys = parts.keys
    this.clock = new SimulatedClock(parts.queue, parts.random.fork('clock'))
    this.disk = this.#freshDisk()
  }

  get self(): PublicKey {
    return this.keys.transport.publicKey
  }

  /** Its process exists, be it that it is still opening its ledger. */
  get isUp(): boolean {
    return this.#life !== null
  }

  get isPaused(): boolean {
    return this.#life?.isPaused ?? false
  }

  /** Null while it is down or starting. */
  get running(): Running | null {
    return this.#running
  }

  get height(): number {
    return this.#running?.ledger.head.header.height ?? -1
  }

  get isLeader(): boolean {
    return this.#running?.participant.standing.leader === this.keys.institution
  }

  /** Of its certified chain, also after its end. */
  get kept(): StoredStatements {
    const ledger = this.#running?.ledger ?? this.#lastLedger
    if (ledger === null) return { headers: [], leaderCerts: [], commitCerts: [] }
    const heights = Array.from({ length: ledger.head.header.height }, (_, i) => (i + 1) as Height)
    const blocks = heights.flatMap((height) => ledger.block(height) ?? [])
    const leaderCerts = new Set(blocks.map(({ header }) => header.leaderCertHash))
    return {
      headers: blocks,
      leaderCerts: [...leaderCerts].flatMap((hash) => ledger.leaderCertByHash(hash) ?? []),
      commitCerts: heights.flatMap((height) => ledger.commitCert(height) ?? []),
    }
  }

  /** Undefined when its certified head is another block. */
  isStateOf({ hash, header }: Block): boolean | undefined {
    const ledger = this.#running?.ledger
    if (ledger?.head.hash !== hash) return undefined
    // No contract has such a key: what shows that it is not there shows the whole way to the root.
    const key = new Uint8Array(1)
    return verifyStateProof(ledger.stateProof(key), { root: header.stateRoot, key, value: undefined })
  }

  /** In its present life; dropped when that ends. */
  after(delayMs: number, run: () => void): void {
    this.#life?.after(delayMs, run)
  }

  start(): void {
    if (this.#life !== null) return
    const life = new Life(this.parts.queue)
    this.#life = life
    this.#open(life).catch((error: unknown) => {
      if (!life.isOver) this.#fail(error)
    })
  }

  /** The process is gone without a word, and with it what its disk had not synced. */
  crash(): ReturnType<Disk['crash']> {
    this.#life?.end()
    this.#life = null
    const transport = this.#running?.transport
    this.#running = null
    if (transport !== undefined) this.parts.network.leave(transport)
    return this.disk.crash()
  }

  /** As if it had come from that peer over the network. */
  hear(from: PublicKey, bytes: Uint8Array): void {
    this.#running?.transport.deliver(from, 'consensus', bytes)
  }

  pause(): void {
    this.#life?.pause()
  }

  resume(): void {
    this.#life?.resume()
  }

  /** The ledger is lost, and what was signed is not: the machine starts again with an empty store. */
  loseLedger(): void {
    this.disk.replaceStore(this.parts.consortium.image)
    this.hasLostLedger = true
  }

  /** For a seat to come, put into its key file. */
  addConsensusKey(): SigningKey {
    const key = laterKeyOf(this.keys, ++this.#laterKeys)
    this.keys = { ...this.keys, laterConsensus: [...this.keys.laterConsensus, key] }
    return key
  }

  /** Another machine in its place: nothing of its disk is left, nor its consensus keys. While it is down. */
  replaceMachine(): void {
    this.disk = this.#freshDisk()
    const key = laterKeyOf(this.keys, ++this.#laterKeys)
    this.keys = { ...this.keys, consensus: key, laterConsensus: [] }
    this.hasLostLedger = true
  }

  /** Of the key that it signs with, or would. */
  get signState(): DiskSignState {
    const ledger = this.#running?.ledger
    const key = ledger === undefined ? this.keys.consensus : presentKeyOf(this.keys, ledger.validators)
    if (key === null) throw new Error('every node of the simulation has a consensus key')
    return this.disk.signStateOf(key.publicKey)
  }

  /** What it signed last, under whichever key: while it is down, nobody says which one is due. */
  get latestSignState(): Uint8Array | undefined {
    const contents = consensusKeysOf(this.keys).map(({ publicKey }) => this.disk.signStateOf(publicKey).content)
    return contents.findLast((content) => content !== undefined)
  }

  /** Of its whole machine; the answer puts it back, while the node is down. */
  backUp(): () => void {
    const restore = this.disk.backUp()
    return () => {
      restore()
      this.hasLostLedger = true
    }
  }

  #freshDisk(): Disk {
    const { consortium, random, events } = this.parts
    return new Disk(
      {
        after: (delayMs, run) => this.after(delayMs, run),
        random: random.fork('disk'),
        onSignState: (content) => events.remembers(this, content),
      },
      consortium.image,
    )
  }

  async #open(life: Life): Promise<void> {
    const { consortium, timing, network, wire, executeBlock, events } = this.parts
    const { genesis, contracts, chainId } = consortium
    const { clock, keys, disk } = this
    if (disk.adoptSnapshot()) events.caughtUp(this)
    events.resumes(this)
    const ledger = await openLedger({ store: disk.store, genesis, contracts, executeBlock })
    if (life.isOver) return
    const signingRight = await this.#signingRight(ledger, presentKeyOf(this.keys, ledger.validators))
    if (life.isOver) return
    const membership = new Membership({ ledger, clock, bootstrap: [] })
    const transport = new SimulatedTransport({
      network,
      life,
      self: this.self,
      allow: membership.classify,
      tap: this.#tap(wire),
      onHandlerFailure: (error) => events.threw(this, error),
    })
    const setPeers = (): void =>
      transport.setPeers(membership.members.map((transportKey) => ({ transportKey, addresses: ['simulated'] })))
    const participant = createParticipant({
      genesis: { chainId },
      keys,
      timing,
      ledger,
      signingRight,
      laterSeats: {
        consensusKeys: () => consensusKeysOf(this.keys),
        open: (key) => this.#signingRight(ledger, key),
      },
      membership,
      transport,
      wire,
      clock,
      timers: life,
      log: this.#log(),
      evidenceStore: disk.evidence,
      snapshots: { place: disk.snapshotPlace, behindMin: SNAPSHOT_BEHIND_MIN },
      onSnapshot: () => life.after(1, () => this.#restartWithSnapshot()),
      onMembers: setPeers,
      onFatal: (error) => {
        if (!life.isOver) this.#fail(error)
      },
    })
    participant.feed.subscribe((blocks, certificate) => events.commits(this, blocks, certificate))
    this.#running = { ledger, transport, participant }
    this.#lastLedger = ledger
    setPeers()
    events.started(this)
    await participant.start()
  }

  async #signingRight(ledger: Ledger, key: SigningKey | null): Promise<SigningRight> {
    if (key === null) return { kind: 'none' }
    this.#noteKey(ledger, key.publicKey)
    const right = this.disk.signStateOf(key.publicKey).open()
    if (right.kind !== 'granted') return right
    const refusal = await compareWithLedger(right.file, {
      ledger,
      key: key.publicKey,
      signedUnder: async (former) => this.disk.signStateOf(former).signed,
    })
    return refusal === null ? right : { kind: 'refused', refusal }
  }

  #noteKey({ validators }: Ledger, key: PublicKey): void {
    const isSeated = validators.members.some(({ consensusKey }) => consensusKey === key)
    if (!isSeated || this.#takenUp.has(key)) return
    this.#takenUp.add(key)
    this.parts.events.takesUp(this, key)
  }

  /** Stops as an operator would have it: nothing is lost. */
  #restartWithSnapshot(): void {
    this.disk.settle()
    this.crash()
    this.start()
  }

  #fail(error: unknown): void {
    this.crash()
    this.parts.events.failed(this, error)
  }

  #tap(wire: MessageWire): Tap {
    const { events } = this.parts
    const pass = (channel: Channel, bytes: Uint8Array, judge: (message: Message) => boolean): boolean => {
      if (channel !== 'consensus' || isHelloMessage(bytes)) return true
      const message = decodeOrNull(wire, bytes)
      return message === null || judge(message)
    }
    return {
      outgoing: (to, channel, bytes) => pass(channel, bytes, (message) => events.sends(this, to, message)),
      serving: (protocol, reply) => events.serves(this, protocol, reply),
      incoming: (from, channel, bytes) => pass(channel, bytes, (message) => events.receives(this, from, message)),
    }
  }

  #log(): Log {
    const { events } = this.parts
    const at =
      (level: LogLevel) =>
      (fields: object, text: string): void =>
        events.logs(this, level, fields, text)
    const [fatal, error, warn, info, debug] = [at('fatal'), at('error'), at('warn'), at('info'), at('debug')]
    return { fatal, error, warn, info, debug } as unknown as Log
  }
}

/** Null for nonsense, which only liars send; what to make of it is for the node. */
function decodeOrNull(wire: MessageWire, bytes: Uint8Array): Message | null {
  try {
    return wire.decode(bytes)
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
}
