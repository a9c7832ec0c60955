// Break-glass: spec/consent.md, "The decision", step 6.

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
  nurse,
  patient,
  permit,
  physician,
  privacyOfficer,
  type RequestOptions,
  requestFields,
  researcher,
  toPerson,
} from './consortium.test-support.ts'

const outcomeOf = (consortium: Consortium, options: RequestOptions = {}) => {
  const { outcome, basis, reasons } = consortium.request({ ...emergency, ...options })
  return `${outcome} ${basis ?? '-'} ${reasons.join(' ')}`
}
const byNurse: RequestOptions = { sender: nurse, practitioner: nurse, role: 'nurse' }
const names = (recipient: string, limited = false) => ({
  purposes: ['BTG'],
  recipients: [toPerson(recipient)],
  limited,
})

const configured = (implicitPolicy: string, breakGlass: string) => {
  const consortium = new Consortium()
  consortium.act(hospitalA, 'policy.configure', { implicitPolicy, breakGlass, labelling: false })
  return consortium
}

describe('who may break the glass', () => {
  it('a physician, with a coded reason, for four hours', () => {
    const consortium = new Consortium()
    const answer = consortium.request(emergency)
    expect(answer).toMatchObject({
      outcome: 'PERMIT_BTG',
      basis: 'breakGlass',
      reasons: ['BREAK_GLASS'],
      filtered: false,
    })
    expect(answer.expiresAt).toBe(consortium.nowMs + 4 * HOUR)
  })

  it('nobody without a reason', () => {
    expect(outcomeOf(new Consortium(), { breakGlass: null })).toBe('DENY breakGlass REASON_MISSING')
  })

  it('nobody with a reason that is not in the vocabulary', () => {
    const breakGlass = { reason: 'curiosity', comment: id('comment') }
    const fields = requestFields({ purpose: 'BTG', breakGlass })
    expect(new Consortium().code(physician, 'access.request', fields)).toBe('UNKNOWN_CODE')
  })

  it('not a researcher, and not an institution without a practitioner', () => {
    const consortium = new Consortium()
    const byResearcher = { sender: researcher, practitioner: researcher, role: 'researcher' }
    expect(outcomeOf(consortium, byResearcher)).toBe('DENY - ROLE_PURPOSE')
    expect(outcomeOf(consortium, { sender: hospitalB, practitioner: null })).toBe('DENY - ROLE_PURPOSE')
  })
})

describe('(a) a matching deny that names break-glass', () => {
  it('holds, even where an exception of the same consent permits', () => {
    const consortium = new Consortium()
    consortium.consent('consent', { clauses: [deny({ purposes: ['BTG'] }), permit(names(physician))] })
    expect(outcomeOf(consortium)).toBe('DENY consent DENIED')
  })

  it('holds against a permit in another consent', () => {
    const consortium = new Consortium()
    consortium.consent('yes', { clauses: [permit({ purposes: ['BTG'] })] })
    consortium.consent('no', { clauses: [deny(names(physician))] })
    expect(outcomeOf(consortium)).toBe('DENY consent DENIED')
  })

  it('is not meant by a deny for every purpose', () => {
    const consortium = new Consortium()
    consortium.consent('no', { clauses: [deny()] })
    expect(outcomeOf(consortium)).toBe('PERMIT_BTG breakGlass BREAK_GLASS')
  })
})

describe('(b) a consent that speaks of break-glass', () => {
  it('permits those it names and nobody else, whatever it denies otherwise', () => {
    const consortium = new Consortium()
    consortium.consent('dissent', { clauses: [deny(), permit(names(physician))] })
    expect(outcomeOf(consortium)).toBe('PERMIT_BTG consent PERMITTED')
    expect(outcomeOf(consortium, byNurse)).toBe('DENY consent NOT_COVERED')
    expect(consortium.request().outcome).toBe('DENY')
  })

  it('keeps its data limits', () => {
    const consortium = new Consortium()
    consortium.consent('dissent', { clauses: [deny(), permit(names(physician, true))] })
    expect(consortium.request(emergency)).toMatchObject({ outcome: 'PERMIT_BTG', filtered: true, basis: 'consent' })
  })

  it('a limited deny leaves the rest', () => {
    const consortium = new Consortium()
    consortium.consent('consent', { clauses: [permit({ purposes: ['BTG'] }), deny(names(physician, true))] })
    expect(consortium.request(emergency)).toMatchObject({ outcome: 'PERMIT_BTG', filtered: true })
  })

  it('counts while it is in period', () => {
    const consortium = new Consortium()
    const root = deny({ to: consortium.nowMs + DAY })
    consortium.consent('dissent', { clauses: [root, permit(names(nurse))] })
    expect(outcomeOf(consortium)).toBe('DENY consent NOT_COVERED')
    consortium.pass(DAY)
    expect(outcomeOf(consortium)).toBe('PERMIT_BTG breakGlass BREAK_GLASS')
  })

  it('that only denies it to somebody else permits it to nobody', () => {
    const consortium = new Consortium()
    consortium.consent('consent', { clauses: [permit(), deny(names(nurse))] })
    expect(outcomeOf(consortium)).toBe('DENY consent NOT_COVERED')
  })

  it('a permit for every purpose does not speak of it', () => {
    const consortium = configured('deny', 'consentOnly')
    consortium.consent('consent', { clauses: [permit({ purposes: [] })] })
    expect(outcomeOf(consortium)).toBe('DENY breakGlass BREAK_GLASS_REFUSED')
  })
})

describe('(c) the custodian’s setting', () => {
  it.each([
    ['deny', 'override', 'PERMIT_BTG breakGlass BREAK_GLASS', 'PERMIT_BTG consent PERMITTED'],
    ['deny', 'consentOnly', 'DENY breakGlass BREAK_GLASS_REFUSED', 'PERMIT_BTG consent PERMITTED'],
    ['deny', 'never', 'DENY breakGlass BREAK_GLASS_REFUSED', 'DENY breakGlass BREAK_GLASS_REFUSED'],
    ['breakGlassOnly', 'never', 'PERMIT_BTG breakGlass BREAK_GLASS', 'PERMIT_BTG consent PERMITTED'],
    ['breakGlassOnly', 'consentOnly', 'PERMIT_BTG breakGlass BREAK_GLASS', 'PERMIT_BTG consent PERMITTED'],
    ['allNormal', 'consentOnly', 'DENY breakGlass BREAK_GLASS_REFUSED', 'PERMIT_BTG consent PERMITTED'],
  ])('%s and %s: without consent %s, with one %s', (implicitPolicy, breakGlass, without, withConsent) => {
    const consortium = configured(implicitPolicy, breakGlass)
    expect(outcomeOf(consortium)).toBe(without)
    consortium.consent('consent', { clauses: [permit({ purposes: ['BTG'] })] })
    expect(outcomeOf(consortium)).toBe(withConsent)
  })

  it('overrides a withdrawn consent', () => {
    const consortium = new Consortium()
    consortium.act(patient, 'consent.revoke', { consent: consortium.consent('consent') })
    expect(outcomeOf(consortium)).toBe('PERMIT_BTG breakGlass BREAK_GLASS')
  })
})

describe('afterwards', () => {
  it('patient and privacy officer are told by event', () => {
    const consortium = new Consortium()
    const attempt = consortium.attempt(physician, 'access.request', requestFields(emergency))
    if (attempt.status !== 'ok') throw new Error(attempt.code)
    expect(attempt.events.map(({ name }) => name)).toEqual(['Decided', 'GlassBroken'])
    expect(attempt.events[1]?.fields).toMatchObject({
      decision: 1,
      patient: Uint8Array.fromHex(patient),
      custodian: Uint8Array.fromHex(hospitalA),
      reason: 'unconscious',
    })
  })

  it('a review stays open until the custodian or its privacy officer closes it', () => {
    const consortium = new Consortium()
    const { decision } = consortium.request(emergency)
    const review = { decision, patient, openedAt: consortium.nowMs }
    const open = () => consortium.ask('access.openReviews', { institution: hospitalA, after: 0 })
    const close = { custodian: hospitalA, decision, finding: 'justified', comment: id('comment') }
    consortium.pass(30 * DAY)
    expect(open()).toEqual([review])
    for (const sender of [physician, hospitalB, patient]) {
      expect(consortium.code(sender, 'access.closeReview', close)).toBe('NOT_AUTHORIZED')
    }
    expect(consortium.code(privacyOfficer, 'access.closeReview', close)).toBe('ok')
    expect(open()).toEqual([])
    expect(consortium.code(hospitalA, 'access.closeReview', close)).toBe('UNKNOWN_REVIEW')
    expect(consortium.ask('access.closedReview', { institution: hospitalA, decision })).toMatchObject({
      finding: 'justified',
      by: privacyOfficer,
    })
  })

  it('a refused break-glass opens no review', () => {
    const consortium = configured('deny', 'never')
    consortium.request(emergency)
    expect(consortium.ask('access.openReviews', { institution: hospitalA, after: 0 })).toEqual([])
  })
})
