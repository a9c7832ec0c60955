import { describe, expect, it } from 'vitest'
import type { NamedCall } from '../client/interfaces.ts'
import type { Json } from '../contracts/abi.ts'
import type { Hash, IdentityId } from '../types/brand.ts'
import { auditBundle } from './audit-bundle.ts'
import { trailRow } from './audit-rows.ts'
import { mergeTrail, readTrail } from './audit-trail.ts'
import type { Change, Decision, Read } from './contract-answers.ts'

const A = 'a'.repeat(64) as IdentityId
const B = 'b'.repeat(64) as IdentityId
const P = 'c'.repeat(64) as IdentityId
const founders = [
  { name: 'Hospital A', institution: A },
  { name: 'Hospital B', institution: B },
]

const decision = (number: number, height: number, more: Partial<Decision['terms']> = {}): Decision => ({
  decision: number,
  flagged: false,
  terms: {
    request: {
      patient: P,
      custodian: A,
      practitioner: P,
      role: 'physician',
      institution: B,
      purpose: 'TREAT',
      breakGlass: null,
    },
    submitter: P,
    outcome: 'PERMIT',
    filtered: false,
    basis: 'consent',
    reasons: ['PERMITTED'],
    clauses: [{ consent: P, version: 1, clause: 0, type: 'permit', group: null, groupVersion: null }],
    versions: { deployment: 1, algorithm: 1, codes: 1, roles: 1, settings: 0, registry: 9, consents: 1 },
    height,
    at: height * 1_000,
    expiresAt: null,
    ...more,
  },
  releases: [],
})
const change = (number: number, height: number, more: Partial<Change> = {}): Change => {
  return { number, consent: P, version: 1, status: 'active', by: P, at: height * 1_000, height, ...more }
}
const read = (number: number, height: number): Read => {
  return { number, reader: P, subject: P, via: A, reason: 'ownData', at: height * 1_000, height }
}
const released = { ...decision(1, 3), releases: [{ records: [P, A], at: 4_000, height: 4 }] }

describe('mergeTrail()', () => {
  it('orders everything by block; a release stands apart from its decision', () => {
    const trail = { decisions: [released, decision(2, 7)], changes: [change(1, 2), change(2, 6)], reads: [read(1, 5)] }
    expect(mergeTrail(trail).map(({ kind, height }) => `${height} ${kind}`)).toEqual([
      '2 change',
      '3 decision',
      '4 release',
      '5 read',
      '6 change',
      '7 decision',
    ])
  })
})

describe('readTrail()', () => {
  /** Pages as audit.trail does. */
  const serve = (all: { decisions: Decision[]; changes: Change[]; reads: Read[] }) => {
    const asked: Json[] = []
    const client = {
      async signedQuery({ args = {} }: NamedCall) {
        asked.push(args as Json)
        const after = args as { afterDecision: number; afterChange: number; afterRead: number }
        const value = {
          decisions: all.decisions.filter((each) => each.decision > after.afterDecision).slice(0, 32),
          changes: all.changes.filter((each) => each.number > after.afterChange).slice(0, 64),
          reads: all.reads.filter((each) => each.number > after.afterRead).slice(0, 64),
        }
        return { value: value as unknown as Json, height: 1, timeMs: 1, fresh: true }
      },
    }
    return { client, asked }
  }
  const signer = { identity: P, keyId: 0, sign: () => new Uint8Array(64) }
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

  it.each([0, 1, 31, 32, 33, 64, 65, 200])(
    'gathers %i entries of each kind over all pages, each once',
    async (count) => {
      const all = {
        decisions: numbers(count).map((n) => decision(n, n)),
        changes: numbers(count).map((n) => change(n, n)),
        reads: numbers(count).map((n) => read(n, n)),
      }
      const { client, asked } = serve(all)
      expect(await readTrail(client as never, { patient: P, signer, reason: 'ownData' })).toEqual(all)
      expect(asked.length).toBe(Math.floor(count / 32) + 1)
    },
  )

  it('refuses an answer of another shape, naming the field', async () => {
    const client = { signedQuery: async () => ({ value: { decisions: [], changes: [], reads: [{}] } }) }
    const reading = readTrail(client as never, { patient: P, signer, reason: 'ownData' })
    await expect(reading).rejects.toThrow('audit.trail.reads.0.number: not as documented')
  })
})

describe('trailRow()', () => {
  const rowOf = (trail: Partial<Parameters<typeof mergeTrail>[0]>) =>
    mergeTrail({ decisions: [], changes: [], reads: [], ...trail }).map((entry) => trailRow(entry, founders).slice(1))

  it('says who asked for what, what came of it, and what was released', () => {
    expect(rowOf({ decisions: [released] })).toEqual([
      [
        'decision 1',
        'physician cccccccccccc, Hospital B',
        'PERMIT for treatment (TREAT) at Hospital A: a clause permits (PERMITTED)',
      ],
      ['release 1/1', 'Hospital A', '2 records to Hospital B'],
    ])
  })

  it('names the emergency of a break-glass, and an institution that asks for itself', () => {
    const { request } = decision(1, 1).terms
    const emergency = decision(1, 1, {
      request: { ...request, practitioner: null, purpose: 'BTG', breakGlass: { reason: 'unconscious' } },
      outcome: 'DENY',
      reasons: ['ROLE_PURPOSE'],
    })
    expect(rowOf({ decisions: [emergency] })).toEqual([
      [
        'decision 1',
        'Hospital B itself',
        'DENY for break-glass (BTG) [unconscious] at Hospital A: the role may not claim this purpose (ROLE_PURPOSE)',
      ],
    ])
  })

  it.each([
    [{}, 'consent given'],
    [{ version: 2 }, 'consent changed'],
    [{ status: 'revoked' }, 'consent revoked'],
    [{ status: 'voided' }, 'consent voided'],
  ] as const)('calls a change %j "%s"', (more, name) => {
    expect(rowOf({ changes: [change(1, 1, more)] })[0]?.[0]).toBe(name)
  })
})

describe('auditBundle()', () => {
  it('holds an AuditEvent for each decision, release and read of the log, in order', () => {
    const trail = { decisions: [released], changes: [change(1, 2)], reads: [read(1, 5)] }
    const bundle = auditBundle(mergeTrail(trail), { chainId: 'd'.repeat(64) as Hash, institution: A })
    expect(bundle).toMatchObject({ resourceType: 'Bundle', type: 'collection' })
    const events = (bundle.entry ?? []).map(({ resource }) => resource)
    expect(events.map((event) => [event?.resourceType, event?.type.code, event?.recorded])).toEqual([
      ['AuditEvent', '110113', '1970-01-01T00:00:03.000Z'],
      ['AuditEvent', '110106', '1970-01-01T00:00:04.000Z'],
      ['AuditEvent', 'rest', '1970-01-01T00:00:05.000Z'],
    ])
  })
})
