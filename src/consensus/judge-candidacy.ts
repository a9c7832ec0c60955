// R3 for whoever asks, be it for a vote or for a pre-vote (spec/consensus.md, section 6).

import type { Seat } from '../types/brand.ts'
import { blockHash } from '../types/signing.ts'
import { commitCertFault, leaderCertFault } from './certificate.ts'
import { isOfBlock, learnCommitCert } from './commit.ts'
import { verifierOf } from './epochs.ts'
import type { Candidacy } from './messages.ts'
import { validReleases } from './release.ts'
import { keepDecided } from './releases.ts'
import type { State } from './state.ts'
import { accuse, type Step } from './step.ts'
import { certifiedHeight } from './tip.ts'
import { judgeShownChain, readShownChain } from './vote-rules.ts'
import {
  witnessCommitCert,
  witnessFalseCommitCert,
  witnessFalseLeaderCert,
  witnessHeader,
  witnessLeaderCert,
} from './witness.ts'

/**
 * 1. what is shown must be sound; 2. a voter that is behind catches up first; 3. the vote rule. Null: no answer, be it
 * that the candidate lies, or that it has to ask again.
 */
export function judgeCandidacy(
  step: Step,
  { from, message }: { from: Seat; message: Candidacy },
): 'grant' | 'refuse' | 'bound' | null {
  const { state } = step

  // 1
  const chain = readShownChain(message, verifierOf(state))
  const releases = validReleases(message.releases, verifierOf(state))
  if (chain === null || releases === null || !isOfKnownBlock(state, message)) {
    accuse(step, { member: from, what: 'badChain' })
    witnessFalse(step, message)
    return null
  }

  witnessShown(step, message)
  for (const [i, release] of releases.entries())
    keepDecided(state, { release, encoded: message.releases[i] as Uint8Array })

  // 2
  if (message.commitCert !== null) learnCommitCert(step, { from, certificate: message.commitCert })
  if (state.halted || chain.certified.height > certifiedHeight(state)) return null

  // 3
  const verdict = judgeShownChain(state, chain, releases)
  if (verdict !== 'invalid') return verdict
  accuse(step, { member: from, what: 'badChain' })
  return null
}

/** Former validators may have signed the head's hash, with a term that would make any tip look later than it is. */
function isOfKnownBlock({ tree }: State, { commitCert }: Candidacy): boolean {
  const entry = commitCert === null ? undefined : tree.entries.get(commitCert.blockHash)
  return commitCert === null || entry === undefined || isOfBlock(commitCert, entry)
}

/** What is shown as a certificate and is none, and the headers that may name it. */
function witnessFalse(step: Step, { commitCert, leaderCert, headers }: Candidacy): void {
  const verifier = verifierOf(step.state)
  const hasFalseLeader = leaderCert !== null && leaderCertFault(leaderCert, verifier) !== null
  const hasFalseCommit = commitCert !== null && commitCertFault(commitCert, verifier) !== null
  if (hasFalseLeader) witnessFalseLeaderCert(step, leaderCert)
  if (hasFalseCommit) witnessFalseCommitCert(step, commitCert)
  if (hasFalseLeader || hasFalseCommit) for (const signed of headers) witnessHeader(step, signed)
}

/** Certificates that have been checked, and headers that this node does not know from blocks. */
function witnessShown(step: Step, { commitCert, leaderCert, headers }: Candidacy): void {
  const { entries } = step.state.tree
  if (leaderCert !== null) witnessLeaderCert(step, leaderCert)
  for (const signed of headers) if (!entries.has(blockHash(signed.header))) witnessHeader(step, signed)
  if (commitCert !== null) witnessCommitCert(step, commitCert)
}
