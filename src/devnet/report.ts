// What a run showed, as JSON for tools. `ok` only if every check held.

import type { Check } from './checks.ts'
import type { LeftOut } from './import-folder.ts'
import { type Percentiles, percentiles } from './percentiles.ts'
import type { Scenario } from './scenario.ts'
import { eventually } from './sleep.ts'
import { sameRoots } from './steps/failover.ts'

const SETTLE_MS = 5_000

export interface Report {
  readonly ok: boolean
  readonly checks: readonly Check[]
  readonly latencyMs: { readonly consent: Percentiles; readonly access: Percentiles; readonly revoke: Percentiles }
  /** From the revocation's commit until the last node refused both a new request and a release. */
  readonly revokeToEnforcedMs: number
  /** The same from its submission. */
  readonly submitToEnforcedMs: number
  readonly failoverMs: number
  readonly transactionsPerSecond: number
  readonly height: number
  readonly nodes: readonly {
    readonly name: string
    readonly role: string
    readonly height: number
    readonly stateRoot: string
    readonly rpc: string
  }[]
  readonly imported: {
    readonly patients: number
    readonly records: number
    readonly consents: readonly {
      readonly file: string
      readonly outcome: string
      /** Of refused consents: the elements that stand in the way. */
      readonly elements: readonly string[]
    }[]
    /** Resources that could not be imported. */
    readonly leftOut: readonly LeftOut[]
  }
}

export async function createReport({ consortium, checks, measured, imported }: Scenario): Promise<Report> {
  // The observer hears of the last block a moment later.
  await eventually(() => sameRoots({ consortium }), { withinMs: SETTLE_MS })
  const nodes = await Promise.all(
    consortium.devnet.members.map(async ({ name, role, rpcUrl }) => {
      const { height, stateRoot } = await consortium.client(name).nodeStatus()
      return { name, role, height, stateRoot, rpc: rpcUrl }
    }),
  )
  const { consent, access, revoke } = measured.latencyMs
  return {
    ok: checks.ok,
    checks: checks.list,
    latencyMs: { consent: percentiles(consent), access: percentiles(access), revoke: percentiles(revoke) },
    revokeToEnforcedMs: measured.revokeToEnforcedMs,
    submitToEnforcedMs: measured.submitToEnforcedMs,
    failoverMs: measured.failoverMs,
    transactionsPerSecond: measured.transactionsPerSecond,
    height: Math.max(...nodes.map(({ height }) => height)),
    nodes,
    imported: {
      patients: imported.patients.length,
      records: imported.records,
      consents: imported.consents.map(({ file, answer }) => ({
        file,
        outcome: answer.kind,
        elements: answer.kind === 'refused' ? answer.problems.map(({ path }) => path) : [],
      })),
      leftOut: imported.leftOut,
    },
  }
}
