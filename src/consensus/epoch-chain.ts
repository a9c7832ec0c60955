// The validators of later epochs from those of the genesis, offline: every link is certified by the set that the links before
// it have shown. Used for receipts and snapshots. spec/consensus.md, "Membership".
//
// What it cannot see: whoever holds the keys of a quorum of an old epoch, years later, can make other links. So keys of seats
// that have ended are to be destroyed.

import { verifyStateProof } from '../crypto/state-proof.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import type { EpochLink } from '../types/epoch-link.ts'
import { blockHash } from '../types/signing.ts'
import type { NextSet, ValidatorSet } from '../types/validator-set.ts'
import { decodeSetEntry, setEntryKey } from '../types/validator-set-entry.ts'
import { commitCertFault, type Verifier } from './certificate.ts'

/** The link does not show what it should. */
export class EpochLinkError extends Error {
  override name = 'EpochLinkError'
}

/** The set after `set`. Throws EpochLinkError. */
export function followEpochLink(
  link: EpochLink,
  { set, chainId, verify }: Pick<Verifier, 'chainId' | 'verify'> & { readonly set: ValidatorSet },
): NextSet {
  const { header, commitCert, entry, proof } = link
  const setOf: Verifier['setOf'] = (epoch) => (epoch === set.epoch ? set : undefined)
  const fault = commitCertFault(commitCert, { chainId, verify, setOf })
  expect(fault === null, `CommitCert: ${fault}`)
  const isCertified = blockHash(header) === commitCert.blockHash && header.height === commitCert.height
  expect(isCertified && header.epoch === set.epoch, 'the certificate is on another block')
  const claim = { root: header.stateRoot, key: setEntryKey(set.epoch + 1), value: entry }
  expect(verifyStateProof(proof, claim), 'the entry is not in the state after the block')
  try {
    return decodeSetEntry(entry, set.epoch + 1)
  } catch (error) {
    if (error instanceof DecodeError) throw new EpochLinkError(`the entry is no validator set: ${error.message}`)
    throw error
  }
}

function expect(holds: boolean, complaint: string): void {
  if (!holds) throw new EpochLinkError(complaint)
}
