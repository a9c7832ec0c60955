// How a node makes itself known to one that is behind and has never heard of its transport key: the validators that
// followed on those which the other knows, and that the registry, in a state which the last of them certified, has the key.
// consensus/introduction.ts checks it. spec/network.md, "Introduction".

import type { StateProof } from '../crypto/state-proof.ts'
import { type Header, headerCodec } from './block.ts'
import type { Epoch, Height } from './brand.ts'
import { boolean, bytes, type Codec, epoch, height, list, optional, record, text } from './canonical.ts'
import { type CommitCert, commitCertCodec } from './certificate.ts'
import { type EpochLink, epochLinkCodec } from './epoch-link.ts'
import { stateProofCodec } from './state-proof.ts'

/** One message. A link has about 3 kB with 4 validators, 9 kB with 25: seven at least. More of them take more messages. */
export const INTRODUCTION_BYTES_MAX = 64 * 1024
/** None is smaller than 600 bytes. */
const LINKS_MAX = 128
/** An identity, and the number of its key. */
const ENTRY_BYTES_MAX = 64
const FAULT_BYTES_MAX = 256

/** That the registry has the transport key of whoever shows it. */
export interface Registration {
  readonly header: Header
  /** On it. */
  readonly commitCert: CommitCert
  /** Value of the registry's entry of the key. */
  readonly entry: Uint8Array
  /** That the entry is in the state after the block. */
  readonly proof: StateProof
}

export interface Introduction {
  /** From the validators that the receiver knows, one epoch after the other. */
  readonly links: readonly EpochLink[]
  /** Null while further links have to come first. */
  readonly registration: Registration | null
}

/** How far the one who is asked has got with whoever asks. */
export interface Reception {
  /** The asking key counts: as a member's, or as registered further up the chain. */
  readonly isKnown: boolean
  /** The last one whose validators are known, by the own chain or by what this peer has shown. Links go on from here. */
  readonly epoch: Epoch
  /** Of the own head: a registration in an older state tells nothing. */
  readonly height: Height
  /** What is wrong with what was shown; it is listened to no further. */
  readonly fault: string | null
}

export const registrationCodec: Codec<Registration> = record<Registration>({
  header: headerCodec,
  commitCert: commitCertCodec,
  entry: bytes(ENTRY_BYTES_MAX),
  proof: stateProofCodec,
})

/** Null asks where the other stands. */
export const introductionCodec: Codec<Introduction | null> = optional(
  record<Introduction>({ links: list(epochLinkCodec, LINKS_MAX), registration: optional(registrationCodec) }),
)

export const receptionCodec: Codec<Reception> = record<Reception>({
  isKnown: boolean,
  epoch,
  height,
  fault: optional(text(FAULT_BYTES_MAX)),
})
