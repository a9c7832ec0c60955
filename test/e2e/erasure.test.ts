// A patient has everything erased: what lay in the vaults is gone from the files, the chain has the receipts, and a backup
// brings nothing back.

import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Level } from 'level'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { TwoHospitals } from '../support/two-hospitals.ts'

vi.setConfig({ testTimeout: 180_000 })

const hospitals = new TwoHospitals()
const { path, write, done, json, run } = {
  path: hospitals.path.bind(hospitals),
  write: hospitals.write.bind(hospitals),
  done: hospitals.done.bind(hospitals),
  json: hospitals.json.bind(hospitals),
  run: hospitals.run.bind(hospitals),
}

const STORES = ['records', 'consents', 'index'] as const
const coding = (system: string, code: string) => ({
  coding: [{ system: `http://terminology.hl7.org/CodeSystem/${system}`, code }],
})

let ann: string
let bob: string
let decision: string
let comment: string
/** Ciphertexts and sealed rows that only Ann's data, and Bob's, account for. */
let annsRows: readonly Buffer[]
let bobsRows: readonly Buffer[]

/** What a store's folder holds that no compression shortens; the node must not run. */
async function valuesIn(store: string): Promise<Buffer[]> {
  const database = new Level<string, Uint8Array>(path('a/data', store), { valueEncoding: 'view' })
  const rows = await Array.fromAsync(database.iterator())
  // Opened twice, all of it is in tables: LevelDB's log cuts what crosses the end of one of its blocks.
  await database.close()
  await database.open()
  await database.close()
  return rows.filter(([key]) => /^(body|row)\//.test(key)).map(([, value]) => Buffer.from(value))
}
const allValues = async (): Promise<Buffer[]> => (await Promise.all(STORES.map(valuesIn))).flat()

function filesContain(values: readonly Buffer[]): boolean[] {
  const folders = STORES.map((store) => path('a/data', store))
  const files = Buffer.concat(
    folders.flatMap((folder) => readdirSync(folder).map((file) => readFileSync(join(folder, file)))),
  )
  return values.map((value) => files.includes(value))
}

/** A record, and a consent with data limits that the custodian attests. */
async function give(name: string, id: string): Promise<void> {
  const note = { resourceType: 'Observation', status: 'final', note: [{ text: `${name} was seen` }] }
  write(`${name}-observation.json`, note)
  await done('records', 'store', '--folder', 'a', '--patient', id, '--file', `${name}-observation.json`)
  write(`${name}-consent.json`, {
    resourceType: 'Consent',
    id: `consent-of-${name}`,
    status: 'active',
    scope: coding('consentscope', 'patient-privacy'),
    patient: { reference: 'Patient/1' },
    performer: [{ reference: 'Patient/1' }],
    organization: [{ reference: 'Organization/a' }],
    policyRule: coding('v3-ActCode', 'OPTIN'),
    provision: { class: [{ system: 'http://hl7.org/fhir/resource-types', code: 'Observation' }] },
  })
  const references = [`Patient/1=patient:${id}`, 'Organization/a=organization:Hospital A']
  await done(
    ...['consent', 'register', '--folder', 'a', '--file', `${name}-consent.json`],
    ...references.flatMap((reference) => ['--reference', reference]),
  )
}

const ask = (...more: string[]) => [
  ...['access', 'request', '--folder', 'b', '--as', 'dr-b.json', '--role', 'physician', '--patient', ann],
  ...['--custodian', 'Hospital A', ...more],
]

beforeAll(async () => {
  await hospitals.found()
  await done('keys', 'person', '--out', 'dr-b.json')
  await done('enroll', 'practitioner', '--folder', 'b', '--keys', 'dr-b.json', '--role', 'physician')
  bob = await hospitals.patient('bob')
  await give('bob', bob)
  await hospitals.stop('a')
  bobsRows = await allValues()
  await hospitals.start('a')
  ann = await hospitals.patient('ann')
  await give('ann', ann)
  const answer = await json(
    ...ask('--purpose', 'BTG', '--break-glass-reason', 'unconscious', '--comment', 'at the roadside'),
  )
  decision = String(answer.decision)
  comment = path(answer.comment)
  await hospitals.stop('a')
  annsRows = (await allValues()).filter((value) => !bobsRows.some((other) => other.equals(value)))
  for (const store of STORES) cpSync(path('a/data', store), path('backup', store), { recursive: true })
  cpSync(path('b/break-glass'), path('backup/break-glass'), { recursive: true })
  await hospitals.start('a')
}, 240_000)

afterAll(() => hospitals.end())

describe('assent patient erase', () => {
  it('is for the patient, not for whoever treats her; and for nobody without a yes', async () => {
    const erase = ['patient', 'erase', '--folder', 'b', '--patient', ann]
    const stranger = await run(...erase, '--as', 'dr-b.json', '--yes')
    expect([stranger.code, stranger.stderr]).toEqual([1, expect.stringContaining('NOT_AUTHORIZED')])
    const unsure = await run(...erase, '--as', 'ann.json')
    expect([unsure.code, unsure.stderr]).toEqual([2, expect.stringContaining('--yes')])
    expect(filesContain(annsRows)).toEqual(annsRows.map(() => true))
    expect(annsRows.length).toBe(5)
  })

  it('has every institution destroy what it keeps, and reports what stays and why', async () => {
    const { code, stdout, stderr } = await run(
      ...['patient', 'erase', '--folder', 'b', '--patient', '@ann.json', '--as', 'ann.json', '--yes'],
    )
    expect([code, stderr]).toEqual([0, expect.stringMatching(/asked: 2 institutions[\s\S]*Hospital [AB]: erased/)])
    expect(stdout).toMatch(/Hospital A +\S+ +patientWish +erased/)
    expect(stdout).toMatch(/Hospital B +\S+ +patientWish +erased/)
    expect(stdout).toMatch(/What stays on the chain[\s\S]* 1 decisions on requests[\s\S]*salts are destroyed/)
  })

  it('leaves nothing of it in the files, and everything of others', () => {
    expect(filesContain(annsRows)).toEqual(annsRows.map(() => false))
    expect(filesContain(bobsRows)).toEqual(bobsRows.map(() => true))
    expect(existsSync(comment)).toBe(false)
  })

  it('ends what was permitted before; the decision stays in the log', async () => {
    const fetched = await run('access', 'fetch', '--folder', 'b', '--patient', ann, '--decision', decision)
    expect([fetched.code, fetched.stderr]).toEqual([1, expect.stringContaining('NOTHING_TO_RELEASE')])
    const trail = await done('audit', 'trail', '--folder', 'b', '--patient', ann, '--as', 'ann.json')
    expect(trail).toMatch(/decision 1 .*PERMIT_BTG/)
  })

  it('keeps nothing under the id any more, and makes a new one for who comes back', async () => {
    const again = ['records', 'store', '--folder', 'a', '--patient', ann, '--file', 'ann-observation.json']
    const stored = await run(...again)
    expect([stored.code, stored.stderr]).toEqual([1, expect.stringContaining('ALREADY_ERASED')])
    const files = ['--file', 'ann-fhir.json', '--keys', 'ann-again.json']
    const { patient, created } = await json('enroll', 'patient', '--folder', 'a', ...files)
    expect([created, patient === ann]).toEqual([true, false])
  })
})

describe('a restored backup', () => {
  it('erases what was erased before it serves', async () => {
    await Promise.all(['a', 'b'].map((folder) => hospitals.stop(folder)))
    for (const store of STORES) {
      rmSync(path('a/data', store), { recursive: true })
      cpSync(path('backup', store), path('a/data', store), { recursive: true })
    }
    cpSync(path('backup/break-glass'), path('b/break-glass'), { recursive: true })
    expect(filesContain(annsRows)).toEqual(annsRows.map(() => true))
    expect(existsSync(comment)).toBe(true)

    await Promise.all(['a', 'b'].map((folder) => hospitals.start(folder)))
    expect(filesContain(annsRows)).toEqual(annsRows.map(() => false))
    expect(filesContain(bobsRows)).toEqual(bobsRows.map(() => true))
    expect(existsSync(comment)).toBe(false)
  })
})

describe('an institution', () => {
  it('erases for a ground of its own, when it says so, and may decline for now', async () => {
    await hospitals.stop('a')
    hospitals.configure('a', { vault: { wrappingKey: { file: 'wrapping-key' }, erasure: 'byHand' } })
    await hospitals.start('a')
    const asked = await run(
      ...['patient', 'erase', '--folder', 'b', '--patient', bob, '--as', 'bob.json', '--at', 'Hospital A'],
      ...['--yes', '--wait', '1', '--json'],
    )
    expect([asked.code, JSON.parse(asked.stdout).erasures[0].erasedAt]).toEqual([1, null])
    expect(filesContain(bobsRows)).toEqual(bobsRows.map(() => true))
    await done('patient', 'decline', '--folder', 'a', '--patient', bob, '--duty', 'retention')
    expect(await done('patient', 'erasures', '--folder', 'a', '--open')).toMatch(/patientWish +declined: retention/)
    const report = await json(
      ...['patient', 'erase', '--folder', 'a', '--patient', bob, '--ground', 'retentionEnded', '--yes'],
    )
    expect(report.destroyed).toEqual({ records: 1, consentParts: 2, identifiers: 2, comments: 0 })
    expect(filesContain(bobsRows)).toEqual(bobsRows.map(() => false))
  })
})
