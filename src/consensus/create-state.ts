// The state of a core that starts: from genesis, or from what the disk kept (spec/consensus.md, section 12). Everything
// that a later signature depends on is restored; leadership is not.

import type { MountainRange } from '../crypto/mountain-range.ts'
import { assert } from '../types/assert.ts'
import type { Block } from '../types/block.ts'
import type { Epoch, Hash, Height, Term } from '../types/brand.ts'
import type { CommitCert, LeaderCert } from '../types/certificate.ts'
import { leaderCertHash } from '../types/signing.ts'
import type { NextSet } from '../types/validator-set.ts'
import { whereLeft } from './acked-path.ts'
import { ancestorsAfter, createEntry, type Entry } from './block-tree.ts'
import { coverOwnBlocks } from './cover-own-blocks.ts'
import type { Lineage } from './evidence/lineage.ts'
import { createLiveness } from './liveness.ts'
import { encodeRelease } from './release.ts'
import { createReleases } from './releases.ts'
import type { Settings } from './settings.ts'
import type { SignState } from './sign-state.ts'
import type { State } from './state.ts'
import { isBetterTip } from './tip.ts'
import { createWitness } from './witness.ts'

/** What the disk kept; see `Head` and `Restored` of the ledger. */
export interface Restored {
  /** The certified head; no certificate for genesis. */
  readonly certified: {
    readonly block: Block
    readonly commitCert: CommitCert | null
    /** The blocks before it. */
    readonly ancestors: MountainRange
  }
  /** Persisted blocks above it, executed again, parents first. */
  readonly uncommitted: readonly Block[]
  /** Of the terms of all these blocks, and later. */
  readonly leaderCerts: readonly LeaderCert[]
  readonly signState: SignState
  /** Hash of the certified block at a height, if it is kept; asked for what the last ack is about. */
  readonly certifiedHashAt: (height: number) => Hash | undefined
  /** What the certified chain holds at a height below its head; asked only where the last ack was superseded. */
  readonly lineageAt: (height: Height) => Lineage | null
  /** As in `Executed`, for the certified and the uncommitted blocks. */
  readonly nextSetOf: (blockHash: Hash) => NextSet | null
}

export function createState(settings: Settings, restored: Restored): State {
  const { certified, uncommitted, leaderCerts, nextSetOf } = restored
  const { block, commitCert } = certified
  assert(
    commitCert === null ? block.header.height === 0 : commitCert.blockHash === block.hash,
    'head has its certificate',
  )
  const restore = (stored: Block, ancestors: MountainRange): Entry => ({
    ...createEntry(stored, { status: 'valid', ancestors }),
    nextSet: nextSetOf(stored.hash),
  })
  const head = restore(block, certified.ancestors)
  const epoch = (block.header.epoch + (head.nextSet === null ? 0 : 1)) as Epoch
  const set = head.nextSet ?? settings.restoredSetOf(epoch)
  assert(set !== undefined, 'the set of the present epoch is on disk')
  const isAlone = set.members.length === 1
  const signState = withBranch(
    coverOwnBlocks(restored.signState, { seat: settings.self, uncommitted, isAlone }) ?? restored.signState,
    restored,
  )
  const state: State = {
    settings,
    tree: { entries: new Map([[block.hash, head]]), recent: new Set([head]) },
    epoch,
    epochs: new Map([[epoch, set]]),
    certifiedHash: block.hash,
    commitCert,
    pendingCommit: null,
    tipHash: block.hash,
    leaderCerts: new Map(leaderCerts.map((certificate) => [leaderCertHash(certificate), certificate])),
    storedLeaderCerts: new Set(leaderCerts.map(leaderCertHash)),
    signState,
    ackStanding: standingOf({ ...restored, signState }),
    // A block of a term may be on disk without an ack of it: the next candidacy must still be above that term.
    term: Math.max(signState.term, ...leaderCerts.map(({ term }) => term)) as Term,
    leaderCertHash: null,
    role: { kind: 'follower', leaderHead: null },
    sync: null,
    liveness: createLiveness(),
    reads: new Map(),
    witness: createWitness(restored),
    releases: createReleases(ownReleaseOf({ ...restored, signState })),
    halted: false,
  }
  for (const stored of uncommitted) {
    const parent = state.tree.entries.get(stored.header.parentHash)
    assert(parent !== undefined, 'uncommitted blocks come parents first')
    state.tree.entries.set(stored.hash, restore(stored, ancestorsAfter(parent)))
    if (isBetterTip(state, stored.hash)) state.tipHash = stored.hash
  }
  for (const { block } of state.tree.entries.values()) {
    const isGenesis = block.header.height === 0
    assert(isGenesis || state.leaderCerts.has(block.header.leaderCertHash), 'every term on disk has its LeaderCert')
  }
  return state
}

/** A chain that came again was certified past the last ack without saying so. */
function withBranch(signState: SignState, { certifiedHashAt }: Restored): SignState {
  const { branch, ackedPath } = signState
  return branch !== null ? signState : { ...signState, branch: whereLeft(ackedPath, certifiedHashAt) ?? null }
}

/** The Release of a superseded ack, from the certificate on the head. */
function ownReleaseOf(restored: Restored): Uint8Array | null {
  const { commitCert } = restored.certified
  const { branch } = restored.signState
  if (branch === null || commitCert === null || branch.height > commitCert.height) return null
  const lineage = branch.height === commitCert.height ? null : restored.lineageAt(branch.height)
  // The chain began with a snapshot above it.
  if (lineage === null && branch.height < commitCert.height) return null
  return encodeRelease({ kind: 'conflict', branch, commitCert, lineage })
}

function standingOf({ certified, signState, certifiedHashAt }: Restored): State['ackStanding'] {
  const { lastAck, ackedPath, branch } = signState
  // Known from a certificate whose commit may not have reached the disk.
  if (branch !== null) return 'superseded'
  if (lastAck === null || lastAck.height > certified.block.header.height) return 'binding'
  const hash = certifiedHashAt(lastAck.height)
  const isSettled = hash === undefined && ackedPath.length === 0
  return isSettled || hash === lastAck.hash ? 'certified' : 'superseded'
}
