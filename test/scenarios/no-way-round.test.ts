// What somebody would try who wants a record that a patient withholds: with real signatures, on the contracts of the product,
// in the blocks of a real ledger. Each way is tried several times over, and beside it stands what is let through.

import { beforeEach, describe, expect, it } from 'vitest'
import { DEFAULT_TIMING } from '../../src/consensus/limits.ts'
import {
  DAY,
  deny,
  emergency,
  HOUR,
  id,
  permit,
  type RequestOptions,
  registration,
  toGroup,
  toInstitution,
  toPerson,
  version,
} from '../../src/contracts/builtin/consortium.test-support.ts'
import type { Value } from '../../src/types/canonical-value.ts'
import { decodeTransaction } from '../../src/types/signing.ts'
import type { SignedTransaction } from '../../src/types/transaction.ts'
import {
  answerIn,
  ConsentChain,
  chemist,
  custodian,
  father,
  hospital,
  laboratory,
  mother,
  nurse,
  patient,
  physician,
  said,
  sealingKeyOf,
} from '../support/consent-chain.ts'

const PHYSICIAN = 'physician of Beta'
const PERMITTED = 'PERMIT PERMITTED'

let chain: ConsentChain
beforeEach(async () => {
  chain = await ConsentChain.start()
})

const asked = async (options: RequestOptions = {}, by = PHYSICIAN) =>
  said(await chain.answerTo(chain.request(options, by)))

/** As it would be without the client's own checks: the argument at this place is another value. */
function bent(sent: SignedTransaction, place: number, value: Value, by: string): SignedTransaction {
  const [call] = sent.transaction.calls
  if (call === undefined) throw new Error('no call')
  return chain.signCalls(by, [{ ...call, args: call.args.with(place, value) }])
}

const delegation = (change: { [field: string]: string | number | string[] | null } = {}) => ({
  ...{ delegation: id('delegation'), patient, delegate: mother, capacity: 'healthcareAttorney', rights: ['consent'] },
  ...{ from: chain.nowMs - DAY, to: null },
  ...change,
})

describe('no consent, deny, expiry or revocation is got round by', () => {
  it('another spelling of a code', async () => {
    await chain.done(
      chain.consent('patient', 'all but treatment', {
        clauses: [permit({ purposes: [] }), deny({ purposes: ['TREAT', 'BTG'] })],
      }),
    )
    const spellings = [
      'treat',
      'Treat',
      ' TREAT',
      'TREAT ',
      'TREAT\u0000',
      'TR\u0415AT',
      'ＴREAT',
      'v3-ActReason|TREAT',
    ]
    for (const spelling of [...spellings, 'http://terminology.hl7.org/CodeSystem/v3-ActReason|TREAT', '', 7]) {
      const request = bent(chain.request(), 5, spelling, PHYSICIAN)
      expect(await chain.codeOf(request), String(spelling)).toMatch(/^(UNKNOWN_CODE|BAD_ARGUMENT)$/)
    }
    expect(await chain.codeOf(bent(chain.request(), 3, 'Physician', PHYSICIAN))).toMatch(
      /^(UNKNOWN_CODE|BAD_ARGUMENT)$/,
    )
    expect(await chain.codeOf(bent(chain.request(), 0, patient.toUpperCase(), PHYSICIAN))).toBe('BAD_ARGUMENT')
    // What the code covers is denied with it, and so is the one that is never covered, once it is named.
    for (const purpose of ['TREAT', 'ETREAT', 'ERTREAT', 'COC']) {
      expect(await asked({ purpose }), purpose).toBe('DENY DENIED')
    }
    expect(await asked(emergency)).toBe('DENY DENIED')
    // Nor is a consent taken that names what nobody could ask for.
    for (const purpose of ['treat', 'Btg', 'TREATMENT']) {
      const consent = chain.consent('patient', purpose, { clauses: [permit({ purposes: [purpose] })] })
      expect(await chain.codeOf(consent)).toBe('UNKNOWN_CODE')
    }
  })

  it('a nested group', async () => {
    const setGroup = (by: string, group: string, ...members: string[]) =>
      chain.sign(by, 'registry.setGroup', { group: id(group), members })
    const outer = [toGroup(id('outer'))]
    await chain.done(
      setGroup('Beta', 'inner', physician),
      setGroup('Alpha', 'outer', nurse),
      chain.consent('patient', 'to the outer group', { clauses: [permit({ recipients: outer })] }),
    )
    expect(await asked()).toBe('DENY NOT_COVERED')
    // A group is no member, neither of another nor of itself, and no stranger becomes one by asking.
    expect(await chain.codeOf(setGroup('Alpha', 'outer', nurse, id('inner')))).toBe('UNKNOWN_IDENTITY')
    expect(await chain.codeOf(setGroup('Alpha', 'outer', id('outer')))).toBe('UNKNOWN_IDENTITY')
    expect(await chain.codeOf(setGroup('Beta', 'outer', physician))).toBe('NOT_AUTHORIZED')
    expect(await chain.codeOf(setGroup(PHYSICIAN, 'outer', physician))).toBe('NOT_AN_INSTITUTION')
    expect(await asked()).toBe('DENY NOT_COVERED')
    // A practitioner under the id of a group is that practitioner: the group's members do not come with it.
    const namesake = { practitioner: id('inner'), roles: ['physician'], signing: null, encryption: null }
    await chain.done(
      chain.sign('Beta', 'registry.enrollPractitioner', namesake),
      setGroup('Alpha', 'outer', nurse, id('inner')),
    )
    expect(await asked()).toBe('DENY NOT_COVERED')
    // A consent names a group as a group, and only one that there is.
    const naming = (recipient: ReturnType<typeof toGroup>) =>
      chain.codeOf(chain.consent('patient', 'another', { clauses: [permit({ recipients: [recipient] })] }))
    expect(await naming(toInstitution(id('outer')))).toBe('UNKNOWN_RECIPIENT')
    expect(await naming(toPerson(id('outer')))).toBe('UNKNOWN_RECIPIENT')
    expect(await naming(toGroup(id('nowhere')))).toBe('UNKNOWN_RECIPIENT')
    // Whom its owner takes out is out at once.
    await chain.done(setGroup('Alpha', 'outer', nurse, physician))
    expect(await asked()).toBe(PERMITTED)
    await chain.done(setGroup('Alpha', 'outer', nurse))
    expect(await asked()).toBe('DENY NOT_COVERED')
  })

  it('a future or past clock within the drift bound', async () => {
    const drift = DEFAULT_TIMING.clockDriftMaxMs
    const end = chain.nowMs + HOUR
    await chain.done(
      chain.consent('patient', 'for an hour', { clauses: [permit({ to: end })] }),
      chain.consent('patient', 'never emergencies, from then on', {
        clauses: [deny({ purposes: ['BTG'], from: end })],
      }),
    )
    // A leader whose clock is behind dates the request before the end. The custodian's clock is right, and nothing leaves.
    const early = await chain.answerAt(end - drift)
    expect(said(early)).toBe(PERMITTED)
    expect(chain.releasable(early.decision, end - 1)).toBe('releasable')
    for (const clock of [end, end + drift]) expect(chain.releasable(early.decision, clock)).toBe('EXPIRED')
    const glass = await chain.answerAt(end - 1, emergency)
    expect(glass.outcome).toBe('PERMIT_BTG')
    expect(chain.releasable(glass.decision, end)).toBe('DENIED')
    // Once a block is dated behind the end, no clock leads back: not a custodian's, not the next leader's.
    expect(said(await chain.answerAt(end))).toBe('DENY EXPIRED')
    expect(chain.releasable(early.decision, end - drift)).toBe('EXPIRED')
    for (const timeMs of [end, end - 1, end - drift]) {
      expect(await chain.block([chain.request()], { timeMs })).toEqual([{ code: 'TIME', value: null }])
    }
    expect(await asked(emergency)).toBe('DENY DENIED')
    // A clock that is ahead gains what validators let it be ahead, and no more: before a permit's first instant nothing is its.
    await chain.done(chain.consent('patient', 'tomorrow', { clauses: [permit({ from: end + DAY })] }))
    expect(said(await chain.answerAt(end + DAY - 1))).toBe('DENY EXPIRED NOT_COVERED')
    // Nor does the drift let a transaction live on: its own end is the block's time, too.
    const waiting = chain.request()
    const { expiresAtMs } = waiting.transaction
    expect(await chain.block([waiting], { timeMs: expiresAtMs })).toEqual([{ code: 'EXPIRED', value: null }])
  })

  it('a second consent', async () => {
    await chain.done(
      chain.consent('patient', 'no', { clauses: [deny({ recipients: [toPerson(physician)] })] }),
      chain.sign('patient', 'registry.delegate', delegation()),
    )
    // The patient's own, the custodian's, a guardian's, narrower or wider, before or behind: any deny outweighs them.
    const narrow = [permit({ recipients: [toPerson(physician)], purposes: ['COC'] })]
    await chain.done(
      chain.consent('patient', 'yes', { clauses: [permit({ recipients: [toPerson(physician)] })] }),
      chain.consent('Alpha', 'attested', { recorder: custodian }),
      chain.consent('mother', 'by the mother', { delegation: id('delegation') }),
      chain.consent('patient', 'narrow', { clauses: narrow }),
    )
    for (const purpose of ['TREAT', 'COC', 'ETREAT']) expect(await asked({ purpose }), purpose).toBe('DENY DENIED')
    // Nor the consent of an id of the same person, nor one at another custodian.
    const elsewhere = { patient: id('the same patient elsewhere'), signing: null, encryption: null }
    await chain.done(
      chain.sign('Alpha', 'registry.enrollPatient', elsewhere),
      chain.sign('Alpha', 'registry.linkPatients', { first: patient, second: elsewhere.patient }),
      chain.consent('Alpha', 'elsewhere', { patient: elsewhere.patient, recorder: custodian }),
      chain.consent('patient', 'at the hospital', { custodian: hospital }),
    )
    expect(await asked()).toBe('DENY DENIED')
    expect(await asked({ patient: elsewhere.patient })).toBe('DENY DENIED')
    // Under the id of the first none is registered, and the custodian does not lift what the patient signed.
    expect(await chain.codeOf(chain.consent('patient', 'no'))).toBe('CONSENT_EXISTS')
    expect(await chain.codeOf(chain.sign('Alpha', 'consent.revoke', { consent: id('no') }))).toBe('WIDENS')
    // A withdrawn permit does not give way to the custodian's default, whatever other consents are about.
    const research = [permit({ purposes: ['HRESCH'] })]
    await chain.done(
      chain.sign('patient', 'consent.revoke', { consent: id('no') }),
      ...['yes', 'attested', 'by the mother', 'narrow'].map((name) =>
        chain.sign('patient', 'consent.revoke', { consent: id(name) }),
      ),
      chain.consent('patient', 'research', { clauses: research }),
      chain.sign('Alpha', 'registry.unlinkPatient', { patient: elsewhere.patient }),
      chain.sign('Alpha', 'policy.configure', {
        implicitPolicy: 'allNormal',
        breakGlass: 'override',
        labelling: false,
      }),
    )
    expect(await asked()).toBe('DENY REVOKED')
  })

  it('a delegate out of scope', async () => {
    const delegate = (by: string, change: Parameters<typeof delegation>[0]) =>
      chain.sign(by, 'registry.delegate', delegation(change))
    const named = (name: string) => ({ delegation: id(name) })
    const { nowMs } = chain
    await chain.done(
      delegate('patient', { ...named('to read'), rights: ['read'] }),
      delegate('patient', { ...named('over'), to: nowMs }),
      delegate('patient', { ...named('not yet'), from: nowMs + DAY }),
      delegate('patient', { ...named('of the father'), delegate: father }),
      delegate('patient', { ...named('for a while'), to: nowMs + HOUR }),
      delegate('father', { ...named('for the father'), patient: father }),
      chain.sign('Beta', 'registry.knowPatient', { patient }),
      delegate('Beta', named('at the hospital')),
    )
    const consent = (name: string, under: string | null, by = 'mother') =>
      chain.codeOf(chain.consent(by, name, { delegation: under && id(under) }))
    for (const under of ['to read', 'over', 'not yet', 'for the father', 'at the hospital', 'nowhere']) {
      expect(await consent('a', under), under).toBe('DELEGATION_INACTIVE')
    }
    for (const under of ['of the father', null]) expect(await consent('a', under)).toBe('NOT_AUTHORIZED')
    expect(await asked()).toBe('DENY NO_CONSENT')
    // A delegate neither passes on what was given, nor touches what another one said.
    expect(await chain.codeOf(delegate('mother', { ...named('onward'), delegate: father }))).toBe('NOT_AUTHORIZED')
    await chain.done(
      chain.consent('father', 'the father says no', { ...named('of the father'), clauses: [deny()] }),
      chain.consent('mother', 'the mother says yes', named('for a while')),
    )
    const theirs = { consent: id('the father says no') }
    const changed = { ...theirs, replaces: 1, ...version(named('for a while')) }
    expect(await chain.codeOf(chain.sign('mother', 'consent.update', changed))).toBe('NOT_AUTHORIZED')
    for (const method of ['consent.revoke', 'consent.void']) {
      expect(await chain.codeOf(chain.sign('mother', method, theirs))).toBe('NOT_AUTHORIZED')
    }
    expect(await asked()).toBe('DENY DENIED')
    // With the delegation lapses what was permitted under it; what was denied stays, and nobody gives anything more.
    await chain.done(chain.sign('patient', 'consent.revoke', theirs))
    const before = await chain.answerAt(nowMs + HOUR - 1)
    expect(said(before)).toBe(PERMITTED)
    expect(said(await chain.answerAt(nowMs + HOUR))).toBe('DENY EXPIRED')
    expect(chain.releasable(before.decision)).toBe('EXPIRED')
    expect(await consent('b', 'for a while')).toBe('DELEGATION_INACTIVE')
  })

  it('an institution signing for another', async () => {
    await chain.done(
      chain.consent('patient', 'to the hospital', { clauses: [permit({ recipients: [toInstitution(hospital)] })] }),
    )
    // Another's practitioner, in one's own name or in the other's.
    expect(await asked({}, 'Gamma')).toMatch(/^DENY NOT_AFFILIATED/)
    expect(await asked({ institution: laboratory }, 'Gamma')).toMatch(/^DENY NOT_AFFILIATED/)
    expect(await asked({ practitioner: chemist }, 'Gamma')).toMatch(/^DENY NOT_AFFILIATED/)
    expect(await asked({ practitioner: chemist }, 'physician of Gamma')).toMatch(/^DENY NOT_AFFILIATED/)
    expect(await asked({ practitioner: null, purpose: 'HPAYMT' }, 'Gamma')).toMatch(/^DENY NOT_AFFILIATED/)
    expect(await asked({ recipientKey: sealingKeyOf('Gamma') }, 'Beta')).toBe('DENY KEY_NOT_REGISTERED')
    // A signature is that of the sender's key, or the transaction stands in no block.
    const forged = chain.sign('Beta', 'registry.knowPatient', { patient }, { key: 'Gamma' })
    expect(await chain.codeOf(forged)).toBe('BAD_SIGNATURE')
    const names = registration('forged', { custodian })
    expect(await chain.codeOf(chain.sign('patient', 'consent.register', names, { key: 'Alpha' }))).toBe('BAD_SIGNATURE')
    // A custodian attests, ends and configures for itself alone, and only it logs a release.
    expect(await chain.codeOf(chain.consent('Beta', 'a', { recorder: hospital }))).toBe('NOT_AUTHORIZED')
    expect(await chain.codeOf(chain.sign('Beta', 'consent.revoke', { consent: id('to the hospital') }))).toBe(
      'NOT_AUTHORIZED',
    )
    const settings = { implicitPolicy: 'allNormal', breakGlass: 'override', labelling: false }
    await chain.done(chain.sign('Gamma', 'policy.configure', settings))
    expect(await asked({ practitioner: chemist, institution: laboratory }, 'physician of Gamma')).toBe(
      'DENY NOT_COVERED',
    )
    const affiliation = { practitioner: physician, roles: ['physician'] }
    expect(await chain.codeOf(chain.sign('Gamma', 'registry.affiliate', affiliation))).toBe('AFFILIATED_ELSEWHERE')
    const { decision, ...answer } = await chain.answerTo(chain.request({}, 'Beta'))
    expect(answer).toMatchObject({ outcome: 'PERMIT', vouchedBy: hospital })
    const release = { patient, decision, records: [], manifest: id('manifest') }
    for (const by of ['Beta', 'Gamma', PHYSICIAN]) {
      expect(await chain.codeOf(chain.sign(by, 'access.release', release))).toBe('NOT_AUTHORIZED')
    }
    expect(await chain.codeOf(chain.sign('Alpha', 'access.release', release))).toBe('OK')
  })

  it('a replay', async () => {
    const given = chain.consent('patient', 'consent')
    const request = chain.request()
    await chain.done(given)
    const { decision } = await chain.answerTo(request)
    await chain.done(chain.sign('patient', 'consent.revoke', { consent: id('consent') }))
    // The very bytes, decoded again, or beside a new one; later they have expired.
    for (const again of [given, request, decodeTransaction(request.bytes)]) {
      expect(await chain.codeOf(again)).toBe('DUPLICATE')
      expect(await chain.block([chain.request(), again])).toEqual([{ code: 'DUPLICATE', value: null }])
    }
    const twice = chain.request()
    expect(await chain.block([twice, twice])).toEqual([{ code: 'DUPLICATE', value: null }])
    expect(await chain.block([given], { timeMs: given.transaction.expiresAtMs })).toEqual([
      { code: 'EXPIRED', value: null },
    ])
    // The same call anew, by whoever signs it.
    expect(await chain.codeOf(chain.consent('patient', 'consent'))).toBe('CONSENT_EXISTS')
    expect(await chain.codeOf(chain.signCalls('Alpha', given.transaction.calls))).not.toBe('OK')
    expect(await chain.codeOf(chain.signCalls(PHYSICIAN, given.transaction.calls))).toBe('NOT_AUTHORIZED')
    const update = { consent: id('consent'), replaces: 1, ...version() }
    expect(await chain.codeOf(chain.sign('patient', 'consent.update', update))).toBe('CONSENT_ENDED')
    // An old permission: not for a release, and not for another's record.
    expect(chain.releasable(decision)).toBe('REVOKED')
    const release = { patient, decision, records: [], manifest: id('manifest') }
    expect(await chain.codeOf(chain.sign('Alpha', 'access.release', release))).toBe('NOT_RELEASABLE')
    expect(await chain.codeOf(chain.sign('Alpha', 'access.release', { ...release, patient: father }))).toBe(
      'UNKNOWN_DECISION',
    )
    // A change that was overtaken.
    await chain.done(chain.consent('patient', 'other', { clauses: [permit()] }))
    const stale = { consent: id('other'), replaces: 1 }
    await chain.done(chain.sign('patient', 'consent.update', { ...stale, ...version({ clauses: [deny()] }) }))
    expect(await chain.codeOf(chain.sign('patient', 'consent.update', { ...stale, ...version() }))).toBe(
      'VERSION_CONFLICT',
    )
    expect(await asked()).toBe('DENY DENIED')
  })

  it('a race between revocation and request in one block', async () => {
    const consent = id('consent')
    await chain.done(
      chain.consent('patient', 'consent'),
      chain.sign('patient', 'registry.delegate', delegation()),
      chain.consent('mother', 'by the mother', {
        delegation: id('delegation'),
        clauses: [permit({ purposes: ['HRESCH'] })],
      }),
    )
    const revoke = chain.sign('patient', 'consent.revoke', { consent })
    const last = (results: Awaited<ReturnType<ConsentChain['block']>>) => said(answerIn(results.at(-1)))
    // Whichever stands first counts first: the request behind the change meets what the change left.
    const update = {
      consent,
      replaces: 1,
      ...version({ clauses: [permit(), deny({ recipients: [toPerson(physician)] })] }),
    }
    const widened = { consent, replaces: 2, ...version() }
    expect(last(await chain.block([chain.sign('patient', 'consent.update', update), chain.request()]))).toBe(
      'DENY DENIED',
    )
    await chain.done(chain.sign('patient', 'consent.update', widened))
    expect(last(await chain.block([chain.consent('patient', 'no', { clauses: [deny()] }), chain.request()]))).toBe(
      'DENY DENIED',
    )
    await chain.done(chain.sign('patient', 'consent.revoke', { consent: id('no') }))
    // Ahead of the revocation the request is permitted, and yet nothing leaves: in that block, and in none behind it.
    const before = chain.request()
    const number = (await chain.answerTo(chain.request())).decision + 1
    const release = { patient, decision: number, records: [], manifest: id('manifest') }
    const results = await chain.block([before, revoke, chain.sign('Alpha', 'access.release', release), chain.request()])
    expect(results.map(({ code }) => code)).toEqual(['OK', 'OK', 'NOT_RELEASABLE', 'OK'])
    expect(answerIn(results[0])).toMatchObject({ decision: number, outcome: 'PERMIT' })
    expect(last(results)).toBe('DENY REVOKED')
    expect(chain.releasable(number)).toBe('REVOKED')
    // Two changes of one consent: the second one finds it ended.
    const overtaken = chain.sign('patient', 'consent.update', { consent, replaces: 3, ...version() })
    expect(await chain.codeOf(overtaken)).toBe('CONSENT_ENDED')
    // The same of what a consent stands on: the delegation, the affiliation, the key the answer is sealed to.
    const sealed = { recipientKey: sealingKeyOf('Beta') }
    const research = chain.request({ practitioner: null, purpose: 'HRESCH', ...sealed }, 'Beta')
    const ended = chain.sign('mother', 'registry.endDelegation', { delegation: id('delegation') })
    expect(last(await chain.block([ended, research]))).toBe('DENY EXPIRED')
    await chain.done(chain.consent('patient', 'again'))
    const keyRevoked = chain.sign(PHYSICIAN, 'registry.revokeKey', { identity: physician, keyId: 1 })
    expect(last(await chain.block([keyRevoked, chain.request()]))).toBe('DENY KEY_NOT_REGISTERED')
    const left = chain.sign('Beta', 'registry.endAffiliation', { practitioner: physician })
    expect(last(await chain.block([left, chain.request(sealed)]))).toMatch(/^DENY NOT_AFFILIATED/)
  })
})
