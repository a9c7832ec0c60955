// Checks how a peer whose transport key this node does not know makes itself known: from the validators that the node does
// know, epoch by epoch, to a certified state in which the registry has the key. spec/network.md, "Introduction".
//
// It shares the limit of epoch-chain.ts: whoever holds the keys of a quorum of an epoch that is over can show what he likes.
// So it opens no more than block sync, whose blocks are checked in the same way.

import { verifyStateProof } from '../crypto/state-proof.ts'
import type { Height, PublicKey } from '../types/brand.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import type { Introduction, Registration } from '../types/introduction.ts'
import { blockHash } from '../types/signing.ts'
import { decodeTransportKeyEntry, transportKeyEntryKey } from '../types/transport-key-entry.ts'
import type { ValidatorSet } from '../types/validator-set.ts'
import { commitCertFault, type Verifier } from './certificate.ts'
import { EpochLinkError, followEpochLink } from './epoch-chain.ts'

export interface IntroducedTo extends Pick<Verifier, 'chainId' | 'verify'> {
  /** The last one that is known, by the own chain or by what was shown before. */
  readonly set: ValidatorSet
  /** Of the own head. What the registry said there and below, the node knows itself. */
  readonly height: Height
  /** Whose it is, the handshake has shown. */
  readonly transportKey: PublicKey
}

export type Introduced =
  | { readonly fault: string }
  /** `registeredAt`: height of the state that has the key; null where it was not shown yet. */
  | { readonly fault: null; readonly set: ValidatorSet; readonly registeredAt: Height | null }

export function followIntroduction({ links, registration }: Introduction, to: IntroducedTo): Introduced {
  if (links.length === 0 && registration === null) return { fault: 'it shows nothing' }
  let { set } = to
  for (const link of links) {
    try {
      set = followEpochLink(link, { ...to, set })
    } catch (error) {
      if (error instanceof EpochLinkError) return { fault: `validators of epoch ${set.epoch + 1}: ${error.message}` }
      throw error
    }
  }
  if (registration === null) return { fault: null, set, registeredAt: null }
  const fault = registrationFault(registration, { ...to, set })
  return fault === null ? { fault, set, registeredAt: registration.header.height } : { fault }
}

function registrationFault({ header, commitCert, entry, proof }: Registration, to: IntroducedTo): string | null {
  const { set, height, transportKey } = to
  const fault = commitCertFault(commitCert, { ...to, setOf: (epoch) => (epoch === set.epoch ? set : undefined) })
  if (fault !== null) return `registration: CommitCert: ${fault}`
  const isOfBlock =
    commitCert.blockHash === blockHash(header) &&
    commitCert.height === header.height &&
    commitCert.term === header.term &&
    header.epoch === set.epoch &&
    header.chainId === to.chainId
  if (!isOfBlock) return 'registration: the CommitCert is on another block'
  if (header.height <= height) return `registration: at height ${header.height}, expected above ${height}`
  const claim = { root: header.stateRoot, key: transportKeyEntryKey(transportKey), value: entry }
  if (!verifyStateProof(proof, claim)) return 'registration: the transport key is not in the state after the block'
  try {
    decodeTransportKeyEntry(entry)
    return null
  } catch (error) {
    if (error instanceof DecodeError) return 'registration: the entry is not whose key it is'
    throw error
  }
}
