// How whoever knows the validators of one epoch gets to know those of the next: a block that they certified, and the state
// entry after it that holds the next set. From the genesis on, link by link. consensus/epoch-chain.ts checks them.

import type { StateProof } from '../crypto/state-proof.ts'
import { type Header, headerCodec } from './block.ts'
import { bytes, type Codec, record } from './canonical.ts'
import { type CommitCert, commitCertCodec } from './certificate.ts'
import { stateProofCodec } from './state-proof.ts'

export interface EpochLink {
  /** Of a block of the epoch before, after the one that decided the change. */
  readonly header: Header
  /** On it. */
  readonly commitCert: CommitCert
  /** Value of the state entry of the next set. */
  readonly entry: Uint8Array
  /** That the entry is in the state after the block. */
  readonly proof: StateProof
}

/** 25 validators of 115 bytes each. */
const ENTRY_BYTES_MAX = 4_096
/** A change a week for twenty years. */
export const EPOCH_LINKS_MAX = 1_024

export const epochLinkCodec: Codec<EpochLink> = record<EpochLink>({
  header: headerCodec,
  commitCert: commitCertCodec,
  entry: bytes(ENTRY_BYTES_MAX),
  proof: stateProofCodec,
})
