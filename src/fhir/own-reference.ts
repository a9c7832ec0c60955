// References by which a Consent that comes from the chain names people and institutions: their random ids. They are
// understood again by whoever reads such a Consent.

import { asIdentityId, type IdentityId, isHex32 } from '../types/brand.ts'
import type { ResolvedIdentity, Resolver } from './resolver.ts'

const TYPES = {
  patient: 'Patient',
  practitioner: 'Practitioner',
  organization: 'Organization',
  group: 'Group',
} as const
/** Two ids are too long for one of FHIR. */
const ROLE = 'urn:assent:practitioner-role:'
const DELEGATE = 'RelatedPerson'

export function ownReference(identity: ResolvedIdentity): string {
  if (identity.kind === 'practitionerRole') return `${ROLE}${identity.id}:${identity.at}`
  return `${TYPES[identity.kind]}/${identity.id}`
}

/** Whoever consents under this delegation. */
export const delegateReference = (delegation: IdentityId): string => `${DELEGATE}/${delegation}`

function identityIn(reference: string): ResolvedIdentity | null {
  if (reference.startsWith(ROLE)) {
    const [id = '', at = '', ...rest] = reference.slice(ROLE.length).split(':')
    const isRole = isHex32(id) && isHex32(at) && rest.length === 0
    return isRole ? { kind: 'practitionerRole', id: asIdentityId(id), at: asIdentityId(at) } : null
  }
  for (const kind of Object.keys(TYPES) as (keyof typeof TYPES)[]) {
    const id = reference.slice(TYPES[kind].length + 1)
    if (reference === `${TYPES[kind]}/${id}` && isHex32(id)) return { kind, id: asIdentityId(id) }
  }
  return null
}

/** For Consents from the chain. Whether anybody is registered under an id, and may do this, the chain says. */
export const ownResolver: Resolver = {
  identity: async (reference) => identityIn(reference),
  async delegation(reference) {
    const id = reference.slice(DELEGATE.length + 1)
    return reference === delegateReference(id as IdentityId) && isHex32(id) ? asIdentityId(id) : null
  },
}
