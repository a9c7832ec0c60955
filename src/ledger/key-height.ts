// Which height a stored entry is about, as far as its key, or its value, says so. For the reports of `assent verify`.

import { decodeNumber, SPACE } from './keys.ts'

const PREFIX_BYTES = 1
const NUMBER_BYTES = 8

/** Undefined for state, certificates and what belongs to the chain as a whole. Keys may be cut short. */
export function heightOfEntry(key: Uint8Array, value?: Uint8Array): number | undefined {
  switch (key[0]) {
    case SPACE.block:
    case SPACE.certified:
    case SPACE.commitCert:
    case SPACE.receipts:
      return numberAt(key, PREFIX_BYTES)
    case SPACE.rangeNode: {
      const position = numberAt(key, PREFIX_BYTES)
      // Written with the block behind the leaf that the node completes.
      return position === undefined ? undefined : leafAt(position) + 1
    }
    case SPACE.blockHeight:
    case SPACE.transaction:
      return value && numberAt(value, 0)
    default:
      return undefined
  }
}

/** In words, for people. */
export function describeEntry(key: Uint8Array): string {
  const words: Readonly<Record<number, string>> = {
    [SPACE.meta]: 'the head of the chain',
    [SPACE.block]: 'the block',
    [SPACE.blockHeight]: 'the index of blocks by hash',
    [SPACE.certified]: 'the index of blocks by height',
    [SPACE.commitCert]: 'the CommitCert',
    [SPACE.leaderCert]: 'a LeaderCert',
    [SPACE.leaderCertOfTerm]: 'the index of LeaderCerts by term',
    [SPACE.receipts]: 'the receipts',
    [SPACE.transaction]: 'the index of transactions',
    [SPACE.header]: 'a header below the snapshot',
    [SPACE.rangeNode]: 'a node of the mountain range over block hashes',
    [SPACE.epochLink]: 'the proof of the validators of an epoch',
    [SPACE.state]: 'a value of the state',
    [SPACE.branch]: 'a branch of the state tree',
  }
  return words[key[0] ?? -1] ?? 'an entry that does not belong here'
}

function numberAt(bytes: Uint8Array, at: number): number | undefined {
  if (bytes.length <= at) return undefined
  const padded = new Uint8Array(NUMBER_BYTES)
  padded.set(bytes.subarray(at, at + NUMBER_BYTES))
  return decodeNumber(padded)
}

/** The leaf with whose appending the node at this position was made. crypto/mountain-range.ts has the positions. */
function leafAt(position: number): number {
  const positionOf = (leaf: number): number => 2 * leaf - leaf.toString(2).replaceAll('0', '').length
  let leaf = Math.floor(position / 2)
  while (positionOf(leaf + 1) <= position) leaf++
  return leaf
}
