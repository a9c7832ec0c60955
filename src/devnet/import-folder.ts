// Brings a folder of FHIR R4 into the consortium: every Patient to hospital A with keys of its own, every resource into
// hospital A's vault, every Consent onto the chain, or refused with the element that stands in the way.

import { join } from 'node:path'
import { isRefusal } from '../client/errors.ts'
import type { ConsentAnswer, ReferenceMap } from '../client/institution-client.ts'
import { randomBytes } from '../crypto/random.ts'
import { type Binding, type BoundIdentities, bindingResolver } from '../fhir/binding.ts'
import { scanFolder } from '../fhir/import.ts'
import { createPersonFile, type PersonKeys, setPersonIdentity } from '../node/person-file.ts'
import type { IdentityId } from '../types/brand.ts'
import type { Consortium } from './consortium.ts'
import { MEMBERS, type MemberName } from './layout.ts'
import { type People, PRACTITIONERS, personFile, practitionerNamed } from './people.ts'

export const CUSTODIAN = 'hospital-a' satisfies MemberName

export interface DemoPatient {
  readonly position: number
  readonly keys: PersonKeys
  /** The vault's records in the order of the folder: id on the chain and exact bytes. */
  readonly records: ReadonlyMap<IdentityId, Uint8Array>
}

export interface ImportedConsent {
  readonly file: string
  readonly position: number
  readonly answer: ConsentAnswer
  /** From sending the resource to its commit, ms. */
  readonly latencyMs: number
}

/** A resource that was left out: its place in the file, and why. Without file names, which often are people's names. */
export interface LeftOut {
  readonly path: string
  readonly reason: string
}

export interface Imported {
  readonly patients: readonly DemoPatient[]
  readonly leftOut: readonly LeftOut[]
  readonly consents: readonly ImportedConsent[]
  readonly records: number
}

const YEARS_10_MS = 10 * 365 * 86_400_000

export async function importFolder(
  consortium: Consortium,
  {
    people,
    folder,
    binding,
    onProgress,
  }: {
    people: People
    folder: string
    binding: Binding
    onProgress: (text: string) => void
  },
): Promise<Imported> {
  const source = await scanFolder(folder)
  onProgress(`${source.resources} FHIR resources, ${source.entries('Patient').length} patients in ${folder}`)
  const patients: DemoPatient[] = []
  const leftOut: LeftOut[] = source.problems.map(({ path, reason }) => ({ path, reason }))
  for await (const { position, path, resource, records } of source.patients()) {
    const resources = records.map(({ bytes }) => bytes)
    try {
      patients.push(await importPatient(consortium, { position, resource, resources }))
      onProgress(`patient ${position}: ${resources.length} records`)
    } catch (error) {
      if (!isRefusal(error, 'UNACCEPTABLE_RESOURCE')) throw error
      leftOut.push({ path, reason: error.message })
      onProgress(`patient ${position}: left out, ${error.message}`)
    }
  }
  const consents: ImportedConsent[] = []
  for (const entry of source.entries('Consent')) {
    const { bytes } = await source.load(entry)
    const references = await resolveReferences(consortium, {
      people,
      patients,
      binding,
      bytes,
      position: entry.position,
    })
    const startMs = performance.now()
    const answer = await consortium.desk(CUSTODIAN).putConsent(bytes, references)
    consents.push({ file: entry.file, position: entry.position, answer, latencyMs: performance.now() - startMs })
    onProgress(`consent ${entry.file}: ${answer.kind}`)
  }
  return { patients, consents, leftOut, records: patients.reduce((sum, { records }) => sum + records.size, 0) }
}

/** Somebody for a part that nobody in the folder can play: a Patient of the master system, with these records or its own alone. */
export function importSpare(
  consortium: Consortium,
  { position, binding, records }: { position: number; binding: Binding; records?: readonly Uint8Array[] | undefined },
): Promise<DemoPatient> {
  const identifier = [{ system: binding.masterIdentifierSystem, value: `demo-${position}` }]
  const resource = { resourceType: 'Patient', id: `demo-${position}`, identifier }
  const resources = records ?? [new TextEncoder().encode(JSON.stringify(resource))]
  return importPatient(consortium, { position, resource, resources })
}

async function importPatient(
  consortium: Consortium,
  { position, resource, resources }: { position: number; resource: object; resources: readonly Uint8Array[] },
): Promise<DemoPatient> {
  const desk = consortium.desk(CUSTODIAN)
  const file = personFile(consortium.devnet.folder, `patient-${position}`)
  const fresh = createPersonFile(file)
  const { signing, encryption } = fresh
  const { patient } = await desk.enrollPatient(resource, {
    signing: signing.publicKey,
    encryption: encryption.publicKey,
  })
  const stored = await desk.storeRecords(patient, resources)
  const records = new Map(stored.map((id, i) => [id, resources[i] as Uint8Array]))
  return { position, keys: setPersonIdentity(file, patient), records }
}

/** Every bound reference that the Consent mentions; delegations are registered when one is needed. */
async function resolveReferences(
  consortium: Consortium,
  {
    people,
    patients,
    binding,
    bytes,
    position,
  }: {
    people: People
    patients: readonly DemoPatient[]
    binding: Binding
    bytes: Uint8Array
    position: number
  },
): Promise<ReferenceMap> {
  const text = new TextDecoder().decode(bytes)
  const mentioned = Object.keys(binding.references).filter((reference) => text.includes(`"${reference}"`))
  const delegations = new Map<IdentityId, IdentityId>()
  const patientAt = (at: number): IdentityId | null =>
    patients.find((each) => each.position === at)?.keys.identity ?? null
  const identities: BoundIdentities = {
    institution: (name) => (isMember(name) ? consortium.member(name).keys.institution : null),
    practitioner: (name) => (isPractitioner(name) ? practitionerNamed(people, name).keys.identity : null),
    group: (name) => (name === 'privileged-users' ? people.privilegedUsers : null),
    patientAt,
    delegation: (_name, patient) => delegations.get(patient) ?? null,
  }
  const resolver = bindingResolver(binding, { identities, position })
  const resolved: Record<string, { kind: string; id: IdentityId; at?: IdentityId }> = {}
  for (const reference of mentioned) {
    const identity = await resolver.identity(reference)
    if (identity !== null) resolved[reference] = identity
  }
  const subject = Object.values(resolved).find(({ kind }) => kind === 'patient')?.id
  if (subject !== undefined) {
    for (const reference of mentioned) {
      if (binding.references[reference]?.kind !== 'delegate') continue
      const delegation = await delegate(consortium, { people, patient: subject })
      delegations.set(subject, delegation)
      resolved[reference] = { kind: 'delegation', id: delegation }
    }
  }
  return resolved
}

async function delegate(
  consortium: Consortium,
  { people, patient }: { people: People; patient: IdentityId },
): Promise<IdentityId> {
  const delegation = randomBytes(32).toHex() as IdentityId
  const from = Date.now() - 60_000
  const args = {
    delegation,
    patient,
    delegate: people.mother.identity,
    capacity: 'parent',
    rights: ['consent', 'read'],
    from,
    to: from + YEARS_10_MS,
  }
  await consortium.act(CUSTODIAN, [{ contract: 'registry', method: 'delegate', args }])
  return delegation
}

const isMember = (name: string): name is MemberName => MEMBERS.some((each) => each.name === name)
const isPractitioner = (name: string): name is (typeof PRACTITIONERS)[number]['name'] =>
  PRACTITIONERS.some((each) => each.name === name)

export const generatedFolder = (folder: string): string => join(folder, 'fhir')
