// What a patient is told of the log, and what a clinician is not told where the institutions conceal.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { TwoHospitals } from '../support/two-hospitals.ts'

vi.setConfig({ testTimeout: 180_000 })

const hospitals = new TwoHospitals()
let ann: string

const request = (patient: string, ...more: string[]) => [
  ...['access', 'request', '--folder', 'b', '--patient', patient, '--custodian', 'Hospital A'],
  ...more,
]
const treatment = (patient: string) =>
  request(patient, '--as', 'dr-b.json', '--role', 'physician', '--purpose', 'TREAT')
const publicHealth = (patient: string) => request(patient, '--role', 'institution', '--purpose', 'PUBHLTH')
let fetches = 0
const fetch = (patient: string, decision: number | string) => [
  ...['access', 'fetch', '--folder', 'b', '--patient', patient, '--decision', String(decision)],
  ...['--out', `fetched-${++fetches}`],
]

beforeAll(async () => {
  await hospitals.found({ vault: { wrappingKey: { file: 'wrapping-key' }, disclosure: 'conceal' } })
  ann = await hospitals.patient('ann')
  hospitals.write('observation.json', { resourceType: 'Observation', status: 'final' })
  await hospitals.done('records', 'store', '--folder', 'a', '--patient', ann, '--file', 'observation.json')
  await hospitals.done('keys', 'person', '--out', 'dr-b.json')
  await hospitals.done('enroll', 'practitioner', '--folder', 'b', '--keys', 'dr-b.json', '--role', 'physician')
}, 240_000)

afterAll(() => hospitals.end())

describe('where the institutions conceal', () => {
  it('a denied request and one about nobody look the same, to the byte', async () => {
    const denied = await hospitals.run(...treatment(ann))
    const nobody = await hospitals.run(...treatment('0'.repeat(64)))
    expect(denied).toEqual({ code: 1, stdout: expect.stringMatching(/^NOT_RELEASED: /), stderr: '' })
    expect(nobody).toEqual(denied)
    const asJson = await Promise.all(
      [ann, '0'.repeat(64)].map((patient) => hospitals.run(...treatment(patient), '--json')),
    )
    expect(asJson.map(({ stdout }) => JSON.parse(stdout))).toEqual(Array(2).fill({ outcome: 'NOT_RELEASED' }))
  })

  it('so do a denied decision, one that does not exist, and a patient who does not', async () => {
    const answers = await Promise.all(
      [fetch(ann, 1), fetch(ann, 999), fetch('0'.repeat(64), 1)].map((args) => hospitals.run(...args)),
    )
    expect(answers[0]).toEqual({ code: 1, stdout: '', stderr: expect.stringContaining('NOT_RELEASED') })
    expect(answers[1]).toEqual(answers[0])
    expect(answers[2]).toEqual(answers[0])
  })
})

describe('two reports from one log', () => {
  const accounting = ['audit', 'accounting', '--folder', 'a', '--patient']

  it('the accounting has what was disclosed for public health, and not what was for treatment', async () => {
    await hospitals.done('policy', 'set', '--folder', 'a', '--implicit', 'allNormal')
    const disclosed = await hospitals.json(...publicHealth(ann))
    await hospitals.done(...fetch(ann, disclosed.decision))
    const treated = await hospitals.json(...treatment(ann))
    await hospitals.done(...fetch(ann, treated.decision))
    const report = await hospitals.json(...accounting, ann)
    expect(report.disclosures).toEqual([
      {
        date: expect.stringMatching(/^\d{4}-/),
        recipient: { institution: expect.any(String), name: 'Hospital B', practitioner: null },
        description: '1 record of the health record, by id',
        records: [expect.stringMatching(/^[0-9a-f]{64}$/)],
        purpose: 'PUBHLTH',
        decision: disclosed.decision,
      },
    ])
    expect(await hospitals.done(...accounting, ann)).toMatch(/by Hospital A, .*\(45 CFR 164\.528\)[\s\S]*public health/)
  })

  it('is the same for the patient, who sees everything in the access report', async () => {
    const mine = ['--as', 'ann.json', '--custodian', 'Hospital A']
    expect(await hospitals.done(...accounting, ann, ...mine)).toMatch(
      /Hospital B +1 record: [0-9a-f]{12} +public health/,
    )
    const report = ['audit', 'access-report', '--folder', 'b', '--patient', ann, '--as', 'ann.json']
    const text = await hospitals.done(...report)
    for (const row of [
      /DENY for treatment/,
      /PERMIT for public health/,
      /PERMIT for treatment/,
      /release \d+\/1/,
      /log read/,
    ]) {
      expect(text).toMatch(row)
    }
    expect(await hospitals.done(...report, '--to', '2026-01-01')).toMatch(/no accesses$/m)
  })

  it('is suspended by nobody but a regulator', async () => {
    hospitals.write('statement.txt', 'an investigation')
    const suspend = ['audit', 'suspend', '--folder', 'b', '--patient', ann, '--statement', 'statement.txt']
    const refused = await hospitals.run(...suspend, '--until', new Date(Date.now() + 86_400_000).toISOString())
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('NOT_AUTHORIZED')])
  })
})
