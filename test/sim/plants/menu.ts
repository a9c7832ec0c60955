// All plants. README.md beside the simulator says what they are for.

import type { Plant } from './plant.ts'

export const PLANTS: readonly Plant[] = [
  {
    name: 'quorum-minus-one',
    what: 'a certificate takes q signatures',
    changes: [
      {
        file: 'src/types/validator-set.ts',
        find: 'Math.ceil((set.members.length + set.b + 1) / 2)',
        replace: 'Math.max(1, Math.ceil((set.members.length + set.b + 1) / 2) - 1)',
      },
    ],
    aim: 'partitions',
  },
  {
    name: 'fsync-before-ack',
    what: 'what is said is on disk, synced, before',
    changes: [
      {
        file: 'src/node/effect-performer.ts',
        find: `    const persisted = this.#persist(effects)
    if (persisted !== undefined) await persisted
    for (const effect of effects) {
      const written = this.#performOne(effect)
      // One commit after the other: two writes under way at once may reach the store in either order.
      if (written !== undefined) await written
    }
`,
        replace: `    const persisted = this.#persist(effects)
    for (const effect of effects) {
      const written = this.#performOne(effect)
      if (written !== undefined) await written
    }
    await persisted
`,
      },
    ],
    aim: 'powerCut',
  },
  {
    name: 'r3-last-ack',
    what: 'R3: no vote for a tip of the last ack’s term that does not contain the acked block',
    changes: [
      {
        file: 'src/consensus/lock.ts',
        find: 'return tip.term < ack.term || (tip.term === ack.term && (tip.height < ack.height || !holds(ack)))',
        replace: 'return tip.term < ack.term || (tip.term === ack.term && tip.height < ack.height && !holds(ack))',
      },
    ],
    aim: 'twoTongues',
  },
  {
    name: 'vote-after-ack',
    what: 'R4: no vote or promise in a term already acked in',
    changes: [
      {
        file: 'src/consensus/sign-state.ts',
        find: 'return term > (vote?.term ?? 0) && term > (lastAck?.term ?? 0)',
        replace: 'return term > (vote?.term ?? 0) || (lastAck?.term ?? 0) < 0',
      },
    ],
    aim: 'lateVote',
  },
  {
    name: 'sync-certificate',
    what: 'block sync checks the CommitCert of a run',
    changes: [
      {
        file: 'src/consensus/on-synced.ts',
        find: 'if (commitCertFault(commitCert, verifierOf(state)) !== null) {',
        replace: 'if (commitCert === null) {',
      },
    ],
    aim: 'forgedRuns',
  },
  {
    name: 'r1-one-chain',
    what: 'R1: the acks of one term form one chain',
    changes: [
      {
        file: 'src/consensus/acknowledge.ts',
        find: "return ackStanding === 'certified'",
        replace: 'return true',
      },
    ],
    aim: 'secondBranch',
  },
  {
    name: 'r2-inherited-ack',
    what: 'R2: acks are of blocks of the current term alone, inherited ones get none',
    changes: [
      {
        file: 'src/consensus/acknowledge.ts',
        find: 'term === state.term && isSeated(state, { seat, epoch })',
        replace: 'isSeated(state, { seat, epoch })',
      },
      {
        file: 'src/consensus/acknowledge.ts',
        find: 'term === state.term && term >= ackFloor(state.signState),',
        replace: 'term >= 0 && ackFloor(state.signState) >= 0,',
      },
    ],
    aim: 'inheritedBlock',
  },
  {
    name: 'leader-cert',
    what: 'R2: nobody leads without the LeaderCert of the term',
    changes: [
      {
        file: 'src/consensus/learn-leader.ts',
        find: 'if (leaderCertFault(certificate, verifierOf(state)) !== null) {',
        replace: "if (leaderCertFault(certificate, verifierOf(state)) === 'foreignChain') {",
      },
    ],
    aim: 'forgedLeader',
  },
  {
    name: 'r4-ack-below-vote',
    what: 'R4: no ack below a term voted in, also after a restart',
    changes: [
      {
        file: 'src/consensus/create-state.ts',
        find: 'term: Math.max(signState.term, ...leaderCerts.map(({ term }) => term)) as Term,',
        replace: 'term: Math.max(0, ...leaderCerts.map(({ term }) => term)) as Term,',
      },
      {
        file: 'src/consensus/acknowledge.ts',
        find: 'term === state.term && term >= ackFloor(state.signState),',
        replace: 'term === state.term && ackFloor(state.signState) >= 0,',
      },
    ],
    aim: 'forgottenVote',
  },
  {
    name: 'duplicate-signer',
    what: 'a certificate lists each signer once',
    changes: [
      {
        file: 'src/consensus/quorum-signatures.ts',
        find: "if (member <= previous) return 'signersNotAscending'",
        replace: "if (member < previous) return 'signersNotAscending'",
      },
    ],
    aim: 'duplicateSigner',
  },
  {
    name: 'r5-certified',
    what: 'R5: no vote for a chain without the certified block',
    changes: [
      {
        file: 'src/consensus/vote-rules.ts',
        find: "if (hashAt(ownHeight) !== state.certifiedHash) return 'refuse'",
        replace: "if (ownHeight < 0) return 'refuse'",
      },
    ],
    aim: 'lettingGo',
  },
  {
    name: 'sign-state-guard',
    what: 'an older start of a validator, or one that has forgotten what it said, signs nothing',
    changes: [
      {
        file: 'src/node/hello/messages.ts',
        find: 'return known.session !== start.session && known.incarnation >= start.incarnation',
        replace: 'return known.session === start.session && known.incarnation > start.incarnation',
      },
      {
        file: 'src/consensus/own-statements.ts',
        find: '!isCovered(signState, each) && isStatementSigned(each, verifier)',
        replace: 'signState === null && isStatementSigned(each, verifier)',
      },
    ],
    aim: 'oldBackup',
  },
  {
    name: 're-execution',
    what: 'followers execute a block and compare the roots',
    changes: [
      {
        file: 'src/ledger/block-executor.ts',
        find: 'const refusal = compareRoots(header, execution.executed)',
        replace: 'const refusal = undefined as BlockRefusal | undefined',
      },
      {
        file: 'src/ledger/block-executor.ts',
        find: "assert(compareRoots(header, executed) === undefined, 'adopt: block and execution have the same roots')",
        replace: '',
      },
    ],
    aim: 'falseRoots',
  },
  {
    name: 'time-check',
    what: 'no ack of a block whose time the clock cannot believe',
    changes: [
      {
        file: 'src/consensus/block-time.ts',
        find: 'return timeMs > nowMs + timing.clockDriftMaxMs + timing.electionTimeoutMaxMs',
        replace: 'return timeMs < 0 && nowMs + timing.clockDriftMaxMs < 0',
      },
      {
        file: 'src/consensus/acknowledge.ts',
        find: 'if (holdUntilDue(step, block.header) || isOutOfTime(step, block.header)) break',
        replace: '',
      },
    ],
    aim: 'farFuture',
  },
  {
    name: 'tx-root-over-ids',
    what: 'the leaves of txRoot hash whole transactions, signatures included',
    changes: [
      {
        file: 'src/types/transaction-root.ts',
        find: 'merkleRoot(transactions.map(({ bytes }) => bytes))',
        replace: 'merkleRoot(transactions.map(({ id }) => Uint8Array.fromHex(id)))',
      },
    ],
    aim: 'junkSignatures',
  },
  {
    name: 'e4-later-term',
    what: 'E4: a tip of a later term than the ack is no evidence',
    changes: [
      {
        file: 'src/consensus/evidence/e4.ts',
        find: 'const isOfLaterTerm = tip.term > block.term',
        replace: 'const isOfLaterTerm = tip.term < 0',
      },
      {
        file: 'src/consensus/evidence/contradictions.ts',
        find: 'tip.term > ack.ack.term ||',
        replace: '',
      },
    ],
    aim: 'supersededAck',
  },
  {
    name: 'truncate-before-replace',
    what: 'R5: a branch stays on disk until a conflicting block is certified',
    changes: [
      {
        file: 'src/ledger/head-writer.ts',
        find: `    this.tree.noteStored(block)
    return writeBlock(block)
`,
        replace: `    const { hash, header } = block
    const rivals = this.tree.storedBlocks().filter((other) => other.header.height >= header.height && other.hash !== hash)
    const lost = rivals.map((other) => ({ ...other.header, hash: other.hash }))
    this.tree.noteStored(block)
    return [...lost.flatMap(deleteBlock), ...writeBlock(block)]
`,
      },
    ],
    aim: 'truncatedBranch',
  },
  {
    name: 'replay-set',
    what: 'what stands in inherited blocks is not taken again after a change of the leader',
    changes: [
      {
        file: 'src/ledger/block-node.ts',
        find: 'if (node.ids.has(transactionId)) return true',
        replace: 'if (node.header.term === this.header.term && node.ids.has(transactionId)) return true',
      },
    ],
    aim: 'replayed',
  },
  {
    name: 'replay-set-snapshot',
    what: 'a snapshot brings the ids that may still be sent again',
    changes: [
      {
        file: 'src/ledger/snapshot-builder.ts',
        find: `      transactions.forEach(({ id }, index) => {
        writes.push(writeLocation(id, { height: header.height, index }))
      })
`,
        replace: '',
      },
    ],
    aim: 'replayedToNewcomer',
  },
  {
    name: 'pipelining-past-change',
    what: 'nothing but opening blocks follows a change of the validators until that is certified',
    changes: [
      {
        file: 'src/consensus/can-propose.ts',
        find: 'const isPending = nextSet !== null && parent.header.epoch === state.epoch',
        replace: 'const isPending = nextSet !== null && parent.header.epoch !== state.epoch && parent.header.epoch < 0',
      },
      {
        file: 'src/consensus/epoch-rules.ts',
        find: 'const isFree = nextSet === null || (header.term > parent.term && transactions.length === 0)',
        replace: 'const isFree = nextSet === null || transactions.length >= 0',
      },
    ],
    aim: 'slowChanges',
  },
  {
    name: 'set-on-append',
    what: 'a set counts once its decision is certified, not when somebody has appended it',
    changes: [
      {
        file: 'src/consensus/change-epoch.ts',
        find: 'const { block, nextSet } = entryOf(state.tree, state.certifiedHash)',
        replace: 'const { block, nextSet } = entryOf(state.tree, state.tipHash)',
      },
      {
        file: 'src/consensus/change-epoch.ts',
        find: "  assert(nextSet !== null && epoch === state.epoch + 1, 'an epoch is entered by the block that decided it')\n",
        replace: '  if (nextSet === null) return\n',
      },
      {
        file: 'src/consensus/tip.ts',
        find: 'step.state.tipHash = hash\n',
        replace: 'step.state.tipHash = hash\n  maybeChangeEpoch(step)\n',
      },
      {
        file: 'src/consensus/tip.ts',
        find: "import { mayFollow, ownReleases } from './lock.ts'",
        replace:
          "import { maybeChangeEpoch } from './change-epoch.ts'\nimport { mayFollow, ownReleases } from './lock.ts'",
      },
      {
        file: 'src/consensus/epoch-rules.ts',
        find: "return covers ? null : 'without a certificate that covers the change of the validators'",
        replace: "return covers || epochCert !== null ? null : 'without a certificate'",
      },
    ],
    aim: 'membership',
  },
  {
    name: 'wrong-epoch',
    what: 'a block is of the epoch that its parent leads to, and who has left certifies nothing',
    changes: [
      {
        file: 'src/consensus/header-rules.ts',
        find: '(header.epoch === before.epoch || header.epoch === before.epoch + 1) &&',
        replace: 'header.epoch <= before.epoch + 1 &&',
      },
      {
        file: 'src/consensus/epoch-rules.ts',
        find: "if (nextSet === null || header.epoch !== nextSet.epoch) return 'of an epoch that no change of the validators made'",
        replace: 'if (nextSet === null || header.epoch !== nextSet.epoch) return null',
      },
      {
        file: 'src/consensus/commit.ts',
        find: 'const isPast = certificate.epoch < headerOf(state.tree, state.certifiedHash).epoch',
        replace: 'const isPast = certificate.epoch < 0 && headerOf(state.tree, state.certifiedHash).epoch < 0',
      },
      {
        file: 'src/consensus/change-epoch.ts',
        find: "  assert(nextSet !== null && epoch === state.epoch + 1, 'an epoch is entered by the block that decided it')\n",
        replace: '  if (nextSet === null) return\n',
      },
    ],
    aim: 'oldEpoch',
  },
  {
    name: 'release-one-short',
    what: 'a Release takes so many members that the branch misses its quorum',
    changes: [
      {
        file: 'src/consensus/abandonment.ts',
        find: 'return others + unknownLiars < quorum(set)',
        replace: 'return others + unknownLiars - 1 < quorum(set)',
      },
    ],
    aim: 'thinRelease',
  },
  {
    name: 'r5-leaders-word',
    what: 'R5: nothing is committed without a valid CommitCert, whatever the leader says',
    changes: [
      {
        file: 'src/consensus/commit.ts',
        find: 'const isFalse = !isPast && commitCertFault(certificate, verifierOf(state)) !== null',
        replace: "const isFalse = !isPast && commitCertFault(certificate, verifierOf(state)) === 'foreignChain'",
      },
    ],
    aim: 'leadersWord',
  },
  {
    name: 'r5-truncation',
    what: 'R5: a certified block is not let go of, not even for another certified one',
    changes: [
      {
        file: 'src/consensus/commit.ts',
        find: "diverge(step, { certificate, reason: 'another block is certified at this height' })",
        replace: `state.certifiedHash = headerOf(state.tree, state.certifiedHash).parentHash
    requestSync(step, { from, targetHeight: certificate.height })`,
      },
      {
        file: 'src/ledger/block-tree.ts',
        find: 'if (!other.descendsFrom(node)) this.nodes.delete(hash)',
        replace: 'if (!other.descendsFrom(node) && other.height < node.height - 3) this.nodes.delete(hash)',
      },
    ],
    aim: 'moreLiarsThanB',
  },
  {
    name: 'e6-signer',
    what: 'E6: a header without a certified block convicts nobody who has not signed for that block',
    changes: [
      {
        file: 'src/consensus/evidence/e6.ts',
        find: 'const isSigner = commitCert.signatures.some(({ member }) => member === proposer)',
        replace: 'const isSigner = proposer >= 0',
      },
      {
        file: 'src/consensus/evidence/contradictions.ts',
        find: 'const isSigner = commitCert?.signatures.some(({ member }) => member === header.proposer)',
        replace: 'const isSigner = true',
      },
    ],
    aim: 'moreLiarsThanB',
  },
]
