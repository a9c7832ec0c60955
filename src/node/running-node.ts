// What whoever starts a node holds of it.

export interface RunningNode {
  /** Null while the node has no ledger to answer from. */
  readonly rpcUrl: string | null
  readonly p2pAddresses: readonly string[]
  /** Settles when the node must not go on: with the reason. */
  readonly failed: Promise<unknown>
  /** Settles when a snapshot waits to take the ledger's place: stop, and start again. */
  readonly outdated: Promise<void>
  stop(): Promise<void>
}
