// Identities, keys, groups, delegations, links: spec/contracts.md, "registry".

import { describe, expect, it } from 'vitest'
import {
  Consortium,
  clerk,
  DAY,
  encryptionKeyOf,
  father,
  hospitalA,
  hospitalB,
  id,
  laboratory,
  mother,
  nurse,
  patient,
  physician,
  privacyOfficer,
  regulator,
  signingKeyOf,
  stranger,
} from './consortium.test-support.ts'

describe('institutions', () => {
  it('are founded in block 0 only', () => {
    const fields = {
      institution: stranger,
      kind: 'hospital',
      name: 'Hospital C',
      signing: id('1'),
      encryption: id('2'),
      transport: id('3'),
    }
    expect(new Consortium().code(hospitalA, 'registry.found', fields)).toBe('GENESIS_ONLY')
    expect(new Consortium().code(hospitalA, 'policy.establish')).toBe('GENESIS_ONLY')
  })

  it('all have a transport key that the gate lets in, until it is revoked', () => {
    const consortium = new Consortium()
    const admitted = () =>
      (consortium.ask('registry.transportKeys', { after: null }) as { identity: string }[]).map(
        ({ identity }) => identity,
      )
    expect(admitted().sort()).toEqual([hospitalA, hospitalB, laboratory, regulator].sort())
    const added = consortium.act(laboratory, 'registry.addKey', {
      identity: laboratory,
      kind: 'transport',
      key: id('new'),
    })
    expect(added).toBe(4)
    expect(admitted()).toHaveLength(5)
    consortium.act(laboratory, 'registry.revokeKey', { identity: laboratory, keyId: 2 })
    expect(admitted()).toHaveLength(4)
    expect(consortium.ask('registry.ownerOf', { key: id(`transport key of ${laboratory}`) })).toBe(null)
    expect(consortium.ask('registry.ownerOf', { key: id('new') })).toMatchObject({ identity: laboratory, keyId: 4 })
  })
})

describe('people', () => {
  it('are enrolled by institutions only', () => {
    const consortium = new Consortium()
    const person = { patient: stranger, signing: null, encryption: null }
    for (const sender of [physician, patient, regulator]) {
      expect(consortium.code(sender, 'registry.enrollPatient', person)).toBe('NOT_AN_INSTITUTION')
    }
    expect(consortium.code(hospitalB, 'registry.enrollPatient', person)).toBe('ok')
    expect(consortium.code(hospitalA, 'registry.enrollPatient', person)).toBe('IDENTITY_EXISTS')
  })

  it('have roles of the vocabulary', () => {
    const fields = { practitioner: stranger, roles: ['surgeon'], signing: null, encryption: null }
    expect(new Consortium().code(hospitalA, 'registry.enrollPractitioner', fields)).toBe('UNKNOWN_CODE')
  })

  it('act for one institution at a time', () => {
    const consortium = new Consortium()
    const take = () =>
      consortium.code(laboratory, 'registry.affiliate', { practitioner: physician, roles: ['physician'] })
    expect(take()).toBe('AFFILIATED_ELSEWHERE')
    expect(consortium.code(hospitalA, 'registry.endAffiliation', { practitioner: physician })).toBe('NOT_AUTHORIZED')
    consortium.act(physician, 'registry.endAffiliation', { practitioner: physician })
    expect(take()).toBe('ok')
    expect(consortium.ask('registry.identity', { identity: physician })).toMatchObject({ home: laboratory })
  })

  it('are known where they are treated: by the institution that enrolled them, and those that say so', () => {
    const consortium = new Consortium()
    const knows = (institution: string) => consortium.ask('registry.knows', { institution, patient })
    expect([knows(hospitalA), knows(hospitalB)]).toEqual([true, false])
    consortium.act(hospitalB, 'registry.knowPatient', { patient })
    expect(knows(hospitalB)).toBe(true)
    expect(consortium.code(hospitalB, 'registry.knowPatient', { patient: physician })).toBe('UNKNOWN_PATIENT')
  })

  it('who are patients are shown only to a signed read', () => {
    const consortium = new Consortium()
    expect(consortium.ask('registry.identity', { identity: patient })).toBe(null)
    expect(consortium.ask('registry.patient', { patient })).toMatchObject({ kind: 'patient', home: hospitalA })
    expect(consortium.ask('registry.patient', { patient: physician })).toBe(null)
  })
})

describe('suspension', () => {
  const suspend = (sender: string, identity: string) => new Consortium().code(sender, 'registry.suspend', { identity })

  it('is for an institution over its own people, and for a regulator', () => {
    expect(suspend(hospitalB, physician)).toBe('ok')
    expect(suspend(regulator, physician)).toBe('ok')
    expect(suspend(regulator, hospitalB)).toBe('ok')
  })

  it('is for nobody else, and never for patients or regulators', () => {
    expect(suspend(hospitalA, physician)).toBe('NOT_AUTHORIZED')
    expect(suspend(hospitalA, hospitalB)).toBe('NOT_AUTHORIZED')
    expect(suspend(hospitalA, hospitalA)).toBe('NOT_AUTHORIZED')
    expect(suspend(physician, nurse)).toBe('NOT_AUTHORIZED')
    expect(suspend(hospitalA, patient)).toBe('NOT_AUTHORIZED')
    expect(suspend(regulator, regulator)).toBe('NOT_AUTHORIZED')
  })

  it('ends every action but asking, until reinstated', () => {
    const consortium = new Consortium()
    consortium.act(regulator, 'registry.suspend', { identity: hospitalB })
    const enroll = () =>
      consortium.code(hospitalB, 'registry.enrollPatient', { patient: stranger, signing: null, encryption: null })
    expect(enroll()).toBe('SUSPENDED')
    expect(consortium.code(hospitalB, 'registry.reinstate', { identity: hospitalB })).toBe('SUSPENDED')
    expect(consortium.request().reasons).toEqual(['SUSPENDED'])
    consortium.act(regulator, 'registry.reinstate', { identity: hospitalB })
    expect(enroll()).toBe('ok')
  })
})

describe('keys', () => {
  const signer = (consortium: Consortium, identity: string, keyId: number) =>
    consortium.ask('registry.signer', { identity, keyId })

  it('signer() knows signing keys only, and says whether they are in force', () => {
    const consortium = new Consortium()
    expect(signer(consortium, physician, 0)).toEqual({ key: signingKeyOf(physician), active: true })
    expect(signer(consortium, physician, 1)).toBe(null)
    expect(signer(consortium, stranger, 0)).toBe(null)
  })

  it('rotate with overlap: add, then revoke', () => {
    const consortium = new Consortium()
    const keyId = consortium.act(physician, 'registry.addKey', {
      identity: physician,
      kind: 'signing',
      key: id('second'),
    })
    expect(signer(consortium, physician, 0)).toMatchObject({ active: true })
    expect(signer(consortium, physician, keyId as number)).toEqual({ key: id('second'), active: true })
    consortium.act(physician, 'registry.revokeKey', { identity: physician, keyId: 0 })
    expect(signer(consortium, physician, 0)).toMatchObject({ active: false })
    expect(consortium.ask('registry.keysOf', { identity: physician, kind: 'signing' })).toEqual([
      { identity: physician, keyId, kind: 'signing', key: id('second') },
    ])
  })

  it('are registered once, for one identity, for ever', () => {
    const consortium = new Consortium()
    const add = (identity: string, key: string) =>
      consortium.code(identity, 'registry.addKey', { identity, kind: 'signing', key })
    expect(add(nurse, signingKeyOf(physician))).toBe('KEY_TAKEN')
    consortium.act(physician, 'registry.revokeKey', { identity: physician, keyId: 0 })
    expect(add(nurse, signingKeyOf(physician))).toBe('KEY_TAKEN')
    expect(add(physician, signingKeyOf(physician))).toBe('KEY_TAKEN')
    expect(add(nurse, encryptionKeyOf(nurse))).toBe('KEY_TAKEN')
  })

  it('belong to their holder; a practitioner’s institution may change them, a patient’s may not', () => {
    const consortium = new Consortium()
    const revoke = (sender: string, identity: string) =>
      consortium.code(sender, 'registry.revokeKey', { identity, keyId: 1 })
    expect(revoke(hospitalA, physician)).toBe('NOT_AUTHORIZED')
    expect(revoke(regulator, physician)).toBe('NOT_AUTHORIZED')
    expect(revoke(hospitalA, patient)).toBe('NOT_AUTHORIZED')
    expect(revoke(hospitalB, physician)).toBe('ok')
    expect(revoke(patient, patient)).toBe('ok')
    expect(revoke(patient, patient)).toBe('UNKNOWN_KEY')
  })

  it('for consensus do not change this way, and only members have transport keys', () => {
    const consortium = new Consortium()
    const add = (identity: string, kind: string) =>
      consortium.code(identity, 'registry.addKey', { identity, kind, key: id('new') })
    expect(add(hospitalA, 'consensus')).toBe('KEY_KIND')
    expect(add(physician, 'transport')).toBe('KEY_KIND')
    expect(consortium.code(hospitalA, 'registry.revokeKey', { identity: hospitalA, keyId: 3 })).toBe('KEY_KIND')
  })

  it('a patient’s lost key is replaced by attestation of the home institution, with an event', () => {
    const consortium = new Consortium()
    const attest = (sender: string) =>
      consortium.attempt(sender, 'registry.attestKey', {
        patient,
        kind: 'signing',
        key: id('new'),
        attestation: id('signed paper'),
      })
    consortium.act(hospitalB, 'registry.knowPatient', { patient })
    expect(attest(hospitalB)).toMatchObject({ code: 'NOT_AUTHORIZED' })
    expect(attest(physician)).toMatchObject({ code: 'NOT_AN_INSTITUTION' })
    expect(attest(hospitalA)).toMatchObject({ status: 'ok', value: 3, events: [{ name: 'KeyAttested' }] })
    expect(signer(consortium, patient, 0)).toMatchObject({ active: false })
    expect(signer(consortium, patient, 3)).toEqual({ key: id('new'), active: true })
    expect(consortium.ask('registry.keysOf', { identity: patient, kind: 'encryption' })).toHaveLength(1)
  })
})

describe('groups', () => {
  it('belong to who set them first, and keep their versions', () => {
    const consortium = new Consortium()
    const group = id('ward')
    const set = (sender: string, members: string[]) => consortium.code(sender, 'registry.setGroup', { group, members })
    expect(set(hospitalA, [physician])).toBe('ok')
    expect(set(hospitalB, [physician, nurse])).toBe('NOT_AUTHORIZED')
    expect(set(hospitalA, [physician, nurse])).toBe('ok')
    expect(consortium.ask('registry.group', { group })).toEqual({
      owner: hospitalA,
      version: 2,
      members: [physician, nurse],
    })
    expect(consortium.ask('registry.groupVersion', { group, version: 1 })).toMatchObject({ members: [physician] })
  })

  it('have registered practitioners and institutions as members, no patients, no groups', () => {
    const consortium = new Consortium()
    const set = (member: string) =>
      consortium.code(hospitalA, 'registry.setGroup', { group: id('another'), members: [member] })
    consortium.act(hospitalA, 'registry.setGroup', { group: id('ward'), members: [physician] })
    for (const member of [stranger, patient, id('ward')]) expect(set(member)).toBe('UNKNOWN_IDENTITY')
    expect(set(hospitalB)).toBe('ok')
  })
})

describe('delegations', () => {
  const fields = (rest: { [key: string]: string | number | string[] | null } = {}) => ({
    delegation: id('delegation'),
    patient,
    delegate: mother,
    capacity: 'parent',
    rights: ['consent'],
    from: 0,
    to: null,
    ...rest,
  })
  const delegate = (sender: string, rest = {}) => new Consortium().code(sender, 'registry.delegate', fields(rest))

  it('are given by the patient, or attested by a custodian that knows the patient', () => {
    expect(delegate(patient)).toBe('ok')
    expect(delegate(hospitalA)).toBe('ok')
    for (const sender of [hospitalB, mother, physician, regulator]) expect(delegate(sender)).toBe('NOT_AUTHORIZED')
  })

  it('name a natural person, a capacity of the vocabulary, and a period', () => {
    expect(delegate(patient, { delegate: physician })).toBe('UNKNOWN_IDENTITY')
    expect(delegate(patient, { delegate: patient })).toBe('UNKNOWN_IDENTITY')
    expect(delegate(patient, { capacity: 'neighbour' })).toBe('UNKNOWN_CODE')
    expect(delegate(patient, { from: 5, to: 5 })).toBe('INVALID_PERIOD')
  })

  it('hold in their period and until ended by patient, delegate or attesting custodian', () => {
    const consortium = new Consortium()
    const holds = () =>
      consortium.ask('registry.actsFor', { patient, delegate: mother, right: 'consent', custodian: null })
    consortium.act(hospitalA, 'registry.delegate', fields({ from: consortium.nowMs + DAY }))
    expect(holds()).toBe(false)
    consortium.pass(DAY)
    expect(holds()).toBe(true)
    for (const sender of [father, hospitalB, physician]) {
      expect(consortium.code(sender, 'registry.endDelegation', { delegation: id('delegation') })).toBe('NOT_AUTHORIZED')
    }
    expect(consortium.code(hospitalA, 'registry.endDelegation', { delegation: id('delegation') })).toBe('ok')
    expect(holds()).toBe(false)
  })

  it('are at most 16 from one patient to one delegate', () => {
    const consortium = new Consortium()
    const next = (i: number) => consortium.code(patient, 'registry.delegate', fields({ delegation: id(`d${i}`) }))
    for (let i = 0; i < 16; i++) expect(next(i)).toBe('ok')
    expect(next(16)).toBe('TOO_MANY_DELEGATIONS')
  })
})

describe('links', () => {
  const ids = ['a', 'b', 'c', 'd', 'e'].map(id)
  const linked = (consortium: Consortium, person: string) => consortium.ask('registry.idsOf', { patient: person })
  const enrolled = () => {
    const consortium = new Consortium()
    for (const person of ids) consortium.person(hospitalA, person)
    return consortium
  }
  const link = (consortium: Consortium, first: number, second: number, sender = hospitalA) =>
    consortium.code(sender, 'registry.linkPatients', { first: ids[first] as string, second: ids[second] as string })

  it('join what is known of two ids, for all of them alike, at most 4', () => {
    const consortium = enrolled()
    expect([link(consortium, 0, 1), link(consortium, 2, 3), link(consortium, 1, 2)]).toEqual(['ok', 'ok', 'ok'])
    for (const person of ids.slice(0, 4)) {
      const all = linked(consortium, person) as string[]
      expect(all[0]).toBe(person)
      expect([...all].sort()).toEqual(ids.slice(0, 4).sort())
    }
    expect(link(consortium, 0, 3)).toBe('ALREADY_LINKED')
    expect(link(consortium, 0, 0)).toBe('ALREADY_LINKED')
    expect(link(consortium, 0, 4)).toBe('LINK_FULL')
  })

  it('are undone one id at a time', () => {
    const consortium = enrolled()
    link(consortium, 0, 1)
    link(consortium, 1, 2)
    consortium.act(hospitalA, 'registry.unlinkPatient', { patient: ids[1] as string })
    expect(linked(consortium, ids[1] as string)).toEqual([ids[1]])
    expect(linked(consortium, ids[0] as string)).toEqual([ids[0], ids[2]])
  })

  it('are made by an institution that knows both', () => {
    const consortium = enrolled()
    expect(link(consortium, 0, 1, hospitalB)).toBe('UNKNOWN_PATIENT')
    expect(link(consortium, 0, 1, physician)).toBe('NOT_AN_INSTITUTION')
  })
})

describe('privacy officers', () => {
  it('are affiliated with the institution, active, and have the role', () => {
    const consortium = new Consortium()
    const isOfficer = (person: string, institution: string) =>
      consortium.ask('registry.isPrivacyOfficer', { person, institution })
    expect(isOfficer(privacyOfficer, hospitalA)).toBe(true)
    expect(isOfficer(privacyOfficer, hospitalB)).toBe(false)
    expect(isOfficer(clerk, hospitalA)).toBe(false)
    consortium.act(hospitalA, 'registry.suspend', { identity: privacyOfficer })
    expect(isOfficer(privacyOfficer, hospitalA)).toBe(false)
  })
})
