// Consensus in words and columns: what `assent consensus status` prints.

import type { ConsensusStatus, ValidatorStatus } from '../client/consensus-status.ts'
import type { StuckBranch } from '../client/standstill.ts'
import type { AlarmKind } from '../node/alarms.ts'
import type { IdentityId } from '../types/brand.ts'
import { type Founders, nameOf } from './identities.ts'
import { counted, pairs, table } from './output.ts'
import { timeInWords } from './words.ts'

/** Rows of blocks without a certificate: more are counted. */
const WAITING_SHOWN = 5

export function consensusLines(
  status: ConsensusStatus,
  { branches, members, nowMs }: Scene & { branches: readonly StuckBranch[] },
): readonly string[] {
  const { head, epoch, b, quorum, validators, pending } = status
  const names = namesOf(members)
  return [
    ...pairs([
      ['leader', leaderInWords(status, { members, nowMs })],
      ['elected by', electionInWords(status, members)],
      ['head', `height ${head.height}, ${age(nowMs - head.timeMs)} old`],
      ['signed by', certificateInWords(status, names)],
      [
        'epoch',
        `${epoch}: ${counted(validators.length, 'validator')}, b = ${b}, ${counted(quorum, 'signature')} to certify a block`,
      ],
      ...(pending === null ? [] : [['pending', pendingInWords(pending, names)] as const]),
      ...ownRows(status, { members, nowMs }),
    ]),
    '',
    ...validatorTable(status, { members, nowMs }),
    ...waitingLines(status, { names, nowMs }),
    ...alarmLines(status, { members, nowMs }),
    ...standstillLines(branches, names),
  ]
}

type Names = (ids: readonly string[]) => string
const namesOf =
  (members: Founders): Names =>
  (ids) =>
    ids.length === 0 ? 'nobody' : ids.map((id) => nameOf(id, members)).join(', ')

interface Scene {
  readonly members: Founders
  readonly nowMs: number
}

function leaderInWords({ leader, role, term, candidacy }: ConsensusStatus, { members, nowMs }: Scene): string {
  if (leader === null) {
    if (role === 'observer') return 'this node observes: ask the node of a validator'
    const votes =
      candidacy === null ? '' : `; this node stands for election, voted for by ${namesOf(members)(candidacy.signed)}`
    return `NONE known, term ${term}${votes}`
  }
  const since = leader.sinceMs === null ? 'not a block yet' : `since ${timeInWords(leader.sinceMs)}`
  const lasted = leader.sinceMs === null ? '' : `, ${age(nowMs - leader.sinceMs)}`
  const handing = leader.transferTo === null ? '' : `; handing over to ${nameOf(leader.transferTo, members)}`
  return `${nameOf(leader.institution, members)}, term ${leader.term}, ${since} (${counted(leader.blocks, 'block')}${lasted})${handing}`
}

function electionInWords({ election, leader }: ConsensusStatus, members: Founders): string {
  if (election === null) return 'no election yet'
  const names = namesOf(members)
  const which = leader === null ? ` (term ${election.term}: ${nameOf(election.winner, members)})` : ''
  const others = election.missing.length === 0 ? '' : `; without ${names(election.missing)}`
  return `${names(election.signed)}${others}${which}`
}

function certificateInWords({ certificate }: ConsensusStatus, names: Names): string {
  if (certificate === null) return 'genesis: needs no certificate'
  const { signed, missing } = certificate
  return `${names(signed)}${missing.length === 0 ? '' : `; without ${names(missing)}`}`
}

function pendingInWords(pending: NonNullable<ConsensusStatus['pending']>, names: Names): string {
  const { epoch, decidedAt, validators, quorum } = pending
  return `epoch ${epoch}, decided at height ${decidedAt}, when that is certified: ${names(validators)}; quorum ${quorum}`
}

function ownRows({ own, role, signing }: ConsensusStatus, { members }: Scene): readonly (readonly [string, string])[] {
  if (own === null) return [['this node', role]]
  const { vote, promise, lastAck } = own
  const signs = {
    none: '',
    unseated: ', without a seat',
    greeting: ', signs not yet',
    signing: '',
    refused: ', SIGNS NOTHING: see assent status',
  }
  const votedFor = vote?.candidate == null ? 'a former validator' : nameOf(vote.candidate, members)
  const standing = { binding: 'binds', certified: 'certified', superseded: 'another block was certified' }
  return [
    ['this node', `${role}${signs[signing]}`],
    ['its vote', vote === null ? 'none' : `term ${vote.term}, for ${votedFor}`],
    ...(promise === null ? [] : [['its promise', `term ${promise.term}: it voted for nobody`] as const]),
    [
      'its ack',
      lastAck === null ? 'none' : `height ${lastAck.height}, term ${lastAck.term} (${standing[lastAck.standing]})`,
    ],
  ]
}

const HEAD = ['seat', 'validator', 'state', 'head', 'stored', 'behind', 'for', 'last ack', 'heard', 'voted', 'signed']

function validatorTable(status: ConsensusStatus, scene: Scene): readonly string[] {
  const { validators, election } = status
  return table(
    HEAD,
    validators.map((validator) => {
      const { seat, institution, height, matchHeight, blocksBehind, behindMs, lastAck } = validator
      const { heardMs, isSelf, certificates } = validator
      return [
        seat,
        nameOf(institution, scene.members),
        stateOf(validator, status),
        height ?? '-',
        matchHeight ?? '-',
        blocksBehind ?? '-',
        blocksBehind ? duration(behindMs) : '-',
        lastAck?.height ?? '-',
        isSelf ? '-' : heardMs === null ? 'never' : `${age(scene.nowMs - heardMs)} ago`,
        voteOf(institution, election),
        certificates.of === 0 ? '-' : `${certificates.signed} of ${certificates.of}`,
      ]
    }),
  )
}

function stateOf(
  { isSelf, isConnected, signs, trouble, institution }: ValidatorStatus,
  status: ConsensusStatus,
): string {
  const { leader, role } = status
  if (isSelf) return `here, ${role}`
  if (!isConnected) return 'NOT CONNECTED'
  if (trouble === 'blockSync') return 'fetches blocks'
  if (trouble === 'clock') return 'CLOCKS DIFFER'
  if (signs === false) return 'SIGNS NOTHING'
  if (leader === null) return 'connected'
  return leader.institution === institution ? 'leader' : 'follower'
}

/** Who had no seat in that election was not asked. */
function voteOf(institution: string, election: ConsensusStatus['election']): string {
  if (election?.signed.includes(institution as IdentityId)) return 'yes'
  return election?.missing.includes(institution as IdentityId) ? 'no' : '-'
}

function waitingLines(
  { waiting, role }: ConsensusStatus,
  { names, nowMs }: { names: Names; nowMs: number },
): readonly string[] {
  if (waiting.length === 0) return []
  const who = role === 'leader' ? '' : ' (whose acks they lack, the leader knows)'
  return [
    '',
    `${counted(waiting.length, 'block')} without a certificate${who}:`,
    ...table(
      ['height', 'term', 'transactions', 'age', 'acked by', 'waits for'],
      waiting
        .slice(0, WAITING_SHOWN)
        .map(({ height, term, transactions, timeMs, acks }) => [
          height,
          term,
          transactions,
          age(nowMs - timeMs),
          acks === null ? '-' : names(acks.signed),
          acks === null ? '-' : names(acks.missing),
        ]),
    ),
    ...(waiting.length > WAITING_SHOWN ? [`and ${waiting.length - WAITING_SHOWN} more`] : []),
  ]
}

const ALARMS_SHOWN = 8

const ALARM_TEXT: Readonly<Record<AlarmKind, string>> = {
  invalidBlock: 'proposed a block that execution here refuses',
  termInflation: 'spoke of a term far beyond the present one',
  standstill: 'led, and certified nothing of the work that waited',
  censorship: 'led, and passed over a transaction while others were certified',
  badSignature: 'sent a signature that does not verify',
  badCertificate: 'sent a certificate that is not valid',
  badChain: 'sent blocks or headers that do not fit together',
  badBody: 'sent transactions that are not those of the header',
  equivocation: 'made two blocks in one place',
  foreignStatement: 'sent a statement that is not its to make',
}

function standstillLines(branches: readonly StuckBranch[], names: Names): readonly string[] {
  const [first] = branches
  if (first === undefined) return []
  const { branch, leader } = first
  const who = leader === null ? 'a leader' : names([leader])
  const what = `${who} made two blocks in one place, at height ${branch.height}, and validators may be bound to different ones.`
  return ['', `${what} If this lasts: assent consensus release show`]
}

/** No proof, so no guilt: a slow machine or a lost message can look like some of these. Somebody should ask. */
function alarmLines({ alarms }: ConsensusStatus, { members, nowMs }: Scene): readonly string[] {
  if (alarms.length === 0) return []
  return [
    '',
    'what looked wrong since this node started (no proof; those are in assent evidence list):',
    ...table(
      ['validator', 'what', 'times', 'last'],
      alarms
        .slice(0, ALARMS_SHOWN)
        .map(({ seat, institution, what, count, lastMs }) => [
          institution === null ? `seat ${seat}` : nameOf(institution, members),
          ALARM_TEXT[what as AlarmKind] ?? what,
          count,
          `${age(nowMs - lastMs)} ago`,
        ]),
    ),
    ...(alarms.length > ALARMS_SHOWN ? [`and ${alarms.length - ALARMS_SHOWN} more`] : []),
  ]
}

const duration = (ms: number | null): string => (ms === null ? '-' : age(ms))

/** Short, for columns; clocks may differ a little. */
export function age(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  const seconds = Math.floor(ms / 1_000)
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} days`
}
