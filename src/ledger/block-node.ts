// The certified head and the executed blocks on top of it: a small tree in memory, every node with the state after it.

import type { ContractSet } from '../contracts/execute.ts'
import type { MountainRange } from '../crypto/mountain-range.ts'
import type { Block, Header } from '../types/block.ts'
import type { Epoch, Hash, Height } from '../types/brand.ts'
import type { VersionChange } from '../types/protocol-version.ts'
import type { NextSet } from '../types/validator-set.ts'
import { type ContractsInForce, numberInForce, type Start } from './contracts-in-force.ts'
import type { Parent } from './execute-block.ts'
import type { ExecutedBlock } from './ledger.ts'
import { createSignerOf, type KnownSigners, type SignerOf } from './signer.ts'
import { type StateVersion, writesInto } from './state-version.ts'
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
  private readonly starts: readonly Start[]
  private readonly deployment: number | undefined
  private readonly knownSigners: KnownSigners

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
    const before = this.parentUnlessWritten('deployments')
    this.starts = before?.starts ?? on.deployed.starts(state)
    this.deployment = numberInForce(this.height + 1, this.starts)
    const isSame = before !== undefined && before.deployment === this.deployment
    this.contracts = isSame ? before.contracts : on.deployed.of(this.deployment, state)
    const inState = { contracts: this.contracts, state, at: content.header }
    this.knownSigners = this.parentUnlessAnew('registry')?.knownSigners ?? new Map()
    this.signerOf = createSignerOf({ ...inState, known: this.knownSigners })
    this.versions = this.parentUnlessAnew('governance')?.versions ?? readVersionSchedule(inState)
  }

  /** The parent, if this block has written nothing of what that contract keeps. */
  private parentUnlessWritten(contract: string): BlockNode | undefined {
    const { parent, executed } = this
    return executed !== undefined && !writesInto(executed.outcome.change.diff, contract) ? parent : undefined
  }

  /** And if the contract is the same: then it still answers what it did. */
  private parentUnlessAnew(contract: string): BlockNode | undefined {
    const parent = this.parentUnlessWritten(contract)
    return parent?.contracts === this.contracts ? parent : undefined
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
