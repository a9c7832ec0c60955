// What a candidate shows (R3): its highest CommitCert, the headers from there to its tip, the LeaderCert of the tip's term.

import type { Hash, Seat, Term } from '../types/brand.ts'
import { headerOf, pathFrom } from './block-tree.ts'
import type { Candidacy } from './messages.ts'
import type { State } from './state.ts'
import { type Step, send } from './step.ts'
import { tipOf } from './tip.ts'

export function candidacyOf(
  state: State,
  { term, tipHash, releases }: { term: Term; tipHash: Hash; releases: readonly Uint8Array[] },
): Candidacy {
  const path = pathFrom(state.tree, { base: state.certifiedHash, hash: tipHash })
  return {
    epoch: state.epoch,
    term,
    tip: tipOf(state, tipHash),
    commitCert: state.commitCert,
    headers: path.map(({ block: { header, signature } }) => ({ header, signature })),
    leaderCert: state.leaderCerts.get(headerOf(state.tree, tipHash).leaderCertHash) ?? null,
    releases,
  }
}

export function askForVotes(step: Step, to: Seat): void {
  const { role } = step.state
  if (role.kind !== 'candidate') return
  const { vote, releases, transfer } = role
  const shown = candidacyOf(step.state, { term: vote.term, tipHash: vote.tip.hash, releases })
  send(step, { to, message: { kind: 'voteRequest', ...shown, transfer } })
}
