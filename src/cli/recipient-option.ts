// Recipients of a consent as people write them; the registry knows what an id is.

import type { Client } from '../client/client.ts'
import type { IdentityId } from '../types/brand.ts'
import { type Clause, identitySchema, readAnswer } from './contract-answers.ts'
import { type Founders, institutionFrom, personFrom } from './identities.ts'
import { UsageError } from './output.ts'
import { splitAt } from './reference-option.ts'

type Recipient = Clause['recipients'][number]
const OPTION = '--recipient'

/** An institution's name, any registered id, @FILE, or PERSON@INSTITUTION. Throws where the registry knows nobody so. */
export async function recipientFrom(
  text: string,
  { client, founders }: { client: Client; founders: Founders },
): Promise<Recipient> {
  if (text.lastIndexOf('@') > 0) {
    const [person, institution] = splitAt(text, OPTION)
    const at = institutionFrom(institution, { founders, option: OPTION })
    return { kind: 'personAt', id: personFrom(person, OPTION), at }
  }
  if (text.startsWith('@')) return { kind: 'person', id: personFrom(text, OPTION), at: null }
  const id = institutionFrom(text, { founders, option: OPTION })
  return { kind: await kindOf(id, client), id, at: null }
}

async function kindOf(id: IdentityId, client: Client): Promise<Recipient['kind']> {
  const method = 'registry.identity'
  const answer = await client.query({ contract: 'registry', method: 'identity', args: { identity: id } })
  const identity = readAnswer(answer.value, { schema: identitySchema, method })
  if (identity !== null) return identity.kind === 'practitioner' ? 'person' : 'institution'
  const group = await client.query({ contract: 'registry', method: 'group', args: { group: id } })
  if (group.value !== null) return 'group'
  throw new UsageError(`${OPTION}: the registry knows no practitioner, institution or group with this id`)
}
