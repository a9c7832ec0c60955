// What this ledger has to show to a peer that is behind and does not know the transport key of this node: as much of it as
// one message holds. spec/network.md, "Introduction".

import type { PublicKey } from '../types/brand.ts'
import { toBytes } from '../types/canonical.ts'
import { type EpochLink, epochLinkCodec } from '../types/epoch-link.ts'
import {
  INTRODUCTION_BYTES_MAX,
  type Introduction,
  type Reception,
  type Registration,
  registrationCodec,
} from '../types/introduction.ts'
import { transportKeyEntryKey } from '../types/transport-key-entry.ts'
import type { Ledger } from './ledger.ts'

/** Names of the fields, and what frames them. */
const ENVELOPE_BYTES = 64

export type IntroducingLedger = Pick<Ledger, 'head' | 'genesisBlock' | 'epochLinks' | 'state' | 'stateProof'>

/** Null where there is nothing to show: the peer is not behind, or the key is not registered in the head's state. */
export function createIntroduction(
  ledger: IntroducingLedger,
  { transportKey, to }: { readonly transportKey: PublicKey; readonly to: Pick<Reception, 'epoch' | 'height'> },
): Introduction | null {
  const { epoch } = ledger.head.header
  const registration = registrationOf(transportKey, ledger)
  if (registration === null || registration.header.height <= to.height || epoch < to.epoch) return null
  const further = ledger.epochLinks(epoch).slice(Math.max(0, to.epoch - ledger.genesisBlock.header.epoch))
  const registrationBytes = toBytes(registrationCodec, registration).length
  const links = leading(further, INTRODUCTION_BYTES_MAX - ENVELOPE_BYTES - registrationBytes)
  return { links, registration: links.length === further.length ? registration : null }
}

function registrationOf(transportKey: PublicKey, ledger: IntroducingLedger): Registration | null {
  const { header, commitCert } = ledger.head
  const key = transportKeyEntryKey(transportKey)
  const entry = ledger.state().get(key)
  return commitCert === null || entry === undefined
    ? null
    : { header, commitCert, entry, proof: ledger.stateProof(key) }
}

/** As many of the first links as have so many bytes. */
function leading(links: readonly EpochLink[], bytesMax: number): readonly EpochLink[] {
  let size = 0
  const end = links.findIndex((link) => {
    size += toBytes(epochLinkCodec, link).length
    return size > bytesMax
  })
  return end < 0 ? links : links.slice(0, end)
}
