// The port through which a translation turns FHIR references into registry identities. binding.ts implements it for
// imported folders, the gateway for its institution's index.

import type { IdentityId } from '../types/brand.ts'

export type ResolvedIdentity =
  | { readonly kind: 'patient'; readonly id: IdentityId }
  | { readonly kind: 'practitioner'; readonly id: IdentityId }
  /** That person when acting for that institution. */
  | { readonly kind: 'practitionerRole'; readonly id: IdentityId; readonly at: IdentityId }
  | { readonly kind: 'organization'; readonly id: IdentityId }
  | { readonly kind: 'group'; readonly id: IdentityId }

export interface Resolver {
  /** Who a reference such as Practitioner/17 stands for; null where nobody is registered under it. */
  identity(reference: string): Promise<ResolvedIdentity | null>
  /** Delegation under which the referenced person consents for the patient; null where there is none. */
  delegation(reference: string, patient: IdentityId): Promise<IdentityId | null>
}
