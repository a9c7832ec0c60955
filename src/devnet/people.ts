// The people of the demo: practitioners with their institution and role, a group, a delegate; key files for all of them.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { randomBytes } from '../crypto/random.ts'
import { createPersonFile, type PersonKeys } from '../node/person-file.ts'
import type { IdentityId } from '../types/brand.ts'
import type { Consortium } from './consortium.ts'
import type { MemberName } from './layout.ts'

export const PRACTITIONERS = [
  { name: 'dr-a1', at: 'hospital-a', role: 'physician' },
  { name: 'dr-b1', at: 'hospital-b', role: 'physician' },
  { name: 'dr-c1', at: 'hospital-c', role: 'physician' },
  { name: 'dentist-b1', at: 'hospital-b', role: 'dentist' },
  { name: 'researcher-b1', at: 'hospital-b', role: 'researcher' },
] as const satisfies readonly { name: string; at: MemberName; role: string }[]

export type PractitionerName = (typeof PRACTITIONERS)[number]['name']

export interface DemoPractitioner {
  readonly name: PractitionerName
  readonly at: MemberName
  readonly role: string
  readonly keys: PersonKeys
}

export interface People {
  readonly practitioners: readonly DemoPractitioner[]
  readonly mother: PersonKeys
  readonly privilegedUsers: IdentityId
}

export const personFile = (folder: string, name: string): string => join(folder, 'people', `${name}.json`)

/** Makes keys and registers everybody: each institution enrols its own. */
export async function enrollPeople(consortium: Consortium): Promise<People> {
  const { devnet } = consortium
  mkdirSync(join(devnet.folder, 'people'), { mode: 0o700 })
  const practitioners = PRACTITIONERS.map((each) => ({
    ...each,
    keys: createPersonFile(personFile(devnet.folder, each.name)),
  }))
  const mother = createPersonFile(personFile(devnet.folder, 'mother'))
  const privilegedUsers = randomBytes(32).toHex() as IdentityId

  const enrolments = new Map<MemberName, { contract: string; method: string; args: object }[]>()
  for (const { at, role, keys } of practitioners) {
    const args = {
      practitioner: keys.identity,
      roles: [role],
      signing: keys.signing.publicKey,
      encryption: keys.encryption.publicKey,
    }
    enrolments.set(at, [...(enrolments.get(at) ?? []), { contract: 'registry', method: 'enrollPractitioner', args }])
  }
  for (const [member, calls] of enrolments) await consortium.act(member, calls)

  const group = practitioners.filter(({ name }) => name === 'dr-b1').map(({ keys }) => keys.identity)
  await consortium.act('hospital-a', [
    { contract: 'registry', method: 'enrollPatient', args: enrolArgs(mother) },
    { contract: 'registry', method: 'setGroup', args: { group: privilegedUsers, members: group } },
    {
      contract: 'policy',
      method: 'configure',
      args: { implicitPolicy: 'deny', breakGlass: 'override', labelling: true },
    },
  ])
  return { practitioners, mother, privilegedUsers }
}

export function practitionerNamed(people: People, name: PractitionerName): DemoPractitioner {
  const found = people.practitioners.find((each) => each.name === name)
  if (found === undefined) throw new Error(`no practitioner ${name}`)
  return found
}

const enrolArgs = ({ identity, signing, encryption }: PersonKeys) => ({
  patient: identity,
  signing: signing.publicKey,
  encryption: encryption.publicKey,
})
