// A plant: one protection of the production code taken out, in the harness only, so that the simulator shows that it would
// notice. hooks.ts changes the source while it is loaded.

import type { AimName } from '../aims.ts'

export interface Plant {
  readonly name: string
  /** The protection that is missing. */
  readonly what: string
  /** Several where more than one line stands for it. */
  readonly changes: readonly Change[]
  /** What the runs are aimed at. */
  readonly aim: AimName
}

export interface Change {
  /** From the repository's root. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
}
