// Who may give, change and end a consent, and what a valid one is: spec/consent.md, "Consents".

import { describe, expect, it } from 'vitest'
import {
  type ConsentOptions,
  Consortium,
  clerk,
  DAY,
  deny,
  father,
  hospitalA,
  hospitalB,
  id,
  laboratory,
  mother,
  patient,
  permit,
  physician,
  privacyOfficer,
  registration,
  regulator,
  stranger,
  toGroup,
  toInstitution,
  toPerson,
  toPersonAt,
  version,
} from './consortium.test-support.ts'

const register = (consortium: Consortium, { sender = patient, ...rest }: Partial<ConsentOptions> = {}) =>
  consortium.code(sender, 'consent.register', registration('consent', rest))

const attested = { sender: hospitalA, recorder: clerk }

const delegation = (consortium: Consortium, options: { sender?: string; rights?: string[]; to?: number } = {}) =>
  consortium.act(options.sender ?? patient, 'registry.delegate', {
    delegation: id('delegation'),
    patient,
    delegate: mother,
    capacity: 'healthcareAttorney',
    rights: options.rights ?? ['consent'],
    from: consortium.nowMs,
    to: options.to ?? null,
  })

describe('giving a consent', () => {
  it('the patient may', () => expect(register(new Consortium())).toBe('ok'))

  it('nobody else may, member or not', () => {
    const consortium = new Consortium()
    for (const sender of [hospitalB, laboratory, regulator, physician, clerk, mother]) {
      expect(register(consortium, { sender })).toBe('NOT_AUTHORIZED')
    }
    expect(register(consortium, { sender: stranger })).toBe('SUSPENDED')
    expect(consortium.ask('consent.ofPatient', { patient, after: null })).toEqual([])
  })

  it('a custodian may for itself, attesting, and the event says so', () => {
    const consortium = new Consortium()
    const attempt = consortium.attempt(hospitalA, 'consent.register', registration('consent', { recorder: clerk }))
    expect(attempt).toMatchObject({ status: 'ok', events: [{ name: 'Registered', fields: { attested: true } }] })
    const stored = consortium.ask('consent.find', { patient, consent: id('consent') })
    expect(stored).toMatchObject({ terms: { attested: true, recorder: clerk, document: id('document') } })
  })

  it('a custodian may not for another custodian', () => {
    const consortium = new Consortium()
    consortium.act(hospitalB, 'registry.knowPatient', { patient })
    expect(register(consortium, { sender: hospitalB, recorder: hospitalB })).toBe('NOT_AUTHORIZED')
    expect(register(consortium, { sender: hospitalB, recorder: hospitalB, custodian: hospitalB })).toBe('ok')
  })

  it('a custodian may not for a patient it does not know', () => {
    expect(register(new Consortium(), { sender: hospitalB, custodian: hospitalB, recorder: hospitalB })).toBe(
      'UNKNOWN_PATIENT',
    )
  })

  it('a custodian that attests names itself or one of its own as recorder', () => {
    const consortium = new Consortium()
    expect(register(consortium, { sender: hospitalA })).toBe('RECORDER_REQUIRED')
    expect(register(consortium, { sender: hospitalA, recorder: physician })).toBe('RECORDER_REQUIRED')
    expect(register(consortium, attested)).toBe('ok')
  })

  it('a suspended institution may not', () => {
    const consortium = new Consortium()
    consortium.act(regulator, 'registry.suspend', { identity: hospitalA })
    expect(register(consortium, attested)).toBe('SUSPENDED')
    expect(register(consortium)).toBe('NOT_AN_INSTITUTION')
  })

  it('a delegate may under a delegation that is in force and has the right', () => {
    const consortium = new Consortium()
    delegation(consortium, { to: consortium.nowMs + DAY })
    const byMother = { sender: mother, delegation: id('delegation') }
    expect(register(consortium, byMother)).toBe('ok')
    expect(register(consortium, { ...byMother, sender: father })).toBe('NOT_AUTHORIZED')
    consortium.pass(DAY)
    expect(register(consortium, byMother)).toBe('DELEGATION_INACTIVE')
  })

  it('a delegate may not with the right to read alone, for another patient, or without naming the delegation', () => {
    const consortium = new Consortium()
    delegation(consortium, { rights: ['read'] })
    const byMother = { sender: mother, delegation: id('delegation') }
    expect(register(consortium, byMother)).toBe('DELEGATION_INACTIVE')
    expect(register(consortium, { ...byMother, patient: father })).toBe('DELEGATION_INACTIVE')
    expect(register(consortium, { sender: mother })).toBe('NOT_AUTHORIZED')
  })

  it('a delegation that a custodian attested counts at that custodian only', () => {
    const consortium = new Consortium()
    delegation(consortium, { sender: hospitalA })
    const byMother = { sender: mother, delegation: id('delegation') }
    expect(register(consortium, { ...byMother, custodian: hospitalB })).toBe('DELEGATION_INACTIVE')
    expect(register(consortium, byMother)).toBe('ok')
  })

  it('a custodian attests what a delegate signed on paper', () => {
    const consortium = new Consortium()
    delegation(consortium, { sender: hospitalA })
    expect(register(consortium, { ...attested, delegation: id('delegation') })).toBe('ok')
  })
})

describe('a valid consent', () => {
  const refusal = (...clauses: ConsentOptions['clauses'][number][]) => register(new Consortium(), { clauses })

  it('has a root', () => expect(refusal()).toBe('NO_ROOT_CLAUSE'))

  it('names purposes of the vocabulary only, in their own spelling', () => {
    for (const purpose of ['treat', 'v3-ActReason|TREAT', 'PurposeOfUse', 'HIV', 'CLINTRCHNPC']) {
      expect(refusal(permit({ purposes: [purpose] }))).toBe('UNKNOWN_CODE')
    }
  })

  it('names registered recipients of the right kind', () => {
    const to = (...recipients: ReturnType<typeof toPerson>[]) => refusal(permit({ recipients }))
    expect(to(toPerson(stranger))).toBe('UNKNOWN_RECIPIENT')
    expect(to(toPerson(hospitalB))).toBe('UNKNOWN_RECIPIENT')
    expect(to(toPerson(mother))).toBe('UNKNOWN_RECIPIENT')
    expect(to(toInstitution(physician))).toBe('UNKNOWN_RECIPIENT')
    expect(to(toGroup(hospitalB))).toBe('UNKNOWN_RECIPIENT')
    expect(to(toPersonAt(physician, stranger))).toBe('UNKNOWN_RECIPIENT')
    expect(to({ kind: 'personAt', id: physician, at: null })).toBe('INVALID_RECIPIENT')
    expect(to({ kind: 'institution', id: hospitalB, at: hospitalB })).toBe('INVALID_RECIPIENT')
    expect(to(toPerson(physician), toInstitution(regulator), toPersonAt(physician, hospitalB))).toBe('ok')
  })

  it('has periods that end after they start', () => {
    expect(refusal(permit({ from: 2, to: 2 }))).toBe('INVALID_PERIOD')
    expect(refusal(permit(), deny({ from: 3, to: 2 }))).toBe('INVALID_PERIOD')
    expect(refusal(permit({ from: 2, to: 3 }))).toBe('ok')
  })

  it('carries a commitment to its data limits exactly when a clause is limited', () => {
    const consortium = new Consortium()
    const fields = registration('consent', { clauses: [permit(), deny({ limited: true })] })
    expect(consortium.code(patient, 'consent.register', { ...fields, limits: null })).toBe('LIMITS_MISSING')
    expect(consortium.code(patient, 'consent.register', fields)).toBe('ok')
    const plain = registration('another')
    expect(consortium.code(patient, 'consent.register', { ...plain, limits: id('limits') })).toBe('LIMITS_UNEXPECTED')
  })

  it('has at most 16 exceptions, 32 recipients and 16 purposes a clause', () => {
    const purposes = ['TREAT', 'COC', 'ETREAT', 'HPAYMT', 'HOPERAT', 'HRESCH', 'PUBHLTH', 'PATRQT', 'HMARKT']
    expect(refusal(...Array.from({ length: 17 }, () => permit()))).toBe('ok')
    expect(() => refusal(...Array.from({ length: 18 }, () => permit()))).toThrow(/clauses/)
    expect(() => refusal(permit({ recipients: Array.from({ length: 33 }, () => toPerson(physician)) }))).toThrow(
      /clauses/,
    )
    expect(() => refusal(permit({ purposes: [...purposes, ...purposes] }))).toThrow(/clauses/)
  })

  it('is one of at most 64 active ones of this patient at this custodian', () => {
    const consortium = new Consortium()
    for (let i = 0; i < 64; i++) consortium.consent(`consent ${i}`)
    expect(consortium.code(patient, 'consent.register', registration('consent 64'))).toBe('TOO_MANY_CONSENTS')
    expect(consortium.code(patient, 'consent.register', registration('64', { custodian: hospitalB }))).toBe('ok')
    expect(consortium.request().outcome).toBe('PERMIT')
    consortium.act(patient, 'consent.revoke', { consent: id('consent 7') })
    expect(consortium.code(patient, 'consent.register', registration('consent 64'))).toBe('ok')
  })

  it('has an id of its own', () => {
    const consortium = new Consortium()
    consortium.consent('consent')
    expect(register(consortium)).toBe('CONSENT_EXISTS')
    consortium.act(patient, 'consent.revoke', { consent: id('consent') })
    expect(register(consortium)).toBe('CONSENT_EXISTS')
  })
})

describe('changing a consent', () => {
  const update = (consortium: Consortium, sender: string, replaces: number, options: Partial<ConsentOptions> = {}) =>
    consortium.code(sender, 'consent.update', { consent: id('consent'), replaces, ...version(options) })

  it('names the version it replaces', () => {
    const consortium = new Consortium()
    consortium.consent('consent')
    expect(update(consortium, patient, 1)).toBe('ok')
    expect(update(consortium, patient, 1)).toBe('VERSION_CONFLICT')
    expect(update(consortium, patient, 3)).toBe('VERSION_CONFLICT')
    expect(update(consortium, patient, 2)).toBe('ok')
    expect(update(new Consortium(), patient, 1)).toBe('UNKNOWN_CONSENT')
  })

  it('keeps every earlier version', () => {
    const consortium = new Consortium()
    consortium.consent('consent')
    update(consortium, patient, 1, { clauses: [permit({ purposes: ['HPAYMT'] })] })
    const find = (number: number) =>
      consortium.ask('consent.findVersion', { patient, consent: id('consent'), version: number })
    expect(find(1)).toMatchObject({ status: 'active', terms: { version: 1, clauses: [{ purposes: ['TREAT'] }] } })
    expect(find(2)).toMatchObject({ status: 'active', terms: { version: 2, clauses: [{ purposes: ['HPAYMT'] }] } })
    expect(find(3)).toBe(null)
  })

  it('a custodian changes what it attested, never what the patient signed', () => {
    const consortium = new Consortium()
    consortium.consent('consent', { clauses: [permit({ recipients: [toInstitution(hospitalB)] })] })
    expect(update(consortium, hospitalA, 1, { recorder: clerk })).toBe('NOT_AUTHORIZED')
    const other = new Consortium()
    other.consent('consent', attested)
    expect(update(other, hospitalA, 1, { recorder: clerk })).toBe('ok')
    expect(update(other, patient, 2)).toBe('ok')
    expect(update(other, hospitalA, 3, { recorder: clerk })).toBe('NOT_AUTHORIZED')
  })

  it('is for nobody else', () => {
    const consortium = new Consortium()
    consortium.consent('consent')
    for (const sender of [hospitalB, physician, privacyOfficer, regulator, mother]) {
      expect(update(consortium, sender, 1, { recorder: sender })).toBe('NOT_AUTHORIZED')
    }
  })

  it('is over once the consent has ended', () => {
    const consortium = new Consortium()
    consortium.act(patient, 'consent.revoke', { consent: consortium.consent('consent') })
    expect(update(consortium, patient, 1)).toBe('CONSENT_ENDED')
  })

  it('a delegate does not change what another delegate gave', () => {
    const consortium = new Consortium()
    delegation(consortium)
    consortium.consent('consent', { sender: mother, delegation: id('delegation'), clauses: [deny()] })
    consortium.act(patient, 'registry.delegate', {
      delegation: id('father’s'),
      patient,
      delegate: father,
      capacity: 'parent',
      rights: ['consent'],
      from: consortium.nowMs,
      to: null,
    })
    expect(update(consortium, father, 1, { delegation: id('father’s') })).toBe('NOT_AUTHORIZED')
    expect(consortium.code(father, 'consent.void', { consent: id('consent') })).toBe('NOT_AUTHORIZED')
    expect(update(consortium, mother, 1, { delegation: id('delegation') })).toBe('ok')
    expect(update(consortium, patient, 2)).toBe('ok')
  })
})

describe('ending a consent', () => {
  const revoke = (consortium: Consortium, sender: string) =>
    consortium.code(sender, 'consent.revoke', { consent: id('consent') })
  const voiding = (consortium: Consortium, sender: string) =>
    consortium.code(sender, 'consent.void', { consent: id('consent') })

  it('the patient may end any, also what a custodian attested', () => {
    const consortium = new Consortium()
    consortium.consent('consent', { ...attested, clauses: [permit(), deny({ recipients: [toPerson(physician)] })] })
    expect(revoke(consortium, patient)).toBe('ok')
    expect(revoke(consortium, patient)).toBe('CONSENT_ENDED')
    expect(voiding(consortium, patient)).toBe('ok')
    expect(voiding(consortium, patient)).toBe('CONSENT_ENDED')
  })

  it('the custodian may end a permit that the patient signed', () => {
    const consortium = new Consortium()
    consortium.consent('consent')
    expect(revoke(consortium, hospitalA)).toBe('ok')
  })

  it('the custodian never widens what the patient signed: not by lifting a deny, not by voiding', () => {
    const consortium = new Consortium()
    consortium.consent('consent', { clauses: [permit(), deny({ recipients: [toPerson(physician)] })] })
    expect(revoke(consortium, hospitalA)).toBe('WIDENS')
    expect(voiding(consortium, hospitalA)).toBe('WIDENS')
    const other = new Consortium()
    other.consent('consent')
    expect(voiding(other, hospitalA)).toBe('WIDENS')
  })

  it('the custodian may end and void what it attested', () => {
    const consortium = new Consortium()
    consortium.consent('consent', { ...attested, clauses: [deny()] })
    expect(revoke(consortium, hospitalA)).toBe('ok')
    expect(voiding(consortium, hospitalA)).toBe('ok')
  })

  it('nobody else may', () => {
    const consortium = new Consortium()
    consortium.consent('consent')
    for (const sender of [hospitalB, physician, regulator, mother]) {
      expect(revoke(consortium, sender)).toBe('NOT_AUTHORIZED')
      expect(voiding(consortium, sender)).toBe('NOT_AUTHORIZED')
    }
    expect(revoke(new Consortium(), patient)).toBe('UNKNOWN_CONSENT')
  })

  it('a decision that used a consent voided afterwards is flagged', () => {
    const consortium = new Consortium()
    consortium.consent('consent')
    const { decision } = consortium.request()
    const flag = () => consortium.ask('access.decision', { patient, decision })
    revoke(consortium, patient)
    expect(flag()).toMatchObject({ flagged: false })
    voiding(consortium, patient)
    expect(flag()).toMatchObject({ flagged: true })
  })

  it('every change is in the patient’s history, in order, with who made it', () => {
    const consortium = new Consortium()
    consortium.consent('consent', attested)
    consortium.pass(DAY)
    revoke(consortium, patient)
    const change = { consent: id('consent'), version: 1 }
    expect(consortium.ask('consent.changes', { patient, after: 0 })).toMatchObject([
      { ...change, number: 1, status: 'active', by: hospitalA, height: 1 },
      { ...change, number: 2, status: 'revoked', by: patient, height: 2, at: consortium.nowMs },
    ])
    expect(consortium.ask('consent.changes', { patient, after: 2 })).toEqual([])
  })
})

describe('two ids of one person', () => {
  it('linking gives neither id authority over the other’s consents', () => {
    const consortium = new Consortium()
    const other = id('other id')
    consortium.person(hospitalA, other)
    consortium.act(hospitalA, 'registry.linkPatients', { first: patient, second: other })
    consortium.consent('consent')
    expect(consortium.code(other, 'consent.revoke', { consent: id('consent') })).toBe('NOT_AUTHORIZED')
  })
})
