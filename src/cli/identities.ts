// Identities as people write and read them: institutions by name, persons by their key file, everybody by id.

import { resolve } from 'node:path'
import { loadPersonFile } from '../node/person-file.ts'
import { type IdentityId, isHex32 } from '../types/brand.ts'
import type { Founder } from '../types/genesis.ts'
import { shortId, UsageError } from './output.ts'

/** The founders of the consortium: the only identities with a name on the chain. */
export type Founders = readonly Pick<Founder, 'institution' | 'name'>[]

/** An id, or @FILE of a person's key file. `option` names what is parsed. */
export function personFrom(text: string, option: string): IdentityId {
  if (text.startsWith('@')) return loadPersonFile(resolve(text.slice(1))).identity
  return idFrom(text, { option, accepted: "@FILE of a person's key file, or an id" })
}

/** An id, or the name of a founder, whatever its case. */
export function institutionFrom(
  text: string,
  { founders, option }: { founders: Founders; option: string },
): IdentityId {
  const [founder, ...namesakes] = founders.filter(({ name }) => name.toLowerCase() === text.trim().toLowerCase())
  if (namesakes.length > 0) throw new UsageError(`${option}: several institutions have this name; expected an id`)
  if (founder !== undefined) return founder.institution
  const names = founders.map(({ name }) => JSON.stringify(name)).join(', ')
  return idFrom(text, { option, accepted: `${names}, or an id` })
}

/** `accepted`: what there may be, an id last. */
export function idFrom(text: string, { option, accepted }: { option: string; accepted: string }): IdentityId {
  if (isHex32(text)) return text as IdentityId
  throw new UsageError(`${option}: expected ${accepted} of 64 lowercase hex characters`)
}

/** The name of an institution, with its id where another one has the same; of anybody else the first characters of the id. */
export function nameOf(id: string, founders: Founders): string {
  const founder = founders.find(({ institution }) => institution === id)
  if (founder === undefined) return shortId(id)
  const isUnique = founders.every(({ institution, name }) => name !== founder.name || institution === id)
  return isUnique ? founder.name : `${founder.name} (${shortId(id)})`
}
