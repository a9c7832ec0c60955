// The certified head and the executed blocks on top of it: a small tree in memory, every node with the state after it.

import type { ContractSet } from '../contracts/execute.ts'
import type { MountainRange } from '../crypto/mountain-range.ts'
import type { Block, Header } from '../types/block.ts'
import type { Epoch, Hash, Height } from '../types/brand.ts'
import type { VersionChange } from '../types/protocol-version.ts'
import type { NextSet } from '../types/validator-set.ts'
import type { ContractsInForce } from './contracts-in-force.ts'
import type { Parent } from './execute-block.ts'
import type { ExecutedBlock } from './ledger.ts'
import { createSignerOf, type SignerOf } from './signer.ts'
import type { StateVersion } from './state-version.ts'
import { readVersionSchedule } from './version-schedule.ts'

export interface NodeContent {
  readonly hash: Hash
  readonly header: Header
  readonly state: StateVersion
  readonly range: MountainRange
  readonly nextSet: NextSet | null
  /** Absent for the head that a node starts with. */
  readonly executed: ExecutedBlock | undefined
  readonly block: Block | undefined
}

export class BlockNode implements Parent {
  readonly hash: Hash
  readonly header: Header
  readonly state: StateVersion
  readonly range: MountainRange
  readonly nextSet: NextSet | null
  readonly executed: ExecutedBlock | undefined
  readonly block: Block | undefined
  /** In force for the block after this one, in the state after this one. */
  readonly contracts: ContractSet
  readonly signerOf: SignerOf
  /** In the state after this block. */
  readonly versions: readonly VersionChange[]
  /** Undefined for the certified head: what lies before it is in the store. */
  parent: BlockNode | undefined
  private readonly ids: ReadonlySet<Hash>
  private readonly isRecent: (transactionId: Hash) => boolean

  constructor(
    content: NodeContent,
    on: {
      readonly parent: BlockNode | undefined
      readonly deployed: ContractsInForce
      readonly isRecent: (transactionId: Hash) => boolean
    },
  ) {
    this.hash = content.hash
    this.header = content.header
    this.state = content.state
    this.range = content.range
    this.nextSet = content.nextSet
    this.executed = content.executed
    this.block = content.block
    this.parent = on.parent
    this.isRecent = on.isRecent
    this.ids = new Set(content.executed?.transactions.map(({ id }) => id))
    const state = content.state.reader()
    this.contracts = on.deployed.at(this.height + 1, state)
    const inState = { contracts: this.contracts, state, at: content.header }
    this.signerOf = createSignerOf(inState)
    this.versions = readVersionSchedule(inState)
  }

  get height(): Height {
    return this.header.height
  }

  get epoch(): Epoch {
    return this.header.epoch
  }

  get timeMs(): number {
    return this.header.timeMs
  }

  isInChain(transactionId: Hash): boolean {
    return this.isInFlight(transactionId) || this.isRecent(transactionId)
  }

  /** In one of the uncommitted blocks up to this one. */
  isInFlight(transactionId: Hash): boolean {
    for (let node: BlockNode = this; node.parent !== undefined; node = node.parent) {
      if (node.ids.has(transactionId)) return true
    }
    return false
  }

  /** The uncommitted blocks up to this one, oldest first. */
  path(): readonly BlockNode[] {
    const nodes: BlockNode[] = []
    for (let node: BlockNode = this; node.parent !== undefined; node = node.parent) nodes.push(node)
    return nodes.reverse()
  }

  /** Does `ancestor` lie on the way to the head, or is it this block? */
  descendsFrom(ancestor: BlockNode): boolean {
    let node: BlockNode | undefined = this
    while (node !== undefined && node !== ancestor) node = node.parent
    return node === ancestor
  }
}
