// What block sync carries: consecutive certified blocks, the LeaderCert of every term they open, and the CommitCert on the
// last. Whoever receives it checks everything; a lying peer costs time and nothing else.

import { BRANCH_BYTES_MAX, SYNC_RUN_BLOCKS_MAX } from '../consensus/limits.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { SYNC_PROTOCOL, type Transport } from '../p2p/transport.ts'
import type { Block } from '../types/block.ts'
import type { Height, PublicKey } from '../types/brand.ts'
import { fromBytes, list, optional, record, toBytes, uint } from '../types/canonical.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import { type CommitCert, commitCertCodec, type LeaderCert, leaderCertCodec } from '../types/certificate.ts'
import { blockCodec } from '../types/signing.ts'

export interface CertifiedRun {
  readonly blocks: readonly Block[]
  readonly leaderCerts: readonly LeaderCert[]
  readonly commitCert: CommitCert
}

/** Blocks and transaction bytes in one answer, except that a run reaches its first certificate whatever that takes. */
export const RUN_BLOCKS_MAX = 256
export const RUN_BYTES_MAX = 4 * 1024 * 1024
/**
 * Bound of an answer. A node that caught up at once, or whose acks came together, holds one certificate for all that its
 * leader kept at hand and had in flight; a smaller bound would make that stretch unreachable for ever.
 */
const RUN_REPLY_BYTES_MAX = RUN_BYTES_MAX + BRANCH_BYTES_MAX + SYNC_RUN_BLOCKS_MAX * 8 * 1024
export const RUN_REQUEST_BYTES_MAX = 64

/** Null: the peer has none. */
export const certifiedRunCodec = optional(
  record<CertifiedRun>({
    blocks: list(blockCodec, SYNC_RUN_BLOCKS_MAX),
    leaderCerts: list(leaderCertCodec, SYNC_RUN_BLOCKS_MAX),
    commitCert: commitCertCodec,
  }),
)
const requestCodec = record({ fromHeight: uint })

/** Asks a peer for the run from a height on; null when it has none. Rejects with P2pError or DecodeError. */
export type FetchRun = (from: PublicKey, fromHeight: number) => Promise<CertifiedRun | null>

const FETCH_TIMEOUT_MS = 10_000

export function fetchRunFrom(transport: Transport): FetchRun {
  return async (from, fromHeight) => {
    const options = { timeoutMs: FETCH_TIMEOUT_MS, maxReplyBytes: RUN_REPLY_BYTES_MAX }
    return decodeRun(await transport.request(from, SYNC_PROTOCOL, toBytes(requestCodec, { fromHeight }), options))
  }
}

function decodeRun(message: Uint8Array): CertifiedRun | null {
  const run = fromBytes(certifiedRunCodec, message)
  if (run !== null && run.blocks.length === 0) throw new DecodeError('expected at least one block', 'blocks')
  return run
}

/** Answers a run request from the ledger. Throws DecodeError. */
export function serveRun(ledger: Ledger, message: Uint8Array): Uint8Array {
  const { fromHeight } = fromBytes(requestCodec, message)
  return toBytes(certifiedRunCodec, readRun(ledger, fromHeight))
}

/**
 * The longest run within the bounds that starts at `fromHeight` and ends on a certificate of its own. It needs no validator
 * set but those that are known at its start.
 */
export function readRun(ledger: Ledger, fromHeight: number): CertifiedRun | null {
  const blocks: Block[] = []
  const leaderCerts: LeaderCert[] = []
  let certified = 0
  let commitCert: CommitCert | null = null
  let size = 0
  for (let height = Math.max(1, fromHeight); height <= ledger.head.header.height; height++) {
    const block = ledger.block(height as Height)
    // A run is checked with the sets that its receiver knows: it ends on what makes the next one known.
    const ending = endingBefore(block, blocks)
    if (ending !== null) {
      commitCert = commitCert === null || commitCert.height < ending.height ? ending : commitCert
      certified = commitCert.height - (blocks[0] as Block).header.height + 1
      break
    }
    // Without a certificate so far the run has to go on: pipelined blocks share their descendant's.
    if (block === undefined || (commitCert !== null && (blocks.length >= RUN_BLOCKS_MAX || size > RUN_BYTES_MAX))) break
    // A node of an older release takes what is below, up to the certificate nearest to it.
    if (commitCert !== null && block.header.version !== blocks[0]?.header.version) break
    blocks.push(block)
    size += block.transactions.reduce((sum, { bytes }) => sum + bytes.length, 0)
    const cert = ledger.commitCert(height as Height)
    if (cert !== undefined) {
      commitCert = cert
      certified = blocks.length
    }
    if (blocks.length >= SYNC_RUN_BLOCKS_MAX) break
  }
  if (commitCert === null) return null
  const run = blocks.slice(0, certified)
  const terms = new Set(run.map(({ header }) => header.leaderCertHash))
  for (const hash of terms) {
    const cert = ledger.leaderCertByHash(hash)
    if (cert !== undefined) leaderCerts.push(cert)
  }
  return { blocks: run, leaderCerts, commitCert }
}

/** The certificate that opened the epoch of this block, where it is on one of the blocks before it in the run. */
function endingBefore(block: Block | undefined, run: readonly Block[]): CommitCert | null {
  const first = run[0]
  const epochCert = block?.epochCert ?? null
  return epochCert !== null && first !== undefined && epochCert.height >= first.header.height ? epochCert : null
}
