// Evidence as it is handed to somebody who holds the genesis file and nothing else: with what shows the validators of later
// epochs, link by link.

import type { Seat } from '../../types/brand.ts'
import { bytes, type Codec, fromBytes, list, record, toBytes } from '../../types/canonical.ts'
import { EPOCH_LINKS_MAX, type EpochLink, epochLinkCodec } from '../../types/epoch-link.ts'
import type { ValidatorSet } from '../../types/validator-set.ts'
import type { Verifier } from '../certificate.ts'
import { followEpochLink } from '../epoch-chain.ts'
import { convict } from './convict.ts'
import { decodeEvidence, EVIDENCE_BYTES_MAX, type Evidence, encodeEvidence } from './evidence.ts'

export interface ShownEvidence {
  readonly evidence: Evidence
  /** From the validators of the genesis on; empty in epoch 0. */
  readonly epochs: readonly EpochLink[]
}

const evidenceBytes = bytes(EVIDENCE_BYTES_MAX)
const evidenceCodec: Codec<Evidence> = {
  write: (writer, evidence) => evidenceBytes.write(writer, encodeEvidence(evidence)),
  read: (reader) => decodeEvidence(evidenceBytes.read(reader)),
}
const shownCodec: Codec<ShownEvidence> = record<ShownEvidence>({
  evidence: evidenceCodec,
  epochs: list(epochLinkCodec, EPOCH_LINKS_MAX),
})

export const encodeShownEvidence = (shown: ShownEvidence): Uint8Array => toBytes(shownCodec, shown)

/** Shape and bounds only. Throws DecodeError with the path of the field. */
export const decodeShownEvidence = (encoded: Uint8Array): ShownEvidence => fromBytes(shownCodec, encoded)

/** Who is convicted, and by which sets: `first` is that of the genesis. Throws EpochLinkError for a link that shows nothing. */
export function convictShown(
  { evidence, epochs }: ShownEvidence,
  { first, chainId, verify }: Pick<Verifier, 'chainId' | 'verify'> & { readonly first: ValidatorSet },
): { readonly accused: readonly Seat[]; readonly sets: readonly ValidatorSet[] } {
  const sets = [first]
  for (const link of epochs) sets.push(followEpochLink(link, { set: sets.at(-1) ?? first, chainId, verify }))
  const setOf: Verifier['setOf'] = (epoch) => sets.find((set) => set.epoch === epoch)
  return { accused: convict(evidence, { chainId, setOf, verify }), sets }
}
