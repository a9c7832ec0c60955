// What institutions sign when people decide that a branch is given up: the branch, who turned away from it, and by that for
// whose word they answer. spec/consensus.md, "Releases".

import { taggedBytes } from '../crypto/hash.ts'
import type { Epoch, Hash } from '../types/brand.ts'
import { type Codec, epoch, hash, record, toBytes } from '../types/canonical.ts'
import type { MemberSignature } from '../types/certificate.ts'
import { TAG } from '../types/tags.ts'
import { type Abandonment, abandonmentFields, epochsOfBranch } from './abandonment.ts'
import type { CertificateFault, Verifier } from './certificate.ts'
import { quorumFault } from './quorum-signatures.ts'

interface Decision extends Abandonment {
  readonly chainId: Hash
  readonly epoch: Epoch
}

const decisionCodec: Codec<Decision> = record<Decision>({ chainId: hash, epoch, ...abandonmentFields })

/** Of this chain and epoch alone. */
export function decisionMessage({ chainId, epoch, start, twin, proofs, words }: Decision): Uint8Array {
  return taggedBytes(TAG.releaseDecision, toBytes(decisionCodec, { chainId, epoch, start, twin, proofs, words }))
}

/** Who was a validator last decides: of the epochs in which the branch could have been certified, the latest. */
export const decidingEpoch = (abandonment: Abandonment): Epoch => Math.max(...epochsOfBranch(abandonment)) as Epoch

/** What is wrong with the signatures, or null: q institutions of the deciding epoch, each once, by their governance keys. */
export function decisionFault(
  release: Abandonment & { readonly epoch: Epoch; readonly signatures: readonly MemberSignature[] },
  verifier: Verifier,
): CertificateFault | null {
  const { chainId } = verifier
  const message = decisionMessage({ ...release, chainId })
  return quorumFault({ ...release, chainId }, { message, verifier, by: 'governanceKey' })
}
