// From the ledger that a chain left to the first block of the one that goes on from it. The state is copied branch by branch
// under the root that the genesis names, so it may come from anybody's ledger. spec/ledger.md, "Recovery".

import { loadContracts } from '../contracts/execute.ts'
import { assert } from '../types/assert.ts'
import type { Hash } from '../types/brand.ts'
import type { Genesis, Predecessor } from '../types/genesis.ts'
import { blockHash } from '../types/signing.ts'
import { BlockStore, writeBlockZero } from './block-store.ts'
import { LedgerError } from './errors.ts'
import { executeGenesis, recoverState } from './genesis-block.ts'
import { SnapshotSource } from './snapshot-source.ts'
import { StateTree } from './state-tree.ts'
import { StateVersion, StoredState } from './state-version.ts'
import { StateWalk } from './state-walk.ts'
import type { KeyValueStore } from './store.ts'

/** What the first calls of a recovery make of the state at the head of `store`. */
export function recoveredStateRoot(
  store: KeyValueStore,
  { genesis, predecessor }: { genesis: Genesis; predecessor: Pick<Predecessor, 'validators' | 'head'> },
): Hash {
  const contracts = loadContracts(genesis.contracts.map(({ name, module }) => ({ name, bytes: module })))
  const before = StateVersion.atHead(new StoredState(store, new StateTree(store)), store)
  return recoverState(predecessor, { genesis, contracts, before }).stateRoot
}

/**
 * Makes block 0 of the recovered chain in the empty store `to`. `from` is a ledger of its predecessor, at its last head.
 * Throws LedgerError DATA_OTHER_CHAIN, NOT_ON_CHAIN where it is not, GENESIS_REFUSED; SnapshotFault.
 */
export async function carryOver(options: {
  readonly from: KeyValueStore
  readonly to: KeyValueStore
  readonly genesis: Genesis
}): Promise<void> {
  const { from, to, genesis } = options
  const { predecessor } = genesis
  assert(predecessor !== null && predecessor !== undefined, 'the genesis names a predecessor')
  checkEnd(new BlockStore(from), predecessor)
  const source = new SnapshotSource(from.snapshot(), {})
  try {
    const walk = new StateWalk(predecessor.head.stateRoot)
    for (let wanted = walk.wanted(); wanted !== null; wanted = walk.wanted()) {
      const writes = source.state(wanted).flatMap((piece) => walk.take(piece))
      assert(writes.length > 0, 'the state of a ledger is whole')
      await to.write(writes, { sync: false })
    }
  } finally {
    await source.close()
  }
  const { block, state } = executeGenesis(genesis, StateVersion.atHead(new StoredState(to, new StateTree(to)), to))
  await to.write([...state.save(), ...writeBlockZero(block)], { sync: true })
}

/** Is this ledger of that chain, and does it end where the genesis says? */
function checkEnd(blocks: BlockStore, { chains: [chain], head }: Predecessor): void {
  if (chain === undefined || blocks.chainId() !== chain.chainId) {
    throw new LedgerError('DATA_OTHER_CHAIN', 'the ledger is not of the chain that the genesis goes on from')
  }
  const own = blocks.head()
  const hash = blockHash(head)
  if (own?.hash === hash) return
  const isAhead = own !== undefined && own.height > head.height
  const isFork = own !== undefined && blocks.hashAt(head.height) !== undefined && blocks.hashAt(head.height) !== hash
  throw new LedgerError(
    'NOT_ON_CHAIN',
    isFork
      ? `the ledger has another certified block at height ${head.height} than the genesis goes on from: the chain was forked`
      : isAhead
        ? `the ledger has certified blocks up to height ${own.height}, the genesis goes on from ${head.height} and would lose them; build it anew from this ledger`
        : `the ledger ends at height ${own?.height ?? 0}, before height ${head.height} from which the genesis goes on; take the ledger of a member that has it`,
  )
}
