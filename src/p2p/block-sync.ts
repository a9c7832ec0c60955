// Block sync: certified blocks from a peer that has more of them. Blocks are opaque bytes here; whoever applies them
// checks their certificates, so a lying peer costs time and nothing else.

import type { PublicKey } from '../types/brand.ts'
import { bytes, type Decoded, DecodeError, fromBytes, list, record, toBytes, uint } from '../types/canonical.ts'
import { P2pError } from './errors.ts'
import { SYNC_BLOCK_BYTES_MAX, SYNC_BLOCKS_MAX, SYNC_REPLY_BYTES_MAX, SYNC_TIMEOUT_MS } from './limits.ts'
import { type RequestHandler, SYNC_PROTOCOL, type Transport } from './transport.ts'

const syncRequest = record({
  fromHeight: uint,
  maxBlocks: uint,
  maxBytes: uint,
})
const syncReply = record({
  /** Highest certified height of the peer. */
  headHeight: uint,
  /** Consecutive, from the requested height on; none when the peer has none from there. */
  blocks: list(bytes(SYNC_BLOCK_BYTES_MAX), SYNC_BLOCKS_MAX),
})

export type SyncRequest = Decoded<typeof syncRequest>
export type SyncReply = Decoded<typeof syncReply>

export const encodeSyncRequest = (request: SyncRequest): Uint8Array => toBytes(syncRequest, request)
export const encodeSyncReply = (reply: SyncReply): Uint8Array => toBytes(syncReply, reply)
export const decodeSyncReply = (message: Uint8Array): SyncReply => fromBytes(syncReply, message)
/** Throws DecodeError. What asks for more than the bounds is served as if it had asked for the bounds. */
export function decodeSyncRequest(message: Uint8Array): SyncRequest {
  const { fromHeight, maxBlocks, maxBytes } = fromBytes(syncRequest, message)
  return {
    fromHeight,
    maxBlocks: Math.min(maxBlocks, SYNC_BLOCKS_MAX),
    maxBytes: Math.min(maxBytes, SYNC_REPLY_BYTES_MAX),
  }
}

/** A sync request is three integers. */
export const SYNC_REQUEST_BYTES_MAX = 256

export interface BlockSource {
  /** Highest certified height. */
  headHeight(): number
  /** Certified blocks from `fromHeight` on; read only as far as the reply has room. */
  blocksFrom(fromHeight: number): Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

/** Handler of SYNC_PROTOCOL. A reply has at least one block if the source has one, even above `maxBytes`. */
export function createSyncHandler(source: BlockSource): RequestHandler {
  return async (_peer, message) => {
    const { fromHeight, maxBlocks, maxBytes } = decodeSyncRequest(message)
    const headHeight = source.headHeight()
    const blocks: Uint8Array[] = []
    let total = 0
    for await (const block of source.blocksFrom(fromHeight)) {
      total += block.length
      if (blocks.length > 0 && total > maxBytes) break
      blocks.push(block)
      if (blocks.length >= maxBlocks) break
    }
    return encodeSyncReply({ headHeight, blocks })
  }
}

export interface SyncOptions {
  readonly fromHeight: number
  /** Verifies and stores consecutive blocks, the first at `fromHeight`. A rejection gives up this peer. */
  readonly apply: (blocks: readonly Uint8Array[], fromHeight: number) => Promise<void>
  readonly signal?: AbortSignal
  readonly maxBlocks?: number
  readonly maxBytes?: number
  readonly timeoutMs?: number
}

export interface SyncResult {
  /** First height not applied. */
  readonly nextHeight: number
  /** Peers given up, with the reason: P2pError, DecodeError, or what apply() threw. */
  readonly failures: readonly { readonly peer: PublicKey; readonly error: unknown }[]
}

/**
 * Fetches from the first peer until it has no more, then from the next: peers may differ in what they have. Never
 * rejects for a peer's fault; throws P2pError `cancelled` when the signal fires.
 */
export async function syncBlocks(
  transport: Transport,
  peers: readonly PublicKey[],
  options: SyncOptions,
): Promise<SyncResult> {
  const failures: { peer: PublicKey; error: unknown }[] = []
  let nextHeight = options.fromHeight
  const apply = async (blocks: readonly Uint8Array[], fromHeight: number): Promise<void> => {
    await options.apply(blocks, fromHeight)
    nextHeight = fromHeight + blocks.length
  }
  for (const peer of peers) {
    try {
      await syncFromPeer(transport, peer, { ...options, fromHeight: nextHeight, apply })
    } catch (error) {
      if (options.signal?.aborted) throw new P2pError('cancelled', 'block sync cancelled', { cause: error })
      failures.push({ peer, error })
    }
  }
  return { nextHeight, failures }
}

/** The next batch is on its way while this one is applied. */
async function syncFromPeer(transport: Transport, peer: PublicKey, options: SyncOptions): Promise<void> {
  let fromHeight = options.fromHeight
  let reply = await fetchBlocks(transport, peer, { ...options, fromHeight })
  while (reply.blocks.length > 0) {
    const { blocks } = reply
    const nextHeight = fromHeight + blocks.length
    const next = fetchBlocks(transport, peer, { ...options, fromHeight: nextHeight })
    // Its failure is met below; until then it must not count as unhandled.
    next.catch(() => undefined)
    await options.apply(blocks, fromHeight)
    fromHeight = nextHeight
    reply = await next
  }
  if (reply.headHeight >= fromHeight) {
    const claim = `the peer claims height ${reply.headHeight} and sends nothing from ${fromHeight} on`
    throw new P2pError('sync-stalled', claim, { peer })
  }
}

async function fetchBlocks(transport: Transport, peer: PublicKey, options: SyncOptions): Promise<SyncReply> {
  const { fromHeight, maxBlocks = SYNC_BLOCKS_MAX, maxBytes = SYNC_REPLY_BYTES_MAX, signal } = options
  const request = encodeSyncRequest({ fromHeight, maxBlocks, maxBytes })
  const message = await transport.request(peer, SYNC_PROTOCOL, request, {
    timeoutMs: options.timeoutMs ?? SYNC_TIMEOUT_MS,
    // One block may stand above the bound, and the list costs a few bytes.
    maxReplyBytes: maxBytes + SYNC_BLOCK_BYTES_MAX,
    ...(signal && { signal }),
  })
  try {
    return decodeSyncReply(message)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw new P2pError('reply-malformed', `block sync: ${error.message}`, { peer, cause: error })
  }
}
