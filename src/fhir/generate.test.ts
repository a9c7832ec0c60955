import { describe, expect, test } from 'vitest'
import type { IdentityId } from '../types/brand.ts'
import { type BoundIdentities, bindingResolver } from './binding.ts'
import { consentToChain } from './consent-to-chain.ts'
import { generateFolder } from './generate.ts'
import { CONSENT_FORMS } from './generate-consents.ts'

const anybody = (digit: string): IdentityId => digit.repeat(64) as IdentityId
const identities: BoundIdentities = {
  institution: () => anybody('a'),
  practitioner: () => anybody('b'),
  group: () => anybody('c'),
  patientAt: (position) => position.toString(16).padStart(64, '0') as IdentityId,
  delegation: () => anybody('d'),
}
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

describe('generateFolder()', () => {
  test('gives the same bytes for the same seed, and others for another', () => {
    const files = (seed: number) =>
      generateFolder({ seed, patients: 4 }).files.map(({ name, bytes }) => [name, text(bytes)])
    expect(files(1)).toEqual(files(1))
    expect(files(1)).not.toEqual(files(2))
  })

  test('gives people with clearly synthetic names and different identifiers', () => {
    const { files } = generateFolder({ seed: 3, patients: 50 })
    const patients = files
      .filter(({ name }) => name.startsWith('patients/'))
      .map(({ bytes }) => JSON.parse(text(bytes)).entry[0].resource)
    expect(patients).toHaveLength(50)
    expect(patients.every(({ name }) => name[0].family.endsWith('-Synthetic'))).toBe(true)
    expect(new Set(patients.map(({ identifier }) => identifier[0].value)).size).toBe(50)
  })

  test('gives Consents of every form, and all of them translate', async () => {
    const forms = Object.keys(CONSENT_FORMS)
    const { files, binding } = generateFolder({ seed: 3, patients: forms.length })
    const consents = files.filter(({ name }) => name.startsWith('consents/'))
    expect(consents.map(({ name }) => name.replace(/^.*?-\d{6}-|\.json$/g, ''))).toEqual(forms)
    for (const [i, { name, bytes }] of consents.entries()) {
      const resolver = bindingResolver(binding, { identities, position: i + 1 })
      const intent = await consentToChain(bytes, {
        resolver,
        timeZone: binding.timeZone,
        labelling: false,
        known: false,
      })
      expect([name, intent.kind]).toEqual([name, 'terms'])
    }
  })
})
