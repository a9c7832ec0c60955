import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FhirError } from './errors.ts'
import { generateFolder } from './generate.ts'
import { type FhirFolder, type ImportedPatient, scanFolder } from './import.ts'
import { FILE_BYTES_MAX } from './limits.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assent-import-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function write(name: string, content: unknown): Promise<void> {
  const file = join(folder, name)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(
    file,
    typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content),
  )
}

const patientsOf = (from: FhirFolder): Promise<ImportedPatient[]> => Array.fromAsync(from.patients())
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)
const problemsOf = ({ problems }: FhirFolder) => problems.map(({ file, path, code }) => [file, path, code])

const bundle = (...entry: unknown[]) => ({ resourceType: 'Bundle', type: 'transaction', entry })

describe('scanFolder()', () => {
  test('gives each patient the resources about it, from bundles and single files', async () => {
    const uuid = 'urn:uuid:6d23a95e-7e18-4201-90ec-9501fa89fbd2'
    await write(
      'b/bundle.json',
      bundle(
        {
          fullUrl: uuid,
          resource: { resourceType: 'Patient', id: 'one' },
          request: { method: 'POST', url: 'Patient' },
        },
        { resource: { resourceType: 'Observation', id: 'o1', subject: { reference: uuid } } },
        { resource: { resourceType: 'Organization', id: 'org' } },
        { resource: { resourceType: 'Consent', id: 'c', patient: { reference: uuid } } },
      ),
    )
    // Before the patient, by file name: references may lead forward.
    await write('a.json', { resourceType: 'Immunization', id: 'i', patient: { reference: 'Patient/one/_history/2' } })
    await write('z.json', { resourceType: 'Patient', id: 'two' })
    await write('notes.txt', 'not FHIR')

    const scanned = await scanFolder(folder)
    expect(scanned.problems).toEqual([])
    const patients = await patientsOf(scanned)
    expect(patients.map(({ position, key }) => [position, key])).toEqual([
      [1, 'Patient/one'],
      [2, 'Patient/two'],
    ])
    expect(patients.map(({ records }) => records.map(({ key }) => key))).toEqual([
      ['Patient/one', 'Immunization/i', 'Observation/o1'],
      ['Patient/two'],
    ])
    expect(scanned.entries('Organization').map(({ key }) => key)).toEqual(['Organization/org'])
    expect(scanned.entries('Consent').map(({ path }) => path)).toEqual(['Bundle.entry[3].resource'])
  })

  test('keeps the bytes of a single resource and the precision of decimals in a bundle', async () => {
    const single = '{ "resourceType": "Patient",\n  "id": "p" }\n'
    await write('patient.json', single)
    const observation = '{"resourceType":"Observation","id":"o","subject":{"reference":"Patient/p"},"value":1.50}'
    await write('z.json', `{"resourceType":"Bundle","entry":[{"resource": ${observation} }]}`)
    const [patient] = await patientsOf(await scanFolder(folder))
    expect(patient?.records.map(({ bytes }) => text(bytes))).toEqual([single, observation])
  })

  test('finds whose a resource is where only some inner reference says so', async () => {
    const participant = [{ actor: { reference: 'Practitioner/d' } }, { actor: { reference: 'Patient/p' } }]
    await write('a.json', { resourceType: 'Appointment', id: 'a', participant })
    await write('p.json', { resourceType: 'Patient', id: 'p' })
    const [patient] = await patientsOf(await scanFolder(folder))
    expect(patient?.records.map(({ type }) => type)).toEqual(['Patient', 'Appointment'])
  })

  test.each([
    ['no JSON', '{', [['f.json', '$', 'invalid']]],
    ['bytes that are not UTF-8', Uint8Array.of(0xff, 0xfe), [['f.json', '$', 'invalid']]],
    ['JSON that is no resource', '{"id":"x"}', [['f.json', '$', 'invalid']]],
    ['a Bundle without a list', { resourceType: 'Bundle', entry: {} }, [['f.json', 'Bundle.entry', 'invalid']]],
    ['an entry without a resource', bundle({ fullUrl: 'x' }), [['f.json', 'Bundle.entry[0].resource', 'invalid']]],
    [
      'a Bundle in a Bundle',
      bundle({ resource: { resourceType: 'Bundle' } }),
      [['f.json', 'Bundle.entry[0].resource', 'invalid']],
    ],
    [
      'an entry that deletes',
      bundle({ resource: { resourceType: 'Patient' }, request: { method: 'DELETE' } }),
      [['f.json', 'Bundle.entry[0].request.method', 'invalid']],
    ],
    [
      'a subject that is not in the folder',
      { resourceType: 'Observation', subject: { reference: 'Patient/nobody' } },
      [['f.json', 'Observation.subject', 'unresolved']],
    ],
    [
      'two patients in one resource',
      bundle(
        { resource: { resourceType: 'Patient', id: 'a' } },
        { resource: { resourceType: 'Patient', id: 'b' } },
        { resource: { resourceType: 'Account', subject: [{ reference: 'Patient/a' }, { reference: 'Patient/b' }] } },
      ),
      [['f.json', 'Bundle.entry[2].resource.subject', 'conflict']],
    ],
    [
      'a Patient that stands twice',
      bundle({ resource: { resourceType: 'Patient', id: 'a' } }, { resource: { resourceType: 'Patient', id: 'a' } }),
      [['f.json', 'Bundle.entry[1].resource', 'conflict']],
    ],
  ])('names file and element for %s, and goes on', async (_, content, problems) => {
    await write('f.json', content)
    await write('g.json', { resourceType: 'Patient', id: 'still-here' })
    const scanned = await scanFolder(folder)
    expect(problemsOf(scanned)).toEqual(problems)
    expect(scanned.entries('Patient').at(-1)?.key).toBe('Patient/still-here')
  })

  test('does not load a file that is too large', async () => {
    await write('a.json', '')
    await truncate(join(folder, 'a.json'), FILE_BYTES_MAX + 1)
    expect(problemsOf(await scanFolder(folder))).toEqual([['a.json', '$', 'too-many']])
  })

  test('tells how far it is', async () => {
    await write('a.json', { resourceType: 'Patient', id: 'a' })
    await write('b.json', { resourceType: 'Patient', id: 'b' })
    const seen: unknown[] = []
    await scanFolder(folder, { onProgress: (progress) => seen.push(progress) })
    expect(seen).toEqual([
      { filesRead: 1, files: 2, resources: 1 },
      { filesRead: 2, files: 2, resources: 2 },
    ])
  })

  test('stops when it is told to', async () => {
    await write('a.json', { resourceType: 'Patient' })
    await expect(scanFolder(folder, { signal: AbortSignal.abort() })).rejects.toThrow('aborted')
  })

  test('refuses a folder that is not there', async () => {
    const attempt = scanFolder(join(folder, 'missing'))
    await expect(attempt).rejects.toSatisfy((error: FhirError) => error.code === 'FOLDER_UNREADABLE')
  })

  test('refuses to go on with a file that changed between the two looks', async () => {
    await write('a.json', { resourceType: 'Patient', id: 'a' })
    const scanned = await scanFolder(folder)
    await write('a.json', { resourceType: 'Patient', id: 'b' })
    await expect(patientsOf(scanned)).rejects.toBeInstanceOf(FhirError)
  })

  test('reads what the project generates: every patient with a dozen records, nothing left over', async () => {
    for (const { name, bytes } of generateFolder({ seed: 7, patients: 3 }).files) await write(name, bytes)
    const scanned = await scanFolder(folder)
    expect(scanned.problems).toEqual([])
    expect((await patientsOf(scanned)).map(({ records }) => records.length)).toEqual([12, 12, 12])
    expect(scanned.entries('Consent')).toHaveLength(3)
  })
})
