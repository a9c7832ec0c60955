// Consensus for operators: what the core knows, put together with what the ledger holds and the nodes say of themselves.
// Read on demand; decides nothing.

import {
  describeCommitCert,
  describeElection,
  type FollowerProgress,
  type Signers,
  type StateDescription,
} from '../consensus/describe-state.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Transport } from '../p2p/transport.ts'
import type { ConsensusStatus, Signatories, ValidatorStatus } from '../rpc/services.ts'
import type { Height, IdentityId, Seat, Term } from '../types/brand.ts'
import { quorum, type Validator } from '../types/validator-set.ts'
import type { Alarms } from './alarms.ts'
import type { Clock } from './clock.ts'
import type { NodeReports } from './node-reports.ts'
import type { PeerHeard } from './peer-watch.ts'
import type { Seats } from './seats.ts'
import type { SignatureTally } from './signature-tally.ts'
import type { Standing } from './standing.ts'

/** The core of this node, where it has one. */
export interface Watched {
  describe(): StateDescription
  lastHeardOf(seat: Seat): PeerHeard | null
}

export interface ConsensusStatusParts {
  readonly self: IdentityId
  readonly ledger: Pick<Ledger, 'head' | 'epoch' | 'validators' | 'setOf' | 'header' | 'leaderCert'>
  readonly seats: Pick<Seats, 'institutionOf' | 'peerOf'>
  readonly transport: Pick<Transport, 'connectedPeers'>
  readonly reports: Pick<NodeReports, 'lastOf'>
  readonly standing: Pick<Standing, 'signing' | 'leader'>
  readonly signatures: Pick<SignatureTally, 'of'>
  readonly alarms: Pick<Alarms, 'list'>
  readonly clock: Pick<Clock, 'nowMs'>
  /** Null while this node observes. */
  readonly watched: () => Watched | null
}

export function consensusStatus(parts: ConsensusStatusParts): ConsensusStatus {
  const { ledger, seats, standing } = parts
  const { head, validators } = ledger
  const core = parts.watched()?.describe() ?? null
  const named = (signers: Signers): Signatories => namedBy(seats, signers)
  const term = core?.term ?? head.header.term
  const leader = core === null ? null : leaderOf(core, parts)
  // A leader is known by the certificate of its term. An observer, and whoever has lost its leader, shows the last one used.
  const election = core?.election ?? lastElection(head.header.term, ledger)
  const certificate = head.commitCert && describeCommitCert(head.commitCert, ledger.setOf(head.commitCert.epoch))
  const pending = core?.pendingSet ?? null
  return {
    institution: parts.self,
    role: core?.role ?? 'observer',
    signing: standing.signing.kind,
    epoch: ledger.epoch,
    b: validators.b,
    quorum: quorum(validators),
    term,
    leader,
    election: election && {
      term: election.term,
      winner: seats.institutionOf(election.winner) as IdentityId,
      ...named(election),
    },
    candidacy: core?.candidacy ? named(core.candidacy) : null,
    head: { height: head.header.height, hash: head.hash, timeMs: head.header.timeMs },
    certificate: certificate && { height: certificate.height, term: certificate.term, ...named(certificate) },
    waiting: core?.waiting.map((block) => ({ ...block, acks: block.acks && named(block.acks) })) ?? [],
    pending: pending && {
      epoch: pending.epoch,
      b: pending.b,
      quorum: quorum(pending),
      decidedAt: pending.decidedAt,
      validators: pending.members.map(({ institution }) => institution),
    },
    own: core && ownStatements(core, seats),
    validators: validators.members.map((validator) => validatorStatus(validator, { ...parts, core })),
    alarms: parts.alarms.list().map(({ member, ...alarm }) => ({
      ...alarm,
      seat: member,
      institution: seats.institutionOf(member),
    })),
  }
}

/** Members of long ago are not known by their seat any more. */
function namedBy(seats: ConsensusStatusParts['seats'], { signed, missing }: Signers): Signatories {
  const names = (list: readonly Seat[]): IdentityId[] => list.flatMap((seat) => seats.institutionOf(seat) ?? [])
  return { signed: names(signed), missing: names(missing) }
}

function lastElection(term: Term, ledger: ConsensusStatusParts['ledger']) {
  const certificate = ledger.leaderCert(term)
  return certificate === undefined ? null : describeElection(certificate, ledger.setOf(certificate.epoch))
}

function leaderOf(core: StateDescription, { ledger, seats }: ConsensusStatusParts): ConsensusStatus['leader'] {
  const { leader, election, certified, term, transferTo } = core
  const institution = leader === null ? null : seats.institutionOf(leader)
  if (institution === null || election === null) return null
  const opening = election.tip.height + 1
  return {
    institution,
    term,
    sinceMs: timeOfBlock(opening, { core, ledger, term }),
    blocks: certified.term === term ? certified.height - election.tip.height : 0,
    transferTo: transferTo === null ? null : seats.institutionOf(transferTo),
  }
}

/** Of a certified block, or one that waits; with `term` only of a block of that term. */
function timeOfBlock(
  height: number,
  { core, ledger, term }: Pick<ConsensusStatusParts, 'ledger'> & { core: StateDescription | null; term?: Term },
): number | null {
  const certified = height > ledger.head.header.height ? undefined : ledger.header(height as Height)
  const block = certified ?? core?.waiting.find((waiting) => waiting.height === height)
  if (block === undefined || (term !== undefined && block.term !== term)) return null
  return block.timeMs
}

function ownStatements(
  { signState: { vote, promise, lastAck }, ackStanding }: StateDescription,
  seats: ConsensusStatusParts['seats'],
): ConsensusStatus['own'] {
  return {
    vote: vote && { term: vote.term, candidate: seats.institutionOf(vote.candidate) },
    promise: promise && { term: promise.term },
    lastAck: lastAck && { ...lastAck, standing: ackStanding },
  }
}

function validatorStatus(
  validator: Validator,
  parts: ConsensusStatusParts & { readonly core: StateDescription | null },
): ValidatorStatus {
  const { core, ledger, seats, transport, reports, signatures, clock } = parts
  const { seat, institution, consensusKey } = validator
  if (seat === core?.self) return ownStatus(validator, { ...parts, core })
  const progress = core?.followers?.find((follower) => follower.seat === seat) ?? null
  const heard = parts.watched()?.lastHeardOf(seat) ?? null
  const said = reports.lastOf(consensusKey)
  const peer = seats.peerOf(seat)
  const height = highest(said?.report.height, progress?.certifiedHeight)
  const lag = lagOf(progress?.matchHeight ?? height, {
    tip: progress === null ? ledger.head.header.height : (core?.tip.height ?? 0),
    timeOf: (at) => timeOfBlock(at, parts),
    nowMs: clock.nowMs(),
  })
  return {
    seat,
    institution,
    isSelf: false,
    isConnected: peer !== null && transport.connectedPeers().includes(peer),
    heardMs: highest(said?.atMs, heard?.atMs),
    signs: said?.report.signs ?? null,
    height,
    matchHeight: progress?.matchHeight ?? null,
    ...lag,
    lastAck: heard?.lastAck ?? null,
    certificates: signatures.of(seat),
    trouble: troubleOf(progress),
  }
}

/** How far this node is, by its own books, and behind the certified head that its leader speaks of. */
function ownStatus(
  { seat, institution }: Validator,
  { core, ledger, reports, standing, signatures, clock }: ConsensusStatusParts & { readonly core: StateDescription },
): ValidatorStatus {
  const { height } = ledger.head.header
  const leader = ledger.validators.members.find((member) => member.institution === standing.leader)
  const leaderHeight = leader === undefined ? undefined : reports.lastOf(leader.consensusKey)?.report.height
  const blocksBehind = Math.max(0, (leaderHeight ?? height) - height)
  return {
    seat,
    institution,
    isSelf: true,
    isConnected: true,
    heardMs: clock.nowMs(),
    signs: standing.signing.kind === 'signing',
    height,
    matchHeight: core.tip.height,
    blocksBehind,
    behindMs: blocksBehind === 0 ? 0 : null,
    lastAck: core.signState.lastAck && { height: core.signState.lastAck.height, atMs: null },
    certificates: signatures.of(seat),
    trouble: null,
  }
}

function lagOf(
  height: number | null,
  { tip, timeOf, nowMs }: { tip: number; timeOf: (height: number) => number | null; nowMs: number },
): Pick<ValidatorStatus, 'blocksBehind' | 'behindMs'> {
  if (height === null) return { blocksBehind: null, behindMs: null }
  const blocksBehind = Math.max(0, tip - height)
  const firstMs = blocksBehind === 0 ? nowMs : timeOf(height + 1)
  return { blocksBehind, behindMs: firstMs === null ? null : Math.max(0, nowMs - firstMs) }
}

function troubleOf(progress: FollowerProgress | null): ValidatorStatus['trouble'] {
  if (progress?.behind) return 'blockSync'
  return progress?.timeRefused ? 'clock' : null
}

function highest(...values: readonly (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? null : Math.max(...known)
}
