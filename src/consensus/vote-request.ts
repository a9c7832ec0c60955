// What a candidate shows (R3): its highest CommitCert, the headers from there to its tip, the LeaderCert of the tip's term.

import type { Seat } from '../types/brand.ts'
import { headerOf, pathFrom } from './block-tree.ts'
import { type Step, send } from './step.ts'

export function askForVotes(step: Step, to: Seat): void {
  const { state } = step
  if (state.role.kind !== 'candidate') return
  const { term, tip } = state.role.vote
  const path = pathFrom(state.tree, { base: state.certifiedHash, hash: tip.hash })
  const headers = path.map(({ block: { header, signature } }) => ({ header, signature }))
  const leaderCert = state.leaderCerts.get(headerOf(state.tree, tip.hash).leaderCertHash) ?? null
  send(step, {
    to,
    message: { kind: 'voteRequest', term, tip, commitCert: state.commitCert, headers, leaderCert, releases: [] },
  })
}
