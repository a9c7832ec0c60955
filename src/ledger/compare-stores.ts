// Compares what a store holds with what replay made of its blocks. Everything must be equal, but for what a node keeps
// beyond the certified chain: blocks that wait for their certificate, and LeaderCerts. Those are checked by themselves.

import { leaderCertFault } from '../consensus/certificate.ts'
import { verify } from '../crypto/ed25519.ts'
import type { Block } from '../types/block.ts'
import type { Hash } from '../types/brand.ts'
import { fromBytes } from '../types/canonical.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import { leaderCertCodec } from '../types/certificate.ts'
import { decodeBlock, headerMessage, leaderCertHash } from '../types/signing.ts'
import { memberAt } from '../types/validator-set.ts'
import type { ChainFault } from './chain-report.ts'
import { describeEntry, heightOfEntry } from './key-height.ts'
import { blockKey, decodeNumber, leaderCertKey, SPACE } from './keys.ts'
import type { Ledger } from './ledger.ts'
import { verifierOf } from './replay-chain.ts'
import type { KeyValueStore, StoreEntry } from './store.ts'

/** More say nothing more. */
const FAULTS_MAX = 100
const EVERYTHING = { from: new Uint8Array(), to: Uint8Array.of(0xff) }

interface Against {
  readonly expected: KeyValueStore
  readonly ledger: Ledger
  /** What has no height of its own belongs to the head. */
  readonly headHeight: number
}

export async function compareStores(
  stored: Pick<KeyValueStore, 'get' | 'range'>,
  against: Against,
): Promise<readonly ChainFault[]> {
  const faults: ChainFault[] = []
  const report = ([key, value]: StoreEntry, what: string): void => {
    const height = heightOfEntry(key, value) ?? against.headHeight
    if (faults.length < FAULTS_MAX)
      faults.push({ height: Math.min(height, against.headHeight + 1), what: `${describeEntry(key)}: ${what}` })
  }
  const own = stored.range(EVERYTHING)[Symbol.asyncIterator]()
  const right = against.expected.range(EVERYTHING)[Symbol.asyncIterator]()
  let mine = await own.next()
  let theirs = await right.next()
  while (mine.done !== true || theirs.done !== true) {
    const order = mine.done === true ? 1 : theirs.done === true ? -1 : Buffer.compare(mine.value[0], theirs.value[0])
    if (order < 0) {
      if (!isAllowedBeyond(mine.value, { stored, ...against })) report(mine.value, 'is not part of the chain')
    } else if (order > 0) {
      report(theirs.value, 'is missing')
    } else if (Buffer.compare(mine.value[1], theirs.value[1]) !== 0) {
      report(theirs.value, 'is not what the blocks before it give')
    }
    if (order <= 0) mine = await own.next()
    if (order >= 0) theirs = await right.next()
  }
  return faults
}

/** A block that waits for its certificate, or a LeaderCert that no certified block carries: whole and signed. */
function isAllowedBeyond([key, value]: StoreEntry, on: Against & { stored: Pick<KeyValueStore, 'get'> }): boolean {
  const { stored, ledger } = on
  const text = key.subarray(1).toHex() as Hash
  try {
    switch (key[0]) {
      case SPACE.block: {
        const block = decodeBlock(value)
        const { header, hash, signature } = block
        if (Buffer.compare(key, blockKey(header.height, hash)) !== 0) return false
        if (header.height <= ledger.head.header.height || header.chainId !== ledger.chainId) return false
        const pending = ledger.nextSetOf(header.parentHash)
        const set = pending?.epoch === header.epoch ? pending : ledger.setOf(header.epoch)
        const proposer = set && memberAt(set, header.proposer)
        const isSigned = proposer && verify(Uint8Array.fromHex(proposer.consensusKey), headerMessage(header), signature)
        if (isSigned !== true) return false
        return executes(ledger, block)
      }
      case SPACE.blockHeight:
        return value.length === 8 && stored.get(blockKey(decodeNumber(value), text)) !== undefined
      case SPACE.leaderCert: {
        const cert = fromBytes(leaderCertCodec, value)
        const fault = leaderCertFault(cert, verifierOf(ledger))
        // Of the epoch to come nobody here can tell yet.
        const isOfNext = fault === 'foreignEpoch' && cert.epoch === ledger.epoch + 1
        return leaderCertHash(cert) === text && (fault === null || isOfNext)
      }
      case SPACE.leaderCertOfTerm: {
        const cert = stored.get(leaderCertKey(value.toHex() as Hash))
        return cert !== undefined && fromBytes(leaderCertCodec, cert).term === decodeNumber(key, 1)
      }
      default:
        return false
    }
  } catch (error) {
    if (error instanceof DecodeError) return false
    throw error
  }
}

/** Blocks come in order of height, so a parent that waits, too, has been adopted before. */
function executes(ledger: Ledger, block: Block): boolean {
  const execution = ledger.check(block)
  if (execution.ok) ledger.adopt(block, execution.executed)
  return execution.ok
}
