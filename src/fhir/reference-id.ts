// A reference as 32 bytes: contracts know no text. Of the literal text, without the version of the resource it may name.

import { taggedHash } from '../crypto/hash.ts'
import type { IdentityId } from '../types/brand.ts'
import { TAG } from '../types/tags.ts'
import { withoutVersion } from './compartment.ts'

export function referenceId(reference: string): IdentityId {
  return taggedHash(TAG.reference, new TextEncoder().encode(withoutVersion(reference))) as string as IdentityId
}

/** Patient of Patient/17 and of https://ehr.example/fhir/Patient/17; undefined where the text says none. */
export function typeOfReference(reference: string): string | undefined {
  return /(?:^|\/)([A-Z][A-Za-z]+)\/[^/]+$/.exec(withoutVersion(reference))?.[1]
}
