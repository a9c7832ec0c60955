// A node's part in its consortium, without the doors that people use: takes transactions in, hears and says what everybody
// should hear, and runs consensus or follows it. Ledger and transport come from outside, so that a whole consortium also
// runs in one process (test/scenarios).

import type { Verifier } from '../consensus/certificate.ts'
import { canonicalWire, type MessageWire } from '../consensus/messages.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { SignStateRefusal } from '../ledger/sign-state-refusal.ts'
import { SYNC_PROTOCOL, type Transport } from '../p2p/transport.ts'
import { assert } from '../types/assert.ts'
import type { Block } from '../types/block.ts'
import type { Height, PublicKey } from '../types/brand.ts'
import type { CommitCert } from '../types/certificate.ts'
import { RELEASE_STALE_MS } from '../types/limits.ts'
import { quorum, seatOf } from '../types/validator-set.ts'
import { type FetchRun, fetchRunFrom, RUN_REQUEST_BYTES_MAX, serveRun } from './certified-run.ts'
import type { Clock, Timers } from './clock.ts'
import { CommitFeed } from './commit-feed.ts'
import { ConsensusDesk } from './consensus-desk.ts'
import { createConsensusVerifier } from './consensus-verifier.ts'
import { Freshness } from './freshness.ts'
import type { LoadedGenesis } from './genesis-file.ts'
import { HeaderGossip } from './header-gossip.ts'
import { Intake } from './intake.ts'
import type { NodeKeys } from './key-file.ts'
import type { Log } from './log.ts'
import { type Membership, touchesMembership } from './membership.ts'
import { NodeReports } from './node-reports.ts'
import { Observer } from './observer.ts'
import type { Part } from './part.ts'
import { Seats } from './seats.ts'
import { SignatureTally } from './signature-tally.ts'
import { createSigningPart } from './signing-part.ts'
import type { GrantedRight, SigningRight } from './signing-right.ts'
import { SnapshotCatchUp, type SnapshotPlace } from './snapshot-catch-up.ts'
import { SnapshotServer } from './snapshot-exchange.ts'
import { Standing } from './standing.ts'
import { StatusGossip } from './status-gossip.ts'
import type { ValidatorParts } from './validator.ts'
import { yieldingPart } from './yielding-part.ts'

const SYNC_CONCURRENCY = 8

export interface ParticipantParts {
  readonly genesis: Pick<LoadedGenesis, 'chainId'>
  readonly keys: NodeKeys
  readonly timing: ValidatorParts['timing']
  readonly ledger: Ledger
  /** Whoever has none follows. */
  readonly signingRight: SigningRight
  readonly membership: Membership
  readonly transport: Transport
  /** Where to build a snapshot, and from how many blocks behind; null: never. */
  readonly snapshots: { readonly place: SnapshotPlace; readonly behindMin: number } | null
  /** A snapshot is whole: stop, and start again with it. */
  readonly onSnapshot: () => void
  /** Of consensus messages; canonical bytes unless something else is given. */
  readonly wire?: MessageWire
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Log
  /** The registry names other peers than before. */
  readonly onMembers: () => void
  /** The node must not go on: a failed sync, a divergence, a failed assertion. */
  readonly onFatal: (error: unknown) => void
}

/** Whoever answers requests of peers or follows commits enters itself before `start`. */
export interface Participant {
  readonly intake: Intake
  readonly feed: CommitFeed
  readonly freshness: Freshness
  readonly standing: Standing
  readonly reports: NodeReports
  readonly consensus: ConsensusDesk
  readonly signatures: SignatureTally
  readonly seats: Seats
  start(): Promise<void>
  /** Consensus first, so that nothing is signed that could not be sent. */
  stop(): Promise<void>
}

export function createParticipant(parts: ParticipantParts): Participant {
  const { genesis, keys, ledger, membership, transport, clock, timers, log, onMembers } = parts
  const { chainId } = genesis
  const verifier = createConsensusVerifier({ chainId, setOf: (epoch) => ledger.setOf(epoch) })
  const intake = new Intake({ ledger, transport, clock, timers, log })
  const seats = new Seats({ ledger, membership, transport })
  const freshness = new Freshness({ clock, quorum: () => quorum(ledger.validators), windowMs: RELEASE_STALE_MS })
  const standing = new Standing({ seats, freshness })
  const reports = new NodeReports({ ledger, membership, clock })
  const headers = new HeaderGossip({ transport, ledger, verifier, timers, log })
  const feed = new CommitFeed()
  const signatures = new SignatureTally()
  feed.subscribe((blocks, certificate) => {
    const set = ledger.setOf(certificate.epoch)
    if (set !== undefined) signatures.certified(certificate, set)
    intake.onCommit(blocks)
    freshness.certified(ledger.head.header.timeMs)
    if (standing.leader === keys.institution) headers.publish(blocks, certificate)
    if (!touchesMembership(blocks)) return
    membership.refresh()
    transport.recheck()
    onMembers()
  })
  transport.handleRequests(SYNC_PROTOCOL, async (_peer, message) => serveRun(ledger, message), {
    maxRequestBytes: RUN_REQUEST_BYTES_MAX,
    concurrency: SYNC_CONCURRENCY,
  })
  const served = new SnapshotServer({ ledger, timers })
  served.listen(transport)
  const catchUp = new SnapshotCatchUp({
    ...parts,
    verifier,
    fetchRun: fetchRunFrom(transport),
    place: parts.snapshots?.place ?? null,
    behindMin: parts.snapshots?.behindMin ?? 0,
    onComplete: parts.onSnapshot,
  })
  const onHeight = (height: Height): void => catchUp.heard(height)
  const isSigning = (): boolean => standing.signing.kind === 'signing'
  const status = new StatusGossip({ ...parts, freshness, reports, seats, onHeight, isSigning })
  const onOutgrown = (): void => {
    standing.waitFor('RELEASE_TOO_OLD')
    const { version, supported, next } = ledger.protocol
    const needed = supported.includes(version) ? next : { version, height: ledger.head.header.height + 1 }
    const remedy = 'the node stays at its height and answers reads; install a release that supports it and start again'
    log.error({ height: ledger.head.header.height, needed, supported }, `protocol version not supported: ${remedy}`)
  }
  const following: Following = {
    ...parts,
    wire: parts.wire ?? canonicalWire,
    verifier,
    seats,
    intake,
    freshness,
    standing,
    headers,
    fetchRun: catchUp.fetchRun,
    catchUp,
    onOutgrown,
    onCommit: (blocks, certificate) => feed.publish(blocks, certificate),
  }
  let part = createPart(following, silence)
  /** From signing to following, or to nothing. */
  let turning: Promise<void> = Promise.resolve()

  function silence(refusal: SignStateRefusal): void {
    standing.signing = { kind: 'refused', refusal }
    standing.waitFor('SYNCING')
    log.error({ reason: refusal.code }, `this validator signs nothing any more: ${refusal.text}`)
    turning = fallSilent(following, { part, refusal }).then((next) => {
      part = next
      part.start()
    }, parts.onFatal)
  }

  headers.listen((height) => {
    catchUp.heard(height)
    part.heardHeader(height)
  })
  transport.onPeerChange((peer, change) => part.peerChanged(peer, change))
  transport.onMessage((peer: PublicKey, channel, message) => {
    if (channel === 'consensus') return part.receive(peer, message)
    if (standing.signing.kind === 'signing') intake.receive(peer, message)
    return undefined
  })
  const consensus = new ConsensusDesk({
    validator: () => part.validating,
    validators: () => ledger.validators,
    institutionOf: (seat) => seats.institutionOf(seat),
    status: { self: keys.institution, ledger, seats, transport, reports, standing, signatures, clock },
  })
  return {
    intake,
    feed,
    freshness,
    standing,
    reports,
    consensus,
    signatures,
    seats,
    async start() {
      await transport.start()
      intake.start()
      part.start()
      status.start()
    },
    async stop() {
      await turning
      await part.stop()
      await catchUp.stop()
      await served.stop()
      await transport.stop()
      status.stop()
      headers.stop()
      intake.stop()
    },
  }
}

interface Following extends ParticipantParts {
  readonly wire: MessageWire
  readonly verifier: Verifier
  readonly seats: Seats
  readonly intake: Intake
  readonly freshness: Freshness
  readonly standing: Standing
  readonly headers: HeaderGossip
  readonly fetchRun: FetchRun
  readonly catchUp: SnapshotCatchUp
  readonly onOutgrown: () => void
  readonly onCommit: (blocks: readonly Block[], certificate: CommitCert) => void
}

function createPart(following: Following, silence: (refusal: SignStateRefusal) => void): Part {
  const { signingRight, standing, ledger, keys } = following
  if (signingRight.kind === 'refused') {
    standing.signing = signingRight
    return followUnlessCrowded(following)
  }
  // Who may sign and has no seat yet has nothing to sign.
  const isSeated = keys.consensus !== null && seatOf(ledger.validators, keys.consensus.publicKey) !== undefined
  if (signingRight.kind === 'granted' && isSeated) return validate(following, { right: signingRight, silence })
  return observe(following)
}

function validate(
  following: Following,
  { right, silence }: { right: GrantedRight; silence: (refusal: SignStateRefusal) => void },
): Part {
  const { keys, transport, standing, freshness, intake, log } = following
  assert(keys.consensus !== null, 'a validator has a consensus key')
  const part = createSigningPart({
    ...following,
    right,
    mempool: intake.mempool,
    consensusKey: keys.consensus,
    onCleared() {
      standing.signing = { kind: 'signing' }
    },
    onSilenced: silence,
    onHeardLeader: () => freshness.heardLeader(),
    onInadmissible: (transactionId, code) => intake.submissions.onInadmissible(transactionId, code),
    onRole(role, term, leader) {
      const leaderKey = standing.roleChanged(role, { term, leader })
      intake.forwarder.leaderChanged(leaderKey, { self: role === 'leader' })
      log.info({ role, term, leader: standing.leader }, 'role changed')
    },
    onRetired({ epoch, height, blockHash }) {
      standing.waitFor('NO_LEADER')
      log.warn({ epoch, height, blockHash }, 'this validator has no seat any more: it has signed its last')
    },
  })
  standing.signing = { kind: 'greeting' }
  standing.waitFor('NO_LEADER')
  intake.onArrival = () => part.transactionsArrived()
  intake.listenToGossip(transport)
  return part
}

/** 1. nothing more is signed; 2. that is on disk; 3. it follows. */
async function fallSilent(
  following: Following,
  { part, refusal }: { part: Part; refusal: SignStateRefusal },
): Promise<Part> {
  const { signingRight, standing, intake } = following
  assert(signingRight.kind === 'granted', 'only who signs can fall silent')

  // 1
  await part.stop()
  intake.onArrival = () => undefined
  standing.leaderless()
  intake.forwarder.leaderChanged(null, { self: false })

  // 2
  await signingRight.file.silence(refusal)

  // 3
  return followUnlessCrowded(following)
}

function followUnlessCrowded(following: Following): Part {
  const { clock, log, transport, standing, onFatal } = following
  return yieldingPart(observe(following), {
    clock,
    onCrowded() {
      log.error({}, 'connections do not last: another process runs with the keys of this node; it leaves the network')
      standing.waitFor('SYNCING')
      transport.stop().catch(onFatal)
    },
  })
}

function observe(following: Following): Part {
  const { transport, standing } = following
  const observer = new Observer({
    ...following,
    peers: () => transport.connectedPeers(),
    onCaughtUp: () => standing.reached('SYNCING'),
  })
  standing.waitFor('SYNCING')
  return {
    start: () => observer.start(),
    stop: () => observer.stop(),
    validating: null,
    receive: () => undefined,
    peerChanged: (_peer, change) => change === 'connected' && observer.catchUp(),
    heardHeader: (height) => observer.heard(height),
  }
}
