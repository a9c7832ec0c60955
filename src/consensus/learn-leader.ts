// LeaderCerts: how one is learned, and with it a leader (spec/consensus.md, section 6).

import type { Seat } from '../types/brand.ts'
import type { LeaderCert } from '../types/certificate.ts'
import { leaderCertHash } from '../types/signing.ts'
import { leaderCertFault } from './certificate.ts'
import { verifierOf } from './epochs.ts'
import { becomeFollower } from './roles.ts'
import { accuse, emit, type Step } from './step.ts'
import { witnessLeaderCert } from './witness.ts'

/**
 * 1. verified once, kept with every block of its term; 2. followed, when its term is not below the present one. A valid
 * LeaderCert is the only word that may raise the term by any amount. False when it is not valid.
 */
export function learnLeaderCert(step: Step, { from, certificate }: { from: Seat; certificate: LeaderCert }): boolean {
  const { state, settings } = step
  const hash = leaderCertHash(certificate)

  // 1
  if (!state.leaderCerts.has(hash)) {
    if (leaderCertFault(certificate, verifierOf(state)) !== null) {
      accuse(step, { member: from, what: 'badCertificate' })
      return false
    }
    state.leaderCerts.set(hash, certificate)
    emit(step, { kind: 'persistLeaderCert', certificate })
    witnessLeaderCert(step, certificate)
  }

  // 2
  const { term, candidate } = certificate
  const isNews = term > state.term || (term === state.term && state.leaderCertHash === null)
  // Own leadership ended with the process that had it: after a restart it is not taken up again.
  if (!isNews || candidate === settings.self) return true
  becomeFollower(step, { term, leaderCert: hash })
  return true
}
