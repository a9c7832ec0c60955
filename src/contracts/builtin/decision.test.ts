// The decision, step by step: spec/consent.md, "The decision".

import { describe, expect, it } from 'vitest'
import {
  Consortium,
  DAY,
  deny,
  encryptionKeyOf,
  father,
  hospitalA,
  hospitalB,
  id,
  laboratory,
  MINUTE,
  mother,
  nurse,
  patient,
  permit,
  physician,
  type RequestOptions,
  regulator,
  requestFields,
  researcher,
  stranger,
  toGroup,
  toInstitution,
  toPerson,
  toPersonAt,
  version,
} from './consortium.test-support.ts'

const outcomeOf = (consortium: Consortium, options: RequestOptions = {}) => {
  const { outcome, basis, reasons } = consortium.request(options)
  return `${outcome} ${basis ?? '-'} ${reasons.join(' ')}`
}

describe('step 1: the requester', () => {
  const permitted = () => {
    const consortium = new Consortium()
    consortium.consent('consent', { clauses: [permit({ purposes: ['TREAT', 'HRESCH', 'HPAYMT'] })] })
    return consortium
  }

  it('permits a physician who asks with her own key, and does not say that anybody vouched', () => {
    const consortium = permitted()
    expect(outcomeOf(consortium)).toBe('PERMIT consent PERMITTED')
    expect(consortium.request().vouchedBy).toBe(null)
  })

  it('permits a physician whose institution signs, and names it as vouching', () => {
    expect(permitted().request({ sender: hospitalB })).toMatchObject({ outcome: 'PERMIT', vouchedBy: hospitalB })
  })

  it('permits an institution that asks for itself, without vouching', () => {
    const answer = permitted().request({ sender: hospitalB, practitioner: null, purpose: 'HPAYMT' })
    expect(answer).toMatchObject({ outcome: 'PERMIT', vouchedBy: null })
  })

  it('denies a suspended practitioner, and permits again once reinstated', () => {
    const consortium = permitted()
    consortium.act(hospitalB, 'registry.suspend', { identity: physician })
    expect(outcomeOf(consortium)).toBe('DENY - SUSPENDED')
    expect(outcomeOf(consortium, { sender: hospitalB })).toBe('DENY - SUSPENDED')
    consortium.act(hospitalB, 'registry.reinstate', { identity: physician })
    expect(outcomeOf(consortium)).toBe('PERMIT consent PERMITTED')
  })

  it('denies what a suspended colleague submits', () => {
    const consortium = permitted()
    consortium.act(hospitalB, 'registry.suspend', { identity: nurse })
    expect(outcomeOf(consortium, { sender: nurse })).toBe('DENY - SUSPENDED NOT_AFFILIATED')
  })

  it('denies everybody of a suspended institution', () => {
    const consortium = permitted()
    consortium.act(regulator, 'registry.suspend', { identity: hospitalB })
    expect(outcomeOf(consortium)).toBe('DENY - SUSPENDED')
  })

  it('denies a practitioner in the name of an institution she does not act for', () => {
    const consortium = permitted()
    expect(outcomeOf(consortium, { institution: laboratory })).toBe('DENY - NOT_AFFILIATED')
  })

  it('denies a practitioner whose affiliation has ended, and one whom no institution ever enrolled', () => {
    const consortium = permitted()
    consortium.act(hospitalB, 'registry.endAffiliation', { practitioner: physician })
    expect(consortium.request().reasons).toContain('NOT_AFFILIATED')
    const unknown = { sender: hospitalB, practitioner: stranger, recipientKey: encryptionKeyOf(hospitalB) }
    expect(consortium.request(unknown).reasons).toContain('NOT_AFFILIATED')
  })

  it('denies an institution that passes itself, or a device, off as a practitioner', () => {
    const consortium = permitted()
    const device = id('monitor')
    consortium.act(hospitalB, 'registry.enrollDevice', { device, signing: null, encryption: null })
    for (const practitioner of [hospitalB, device]) {
      const recipientKey = encryptionKeyOf(hospitalB)
      expect(consortium.request({ sender: hospitalB, practitioner, recipientKey }).reasons).toContain('NOT_AFFILIATED')
    }
  })

  it('denies what another institution, or a colleague, submits in the name of a practitioner', () => {
    const consortium = permitted()
    expect(outcomeOf(consortium, { sender: hospitalA })).toBe('DENY - NOT_AFFILIATED')
    expect(outcomeOf(consortium, { sender: nurse })).toBe('DENY - NOT_AFFILIATED')
  })

  it('denies a role that may not claim the purpose, and a role that the practitioner does not have', () => {
    const consortium = permitted()
    expect(outcomeOf(consortium, { purpose: 'HRESCH' })).toBe('DENY - ROLE_PURPOSE')
    expect(outcomeOf(consortium, { role: 'nurse' })).toBe('DENY - ROLE_PURPOSE')
    const research = { sender: researcher, practitioner: researcher, role: 'researcher', purpose: 'HRESCH' }
    expect(outcomeOf(consortium, research)).toBe('PERMIT consent PERMITTED')
  })

  it('denies treatment and break-glass to an institution without a practitioner', () => {
    const consortium = permitted()
    for (const purpose of ['TREAT', 'ETREAT', 'COC']) {
      expect(outcomeOf(consortium, { sender: hospitalB, practitioner: null, purpose })).toBe('DENY - ROLE_PURPOSE')
    }
  })

  it('denies a patient id that nobody enrolled, and does not take another identity for a patient', () => {
    const consortium = permitted()
    expect(outcomeOf(consortium, { patient: stranger })).toBe('DENY - UNKNOWN_PATIENT')
    expect(outcomeOf(consortium, { patient: physician })).toBe('DENY - UNKNOWN_PATIENT')
  })

  it('denies a recipient key that is not registered, is another one’s, is of another kind, or was revoked', () => {
    const consortium = permitted()
    const keys = [id('some key'), encryptionKeyOf(nurse), encryptionKeyOf(hospitalA), id(`signing key of ${physician}`)]
    for (const recipientKey of keys) expect(outcomeOf(consortium, { recipientKey })).toBe('DENY - KEY_NOT_REGISTERED')
    expect(outcomeOf(consortium, { recipientKey: encryptionKeyOf(hospitalB) })).toBe('PERMIT consent PERMITTED')
    consortium.act(physician, 'registry.revokeKey', { identity: physician, keyId: 1 })
    expect(outcomeOf(consortium)).toBe('DENY - KEY_NOT_REGISTERED')
  })

  it('gives every reason that applies, in order', () => {
    const consortium = permitted()
    consortium.act(hospitalB, 'registry.suspend', { identity: physician })
    const answer = consortium.request({
      institution: laboratory,
      purpose: 'HRESCH',
      patient: stranger,
      recipientKey: id('some key'),
    })
    expect(answer.reasons).toEqual([
      'SUSPENDED',
      'NOT_AFFILIATED',
      'ROLE_PURPOSE',
      'UNKNOWN_PATIENT',
      'KEY_NOT_REGISTERED',
    ])
    expect(answer).toMatchObject({ outcome: 'DENY', basis: null, clauses: [], expiresAt: null })
  })

  it('refuses what it cannot understand: an unknown purpose, another spelling, an unknown role, no custodian', () => {
    const consortium = permitted()
    const refusal = (options: RequestOptions) => consortium.code(physician, 'access.request', requestFields(options))
    for (const purpose of ['treat', 'Treat', 'TREATMENT', 'PurposeOfUse', 'v3-ActReason|TREAT']) {
      expect(refusal({ purpose })).toBe('UNKNOWN_CODE')
    }
    expect(refusal({ role: 'Physician' })).toBe('UNKNOWN_CODE')
    expect(refusal({ custodian: physician })).toBe('NOT_AN_INSTITUTION')
    expect(refusal({ custodian: regulator })).toBe('NOT_AN_INSTITUTION')
    expect(refusal({ breakGlass: { reason: 'other', comment: id('') } })).toBe('BREAK_GLASS_UNEXPECTED')
  })
})

describe('step 2: candidates', () => {
  it('reads the consents at this custodian only', () => {
    const consortium = new Consortium()
    consortium.consent('at the laboratory', { custodian: laboratory })
    expect(outcomeOf(consortium)).toBe('DENY implicit NO_CONSENT')
    expect(outcomeOf(consortium, { custodian: laboratory })).toBe('PERMIT consent PERMITTED')
  })

  it('counts the first instant of a period in and the last one out', () => {
    const consortium = new Consortium()
    const from = consortium.nowMs + DAY
    consortium.consent('consent', { clauses: [permit({ from, to: from + DAY })] })
    consortium.nowMs = from - 1
    expect(outcomeOf(consortium)).toBe('DENY consent NOT_COVERED')
    consortium.nowMs = from
    expect(outcomeOf(consortium)).toBe('PERMIT consent PERMITTED')
    consortium.nowMs = from + DAY - 1
    expect(outcomeOf(consortium)).toBe('PERMIT consent PERMITTED')
    consortium.nowMs = from + DAY
    expect(outcomeOf(consortium)).toBe('DENY consent EXPIRED')
  })

  it('reads the consents of every id linked to the patient, until it is unlinked', () => {
    const consortium = new Consortium()
    const other = id('the same patient under another id')
    consortium.person(hospitalA, other)
    consortium.consent('under the other id', { sender: other, patient: other })
    expect(outcomeOf(consortium)).toBe('DENY implicit NO_CONSENT')
    consortium.act(hospitalA, 'registry.linkPatients', { first: patient, second: other })
    expect(outcomeOf(consortium)).toBe('PERMIT consent PERMITTED')
    consortium.consent('no', { clauses: [deny()] })
    expect(outcomeOf(consortium, { patient: other })).toBe('DENY consent DENIED')
    consortium.act(hospitalA, 'registry.unlinkPatient', { patient: other })
    expect(outcomeOf(consortium, { patient: other })).toBe('PERMIT consent PERMITTED')
  })
})

describe('step 3: matching', () => {
  const withRecipients = (...recipients: ReturnType<typeof toPerson>[]) => {
    const consortium = new Consortium()
    consortium.consent('consent', { clauses: [permit({ recipients })] })
    return consortium
  }
  const byNurse: RequestOptions = { sender: nurse, practitioner: nurse, role: 'nurse' }

  it('means all members where no recipient is named', () => {
    expect(outcomeOf(withRecipients())).toBe('PERMIT consent PERMITTED')
  })

  it('means a person, whatever institution that person acts for', () => {
    const consortium = withRecipients(toPerson(physician))
    expect(outcomeOf(consortium)).toBe('PERMIT consent PERMITTED')
    expect(outcomeOf(consortium, byNurse)).toBe('DENY consent NOT_COVERED')
    consortium.act(hospitalB, 'registry.endAffiliation', { practitioner: physician })
    consortium.act(laboratory, 'registry.affiliate', { practitioner: physician, roles: ['physician'] })
    expect(outcomeOf(consortium, { institution: laboratory })).toBe('PERMIT consent PERMITTED')
  })

  it('means a person at an institution only while that person acts for it', () => {
    const consortium = withRecipients(toPersonAt(physician, hospitalB))
    expect(outcomeOf(consortium)).toBe('PERMIT consent PERMITTED')
    consortium.act(hospitalB, 'registry.endAffiliation', { practitioner: physician })
    consortium.act(laboratory, 'registry.affiliate', { practitioner: physician, roles: ['physician'] })
    expect(outcomeOf(consortium, { institution: laboratory })).toBe('DENY consent NOT_COVERED')
  })

  it('means whoever acts for an institution', () => {
    const consortium = withRecipients(toInstitution(hospitalB))
    expect(outcomeOf(consortium, byNurse)).toBe('PERMIT consent PERMITTED')
    const analyst = id('analyst of the laboratory')
    consortium.practitioner(laboratory, analyst, 'laboratorian')
    const byAnalyst = { sender: analyst, practitioner: analyst, institution: laboratory, role: 'laboratorian' }
    expect(outcomeOf(consortium, byAnalyst)).toBe('DENY consent NOT_COVERED')
  })

  it('means the members of a group as it stands now, and names the version that was read', () => {
    const consortium = new Consortium()
    const group = id('ward')
    consortium.act(hospitalA, 'registry.setGroup', { group, members: [physician] })
    consortium.consent('consent', { clauses: [permit({ recipients: [toGroup(group)] })] })
    expect(consortium.request().clauses).toEqual([
      { consent: id('consent'), version: 1, clause: 0, type: 'permit', group, groupVersion: 1 },
    ])
    expect(outcomeOf(consortium, byNurse)).toBe('DENY consent NOT_COVERED')
    consortium.act(hospitalA, 'registry.setGroup', { group, members: [nurse] })
    expect(outcomeOf(consortium)).toBe('DENY consent NOT_COVERED')
    expect(consortium.request(byNurse).clauses).toMatchObject([{ group, groupVersion: 2 }])
  })

  it('means the people of an institution that is a member of the group', () => {
    const consortium = new Consortium()
    consortium.act(hospitalA, 'registry.setGroup', { group: id('region'), members: [hospitalB] })
    consortium.consent('consent', { clauses: [permit({ recipients: [toGroup(id('region'))] })] })
    expect(outcomeOf(consortium)).toBe('PERMIT consent PERMITTED')
  })

  it.each([
    ['TREAT', 'TREAT', true],
    ['TREAT', 'ETREAT', true],
    ['TREAT', 'ERTREAT', true],
    ['TREAT', 'COC', true],
    ['ETREAT', 'TREAT', false],
    ['COC', 'ETREAT', false],
    ['TREAT', 'CLINTRL', false],
    ['CLINTRL', 'CLINTRL', true],
    ['HRESCH', 'TREAT', false],
  ])('a permit for %s covers a request for %s: %s', (granted, purpose, isCovered) => {
    const consortium = new Consortium()
    consortium.consent('consent', { clauses: [permit({ purposes: [granted] })] })
    expect(outcomeOf(consortium, { purpose })).toBe(isCovered ? 'PERMIT consent PERMITTED' : 'DENY implicit NO_CONSENT')
  })

  it('a permit for research does not cover a clinical trial, and one that names no purpose does', () => {
    const research = { sender: researcher, practitioner: researcher, role: 'researcher', purpose: 'CLINTRCH' }
    const consortium = new Consortium()
    consortium.consent('research', { clauses: [permit({ purposes: ['HRESCH'] })] })
    expect(outcomeOf(consortium, research)).toBe('DENY implicit NO_CONSENT')
    consortium.consent('everything', { clauses: [permit({ purposes: [] })] })
    expect(outcomeOf(consortium, research)).toBe('PERMIT consent PERMITTED')
  })

  it('lets a matching exception speak before the root', () => {
    const consortium = new Consortium()
    consortium.consent('consent', { clauses: [permit(), deny({ recipients: [toPerson(physician)] })] })
    expect(outcomeOf(consortium)).toBe('DENY consent DENIED')
    expect(outcomeOf(consortium, byNurse)).toBe('PERMIT consent PERMITTED')
  })

  it('lets an exception permit what the root denies', () => {
    const consortium = new Consortium()
    consortium.consent('consent', { clauses: [deny(), permit({ recipients: [toPerson(physician)] })] })
    expect(outcomeOf(consortium)).toBe('PERMIT consent PERMITTED')
    expect(outcomeOf(consortium, byNurse)).toBe('DENY consent DENIED')
  })

  it('among matching exceptions deny comes before permit, in whichever order they stand', () => {
    for (const clauses of [
      [permit(), permit({ recipients: [toPerson(physician)] }), deny({ recipients: [toInstitution(hospitalB)] })],
      [permit(), deny({ recipients: [toInstitution(hospitalB)] }), permit({ recipients: [toPerson(physician)] })],
    ]) {
      const consortium = new Consortium()
      consortium.consent('consent', { clauses })
      expect(outcomeOf(consortium)).toBe('DENY consent DENIED')
    }
  })

  it('an exception takes recipients, purposes and period from the root where it states none', () => {
    const consortium = new Consortium()
    const to = consortium.nowMs + DAY
    const root = permit({ recipients: [toInstitution(hospitalB)], to })
    consortium.consent('consent', { clauses: [root, deny({ purposes: ['COC'] }), permit({ purposes: [] })] })
    const stored = consortium.ask('consent.find', { patient, consent: id('consent') })
    const inherited = { recipients: [toInstitution(hospitalB)], from: null, to }
    expect(stored).toMatchObject({
      terms: { clauses: [inherited, { ...inherited, purposes: ['COC'] }, { ...inherited, purposes: ['TREAT'] }] },
    })
    expect(outcomeOf(consortium, { purpose: 'COC' })).toBe('DENY consent DENIED')
  })

  it('an exception with one bound has a period of its own, not half of the root’s', () => {
    const consortium = new Consortium()
    const { nowMs } = consortium
    const clauses = [permit({ from: nowMs - DAY, to: nowMs + 9 * DAY }), deny({ to: nowMs + DAY })]
    consortium.consent('consent', { clauses })
    expect(consortium.ask('consent.find', { patient, consent: id('consent') })).toMatchObject({
      terms: { clauses: [{}, { from: null, to: nowMs + DAY }] },
    })
    expect(outcomeOf(consortium)).toBe('DENY consent DENIED')
    consortium.pass(DAY)
    expect(outcomeOf(consortium)).toBe('PERMIT consent PERMITTED')
  })

  it('an exception can match where the root does not', () => {
    const consortium = new Consortium()
    consortium.consent('consent', { clauses: [permit({ purposes: ['HPAYMT'] }), permit({ purposes: ['TREAT'] })] })
    expect(consortium.request().clauses).toMatchObject([{ clause: 1, type: 'permit' }])
  })
})

describe('step 4: together', () => {
  it('any deny outweighs any permit, whichever came first', () => {
    for (const order of [
      [permit(), deny()],
      [deny(), permit()],
    ]) {
      const consortium = new Consortium()
      order.forEach((clause, index) => {
        consortium.consent(`consent ${index}`, { clauses: [clause] })
      })
      expect(outcomeOf(consortium)).toBe('DENY consent DENIED')
      expect(consortium.request().clauses).toHaveLength(2)
    }
  })

  it('a deny for others does not touch the permit', () => {
    const consortium = new Consortium()
    consortium.consent('yes')
    consortium.consent('no', { clauses: [deny({ recipients: [toPerson(nurse)] })] })
    expect(outcomeOf(consortium)).toBe('PERMIT consent PERMITTED')
  })
})

describe('step 5: nobody speaks', () => {
  it('NO_CONSENT where there is none, and the default is deny', () => {
    expect(outcomeOf(new Consortium())).toBe('DENY implicit NO_CONSENT')
  })

  const byResearcher: RequestOptions = {
    sender: researcher,
    practitioner: researcher,
    role: 'researcher',
    purpose: 'HRESCH',
  }
  it.each([
    ['deny', 'DENY', 'DENY'],
    ['basicNormal', 'PERMIT', 'DENY'],
    ['allNormal', 'PERMIT', 'PERMIT'],
    ['breakGlassOnly', 'DENY', 'DENY'],
  ])('implicit policy %s: treatment %s, research %s', (implicitPolicy, treatment, research) => {
    const consortium = new Consortium()
    consortium.act(hospitalA, 'policy.configure', { implicitPolicy, breakGlass: 'override', labelling: false })
    expect(outcomeOf(consortium)).toBe(`${treatment} implicit NO_CONSENT`)
    expect(outcomeOf(consortium, byResearcher)).toBe(`${research} implicit NO_CONSENT`)
  })

  it('a custodian’s settings are its own', () => {
    const consortium = new Consortium()
    consortium.act(hospitalB, 'policy.configure', {
      implicitPolicy: 'allNormal',
      breakGlass: 'override',
      labelling: false,
    })
    expect(outcomeOf(consortium)).toBe('DENY implicit NO_CONSENT')
  })

  const generous = () => {
    const consortium = new Consortium()
    consortium.act(hospitalA, 'policy.configure', {
      implicitPolicy: 'allNormal',
      breakGlass: 'override',
      labelling: false,
    })
    return consortium
  }

  it('a withdrawn permit never turns into implicit permission: REVOKED', () => {
    const consortium = generous()
    const consent = consortium.consent('consent')
    consortium.act(patient, 'consent.revoke', { consent })
    expect(outcomeOf(consortium)).toBe('DENY consent REVOKED')
    expect(outcomeOf(consortium, { purpose: 'ETREAT' })).toBe('DENY consent REVOKED')
  })

  it('nor does a permit that an update took away, until another update gives it back', () => {
    const consortium = generous()
    const consent = consortium.consent('consent')
    const change = (replaces: number, purposes: string[]) =>
      consortium.act(patient, 'consent.update', { consent, replaces, ...version({ clauses: [permit({ purposes })] }) })
    change(1, ['HPAYMT'])
    expect(outcomeOf(consortium)).toBe('DENY consent REVOKED')
    change(2, ['TREAT'])
    expect(outcomeOf(consortium)).toBe('PERMIT consent PERMITTED')
  })

  it.each([
    ['narrower', 'TREAT', 'ETREAT'],
    ['broader', 'ETREAT', 'TREAT'],
  ])('REVOKED is not said of a purpose that an update to a %s one still permits', (_, before, after) => {
    const consortium = generous()
    const recipients = [toPerson(nurse)]
    const clauses = [permit({ recipients, purposes: [before] })]
    const consent = consortium.consent('consent', { clauses })
    const changed = version({ clauses: [permit({ recipients, purposes: [after] })] })
    consortium.act(patient, 'consent.update', { consent, replaces: 1, ...changed })
    expect(outcomeOf(consortium, { purpose: 'ETREAT' })).toBe('DENY consent NOT_COVERED')
    expect(outcomeOf(consortium, { purpose: 'COC' })).toBe(
      after === 'TREAT' ? 'DENY consent NOT_COVERED' : 'DENY consent REVOKED',
    )
    consortium.act(patient, 'consent.revoke', { consent })
    expect(outcomeOf(consortium, { purpose: 'ETREAT' })).toBe('DENY consent REVOKED')
    consortium.act(patient, 'consent.void', { consent })
    expect(outcomeOf(consortium, { purpose: 'ETREAT' })).toBe('PERMIT implicit NO_CONSENT')
  })

  it('nor one that ended: EXPIRED', () => {
    const consortium = generous()
    consortium.consent('consent', { clauses: [permit({ to: consortium.nowMs + DAY })] })
    consortium.pass(DAY)
    expect(outcomeOf(consortium)).toBe('DENY consent EXPIRED')
  })

  it('nor an exception that ended while its consent goes on', () => {
    const consortium = generous()
    const { nowMs } = consortium
    consortium.consent('consent', { clauses: [permit({ purposes: ['HPAYMT'] }), permit({ to: nowMs + DAY })] })
    expect(outcomeOf(consortium)).toBe('PERMIT consent PERMITTED')
    consortium.pass(DAY)
    expect(outcomeOf(consortium)).toBe('DENY consent EXPIRED')
  })

  it('nor one that is for others: NOT_COVERED', () => {
    const consortium = generous()
    consortium.consent('consent', { clauses: [permit({ recipients: [toInstitution(laboratory)] })] })
    expect(outcomeOf(consortium)).toBe('DENY consent NOT_COVERED')
  })

  it('gives each consent’s reason, in order', () => {
    const consortium = generous()
    consortium.consent('others', { clauses: [permit({ recipients: [toPerson(nurse)] })] })
    consortium.consent('ended', { clauses: [permit({ to: consortium.nowMs + DAY })] })
    consortium.act(patient, 'consent.revoke', { consent: consortium.consent('revoked') })
    consortium.pass(DAY)
    expect(outcomeOf(consortium)).toBe('DENY consent REVOKED EXPIRED NOT_COVERED')
  })

  it('a withdrawn dissent restores the default', () => {
    const consortium = generous()
    const consent = consortium.consent('no', { clauses: [deny()] })
    expect(outcomeOf(consortium)).toBe('DENY consent DENIED')
    consortium.act(patient, 'consent.revoke', { consent })
    expect(outcomeOf(consortium)).toBe('PERMIT implicit NO_CONSENT')
  })

  it('a consent to research does not block treatment', () => {
    const consortium = generous()
    consortium.consent('research', { clauses: [permit({ purposes: ['HRESCH'], recipients: [toPerson(nurse)] })] })
    expect(outcomeOf(consortium)).toBe('PERMIT implicit NO_CONSENT')
  })

  it('a consent entered in error counts as never given, even after it was revoked', () => {
    const consortium = generous()
    const consent = consortium.consent('consent')
    consortium.act(patient, 'consent.revoke', { consent })
    consortium.act(patient, 'consent.void', { consent })
    expect(outcomeOf(consortium)).toBe('PERMIT implicit NO_CONSENT')
  })
})

describe('step 7: outcome', () => {
  const limited = true
  const decided = (...consents: ReturnType<typeof permit>[][]) => {
    const consortium = new Consortium()
    consents.forEach((clauses, index) => {
      consortium.consent(`consent ${index}`, { clauses })
    })
    return outcomeOf(consortium)
  }

  it('PERMIT_FILTERED where a limited permit is all there is', () => {
    expect(decided([permit({ limited })])).toBe('PERMIT_FILTERED consent PERMITTED LIMITED')
  })
  it('PERMIT_FILTERED where a limited deny takes something from a permit', () => {
    expect(decided([permit(), deny({ limited })])).toBe('PERMIT_FILTERED consent PERMITTED LIMITED')
    expect(decided([permit()], [deny({ limited })])).toBe('PERMIT_FILTERED consent PERMITTED LIMITED')
  })
  it('PERMIT where a limited permit adds nothing to a permit', () => {
    expect(decided([permit()], [permit({ limited })])).toBe('PERMIT consent PERMITTED')
    expect(decided([permit(), permit({ limited })])).toBe('PERMIT consent PERMITTED')
  })
  it('DENY where a deny covers all that a limited permit may permit', () => {
    expect(decided([permit({ limited })], [deny()])).toBe('DENY consent DENIED')
  })
  it('PERMIT_FILTERED where a limited exception permits something of what the root denies', () => {
    expect(decided([deny(), permit({ limited })])).toBe('PERMIT_FILTERED consent PERMITTED LIMITED')
  })
  it('DENY where nothing but a limited deny matches: where a clause matches, the default is out', () => {
    expect(decided([deny({ limited })])).toBe('DENY consent NOT_COVERED')
  })

  it('a permit lives five minutes, and names algorithm, height, consent, version, clause', () => {
    const consortium = new Consortium()
    const consent = consortium.consent('consent')
    expect(consortium.request()).toEqual({
      decision: 1,
      outcome: 'PERMIT',
      filtered: false,
      basis: 'consent',
      reasons: ['PERMITTED'],
      clauses: [{ consent, version: 1, clause: 0, type: 'permit', group: null, groupVersion: null }],
      vouchedBy: null,
      algorithm: 1,
      height: 1,
      expiresAt: consortium.nowMs + 5 * MINUTE,
    })
  })

  it('every decision is recorded, refused ones too, numbered without gaps', () => {
    const consortium = new Consortium()
    expect(consortium.request().decision).toBe(1)
    expect(consortium.request({ patient: stranger }).decision).toBe(2)
    consortium.consent('consent')
    expect(consortium.request().decision).toBe(3)
    expect(consortium.ask('access.decision', { patient, decision: 1 })).toMatchObject({
      decision: 1,
      terms: { outcome: 'DENY', reasons: ['NO_CONSENT'], submitter: physician, request: requestFields() },
    })
    expect(consortium.ask('access.decision', { patient, decision: 2 })).toBe(null)
    expect(consortium.ask('access.lastDecision')).toBe(3)
  })

  it('the view decides the same and writes nothing', () => {
    const consortium = new Consortium()
    consortium.consent('consent')
    const advice = consortium.ask('access.decide', { submitter: physician, ...requestFields() })
    expect(consortium.ask('access.lastDecision')).toBe(0)
    expect({ ...consortium.request(), decision: 0 }).toEqual(advice)
  })
})

describe('delegates', () => {
  const asChild = (to: number | null) => {
    const consortium = new Consortium()
    const { nowMs: from } = consortium
    for (const [delegate, name] of [
      [mother, 'mother’s'],
      [father, 'father’s'],
    ] as const) {
      consortium.act(hospitalA, 'registry.delegate', {
        delegation: id(name),
        patient,
        delegate,
        capacity: 'parent',
        rights: ['consent', 'read'],
        from,
        to,
      })
    }
    return consortium
  }

  it('guardians who disagree: deny wins, whoever speaks last', () => {
    const consortium = asChild(null)
    consortium.consent('father says no', { sender: father, delegation: id('father’s'), clauses: [deny()] })
    consortium.consent('mother says yes', { sender: mother, delegation: id('mother’s') })
    expect(outcomeOf(consortium)).toBe('DENY consent DENIED')
    expect(consortium.code(mother, 'consent.revoke', { consent: id('father says no') })).toBe('NOT_AUTHORIZED')
  })

  it('what a delegate permitted lapses when the patient comes of age, at that instant', () => {
    const consortium = asChild(Date.UTC(2026, 3, 1))
    consortium.consent('mother says yes', { sender: mother, delegation: id('mother’s') })
    consortium.nowMs = Date.UTC(2026, 3, 1) - 1
    expect(outcomeOf(consortium)).toBe('PERMIT consent PERMITTED')
    consortium.nowMs += 1
    expect(outcomeOf(consortium)).toBe('DENY consent EXPIRED')
  })

  it('what a delegate denied stays', () => {
    const consortium = asChild(Date.UTC(2026, 3, 1))
    consortium.consent('mother says no', { sender: mother, delegation: id('mother’s'), clauses: [deny()] })
    consortium.consent('the patient says yes')
    consortium.nowMs = Date.UTC(2026, 3, 1)
    expect(outcomeOf(consortium)).toBe('DENY consent DENIED')
  })

  it('an ended delegation takes its permits with it', () => {
    const consortium = asChild(null)
    consortium.consent('mother says yes', { sender: mother, delegation: id('mother’s') })
    consortium.act(hospitalA, 'registry.endDelegation', { delegation: id('mother’s') })
    expect(outcomeOf(consortium)).toBe('DENY consent EXPIRED')
  })
})

describe('order inside a block', () => {
  it('a request before the revocation is permitted, one behind it is not', () => {
    const consortium = new Consortium()
    const consent = consortium.consent('consent')
    consortium.pass(MINUTE)
    expect(outcomeOf(consortium)).toBe('PERMIT consent PERMITTED')
    consortium.act(patient, 'consent.revoke', { consent })
    expect(outcomeOf(consortium)).toBe('DENY consent REVOKED')
  })
})
