import { describe, expect, it } from 'vitest'
import type { ConsensusStatus, ValidatorStatus } from '../client/consensus-status.ts'
import type { StuckBranch } from '../client/standstill.ts'
import type { IdentityId } from '../types/brand.ts'
import { age, consensusLines } from './consensus-lines.ts'

const NOW = Date.parse('2026-05-01T10:00:00Z')
const ids = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(64) as IdentityId)
const [A, B, C, D] = ids as [IdentityId, IdentityId, IdentityId, IdentityId]
const members = ids.map((institution, i) => ({ institution, name: `Hospital ${'ABCD'[i]}` }))

const validator = (seat: number, change: Partial<ValidatorStatus> = {}): ValidatorStatus => ({
  seat,
  institution: ids[seat] as IdentityId,
  isSelf: seat === 0,
  isConnected: true,
  heardMs: NOW - 40,
  signs: true,
  height: 12,
  matchHeight: 13,
  blocksBehind: 0,
  behindMs: 0,
  lastAck: { height: 12, atMs: NOW - 40 },
  certificates: { signed: 100, of: 100 },
  trouble: null,
  ...change,
})

const leading: ConsensusStatus = {
  institution: A,
  role: 'leader',
  signing: 'signing',
  epoch: 0,
  b: 1,
  quorum: 3,
  term: 4,
  leader: { institution: A, term: 4, sinceMs: NOW - 90_000, blocks: 7, transferTo: null },
  election: { term: 4, winner: A, signed: [A, B, C], missing: [D] },
  candidacy: null,
  head: { height: 12, hash: '0'.repeat(64), timeMs: NOW - 2_000 },
  certificate: { height: 12, term: 4, signed: [A, B, C], missing: [D] },
  waiting: [
    {
      height: 13,
      term: 4,
      hash: '1'.repeat(64),
      timeMs: NOW - 300,
      transactions: 5,
      acks: { signed: [A], missing: [B, C, D] },
    },
  ],
  pending: null,
  alarms: [],
  own: {
    vote: { term: 4, candidate: A },
    promise: null,
    lastAck: { term: 4, height: 13, hash: '1'.repeat(64), standing: 'binding' },
  },
  validators: [
    validator(0),
    validator(1, { trouble: 'clock' }),
    validator(2, { signs: false }),
    validator(3, {
      isConnected: false,
      height: 3,
      matchHeight: 3,
      blocksBehind: 10,
      behindMs: 65_000,
      heardMs: null,
      lastAck: null,
      certificates: { signed: 0, of: 7 },
    }),
  ],
}

const linesOf = (status: ConsensusStatus, branches: readonly StuckBranch[] = []): readonly string[] =>
  consensusLines(status, { branches, members, nowMs: NOW })

describe('consensusLines()', () => {
  it('says what to look at where two blocks in one place may be what keeps everybody from leading', () => {
    const branch = { branch: { term: 4, height: 18, hash: '1'.repeat(64) }, leader: B } as StuckBranch
    expect(linesOf({ ...leading, leader: null }, [branch]).at(-1)).toBe(
      'Hospital B made two blocks in one place, at height 18, and validators may be bound to different ones. If this lasts: assent consensus release show',
    )
    expect(linesOf({ ...leading, leader: null }).join()).not.toContain('release show')
  })

  it('says who leads, since when, by whose votes, who lags, and whose signature is missing', () => {
    expect(linesOf(leading)).toEqual([
      'leader      Hospital A, term 4, since 2026-05-01T09:58:30Z (7 blocks, 90 s)',
      'elected by  Hospital A, Hospital B, Hospital C; without Hospital D',
      'head        height 12, 2 s old',
      'signed by   Hospital A, Hospital B, Hospital C; without Hospital D',
      'epoch       0: 4 validators, b = 1, 3 signatures to certify a block',
      'this node   leader',
      'its vote    term 4, for Hospital A',
      'its ack     height 13, term 4 (binds)',
      '',
      'seat  validator   state          head  stored  behind  for   last ack  heard      voted  signed',
      '────  ──────────  ─────────────  ────  ──────  ──────  ────  ────────  ─────────  ─────  ──────────',
      '   0  Hospital A  here, leader     12      13       0  -     12        -          yes    100 of 100',
      '   1  Hospital B  CLOCKS DIFFER    12      13       0  -     12        40 ms ago  yes    100 of 100',
      '   2  Hospital C  SIGNS NOTHING    12      13       0  -     12        40 ms ago  yes    100 of 100',
      '   3  Hospital D  NOT CONNECTED     3       3      10  65 s  -         never      no     0 of 7',
      '',
      '1 block without a certificate:',
      'height  term  transactions  age     acked by    waits for',
      '──────  ────  ────────────  ──────  ──────────  ──────────────────────────────────',
      '    13     4             5  300 ms  Hospital A  Hospital B, Hospital C, Hospital D',
    ])
  })

  it('says so when nobody leads, and who votes for this node', () => {
    const candidacy = { signed: [A], missing: [B, C, D] }
    const status: ConsensusStatus = { ...leading, role: 'candidate', leader: null, candidacy }
    expect(linesOf({ ...status, waiting: [] })[0]).toBe(
      'leader      NONE known, term 4; this node stands for election, voted for by Hospital A',
    )
  })

  it('does not leave out what a follower cannot know, and says who can', () => {
    const [block] = leading.waiting
    const waiting = [{ ...(block as NonNullable<typeof block>), acks: null }]
    expect(linesOf({ ...leading, role: 'follower', waiting }).slice(-4, -3)).toEqual([
      '1 block without a certificate (whose acks they lack, the leader knows):',
    ])
  })

  it('shows a change of the validators that waits for its certificate', () => {
    const pending = { epoch: 1, b: 0, quorum: 2, decidedAt: 13, validators: [A, B, C] }
    expect(linesOf({ ...leading, pending })).toContain(
      'pending     epoch 1, decided at height 13, when that is certified: Hospital A, Hospital B, Hospital C; quorum 2',
    )
  })

  it('shows what looked wrong, about whom, how often and when last', () => {
    const alarm = { what: 'standstill', seat: 1, institution: B, count: 3, firstMs: 0, lastMs: NOW - 5_000 }
    const former = { ...alarm, what: 'badChain', seat: 9, institution: null, count: 1 }
    expect(linesOf({ ...leading, alarms: [alarm, former] }).slice(-2)).toEqual([
      'Hospital B  led, and certified nothing of the work that waited      3  5 s ago',
      'seat 9      sent blocks or headers that do not fit together         1  5 s ago',
    ])
    const many = Array.from({ length: 10 }, () => alarm)
    expect(linesOf({ ...leading, alarms: many }).at(-1)).toBe('and 2 more')
  })

  it('says where a validator signs nothing', () => {
    expect(linesOf({ ...leading, signing: 'refused', role: 'follower' })).toContain(
      'this node   follower, SIGNS NOTHING: see assent status',
    )
  })
})

describe('age()', () => {
  it.each([
    [-5, '0 ms'],
    [999, '999 ms'],
    [1_000, '1 s'],
    [119_999, '119 s'],
    [120_000, '2 min'],
    [7_200_000, '2 h'],
    [172_800_000, '2 days'],
  ])('of %d ms is %s', (ms, text) => {
    expect(age(ms)).toBe(text)
  })
})
