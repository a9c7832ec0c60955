// The rules that a block is made and executed by have a number, which stands in its header. It rises at a height that the
// institutions decide. spec/ledger.md, "Versions".

/** Versions whose rules this release knows, ascending. */
export const SUPPORTED_VERSIONS: readonly number[] = [1]

/** In force until the institutions decide on another. */
export const FIRST_VERSION = 1

/** From this height on, blocks are of this version. */
export interface VersionChange {
  readonly height: number
  readonly version: number
}

/** `changes` ascend by height. */
export function versionAt(changes: readonly VersionChange[], height: number): number {
  return changes.findLast((change) => change.height <= height)?.version ?? FIRST_VERSION
}
