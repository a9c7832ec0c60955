// What a stored ciphertext is bound to. Custodian and requester compute the same bytes, so a record that was moved to
// another id, version, custodian or patient does not open.

import type { IdentityId } from '../types/brand.ts'
import { identityId, record, toBytes, uint } from '../types/canonical.ts'

export interface RecordBinding {
  readonly recordId: IdentityId
  /** Version of the FHIR resource, counted by the custodian from 1. */
  readonly version: number
  readonly custodian: IdentityId
  readonly patient: IdentityId
}

export const recordBindingCodec = record<RecordBinding>({
  recordId: identityId,
  version: uint,
  custodian: identityId,
  patient: identityId,
})

export function associatedData({ recordId, version, custodian, patient }: RecordBinding): Uint8Array {
  return toBytes(recordBindingCodec, { recordId, version, custodian, patient })
}
