// What a certificate makes of this validator's last ack: it is certified with it, waits above it, or was superseded. Then
// its branch, and the certificate that excludes it, are its Release (spec/consensus.md, "Releases").

import type { Hash } from '../types/brand.ts'
import type { CommitCert, Tip } from '../types/certificate.ts'
import { whereLeft } from './acked-path.ts'
import type { Entry } from './block-tree.ts'
import { createLineage } from './evidence/create-lineage.ts'
import { encodeRelease } from './release.ts'
import { emit, type Step } from './step.ts'

/** `path`: what was certified just now, oldest first. The blocks that it drops are still in the tree. */
export function supersedeAck(step: Step, certified: { path: readonly Entry[]; certificate: CommitCert }): void {
  const { state } = step
  const { path, certificate } = certified
  const { lastAck, branch, ackedPath } = state.signState
  if (state.ackStanding === 'superseded' && branch !== null) state.releases.own ??= releaseFrom(branch, certified)
  if (state.ackStanding !== 'binding' || lastAck === null) return
  if (path.some(({ block }) => block.hash === lastAck.hash)) {
    state.ackStanding = 'certified'
    return
  }
  const certifiedNow = new Map<number, Hash>(path.map(({ block: { header, hash } }) => [header.height, hash]))
  const left = whereLeft(ackedPath, (height) => certifiedNow.get(height))
  if (left === undefined) {
    // On top of the head; or more is acked than is remembered.
    if (lastAck.height <= certificate.height) state.ackStanding = 'superseded'
    return
  }
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
