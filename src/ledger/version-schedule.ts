// Which protocol version is in force from which height on: asked of the governance contract, in the state that counts.
// spec/ledger.md, "Versions"; spec/contracts.md, view governance.protocolVersions.

import { type ContractSet, queryView, type StateAccess } from '../contracts/execute.ts'
import { assert } from '../types/assert.ts'
import type { VersionChange } from '../types/protocol-version.ts'

/** A page of a short list; far below this. */
const GAS_MAX = 5_000_000

/** Ascending by height; empty where the institutions never decided on a version. */
export function readVersionSchedule(options: {
  readonly contracts: ContractSet
  readonly state: Pick<StateAccess, 'get' | 'range'>
  /** Of the block whose state it is. */
  readonly at: { readonly height: number; readonly epoch: number; readonly timeMs: number }
}): readonly VersionChange[] {
  const { contracts, state } = options
  const { height, epoch, timeMs } = options.at
  if (contracts.abi('governance') === undefined) return []
  const outcome = queryView(
    contracts,
    { contract: 'governance', method: 'protocolVersions', args: [] },
    { context: { height, epoch, timeMs }, state, gasLimit: GAS_MAX },
  )
  assert(outcome.status === 'ok' && Array.isArray(outcome.value), 'governance.protocolVersions answers a list')
  return outcome.value.map((entry) => {
    const { fromHeight, version } = entry as { fromHeight: unknown; version: unknown }
    assert(typeof fromHeight === 'number' && typeof version === 'number', 'a protocol version: {fromHeight, version}')
    return { height: fromHeight, version }
  })
}
