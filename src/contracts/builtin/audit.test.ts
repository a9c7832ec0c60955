// Who may read the log about whom, and that reading is logged: spec/privacy.md, "Who learns what, how".

import { describe, expect, it } from 'vitest'
import {
  Consortium,
  clerk,
  DAY,
  emergency,
  father,
  hospitalA,
  hospitalB,
  id,
  laboratory,
  MINUTE,
  mother,
  patient,
  permit,
  physician,
  privacyOfficer,
  type RequestOptions,
  regulator,
  researcher,
  stranger,
} from './consortium.test-support.ts'
import { BUILT_IN_NAMES } from './names.ts'

const mayRead = (consortium: Consortium, reader: string, subject: string | null) =>
  consortium.ask('audit.mayRead', { reader, subject })

const read = (reader: string, subject: string | null, nonce = 'nonce') => ({
  reader,
  subject,
  reason: 'ownData',
  from: null,
  to: null,
  nonce: id(nonce),
})

describe('about a patient', () => {
  it('the patient and the regulator may read, nobody else', () => {
    const consortium = new Consortium()
    expect(mayRead(consortium, patient, patient)).toBe(true)
    expect(mayRead(consortium, regulator, patient)).toBe(true)
    for (const reader of [mother, hospitalA, hospitalB, privacyOfficer, physician, clerk, stranger]) {
      expect(mayRead(consortium, reader, patient)).toBe(false)
    }
  })

  it('a delegate with the right to read may, while the delegation is in force', () => {
    const consortium = new Consortium()
    const delegate = (to: string, right: string) =>
      consortium.act(patient, 'registry.delegate', {
        delegation: id(`delegation to ${to}`),
        patient,
        delegate: to,
        capacity: 'healthcareAttorney',
        rights: [right],
        from: consortium.nowMs,
        to: consortium.nowMs + DAY,
      })
    delegate(mother, 'read')
    delegate(father, 'consent')
    expect(mayRead(consortium, mother, patient)).toBe(true)
    expect(mayRead(consortium, father, patient)).toBe(false)
    consortium.pass(DAY)
    expect(mayRead(consortium, mother, patient)).toBe(false)
  })

  it('the same person may under a linked id', () => {
    const consortium = new Consortium()
    consortium.person(hospitalA, id('other id'))
    expect(mayRead(consortium, id('other id'), patient)).toBe(false)
    consortium.act(hospitalA, 'registry.linkPatients', { first: patient, second: id('other id') })
    expect(mayRead(consortium, id('other id'), patient)).toBe(true)
  })
})

describe('about an institution’s own decisions', () => {
  it('the institution, its privacy officer and the regulator may', () => {
    const consortium = new Consortium()
    for (const reader of [hospitalA, privacyOfficer, regulator])
      expect(mayRead(consortium, reader, hospitalA)).toBe(true)
    for (const reader of [hospitalB, clerk, patient]) expect(mayRead(consortium, reader, hospitalA)).toBe(false)
    expect(mayRead(consortium, privacyOfficer, hospitalB)).toBe(false)
  })

  it('not while suspended', () => {
    const consortium = new Consortium()
    consortium.act(hospitalA, 'registry.suspend', { identity: privacyOfficer })
    expect(mayRead(consortium, privacyOfficer, hospitalA)).toBe(false)
  })

  it('lists decisions in which it was custodian or requester, and no others', () => {
    const consortium = new Consortium()
    consortium.request()
    consortium.request({ custodian: laboratory })
    const listed = (institution: string) =>
      (consortium.ask('access.decisionsAt', { institution, after: 0 }) as { decision: number }[]).map((e) => e.decision)
    expect(listed(hospitalA)).toEqual([1])
    expect(listed(hospitalB)).toEqual([1, 2])
    expect(listed(laboratory)).toEqual([2])
    expect(listed(regulator)).toEqual([])
  })
})

describe('the whole log', () => {
  it('is for members', () => {
    const consortium = new Consortium()
    for (const reader of [hospitalA, laboratory, regulator]) expect(mayRead(consortium, reader, null)).toBe(true)
    for (const reader of [patient, privacyOfficer, stranger]) expect(mayRead(consortium, reader, null)).toBe(false)
    consortium.act(hospitalA, 'audit.read', read(hospitalA, null))
    expect(consortium.ask('audit.readsOf', { subject: hospitalA, after: 0 })).toMatchObject([{ subject: null }])
  })
})

describe('a read', () => {
  it('is logged with reader, reason and the member whose node checked the signature', () => {
    const consortium = new Consortium()
    expect(consortium.act(hospitalB, 'audit.read', { ...read(regulator, patient), reason: 'oversight' })).toBe(1)
    expect(consortium.act(patient, 'audit.read', read(patient, patient))).toBe(2)
    expect(consortium.ask('audit.readsOf', { subject: patient, after: 0 })).toMatchObject([
      { number: 1, reader: regulator, via: hospitalB, reason: 'oversight', at: consortium.nowMs },
      { number: 2, reader: patient, via: null, reason: 'ownData' },
    ])
  })

  it('is refused to who may not read, and to who sends it for somebody else without being a member', () => {
    const consortium = new Consortium()
    expect(consortium.code(hospitalA, 'audit.read', read(hospitalA, patient))).toBe('NOT_ENTITLED')
    expect(consortium.code(hospitalA, 'audit.read', read(physician, patient))).toBe('NOT_ENTITLED')
    expect(consortium.code(mother, 'audit.read', read(patient, patient))).toBe('NOT_AUTHORIZED')
    expect(consortium.ask('audit.readsOf', { subject: patient, after: 0 })).toEqual([])
  })

  it('counts once, at whichever node', () => {
    const consortium = new Consortium()
    consortium.act(hospitalA, 'audit.read', read(patient, patient))
    expect(consortium.code(hospitalB, 'audit.read', read(patient, patient))).toBe('NONCE_USED')
    expect(consortium.code(hospitalB, 'audit.read', read(patient, patient, 'another'))).toBe('ok')
  })
})

describe('the trail', () => {
  it('tells who saw the record, when, why, under which consent, what became of it, and who read this', () => {
    const consortium = new Consortium()
    const consent = consortium.consent('consent')
    const record = id('record')
    consortium.act(hospitalA, 'access.registerRecords', { records: [{ record, ciphertextHash: id('ciphertext') }] })
    consortium.pass(MINUTE)
    const { decision } = consortium.request()
    consortium.pass(MINUTE)
    const release = { patient, decision, records: [record], manifest: id('manifest') }
    consortium.act(hospitalA, 'access.release', release)
    consortium.act(patient, 'consent.revoke', { consent })
    consortium.request()
    consortium.act(hospitalA, 'audit.read', read(patient, patient))
    const start = { patient, afterDecision: 0, afterChange: 0, afterRead: 0 }
    expect(consortium.ask('audit.trail', start)).toMatchObject({
      decisions: [
        {
          decision: 1,
          terms: {
            at: consortium.nowMs - MINUTE,
            height: 2,
            outcome: 'PERMIT',
            request: { practitioner: physician, institution: hospitalB, custodian: hospitalA, purpose: 'TREAT' },
            clauses: [{ consent, version: 1 }],
          },
          releases: [{ records: [record], at: consortium.nowMs, height: 3 }],
        },
        { decision: 2, terms: { outcome: 'DENY', reasons: ['REVOKED'] }, releases: [] },
      ],
      changes: [
        { consent, status: 'active' },
        { consent, status: 'revoked' },
      ],
      reads: [{ reader: patient }],
    })
  })

  it('comes in pages, and nothing is lost between them', () => {
    const consortium = new Consortium()
    for (let i = 0; i < 70; i++) consortium.request()
    const page = (after: number) =>
      (consortium.ask('access.decisionsOf', { patient, after }) as { decision: number }[]).map((e) => e.decision)
    expect(page(0)).toHaveLength(32)
    expect([...page(0), ...page(32), ...page(64)]).toEqual(Array.from({ length: 70 }, (_, i) => i + 1))
    expect(page(70)).toEqual([])
  })
})

describe('every view that touches a patient', () => {
  it('says whom it reveals', () => {
    const consortium = new Consortium()
    const open = BUILT_IN_NAMES.flatMap((contract) =>
      consortium
        .abi(contract)
        .entries.filter(({ kind, reveals }) => kind === 'view' && reveals === null)
        .filter(({ parameters }) => parameters.some(({ name }) => name === 'patient' || name === 'subject'))
        .map(({ name }) => `${contract}.${name}`),
    )
    // Whether somebody is entitled says nothing about the patient: the node asks it before there is a signed read.
    expect(open).toEqual(['audit.mayRead'])
  })
})

describe('the accounting of disclosures (45 CFR 164.528)', () => {
  const RESEARCH = { practitioner: researcher, sender: researcher, role: 'researcher' }

  /** Hospital A permits by default what roles may claim; the decision is released at once. */
  function disclose(consortium: Consortium, options: RequestOptions): number {
    const record = id(`record ${consortium.nowMs}`)
    consortium.pass(MINUTE)
    consortium.act(options.custodian ?? hospitalA, 'access.registerRecords', {
      records: [{ record, ciphertextHash: id('ciphertext') }],
    })
    const { decision, outcome } = consortium.request(options)
    expect(outcome).toMatch(/^PERMIT/)
    const release = { patient, decision, records: [record], manifest: id('manifest') }
    consortium.act(options.custodian ?? hospitalA, 'access.release', release)
    return decision
  }
  const open = (): Consortium => {
    const consortium = new Consortium()
    for (const custodian of [hospitalA, hospitalB]) {
      consortium.act(custodian, 'policy.configure', {
        implicitPolicy: 'allNormal',
        breakGlass: 'override',
        labelling: false,
      })
    }
    return consortium
  }
  const numbers = (consortium: Consortium, custodian = hospitalA): number[] => {
    const asked = { patient, custodian, after: 0 }
    const [mine, its] = (['accounting', 'accountingAt'] as const).map((view) =>
      (consortium.ask(`audit.${view}`, asked) as { disclosures: { decision: number }[] }).disclosures.map(
        ({ decision }) => decision,
      ),
    )
    expect(mine).toEqual(its)
    return mine ?? []
  }

  it('keeps research under waiver, public health and other purposes that nobody consented to', () => {
    const consortium = open()
    const kept = [
      disclose(consortium, { ...RESEARCH, purpose: 'HRESCH' }),
      disclose(consortium, { practitioner: null, sender: regulator, institution: regulator, purpose: 'PUBHLTH' }),
    ]
    expect(numbers(consortium)).toEqual(kept)
  })

  it('leaves out treatment, break-glass, payment, operations, what the patient asked for, and refusals', () => {
    const consortium = open()
    disclose(consortium, { purpose: 'TREAT' })
    disclose(consortium, { purpose: 'ETREAT' })
    disclose(consortium, emergency)
    const itself = { practitioner: null, sender: hospitalB }
    for (const purpose of ['HPAYMT', 'HOPERAT', 'PATRQT']) disclose(consortium, { ...itself, purpose })
    consortium.request({ ...RESEARCH, purpose: 'HPAYMT' })
    expect(numbers(consortium)).toEqual([])
  })

  it('leaves out what a consent of the patient authorizes', () => {
    const consortium = open()
    consortium.consent('consent', { clauses: [permit({ purposes: ['HRESCH'] })] })
    disclose(consortium, { ...RESEARCH, purpose: 'HRESCH' })
    expect(numbers(consortium)).toEqual([])
  })

  it('is of one custodian, of what left it, and of what was released', () => {
    const consortium = open()
    disclose(consortium, { ...RESEARCH, purpose: 'HRESCH', custodian: hospitalB })
    consortium.request({ ...RESEARCH, purpose: 'HRESCH' })
    expect(numbers(consortium)).toEqual([])
    expect(numbers(consortium, hospitalB)).toEqual([])
  })

  it('covers six years', () => {
    const consortium = open()
    const decision = disclose(consortium, { ...RESEARCH, purpose: 'HRESCH' })
    consortium.pass(2191 * DAY)
    expect(numbers(consortium)).toEqual([decision])
    consortium.pass(2 * DAY)
    expect(numbers(consortium)).toEqual([])
  })

  it('keeps silent for a time about an oversight agency that says why, and about nobody else', () => {
    const consortium = open()
    const research = disclose(consortium, { ...RESEARCH, purpose: 'HRESCH' })
    const oversight = { practitioner: null, sender: regulator, institution: regulator, purpose: 'PUBHLTH' }
    const told = disclose(consortium, oversight)
    const suspension = { patient, until: consortium.nowMs + 30 * DAY, statement: id('statement') }
    for (const other of [hospitalA, hospitalB, patient, researcher]) {
      expect(consortium.code(other, 'audit.suspendAccounting', suspension)).toBe('NOT_AUTHORIZED')
    }
    const suspend = (change: object) =>
      consortium.code(regulator, 'audit.suspendAccounting', { ...suspension, ...change })
    expect(suspend({ until: consortium.nowMs })).toBe('INVALID_PERIOD')
    expect(suspend({ until: consortium.nowMs + 367 * DAY })).toBe('INVALID_PERIOD')
    expect(suspend({ patient: stranger })).toBe('UNKNOWN_PATIENT')
    expect(suspend({})).toBe('ok')
    expect(numbers(consortium)).toEqual([research])
    consortium.pass(30 * DAY)
    expect(numbers(consortium)).toEqual([research, told])
  })

  it('comes in pages', () => {
    const consortium = open()
    for (let i = 0; i < 40; i++) consortium.request()
    const decision = disclose(consortium, { ...RESEARCH, purpose: 'HRESCH' })
    const page = (after: number) => consortium.ask('audit.accounting', { patient, custodian: hospitalA, after })
    expect(page(0)).toEqual({ disclosures: [], last: 32 })
    expect(page(32)).toMatchObject({ disclosures: [{ decision }], last: 41 })
    expect(page(41)).toEqual({ disclosures: [], last: null })
  })
})
