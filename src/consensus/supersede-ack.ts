// What a certificate makes of this validator's last ack: it is certified with it, waits above it, or was superseded. Then
// its branch, and the certificate that excludes it, are its Release (spec/consensus.md, "Releases").

import type { Hash } from '../types/brand.ts'
import type { CommitCert, Tip } from '../types/certificate.ts'
import type { Entry } from './block-tree.ts'
import { createLineage } from './evidence/create-lineage.ts'
import { encodeRelease } from './release.ts'
import type { State } from './state.ts'
import { emit, type Step } from './step.ts'
import { tipOf } from './tip.ts'

/** `path`: what was certified just now, oldest first. The blocks that it drops are still in the tree. */
export function supersedeAck(step: Step, certified: { path: readonly Entry[]; certificate: CommitCert }): void {
  const { state } = step
  const { path, certificate } = certified
  const { lastAck, branch } = state.signState
  if (state.ackStanding === 'superseded' && branch !== null) state.releases.own ??= releaseFrom(branch, certified)
  if (state.ackStanding !== 'binding' || lastAck === null) return
  if (path.some(({ block }) => block.hash === lastAck.hash)) {
    state.ackStanding = 'certified'
    return
  }
  const start = leavingBlock(state, { from: lastAck.hash, path })
  if (start === undefined) {
    // Not here any more, or on top of the head.
    if (lastAck.height <= certificate.height) state.ackStanding = 'superseded'
    return
  }
  const left = tipOf(state, start.block.hash)
  state.ackStanding = 'superseded'
  state.releases.own = releaseFrom(left, certified)
  state.signState = { ...state.signState, branch: left }
  emit(step, { kind: 'persistSignState', signState: state.signState })
}

/** Null as long as the certificate does not reach as high as the branch: after a restart it may not. */
function releaseFrom(
  branch: Tip,
  { path, certificate }: { path: readonly Entry[]; certificate: CommitCert },
): Uint8Array | null {
  const held = path.findIndex(({ block }) => block.header.height === branch.height)
  const [base, head] = [path[held], path.at(-1)]
  if (base === undefined || head === undefined) return null
  const since = path.slice(held, -1).map(({ block }) => block.hash)
  const lineage =
    base === head ? null : createLineage(head.block.header, { height: branch.height, base: base.ancestors, since })
  return encodeRelease({ kind: 'conflict', branch, commitCert: certificate, lineage })
}

/** The first block on the way to `from` that is not on the path, though the path goes on beside it. */
function leavingBlock({ tree }: State, { from, path }: { from: Hash; path: readonly Entry[] }): Entry | undefined {
  const first = path[0]
  if (first === undefined) return undefined
  const goesOn = new Set([first.block.header.parentHash, ...path.slice(0, -1).map(({ block }) => block.hash)])
  let at = tree.entries.get(from)
  while (at !== undefined && !goesOn.has(at.block.header.parentHash)) at = tree.entries.get(at.block.header.parentHash)
  return at !== undefined && path.includes(at) ? undefined : at
}
