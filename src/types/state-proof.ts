// A state proof as it travels (crypto/state-proof.ts).

import type { ProofLeaf, ProofStep, StateProof } from '../crypto/state-proof.ts'
import { type Codec, hash, list, optional, record, uint } from './canonical.ts'

/** A branch has at most eight children. */
const SIBLINGS_MAX = 8
/** About 12 at a million keys; more where somebody chose keys to that end. */
const STEPS_MAX = 1_024

export const stateProofCodec: Codec<StateProof> = record<StateProof>({
  steps: list(record<ProofStep>({ depth: uint, mask: uint, siblings: list(hash, SIBLINGS_MAX) }), STEPS_MAX),
  leaf: optional(record<ProofLeaf>({ keyHash: hash, valueHash: hash })),
})
