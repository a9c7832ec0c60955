// LeaderCerts: how one is learned, and with it a leader (spec/consensus.md, section 6).

import type { Hash, Seat } from '../types/brand.ts'
import type { LeaderCert } from '../types/certificate.ts'
import { leaderCertHash } from '../types/signing.ts'
import { headerOf } from './block-tree.ts'
import { leaderCertFault } from './certificate.ts'
import { forgetLeaderCerts } from './commit.ts'
import { isSeated, verifierOf } from './epochs.ts'
import { LEADER_CERTS_MAX } from './limits.ts'
import { becomeFollower } from './roles.ts'
import type { State } from './state.ts'
import { accuse, emit, type Step } from './step.ts'
import { catchUp } from './sync.ts'
import { witnessFalseLeaderCert, witnessLeaderCert } from './witness.ts'

/**
 * 1. verified once; 2. followed, when its term is not below the present one. A valid LeaderCert is the only word that may
 * raise the term by any amount. It goes to disk when it is followed, or with the first block that names it: one vote of
 * many can be written in as many ways as q of them can be chosen. False when it is not valid.
 */
export function learnLeaderCert(step: Step, { from, certificate }: { from: Seat; certificate: LeaderCert }): boolean {
  const { state, settings } = step
  const hash = leaderCertHash(certificate)
  if (certificate.epoch > state.epoch) {
    catchUp(step, from)
    return false
  }

  // 1
  const isKnown = state.leaderCerts.has(hash)
  if (!isKnown) {
    if (leaderCertFault(certificate, verifierOf(state)) !== null) {
      accuse(step, { member: from, what: 'badCertificate' })
      witnessFalseLeaderCert(step, certificate)
      return false
    }
    if (state.leaderCerts.size >= LEADER_CERTS_MAX) forgetLeaderCerts(state)
    state.leaderCerts.set(hash, certificate)
  }

  // 2
  const { term, candidate } = certificate
  const isNews = term > state.term || (term === state.term && state.leaderCertHash === null)
  // Own leadership ended with the process that had it: after a restart it is not taken up again.
  const isFollowed = isNews && candidate !== settings.self && isOfLivingEpoch(state, { hash, certificate })
  if (isFollowed) {
    storeLeaderCert(step, hash)
    becomeFollower(step, { term, leaderCert: hash })
  }
  if (!isKnown) witnessLeaderCert(step, certificate)
  return true
}

/** Before what relies on it: the blocks of its term, and the term itself after a restart. */
export function storeLeaderCert(step: Step, hash: Hash): void {
  const { leaderCerts, storedLeaderCerts } = step.state
  const certificate = leaderCerts.get(hash)
  if (certificate === undefined || storedLeaderCerts.has(hash)) return
  storedLeaderCerts.add(hash)
  emit(step, { kind: 'persistLeaderCert', certificate })
}

/**
 * Elected by the present validators, or those before them, or leading on since: the certified head is of its term. Who left
 * long ago elects nobody, however high the term; and who has left does not lead.
 */
function isOfLivingEpoch(state: State, { hash, certificate }: { hash: Hash; certificate: LeaderCert }): boolean {
  const { epoch, tree, certifiedHash } = state
  if (!isSeated(state, { seat: certificate.candidate, epoch })) return false
  return certificate.epoch >= epoch - 1 || headerOf(tree, certifiedHash).leaderCertHash === hash
}
