// What opens a patient's data, on a running consortium: signed reads, and the custodian's second look before a release.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ChainClause, registerArguments } from '../../src/fhir/consent-intent.ts'
import { documentCommitment } from '../../src/fhir/consent-to-chain.ts'
import { type DataLimits, limitsBytes, limitsCommitment, limitsFromBytes } from '../../src/fhir/data-limits.ts'
import { systemClock } from '../../src/node/clock.ts'
import { InstitutionSender } from '../../src/node/institution-sender.ts'
import { newSeed, type SigningKey, signingKey } from '../../src/node/key-file.ts'
import { Reads } from '../../src/node/reads.ts'
import { ReleaseLimits } from '../../src/node/release-limits.ts'
import { createReleaseAuthority } from '../../src/node/release-ports.ts'
import { RpcError } from '../../src/rpc/errors.ts'
import type { Hash, IdentityId } from '../../src/types/brand.ts'
import type { Value } from '../../src/types/canonical-value.ts'
import type { CallReceipt } from '../../src/types/receipt.ts'
import { type SignedRead, type SignedReadBody, signRead } from '../../src/types/signed-read.ts'
import { InProcessConsortium, type InProcessNode, newId } from './in-process-consortium.ts'

const bytesOf = (hex: string): Uint8Array => Uint8Array.fromHex(hex)

let consortium: InProcessConsortium
let custodian: InProcessNode
let requester: InProcessNode
let patient: IdentityId
let patientKey: SigningKey

beforeEach(async () => {
  consortium = await new InProcessConsortium({ validators: 2 }).start()
  custodian = consortium.node(0)
  requester = consortium.node(1)
  patient = newId().toHex() as IdentityId
  patientKey = signingKey(newSeed())
  const args = [bytesOf(patient), bytesOf(patientKey.publicKey), null]
  await custodian.commit([{ contract: 'registry', method: 'enrollPatient', args }])
  await consortium.converge()
})
afterEach(() => consortium.stop())

const senderOf = ({ keys, ledger, participant }: InProcessNode): InstitutionSender =>
  new InstitutionSender(keys, { ledger, submissions: participant.intake.submissions, clock: systemClock })

describe('a signed read', () => {
  const readsAt = (node: InProcessNode): Reads =>
    new Reads({ ledger: node.ledger, sender: senderOf(node), clock: systemClock })

  const read = (change: Partial<SignedReadBody> = {}, key = patientKey): SignedRead =>
    signRead(
      {
        version: 1,
        chainId: custodian.ledger.chainId,
        reader: patient,
        keyId: 0,
        subject: patient,
        reason: 'ownData',
        range: null,
        nonce: newId().toHex() as Hash,
        expiresAtMs: Date.now() + 60_000,
        ...change,
      },
      key.sign,
    )

  const scope = { kind: 'query', contract: 'audit', method: 'trail' } as const
  const refusalOf = async (node: InProcessNode, signed: SignedRead): Promise<unknown> => {
    try {
      await readsAt(node).admit(signed, scope)
      return 'admitted'
    } catch (error) {
      return error instanceof RpcError ? [error.code, error.detail.reason].filter(Boolean).join(' ') : error
    }
  }
  const recorded = (node: InProcessNode, subject: IdentityId = patient): readonly unknown[] =>
    node.ask('audit', 'readsOf', [bytesOf(subject), 0]) as unknown[]

  it('is in the log before it is answered, with the node that took it', async () => {
    const signed = read()
    await readsAt(custodian).admit(signed, scope)
    expect(recorded(custodian)).toMatchObject([{ reader: bytesOf(patient), via: bytesOf(custodian.keys.institution) }])
  })

  it('counts once, at whichever node', async () => {
    const signed = read()
    expect(await refusalOf(custodian, signed)).toBe('admitted')
    expect(await refusalOf(custodian, signed)).toBe('INVALID_READ USED')
    await consortium.converge()
    expect(await refusalOf(requester, signed)).toBe('INVALID_READ USED')
    expect(recorded(requester)).toHaveLength(1)
  })

  it('counts once at two nodes at the same time', async () => {
    const signed = read()
    const outcomes = await Promise.all([refusalOf(custodian, signed), refusalOf(requester, signed)])
    expect(outcomes.toSorted()).toEqual(['INVALID_READ USED', 'admitted'])
  })

  it('is refused, and leaves nothing behind, without the reader’s own signature', async () => {
    const signed = read()
    const stranger = signingKey(newSeed())
    for (const [forged, refusal] of [
      [read({}, stranger), 'INVALID_READ BAD_SIGNATURE'],
      [{ ...signed, nonce: newId().toHex() as Hash }, 'INVALID_READ BAD_SIGNATURE'],
      [{ ...signed, subject: newId().toHex() as IdentityId }, 'INVALID_READ BAD_SIGNATURE'],
      [{ ...signed, reason: 'oversight' }, 'INVALID_READ BAD_SIGNATURE'],
      [read({ keyId: 1 }), 'INVALID_READ UNKNOWN_KEY'],
      [read({ reader: newId().toHex() as IdentityId }), 'INVALID_READ UNKNOWN_KEY'],
    ] as const) {
      expect(await refusalOf(custodian, forged)).toBe(refusal)
    }
    expect(recorded(custodian)).toEqual([])
  })

  it('is refused with a key that was revoked', async () => {
    const next = signingKey(newSeed())
    const args = [bytesOf(patient), 'signing', bytesOf(next.publicKey), newId()]
    await custodian.commit([{ contract: 'registry', method: 'attestKey', args }])
    expect(await refusalOf(custodian, read())).toBe('INVALID_READ UNKNOWN_KEY')
    expect(await refusalOf(custodian, read({ keyId: 3 }, next))).toBe('admitted')
  })

  it('is for those who are entitled: not for another patient, nor a member about somebody’s trail', async () => {
    const other = newId().toHex() as IdentityId
    const otherKey = signingKey(newSeed())
    const args = [bytesOf(other), bytesOf(otherKey.publicKey), null]
    await custodian.commit([{ contract: 'registry', method: 'enrollPatient', args }])
    expect(await refusalOf(custodian, read({ reader: other }, otherKey))).toBe('NOT_ENTITLED')
    expect(await refusalOf(custodian, read({ subject: null }))).toBe('NOT_ENTITLED')
    const { institution, signing } = requester.keys
    expect(await refusalOf(custodian, read({ reader: institution, reason: 'review' }, signing))).toBe('NOT_ENTITLED')
    expect(await refusalOf(custodian, read({ reader: institution, subject: null }, signing))).toBe('admitted')
    expect(recorded(custodian)).toEqual([])
    expect(recorded(custodian, institution)).toHaveLength(1)
  })
})

const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'

describe('the custodian looks again before a release', () => {
  const LIMITS: DataLimits = {
    confidentiality: ['N'],
    sensitivity: [],
    classes: [],
    codes: [],
    period: null,
    instances: [],
    related: [],
    authors: [],
  }
  const clause = (type: 'permit' | 'deny', limits: DataLimits | null): ChainClause => ({
    type,
    recipients: [],
    purposes: ['HOPERAT'],
    from: null,
    to: null,
    limits,
  })

  const send = (node: InProcessNode, method: string, args: Parameters<InProcessNode['ask']>[2]) => {
    const [contract, name] = method.split('.') as [string, string]
    return senderOf(node).send([{ contract, method: name, args }])
  }

  /** What the custodian's vault keeps of consents, by their commitment. */
  const bodies = new Map<string, { bytes: Uint8Array; salt: Uint8Array }>()
  /** Of data limits. */
  const kept = new Map<string, readonly Value[]>()

  async function register(given: ChainClause): Promise<IdentityId> {
    const consentId = newId().toHex() as IdentityId
    const institution = custodian.keys.institution
    const bytes = limitsBytes([given.limits])
    const salt = newId()
    const limits = bytes && limitsCommitment({ bytes, salt })
    if (limits !== null) kept.set(limits, limitsFromBytes(bytes as Uint8Array))
    const body = { bytes: new TextEncoder().encode('what the patient signed'), salt }
    const document = documentCommitment(body)
    bodies.set(document, body)
    const terms = { patient, custodian: institution, delegation: null, document, limits, clauses: [given] }
    const args = registerArguments(terms, { consentId, recorder: institution })
    const registered = await send(custodian, 'consent.register', args)
    expect(registered.map(({ code }) => code)).toEqual(['OK'])
    return consentId
  }

  /** A decision on a request of the other hospital, for its operations. */
  async function decide({ limits = null }: { limits?: DataLimits | null } = {}) {
    const consentId = await register(clause('permit', limits))
    const [answered] = await send(requester, 'access.request', [
      bytesOf(patient),
      bytesOf(custodian.keys.institution),
      null,
      'institution',
      bytesOf(requester.keys.institution),
      'HOPERAT',
      [],
      bytesOf(requester.keys.encryption.publicKey),
      null,
    ])
    await consortium.converge()
    const { decision, outcome } = (answered as CallReceipt).value as { decision: number; outcome: string }
    const revoke = () => send(custodian, 'consent.revoke', [bytesOf(consentId)])
    return { decision, outcome, revoke }
  }

  const authorityOf = ({ ledger, running, participant, keys }: InProcessNode) =>
    createReleaseAuthority({
      ledger,
      membership: running.membership,
      freshness: participant.freshness,
      clock: systemClock,
      custodian: keys.institution,
      limits: new ReleaseLimits({
        ledger,
        custodian: keys.institution,
        limitsOf: async (commitment) => kept.get(commitment) ?? null,
        timeZone: 'UTC',
      }),
      isErased: () => false,
      bodyOf: async (commitment) => bodies.get(commitment) ?? null,
    })

  it('and releases what was permitted, to whom and to which key', async () => {
    const { decision, outcome } = await decide()
    expect(outcome).toBe('PERMIT')
    expect(await authorityOf(custodian).check({ patient, decision })).toEqual({
      kind: 'releasable',
      institution: requester.keys.institution,
      recipientKey: requester.keys.encryption.publicKey,
      records: [],
      patients: [patient],
      mayLeave: null,
      redisclosure: expect.anything(),
    })
    expect(await authorityOf(custodian).institutionOf(requester.self)).toBe(requester.keys.institution)
  })

  it('and releases nothing once the consent is revoked', async () => {
    const { decision, revoke } = await decide()
    await revoke()
    expect(await authorityOf(custodian).check({ patient, decision })).toEqual({ kind: 'refused', reason: 'REVOKED' })
  })

  it('and releases nothing on a decision that is another custodian’s, another patient’s, or nobody’s', async () => {
    const { decision } = await decide()
    const unknown = { kind: 'refused', reason: 'UNKNOWN_DECISION' }
    const stranger = newId().toHex() as IdentityId
    expect(await authorityOf(requester).check({ patient, decision })).toEqual(unknown)
    expect(await authorityOf(custodian).check({ patient: stranger, decision })).toEqual(unknown)
    expect(await authorityOf(custodian).check({ patient, decision: decision + 1 })).toEqual(unknown)
  })

  it('and releases what the data limits leave, resource by resource', async () => {
    const settings = { contract: 'policy', method: 'configure', args: ['deny', 'override', true] }
    await custodian.commit([settings])
    const { decision, outcome } = await decide({ limits: LIMITS })
    expect(outcome).toBe('PERMIT_FILTERED')
    const mayLeave = await mayLeaveOf(decision)
    expect(mayLeave(record({}))).toBe(true)
    expect(mayLeave(record(labelled('L')))).toBe(true)
    expect(mayLeave(record(labelled('R')))).toBe(false)
    expect(mayLeave(record(labelled('n')))).toBe(false)
    expect(mayLeave(new TextEncoder().encode('no resource'))).toBe(false)
    const twice = JSON.stringify({ resourceType: 'Observation', ...labelled('R') }).replace(/}$/, ',"meta":{}}')
    expect(mayLeave(new TextEncoder().encode(twice))).toBe(false)
  })

  it('and releases nothing under a permit whose limits are lost, or of which a deny lost its own', async () => {
    const { decision } = await decide({ limits: LIMITS })
    kept.clear()
    expect((await mayLeaveOf(decision))(record({}))).toBe(false)
    const unlimited = await decide()
    await register(clause('deny', LIMITS))
    kept.clear()
    expect((await mayLeaveOf(unlimited.decision))(record(labelled('L')))).toBe(false)
  })

  it('and lets what is labelled as substance use leave with a notice and the consent, or not at all', async () => {
    const { decision } = await decide()
    const { applies, accompaniment } = await redisclosureOf(decision)
    const label = (code: string) => ({ meta: { security: [{ system: ACT_CODE, code }] } })
    for (const code of ['SUD', 'ETHUD', 'OPIOIDUD', '42CFRPart2']) {
      expect(applies(record(label(code)))).toBe(true)
      expect(applies(record({ contained: [{ resourceType: 'Condition', ...label(code) }] }))).toBe(true)
    }
    for (const code of ['PSY', 'HIV', 'sud']) expect(applies(record(label(code)))).toBe(false)
    expect(applies(record({}))).toBe(false)
    const along = await accompaniment()
    expect(along?.notice).toBe('42 CFR part 2 prohibits unauthorized use or disclosure of these records.')
    expect(along?.consents.map(({ bytes }) => new TextDecoder().decode(bytes))).toEqual(['what the patient signed'])
    bodies.clear()
    expect(await accompaniment()).toBeNull()
  })

  it('and heeds a limited deny that came after the decision', async () => {
    const { decision, outcome } = await decide()
    expect(outcome).toBe('PERMIT')
    await register(clause('deny', { ...LIMITS, confidentiality: [], classes: ['Observation'] }))
    const mayLeave = await mayLeaveOf(decision)
    expect(mayLeave(record({}))).toBe(false)
    expect(mayLeave(record({ resourceType: 'Condition' }))).toBe(true)
  })

  it('and keeps to the limits of the decision, though a wider permit came after it', async () => {
    const { decision } = await decide({ limits: { ...LIMITS, confidentiality: [], classes: ['Observation'] } })
    await register(clause('permit', null))
    const mayLeave = await mayLeaveOf(decision)
    expect(mayLeave(record({}))).toBe(true)
    expect(mayLeave(record({ resourceType: 'Condition' }))).toBe(false)
  })

  const redisclosureOf = async (decision: number) => {
    const check = await authorityOf(custodian).check({ patient, decision })
    if (check.kind === 'refused') throw new Error('a release')
    return check.redisclosure
  }

  const record = (more: object): Uint8Array =>
    new TextEncoder().encode(JSON.stringify({ resourceType: 'Observation', id: '1', ...more }))

  const labelled = (code: string) => {
    return { meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code }] } }
  }

  async function mayLeaveOf(decision: number): Promise<(record: Uint8Array) => boolean> {
    const check = await authorityOf(custodian).check({ patient, decision })
    if (check.kind === 'refused' || check.mayLeave === null) throw new Error('a limited release')
    return check.mayLeave
  }
})
