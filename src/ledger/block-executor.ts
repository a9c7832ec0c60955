// Blocks above the certified head: executed on their parents, compared with their headers, kept as possible parents.
// Nothing here is stored. ledger.ts says what each method promises.

import { epochFault } from '../consensus/epoch-rules.ts'
import type { BadTransaction } from '../consensus/evidence/bad-transaction.ts'
import { assert } from '../types/assert.ts'
import type { Block, Header } from '../types/block.ts'
import type { Hash, Height } from '../types/brand.ts'
import { versionAt } from '../types/protocol-version.ts'
import { BlockNode, type NodeContent } from './block-node.ts'
import { BlockTree } from './block-tree.ts'
import type { ContractsInForce } from './contracts-in-force.ts'
import { type BlockRefusal, LedgerError } from './errors.ts'
import { type ExecuteBlock, refuseBlock } from './execute-block.ts'
import type { BlockRoots, Draft, ExecutedBlock, Execution, LedgerCounters } from './ledger.ts'
import { showBadTransaction } from './show-bad-transaction.ts'
import type { VerdictCache } from './verdict-cache.ts'

export interface BlockExecutorParts {
  readonly chainId: Hash
  readonly deployed: ContractsInForce
  readonly executeBlock: ExecuteBlock
  /** Protocol versions that blocks may be of here. */
  readonly supportedVersions: readonly number[]
  readonly verdicts: VerdictCache
  readonly counters: LedgerCounters
  /** Is the id in a certified block whose ids can still be repeated? */
  readonly isRecent: (transactionId: Hash) => boolean
  readonly head: Omit<NodeContent, 'executed' | 'block'>
}

export class BlockExecutor {
  readonly tree: BlockTree
  private readonly parts: BlockExecutorParts

  constructor(parts: BlockExecutorParts) {
    this.parts = parts
    this.tree = new BlockTree(this.createNode({ ...parts.head, executed: undefined, block: undefined }, undefined))
  }

  private createNode(content: NodeContent, parent: BlockNode | undefined): BlockNode {
    const { deployed, isRecent } = this.parts
    return new BlockNode(content, { parent, deployed, isRecent })
  }

  execute({ parentHash, epoch, timeMs, transactions }: Draft): Execution {
    const parent = this.tree.get(parentHash)
    if (parent === undefined) return refuseBlock('PARENT_UNKNOWN', 'parentHash: names no executed block')
    const { verdicts, deployed, counters, chainId, supportedVersions } = this.parts
    const version = versionAt(parent.versions, parent.height + 1)
    if (!supportedVersions.includes(version)) {
      const which = `protocol version ${version} is in force from height ${parent.height + 1} on or before`
      return refuseBlock('UNSUPPORTED_VERSION', `${which}; this release supports ${supportedVersions.join(', ')}`)
    }
    const draft = { epoch, timeMs, transactions }
    const result = this.parts.executeBlock(parent, draft, { chainId, deployed, verdicts, counters })
    counters.signatureChecks = verdicts.checks
    counters.signatureCacheHits = verdicts.hits
    if (!result.ok) return result
    const { outcome } = result
    const height = (parent.height + 1) as Height
    const { receipts, roots, nextSet } = outcome
    return { ok: true, executed: { parentHash, ...draft, version, height, receipts, nextSet, ...roots, outcome } }
  }

  check(block: Block): Execution {
    const { header, transactions } = block
    const { parentHash, epoch, timeMs } = header
    const parent = this.tree.get(parentHash)
    if (parent !== undefined && header.height !== parent.height + 1) {
      return refuseBlock('HEIGHT', `height: expected ${parent.height + 1}, got ${header.height}`)
    }
    const fault = parent && epochFault(block, { parent: parent.header, nextSet: parent.nextSet })
    if (fault) return refuseBlock('EPOCH', `epoch: ${fault}`)
    const execution = this.execute({ parentHash, epoch, timeMs, transactions })
    if (!execution.ok) return execution
    const { version } = execution.executed
    if (header.version !== version) return refuseBlock('VERSION', `version: expected ${version}, got ${header.version}`)
    const refusal = compareRoots(header, execution.executed)
    return refusal === undefined ? execution : { ok: false, refusal }
  }

  showBadTransaction(block: Block, refusal: BlockRefusal): BadTransaction | undefined {
    const parent = this.tree.get(block.header.parentHash)
    return parent && showBadTransaction(block, refusal, parent)
  }

  adopt(block: Block, executed: ExecutedBlock): void {
    const { header, hash } = block
    if (this.tree.get(hash) !== undefined) return
    const parent = this.tree.get(executed.parentHash)
    if (parent === undefined) throw new LedgerError('UNKNOWN_BLOCK', 'the parent of an executed block is gone')
    assert(header.parentHash === executed.parentHash, 'adopt: block and execution have one parent')
    assert(header.epoch === executed.epoch, 'adopt: block and execution have one epoch')
    assert(header.timeMs === executed.timeMs, 'adopt: block and execution have one time')
    assert(compareRoots(header, executed) === undefined, 'adopt: block and execution have the same roots')
    const { change, range, nextSet } = executed.outcome
    const state = parent.state.afterChange(change)
    this.tree.add(this.createNode({ hash, header, state, range, nextSet, executed, block }, parent))
    this.parts.counters.uncommittedBlocks = this.tree.uncommittedCount
  }
}

function compareRoots(header: Header, roots: BlockRoots): BlockRefusal | undefined {
  const refuse = (code: BlockRefusal['code'], field: string): BlockRefusal => ({
    code,
    message: `${field}: is not what execution on the parent gives`,
  })
  if (header.logRoot !== roots.logRoot) return refuse('LOG_ROOT', 'logRoot')
  if (header.txRoot !== roots.txRoot) return refuse('TX_ROOT', 'txRoot')
  if (header.receiptRoot !== roots.receiptRoot) return refuse('RECEIPT_ROOT', 'receiptRoot')
  if (header.stateRoot !== roots.stateRoot) return refuse('STATE_ROOT', 'stateRoot')
  return undefined
}
