// To somebody who speaks for a term that is over.

import type { Seat } from '../types/brand.ts'
import { type Step, send } from './step.ts'

export function sendStaleTerm(step: Step, to: Seat): void {
  const { term, leaderCertHash, leaderCerts } = step.state
  const leaderCert = leaderCertHash === null ? null : (leaderCerts.get(leaderCertHash) ?? null)
  send(step, { to, message: { kind: 'staleTerm', term, leaderCert } })
}
