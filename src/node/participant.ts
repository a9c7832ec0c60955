// A node's part in its consortium, without the doors that people use: takes transactions in, hears and says what everybody
// should hear, and runs consensus or follows it. Ledger and transport come from outside, so that a whole consortium also
// runs in one process (test/scenarios).

import type { Verifier } from '../consensus/certificate.ts'
import type { Evidence } from '../consensus/evidence/evidence.ts'
import { canonicalWire, type MessageWire } from '../consensus/messages.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { SYNC_PROTOCOL, type Transport } from '../p2p/transport.ts'
import type { Block } from '../types/block.ts'
import type { Height, PublicKey } from '../types/brand.ts'
import type { CommitCert } from '../types/certificate.ts'
import { RELEASE_STALE_MS } from '../types/limits.ts'
import { quorum } from '../types/validator-set.ts'
import { Alarms } from './alarms.ts'
import { answerCandidate } from './answer-candidate.ts'
import { type FetchRun, fetchRunFrom, RUN_REQUEST_BYTES_MAX, serveRun } from './certified-run.ts'
import type { Cancel, Clock, Timers } from './clock.ts'
import { CommitFeed } from './commit-feed.ts'
import { ConsensusDesk } from './consensus-desk.ts'
import { createConsensusVerifier } from './consensus-verifier.ts'
import type { EvidenceStore } from './evidence-files.ts'
import { EvidencePool } from './evidence-pool.ts'
import { fetchSnapshot } from './fetch-snapshot.ts'
import { Freshness } from './freshness.ts'
import type { LoadedGenesis } from './genesis-file.ts'
import { HeaderGossip } from './header-gossip.ts'
import { Intake } from './intake.ts'
import { Introducer } from './introducer.ts'
import { type NodeKeys, presentKeyOf, type SigningKey } from './key-file.ts'
import type { Log } from './log.ts'
import { LEAVING_MS, type Membership, touchesMembership } from './membership.ts'
import { NodeReports } from './node-reports.ts'
import { Observer } from './observer.ts'
import { type LaterSeats, OwnPart, type OwnPartParts, type SigningOptions } from './own-part.ts'
import type { Part } from './part.ts'
import { ReceptionDesk } from './reception-desk.ts'
import { Seats } from './seats.ts'
import { SignatureTally } from './signature-tally.ts'
import { createSigningPart } from './signing-part.ts'
import type { SigningRight } from './signing-right.ts'
import { SnapshotCatchUp } from './snapshot-catch-up.ts'
import type { SnapshotPlace } from './snapshot-place.ts'
import { SnapshotServer } from './snapshot-server.ts'
import { Standing } from './standing.ts'
import { StatusGossip } from './status-gossip.ts'
import type { ValidatorParts } from './validator.ts'
import { yieldingPart } from './yielding-part.ts'

const SYNC_CONCURRENCY = 8

/** Nobody talks to this node any more, and it has nobody to hear anything new from. */
export class NotAMember extends Error {
  override name = 'NotAMember'
  constructor(height: number) {
    super(
      `at height ${height} the transport key of this node was revoked, or its institution was expelled: no member talks to ` +
        'it any more. With a new transport key start it with that one; its data folder stays as it is',
    )
  }
}

export interface ParticipantParts {
  readonly genesis: Pick<LoadedGenesis, 'chainId'>
  readonly keys: NodeKeys
  readonly timing: ValidatorParts['timing']
  readonly ledger: Ledger
  /** Of the consensus key that has a seat, else of the first one. Whoever has none follows. */
  readonly signingRight: SigningRight
  /** For seats that the node may get while it runs, under other keys. */
  readonly laterSeats: LaterSeats
  readonly membership: Membership
  readonly transport: Transport
  /** Where to build a snapshot, and from how many blocks behind; null: never. */
  readonly snapshots: { readonly place: SnapshotPlace; readonly behindMin: number } | null
  /** A snapshot is whole: stop, and start again with it. */
  readonly onSnapshot: () => void
  /** Of consensus messages; canonical bytes unless something else is given. */
  readonly wire?: MessageWire
  /** Where proofs of lies outlive a restart. */
  readonly evidenceStore: EvidenceStore
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
  readonly evidence: EvidencePool
  readonly alarms: Alarms
  start(): Promise<void>
  /** Consensus first, so that nothing is signed that could not be sent. */
  stop(): Promise<void>
  /** Closes what remembers what was signed. After `stop`. */
  release(): Promise<void>
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
  let cancelRecheck: Cancel = () => undefined
  const signatures = new SignatureTally()
  const alarms = new Alarms(parts)
  feed.subscribe((blocks, certificate) => {
    const set = ledger.setOf(certificate.epoch)
    if (set !== undefined) signatures.certified(certificate, set)
    intake.onCommit(blocks)
    freshness.certified(ledger.head.header.timeMs)
    if (standing.leader === keys.institution) headers.publish(blocks, certificate)
    if (!touchesMembership(blocks)) return
    const isMember = (): boolean => membership.institutionOf(transport.self) !== null
    const wasMember = isMember()
    membership.refresh()
    if (wasMember && !isMember()) parts.onFatal(new NotAMember(ledger.head.header.height))
    transport.recheck()
    cancelRecheck()
    cancelRecheck = timers.after(LEAVING_MS, () => transport.recheck())
    onMembers()
  })
  transport.handleRequests(SYNC_PROTOCOL, async (_peer, message) => serveRun(ledger, message), {
    maxRequestBytes: RUN_REQUEST_BYTES_MAX,
    concurrency: SYNC_CONCURRENCY,
  })
  membership.isOpenToStrangers = () => !freshness.isFresh()
  new ReceptionDesk({ ...parts, verifier }).listen()
  new Introducer(parts).listen()
  const served = new SnapshotServer({ ledger, timers })
  served.listen(transport)
  const catchUp = new SnapshotCatchUp({
    ...parts,
    verifier,
    fetchRun: fetchRunFrom(transport),
    fetchSnapshot,
    place: parts.snapshots?.place ?? null,
    behindMin: parts.snapshots?.behindMin ?? 0,
    fallStill: () => own.stop(),
    signStates: () => own.signStates,
    onComplete: parts.onSnapshot,
  })
  const onHeight = (height: Height): void => catchUp.heard(height)
  const isSigning = (): boolean => standing.signing.kind === 'signing'
  const evidence = new EvidencePool({
    transport,
    verifier,
    store: parts.evidenceStore,
    timers,
    log,
    onEvidence: (piece) => own.part.validating?.evidenceLearned(piece),
  })
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
    alarms,
    fetchRun: catchUp.fetchRun,
    catchUp,
    onOutgrown,
    onEvidence: (piece) => evidence.found(piece),
    onCommit: (blocks, certificate) => feed.publish(blocks, certificate),
  }
  const own = new OwnPart({
    ...parts,
    institution: keys.institution,
    standing,
    first: firstKey(parts),
    later: parts.laterSeats,
    create: {
      follow: (onCaughtUp) => observe(following, onCaughtUp),
      yield: () => followUnlessCrowded(following),
      sign: (key, on) => validate(following, { key, ...on }),
    },
  })
  feed.subscribe(() => own.review())
  const consensusKey = (): PublicKey | null => own.key
  const status = new StatusGossip({ ...parts, consensusKey, freshness, reports, seats, onHeight, isSigning })
  // Only a validator takes in what the others cannot bring to a leader.
  if (firstKey(parts) !== null) intake.listenToGossip(transport, { isOpen: isSigning })

  headers.listen((height) => {
    catchUp.heard(height)
    own.part.heardHeader(height)
  })
  transport.onPeerChange((peer, change) => own.part.peerChanged(peer, change))
  transport.onMessage((peer: PublicKey, channel, message) => {
    if (channel === 'consensus') return own.part.receive(peer, message)
    if (isSigning()) intake.receive(peer, message)
    return undefined
  })
  const consensus = new ConsensusDesk({
    validator: () => own.part.validating,
    validators: () => ledger.validators,
    institutionOf: (seat) => seats.institutionOf(seat),
    status: { self: keys.institution, ledger, seats, transport, reports, standing, signatures, alarms, clock },
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
    evidence,
    alarms,
    async start() {
      await transport.start()
      intake.start()
      own.start()
      status.start()
      evidence.start()
    },
    async stop() {
      cancelRecheck()
      await own.stop()
      await catchUp.stop()
      await served.stop()
      await transport.stop()
      status.stop()
      evidence.stop()
      headers.stop()
      intake.stop()
    },
    release: () => own.release(),
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
  readonly alarms: Alarms
  readonly fetchRun: FetchRun
  readonly catchUp: SnapshotCatchUp
  readonly onOutgrown: () => void
  readonly onEvidence: (evidence: Evidence) => void
  readonly onCommit: (blocks: readonly Block[], certificate: CommitCert) => void
}

/** That the set knows, else the first: it may get a seat. */
function firstKey({ keys, ledger, signingRight }: ParticipantParts): OwnPartParts['first'] {
  const key = presentKeyOf(keys, ledger.validators)
  return key === null || signingRight.kind === 'none' ? null : { key, right: signingRight }
}

function validate(
  following: Following,
  { key, right, onRetired, onSilenced }: { key: SigningKey } & SigningOptions,
): Part {
  const { standing, freshness, intake, log, clock } = following
  const part = createSigningPart({
    ...following,
    right,
    mempool: intake.mempool,
    consensusKey: key,
    onCleared() {
      standing.signing = { kind: 'signing' }
    },
    onSilenced,
    onHeardLeader: (leader) => freshness.reported(leader, clock.nowMs()),
    onInadmissible: (transactionId, code) => intake.submissions.onInadmissible(transactionId, code),
    onRole(role, term, leader) {
      const leaderKey = standing.roleChanged(role, { term, leader })
      intake.forwarder.leaderChanged(leaderKey, { self: role === 'leader' })
      log.info({ role, term, leader: standing.leader }, 'role changed')
    },
    onRetired,
  })
  standing.waitFor('NO_LEADER')
  intake.onArrival = () => part.transactionsArrived()
  return part
}

function followUnlessCrowded(following: Following): Part {
  const { clock, log, transport, standing, onFatal } = following
  return yieldingPart(
    observe(following, () => undefined),
    {
      clock,
      onCrowded() {
        log.error({}, 'connections do not last: another process runs with the keys of this node; it leaves the network')
        standing.waitFor('SYNCING')
        transport.stop().catch(onFatal)
      },
    },
  )
}

/** Who does not sign still answers candidates of an epoch that is over: perhaps nobody else can. */
function observe(following: Following, onCaughtUp: () => void): Part {
  const { transport, standing, intake, ledger, wire } = following
  const observer = new Observer({
    ...following,
    peers: () => transport.connectedPeers(),
    onCaughtUp() {
      standing.reached('SYNCING')
      onCaughtUp()
    },
  })
  standing.waitFor('SYNCING')
  intake.onArrival = () => undefined
  intake.forwarder.leaderChanged(null, { self: false })
  return {
    start: () => observer.start(),
    stop: () => observer.stop(),
    validating: null,
    receive(peer, message) {
      const answer = answerCandidate(message, { ledger, wire })
      if (answer !== null) transport.send(peer, 'consensus', answer)
      return undefined
    },
    peerChanged: (_peer, change) => change === 'connected' && observer.catchUp(),
    heardHeader: (height) => observer.heard(height),
  }
}
