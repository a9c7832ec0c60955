// What every certificate has: q signatures of one message, by members of the set of its epoch; or by their institutions.

import type { Epoch, Hash } from '../types/brand.ts'
import type { MemberSignature } from '../types/certificate.ts'
import { memberAt, quorum } from '../types/validator-set.ts'
import type { CertificateFault, Verifier } from './certificate.ts'

export function quorumFault(
  signed: { readonly chainId: Hash; readonly epoch: Epoch; readonly signatures: readonly MemberSignature[] },
  {
    message,
    verifier: { chainId, setOf, verify },
    by = 'consensusKey',
  }: { message: Uint8Array; verifier: Verifier; by?: 'consensusKey' | 'governanceKey' },
): CertificateFault | null {
  if (signed.chainId !== chainId) return 'foreignChain'
  const set = setOf(signed.epoch)
  if (set === undefined) return 'foreignEpoch'
  if (signed.signatures.length < quorum(set)) return 'noQuorum'
  let previous = -1
  for (const { member, signature } of signed.signatures) {
    // Ascending, so that nobody counts twice.
    if (member <= previous) return 'signersNotAscending'
    previous = member
    const validator = memberAt(set, member)
    if (validator === undefined) return 'unknownMember'
    if (!verify(validator[by], message, signature)) return 'badSignature'
  }
  return null
}
