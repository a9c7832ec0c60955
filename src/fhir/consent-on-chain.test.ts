// What a FHIR Consent decides in the end: each generated form, translated, registered with the real consent contract, and
// asked about by a physician of hospital B for treatment and for break-glass.

import { describe, expect, test } from 'vitest'
import {
  Consortium,
  emergency,
  hospitalA,
  hospitalB,
  id,
  laboratory,
  mother,
  patient,
  physician,
} from '../contracts/builtin/consortium.test-support.ts'
import { executeCall } from '../contracts/execute.ts'
import type { Hash, IdentityId } from '../types/brand.ts'
import type { Value } from '../types/canonical-value.ts'
import { type BoundIdentities, bindingResolver } from './binding.ts'
import { registerArguments, updateArguments } from './consent-intent.ts'
import { consentToChain } from './consent-to-chain.ts'
import { generateFolder } from './generate.ts'
import { CONSENT_FORMS, type ConsentForm } from './generate-consents.ts'

const GROUP = id('privileged users') as IdentityId
const DELEGATION = id('delegation') as IdentityId
const CONSENT = id('consent') as IdentityId

const institutions: { readonly [name: string]: string } = {
  'hospital-a': hospitalA,
  'hospital-b': hospitalB,
  // The test consortium has three; whoever is neither A nor B will do.
  'hospital-c': laboratory,
  laboratory,
}
const identities: BoundIdentities = {
  institution: (name) => (institutions[name] ?? null) as IdentityId | null,
  practitioner: () => physician as IdentityId,
  group: () => GROUP,
  patientAt: () => patient as IdentityId,
  delegation: () => DELEGATION,
}

async function termsOf(form: ConsentForm) {
  const position = Object.keys(CONSENT_FORMS).indexOf(form) + 1
  const { files, binding } = generateFolder({ seed: 1, patients: position })
  const file = files.find(({ name }) => name.endsWith(`-${form}.json`))
  if (file === undefined) throw new Error(`no Consent of the form ${form}`)
  const resolver = bindingResolver(binding, { identities, position })
  const intent = await consentToChain(file.bytes, {
    resolver,
    timeZone: binding.timeZone,
    labelling: false,
    known: false,
  })
  if (intent.kind !== 'terms' || intent.terms[0] === undefined) throw new Error(`${form}: ${intent.kind}`)
  return intent.terms[0]
}

function call(
  consortium: Consortium,
  { sender, method, args }: { sender: string; method: string; args: Value[] },
): string {
  const { contracts, state, nowMs, height, epoch } = consortium
  const transactionId = id(`${method} ${args.length}`) as Hash
  const at = { timeMs: nowMs, height, epoch }
  const context = { ...at, sender: sender as IdentityId, transactionId, callIndex: 0, genesis: false }
  const outcome = executeCall(
    contracts,
    { contract: 'consent', method, args },
    { context, state, gasLimit: 100_000_000 },
  )
  return outcome.status === 'ok' ? 'ok' : outcome.code
}

function consortiumWithGroupAndMother(): Consortium {
  const consortium = new Consortium()
  consortium.act(hospitalA, 'registry.setGroup', { group: GROUP, members: [physician] })
  const delegation = { delegation: DELEGATION, patient, delegate: mother, capacity: 'parent', rights: ['consent'] }
  consortium.act(patient, 'registry.delegate', { ...delegation, from: 0, to: null })
  return consortium
}

const OUTCOMES: { readonly [Form in ConsentForm]: readonly [treatment: string, breakGlass: string] } = {
  'permit-treatment': ['PERMIT PERMITTED', 'PERMIT_BTG BREAK_GLASS'],
  'permit-one-institution': ['PERMIT PERMITTED', 'PERMIT_BTG BREAK_GLASS'],
  'deny-everything': ['DENY DENIED', 'PERMIT_BTG BREAK_GLASS'],
  'permit-expired': ['DENY EXPIRED', 'PERMIT_BTG BREAK_GLASS'],
  'permit-research': ['DENY NO_CONSENT', 'PERMIT_BTG BREAK_GLASS'],
  'permit-one-practitioner': ['PERMIT PERMITTED', 'PERMIT_BTG BREAK_GLASS'],
  'deny-but-break-glass': ['DENY DENIED', 'PERMIT_BTG PERMITTED'],
  'permit-except-institution': ['PERMIT PERMITTED', 'PERMIT_BTG BREAK_GLASS'],
  'permit-for-child': ['PERMIT PERMITTED', 'PERMIT_BTG BREAK_GLASS'],
  'permit-practitioner-at-institution': ['PERMIT PERMITTED', 'PERMIT_BTG BREAK_GLASS'],
  'opt-in': ['PERMIT PERMITTED', 'PERMIT_BTG BREAK_GLASS'],
  'opt-in-restricted': ['DENY NOT_COVERED', 'PERMIT_BTG BREAK_GLASS'],
  'opt-out': ['DENY DENIED', 'PERMIT_BTG BREAK_GLASS'],
  'opt-out-except': ['DENY DENIED', 'PERMIT_BTG BREAK_GLASS'],
  'emergency-only': ['DENY DENIED', 'PERMIT_BTG PERMITTED'],
  'permit-until': ['PERMIT PERMITTED', 'PERMIT_BTG BREAK_GLASS'],
}

describe('a FHIR Consent, registered', () => {
  test.each(Object.keys(CONSENT_FORMS) as ConsentForm[])('of the form %s decides what it says', async (form) => {
    const consortium = consortiumWithGroupAndMother()
    const terms = await termsOf(form)
    const sender = terms.delegation === null ? patient : mother
    const args = registerArguments(terms, { consentId: CONSENT })
    expect(call(consortium, { sender, method: 'register', args })).toBe('ok')
    const answers = [consortium.request(), consortium.request(emergency)]
    expect(answers.map(({ outcome, reasons }) => `${outcome} ${reasons.join(' ')}`)).toEqual(OUTCOMES[form])
  })

  test('can be attested by its custodian with a recorder, and replaced by a later version', async () => {
    const consortium = consortiumWithGroupAndMother()
    const attested = registerArguments(await termsOf('permit-treatment'), {
      consentId: CONSENT,
      recorder: hospitalA as IdentityId,
    })
    expect(call(consortium, { sender: hospitalA, method: 'register', args: attested })).toBe('ok')
    expect(consortium.request().outcome).toBe('PERMIT')
    const args = updateArguments(await termsOf('deny-everything'), { consentId: CONSENT, replaces: 1 })
    expect(call(consortium, { sender: patient, method: 'update', args })).toBe('ok')
    expect(consortium.request().outcome).toBe('DENY')
    expect(call(consortium, { sender: patient, method: 'update', args })).toBe('VERSION_CONFLICT')
  })
})
