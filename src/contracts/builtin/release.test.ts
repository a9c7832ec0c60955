// Release under a decision: spec/consent.md, "Release".

import { describe, expect, it } from 'vitest'
import {
  Consortium,
  DAY,
  deny,
  emergency,
  HOUR,
  hospitalA,
  hospitalB,
  id,
  laboratory,
  MINUTE,
  patient,
  permit,
  physician,
  type RequestOptions,
  regulator,
  toGroup,
  toPerson,
  version,
} from './consortium.test-support.ts'

const records = [id('record 1'), id('record 2')]
const manifest = id('manifest')

function withDecision(options: RequestOptions = {}) {
  const consortium = new Consortium()
  const consent = consortium.consent('consent')
  consortium.act(hospitalA, 'access.registerRecords', {
    records: records.map((record) => ({ record, ciphertextHash: id(`ciphertext of ${record}`) })),
  })
  consortium.pass(1)
  const { decision } = consortium.request(options)
  const releasable = () => consortium.ask('access.releasable', { patient, decision })
  const release = (sender = hospitalA, wanted = records) =>
    consortium.code(sender, 'access.release', { patient, decision, records: wanted, manifest })
  return { consortium, consent, decision, releasable, release }
}

const refusedFor = (...reasons: string[]) => ({ releasable: false, reasons })

describe('a release', () => {
  it('is logged by the custodian under the decision, numbered', () => {
    const { consortium, decision, release } = withDecision()
    expect(release()).toBe('ok')
    expect(release(hospitalA, [records[1] as string])).toBe('ok')
    expect(consortium.ask('access.decision', { patient, decision })).toMatchObject({
      releases: [{ records, manifest }, { records: [records[1]] }],
    })
    expect(consortium.ask('access.findRelease', { patient, decision, number: 2 })).toMatchObject({ manifest })
  })

  it('is nobody else’s to log', () => {
    const { release } = withDecision()
    for (const sender of [hospitalB, laboratory, physician, patient]) expect(release(sender)).toBe('NOT_AUTHORIZED')
  })

  it('holds records of this custodian only', () => {
    const { consortium, release } = withDecision()
    const foreign = id('record of the laboratory')
    consortium.act(laboratory, 'access.registerRecords', { records: [{ record: foreign, ciphertextHash: id('c') }] })
    expect(release(hospitalA, [foreign])).toBe('UNKNOWN_RECORD')
    expect(release(hospitalA, [id('no record')])).toBe('UNKNOWN_RECORD')
  })

  it('holds only what was asked for', () => {
    const { release } = withDecision({ records: [records[0] as string] })
    expect(release()).toBe('UNKNOWN_RECORD')
    expect(release(hospitalA, [records[0] as string])).toBe('ok')
  })

  it('needs a decision about this patient', () => {
    const { consortium, decision } = withDecision()
    const fields = { patient: id('mother'), decision, records, manifest }
    expect(consortium.code(hospitalA, 'access.release', fields)).toBe('UNKNOWN_DECISION')
  })

  it('is one of at most 16 under a decision', () => {
    const { release } = withDecision()
    for (let i = 0; i < 16; i++) expect(release()).toBe('ok')
    expect(release()).toBe('TOO_MANY_RELEASES')
  })
})

describe('releasable', () => {
  it('until the decision expires', () => {
    const { consortium, releasable, release } = withDecision()
    consortium.pass(5 * MINUTE - 1)
    expect(releasable()).toMatchObject({ releasable: true, filtered: false, reasons: ['PERMITTED'] })
    consortium.pass(1)
    expect(releasable()).toMatchObject(refusedFor('DECISION_EXPIRED'))
    expect(release()).toBe('NOT_RELEASABLE')
  })

  it('four hours after break-glass', () => {
    const { consortium, releasable } = withDecision(emergency)
    consortium.pass(4 * HOUR - 1)
    expect(releasable()).toMatchObject({ releasable: true, reasons: ['BREAK_GLASS'] })
    consortium.pass(1)
    expect(releasable()).toMatchObject(refusedFor('DECISION_EXPIRED'))
  })

  it('never under a refusal', () => {
    const { releasable, release } = withDecision({ purpose: 'COC', role: 'nurse' })
    expect(releasable()).toMatchObject(refusedFor('ROLE_PURPOSE'))
    expect(release()).toBe('NOT_RELEASABLE')
  })

  it('not once the consent is revoked, in the same block too', () => {
    const { consortium, consent, releasable, release } = withDecision()
    consortium.act(patient, 'consent.revoke', { consent })
    expect(releasable()).toMatchObject(refusedFor('REVOKED'))
    expect(release()).toBe('NOT_RELEASABLE')
  })

  it('not once the consent has another version, even if that permits too', () => {
    const { consortium, consent, releasable } = withDecision()
    consortium.act(patient, 'consent.update', { consent, replaces: 1, ...version() })
    expect(consortium.request().outcome).toBe('PERMIT')
    expect(releasable()).toMatchObject(refusedFor('REVOKED'))
  })

  it('not once the consent has ended by itself', () => {
    const consortium = new Consortium()
    consortium.consent('consent', { clauses: [permit({ to: consortium.nowMs + MINUTE })] })
    const { decision } = consortium.request()
    consortium.pass(MINUTE)
    expect(consortium.ask('access.releasable', { patient, decision })).toMatchObject(refusedFor('EXPIRED'))
  })

  it('not once a deny came', () => {
    const { consortium, releasable } = withDecision()
    consortium.consent('no', { clauses: [deny({ recipients: [toPerson(physician)] })] })
    expect(releasable()).toMatchObject(refusedFor('DENIED'))
  })

  it('filtered once a limited deny came', () => {
    const { consortium, releasable } = withDecision()
    consortium.consent('some', { clauses: [deny({ limited: true })] })
    expect(releasable()).toMatchObject({ releasable: true, filtered: true })
  })

  it('not once the practitioner is suspended or left, or the institution is suspended', () => {
    const suspended = withDecision()
    suspended.consortium.act(hospitalB, 'registry.suspend', { identity: physician })
    expect(suspended.releasable()).toMatchObject(refusedFor('SUSPENDED'))
    const left = withDecision()
    left.consortium.act(physician, 'registry.endAffiliation', { practitioner: physician })
    expect(left.releasable()).toMatchObject({ releasable: false })
    const closed = withDecision()
    closed.consortium.act(regulator, 'registry.suspend', { identity: hospitalB })
    expect(closed.releasable()).toMatchObject(refusedFor('SUSPENDED'))
  })

  it('not once the recipient key is revoked', () => {
    const { consortium, releasable } = withDecision()
    consortium.act(physician, 'registry.revokeKey', { identity: physician, keyId: 1 })
    expect(releasable()).toMatchObject(refusedFor('KEY_NOT_REGISTERED'))
  })

  it('not once the practitioner left the group that was named', () => {
    const consortium = new Consortium()
    const group = id('ward')
    consortium.act(hospitalA, 'registry.setGroup', { group, members: [physician] })
    consortium.consent('consent', { clauses: [permit({ recipients: [toGroup(group)] })] })
    const { decision } = consortium.request()
    consortium.act(hospitalA, 'registry.setGroup', { group, members: [] })
    expect(consortium.ask('access.releasable', { patient, decision })).toMatchObject(refusedFor('NOT_COVERED'))
  })

  it('not under implicit permission once the custodian withdrew it', () => {
    const consortium = new Consortium()
    const configure = (implicitPolicy: string) =>
      consortium.act(hospitalA, 'policy.configure', { implicitPolicy, breakGlass: 'override', labelling: false })
    configure('basicNormal')
    const { decision } = consortium.request()
    expect(consortium.ask('access.releasable', { patient, decision })).toMatchObject({ releasable: true })
    configure('deny')
    expect(consortium.ask('access.releasable', { patient, decision })).toMatchObject(refusedFor('NO_CONSENT'))
  })
})

describe('records', () => {
  it('stand on the chain as custodian and ciphertext hash, once', () => {
    const { consortium } = withDecision()
    expect(consortium.ask('access.record', { record: records[0] as string })).toEqual({
      custodian: hospitalA,
      ciphertextHash: id(`ciphertext of ${records[0]}`),
    })
    const again = { records: [{ record: records[0] as string, ciphertextHash: id('other') }] }
    expect(consortium.code(laboratory, 'access.registerRecords', again)).toBe('RECORD_EXISTS')
    consortium.pass(DAY)
    const other = { records: [{ record: id('record 3'), ciphertextHash: id('other') }] }
    expect(consortium.code(physician, 'access.registerRecords', other)).toBe('NOT_AN_INSTITUTION')
  })
})
