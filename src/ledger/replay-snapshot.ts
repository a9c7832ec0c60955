// The counterpart of replay-chain.ts for a store that began with a snapshot: builds it again out of itself, with every check
// that a snapshot from a stranger has to pass, up to the head. Blocks are not executed: the state that they began on is gone.
// What certificates say of it has been said by a quorum that did execute them.

import { commitCertFault, type Verifier } from '../consensus/certificate.ts'
import { readRange } from '../crypto/mountain-range.ts'
import type { Block } from '../types/block.ts'
import type { CommitCert } from '../types/certificate.ts'
import type { BlockStore } from './block-store.ts'
import type { OnProgress } from './chain-report.ts'
import { checkBlockZero, checkHeader, checkIdentity, type Replay, readBlock, wrong } from './replay-chain.ts'
import { SnapshotBuilder } from './snapshot-builder.ts'
import { SnapshotSource } from './snapshot-source.ts'
import { SnapshotFault } from './state-walk.ts'
import type { KeyValueStore } from './store.ts'

/** What the genesis says of the chain. Its state is not needed: a snapshot brings one of its own. */
export interface Origin {
  readonly genesisBlock: Block
  /** Knows the first validators. */
  readonly verifier: Verifier
}

/** `expected` is empty and receives what should be there. */
export async function replaySnapshot(
  stored: Pick<KeyValueStore, 'get'>,
  on: {
    readonly blocks: BlockStore
    readonly origin: Origin
    readonly expected: KeyValueStore
    readonly onProgress: OnProgress | undefined
    /** Where it is, for the report. */
    readonly at: (height: number) => void
  },
): Promise<Pick<Replay, 'claimedHeight'> & { readonly transactions: number }> {
  const { blocks, expected, onProgress, at } = on
  const { genesisBlock, verifier } = on.origin
  checkIdentity(blocks, verifier.chainId)
  checkBlockZero(blocks, genesisBlock)
  const head = blocks.head() ?? wrong('the head of the chain is missing')
  const baseHeight = blocks.base()
  at(baseHeight)
  const { header, signature } = readBlock(blocks, head.height)
  const beforeHash = blocks.hashAt(baseHeight - 1) ?? wrong('the index of blocks by height has no entry')
  const manifest = {
    head: { header, signature },
    commitCert: blocks.commitCert(head.height) ?? wrong('the CommitCert of the head is missing'),
    epochs: blocks.epochLinksFrom(header.epoch),
    before: blocks.headerOf(beforeHash) ?? wrong('the header before the first block is missing'),
    range: readRange(baseHeight, (position) => blocks.rangeNode(position)),
  }
  const source = new SnapshotSource({ get: (key) => stored.get(key), close: async () => undefined }, { genesisBlock })
  try {
    const builder = new SnapshotBuilder(
      { store: expected, genesisBlock, verifier, held: genesisBlock, asked: [] },
      manifest,
    )
    await builder.begin()
    for (let from = builder.termsFrom; from !== null; from = builder.termsFrom) {
      await builder.addTerms(source.terms(from))
    }
    let transactions = 0
    for (let next = builder.nextBlock; next !== null; next = builder.nextBlock) {
      at(next)
      const block = readBlock(blocks, next)
      checkHeader(block, { previous: builder.lastBlock, verifier: builder.verifier })
      transactions += block.transactions.length
      await builder.addBlocks([block], validCert(blocks.commitCert(next), builder.verifier))
      onProgress?.({ height: next, headHeight: head.height })
    }
    for (let from = builder.receiptsFrom; from !== null; from = builder.receiptsFrom) {
      at(from)
      await builder.addReceipts([blocks.receiptBytes(from) ?? wrong('the receipts are missing')])
    }
    at(head.height)
    for (let from = builder.stateFrom; from !== null; from = builder.stateFrom) {
      await builder.addState(source.state(from))
    }
    await builder.finish()
    return { claimedHeight: head.height, transactions }
  } catch (error) {
    if (error instanceof SnapshotFault) wrong(error.message)
    throw error
  }
}

function validCert(cert: CommitCert | undefined, verifier: Verifier): CommitCert | null {
  if (cert === undefined) return null
  const fault = commitCertFault(cert, verifier)
  if (fault !== null) wrong(`the CommitCert is not valid: ${fault}`)
  return cert
}
