// Every kind of AuditEvent that is made here is valid against the definitions of FHIR R4, and the check can fail.

import type { AuditEvent } from '@medplum/fhirtypes'
import { beforeAll, describe, expect, test } from 'vitest'
import { FhirR4 } from '../../test/support/fhir-r4.ts'
import type { Hash, IdentityId } from '../types/brand.ts'
import { logReadAuditEvent, releaseAuditEvent } from './audit-disclosure.ts'
import { type DecisionEntry, decisionAuditEvent } from './audit-event.ts'

let r4: FhirR4
beforeAll(() => {
  r4 = new FhirR4()
})

const id = (digit: string): IdentityId => digit.repeat(64) as IdentityId
const CUSTODIAN = id('b')
const REQUESTER = id('c')
const AT = Date.UTC(2026, 2, 1, 12, 30, 15)
const author = { chainId: 'f'.repeat(64) as Hash, institution: CUSTODIAN }

const OUTCOMES = ['DENY', 'PERMIT', 'PERMIT_FILTERED', 'PERMIT_BTG'] as const
const REQUESTS = {
  'by a person': { practitioner: id('d') as IdentityId | null, breakGlass: null },
  'by an institution': { practitioner: null, breakGlass: null },
  'in an emergency': { practitioner: id('d'), purpose: 'BTG', breakGlass: { reason: 'unconscious' } },
} as const
const CONSENTS = { 'without consents': [], 'with consents': [{ consent: id('8'), version: 2 }] } as const

function entry(request: object, terms: Partial<DecisionEntry['terms']> = {}): DecisionEntry {
  return {
    decision: 17,
    terms: {
      request: {
        ...{ patient: id('1'), custodian: CUSTODIAN, practitioner: id('d'), role: 'physician' },
        ...{ institution: REQUESTER, purpose: 'TREAT', breakGlass: null },
        ...request,
      },
      submitter: REQUESTER,
      outcome: 'PERMIT',
      reasons: ['PERMITTED'],
      clauses: [],
      versions: { algorithm: 1 },
      height: 42,
      at: AT,
      ...terms,
    },
  }
}

const release = { number: 1, records: [id('4'), id('5')], at: AT, height: 43 }
const read = { reader: id('6'), subject: id('1'), via: REQUESTER as IdentityId | null, at: AT, height: 50 }

const KINDS: readonly (readonly [string, () => AuditEvent])[] = [
  ...OUTCOMES.flatMap((outcome) =>
    Object.entries(REQUESTS).flatMap(([who, request]) =>
      Object.entries(CONSENTS).flatMap(([by, clauses]) =>
        [null, '192.0.2.7'].map((clientAddress) => {
          const reasons = outcome === 'DENY' ? ['REVOKED', 'EXPIRED'] : []
          const decided = entry(request, { outcome, clauses, reasons })
          const name = `decision ${outcome} ${who} ${by}, address ${clientAddress}`
          return [name, () => decisionAuditEvent(decided, { author, clientAddress })] as const
        }),
      ),
    ),
  ),
  ...[CUSTODIAN, REQUESTER].flatMap((institution) =>
    [REQUESTER, CUSTODIAN].flatMap((requester) =>
      [null, '10.0.0.1'].map((address) => {
        const ends = { custodianAddress: address, recipientAddress: address }
        const disclosure = {
          entry: entry({ institution: requester }),
          release,
          ends,
          author: { ...author, institution },
        }
        const side = institution === CUSTODIAN ? 'custodian' : 'recipient'
        const name = `release ${requester === CUSTODIAN ? 'inside' : 'between'} told by the ${side}, address ${address}`
        return [name, () => releaseAuditEvent(disclosure)] as const
      }),
    ),
  ),
  ...(['patient', 'institution'] as const).flatMap((subjectKind) =>
    [REQUESTER, null].map((via) => {
      const context = { author, subjectKind, readerAddress: null }
      const logRead = { number: 3, read: { ...read, via } }
      return [
        `log read about a ${subjectKind}, ${via === null ? 'own' : 'via'}`,
        () => logReadAuditEvent(logRead, context),
      ] as const
    }),
  ),
]

test('60 kinds of AuditEvent are made here', () => {
  expect(KINDS).toHaveLength(60)
})

test.each(KINDS)('%s is valid', (_, event) => {
  expect(r4.faults(event())).toEqual([])
})

describe('the check', () => {
  const [, valid] = KINDS.at(5) as (typeof KINDS)[number]
  const without = (name: string): object => {
    const { [name]: _, ...rest } = valid() as unknown as { [name: string]: unknown }
    return rest
  }
  const changed = (change: object): object => ({ ...valid(), ...change })
  const agent = () => (valid().agent ?? [])[0] as object

  test.each<[string, string, () => object]>([
    ['no type', 'AuditEvent.type: missing', () => without('type')],
    ['no time', 'AuditEvent.recorded: missing', () => without('recorded')],
    ['nobody who acts', 'AuditEvent.agent: missing', () => without('agent')],
    ['an empty list', 'AuditEvent.agent: empty (ele-1)', () => changed({ agent: [] })],
    ['no source', 'AuditEvent.source: missing', () => without('source')],
    ['a source without an observer', 'AuditEvent.source.observer: missing', () => changed({ source: { site: 'x' } })],
    ['no requestor', 'AuditEvent.agent[0].requestor: missing', () => changed({ agent: [{ name: 'x' }] })],
    ['an unknown action', 'AuditEvent.action: not a code of its value set', () => changed({ action: 'X' })],
    ['an unknown outcome', 'AuditEvent.outcome: not a code of its value set', () => changed({ outcome: '1' })],
    [
      'a day for an instant',
      'AuditEvent.recorded: not of the form of instant',
      () => changed({ recorded: '2026-03-01' }),
    ],
    ['a number for a text', 'AuditEvent.outcomeDesc: not a string', () => changed({ outcomeDesc: 1 })],
    ['one where there are many', 'AuditEvent.subtype: not a list', () => changed({ subtype: { code: 'x' } })],
    ['many where there is one', 'AuditEvent.type: a list', () => changed({ type: [] })],
    ['an element of another version', 'AuditEvent.category: unknown', () => changed({ category: [] })],
    [
      'an unknown network',
      'AuditEvent.agent[0].network.type: not a code of its value set',
      () => changed({ agent: [{ ...agent(), network: { address: 'x', type: '9' } }] }),
    ],
    [
      'a reference to nowhere',
      'AuditEvent.agent[0].who: refers to nothing',
      () => changed({ agent: [{ ...agent(), who: { id: 'x' } }] }),
    ],
    [
      'a reference that may not be',
      'AuditEvent.agent[0].who.type: may not lead there',
      () => changed({ agent: [{ ...agent(), who: { type: 'Observation' } }] }),
    ],
    [
      'an extension without a value',
      'AuditEvent.extension[0]: a value or extensions, not both (ext-1)',
      () => changed({ extension: [{ url: 'urn:x' }] }),
    ],
    [
      'a detail of two values',
      'AuditEvent.entity[0].detail[0].value[x]: several',
      () => changed({ entity: [{ detail: [{ type: 'x', valueString: 'x', valueBase64Binary: 'eA==' }] }] }),
    ],
    ['something else', 'resourceType: not one of R4', () => changed({ resourceType: 'Coding' })],
  ])('finds %s', (_, fault, event) => {
    expect(r4.faults(event())).toContain(fault)
  })
})
