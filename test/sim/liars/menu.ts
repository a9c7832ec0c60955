// All scripts of liars, by the name that plans, reports and traces use.

import type { FaultName } from '../faults/menu.ts'
import { amnesiac } from './amnesiac.ts'
import { colluding } from './colluding.ts'
import { doubleVoter } from './double-voter.ts'
import { equivocatingLeader } from './equivocating-leader.ts'
import { falseAccuser } from './false-accuser.ts'
import { falseTip } from './false-tip.ts'
import { forgedCertificate } from './forged-certificate.ts'
import { forgedRun } from './forged-run.ts'
import { forgedSnapshot } from './forged-snapshot.ts'
import { heartbeatOnly } from './heartbeat-only.ts'
import { junkSignatureSwap } from './junk-signature-swap.ts'
import type { CreateLiar } from './liar.ts'
import { termInflater } from './term-inflater.ts'
import { withholdingLeader } from './withholding-leader.ts'

export const LIARS = {
  equivocatingLeader,
  doubleVoter,
  amnesiac,
  falseTip,
  forgedCertificate,
  forgedRun,
  forgedSnapshot,
  junkSignatureSwap,
  falseAccuser,
  termInflater,
  heartbeatOnly,
  withholdingLeader,
  colluding,
} as const satisfies Record<string, CreateLiar>

export type LiarName = keyof typeof LIARS

/** Some lie when they lead, and campaign before the others do; some when they follow, and campaign late; some whenever they can. */
export const LIES_AS: Readonly<Partial<Record<LiarName, 'leader' | 'follower'>>> = {
  equivocatingLeader: 'leader',
  junkSignatureSwap: 'leader',
  heartbeatOnly: 'leader',
  withholdingLeader: 'leader',
  colluding: 'leader',
  doubleVoter: 'follower',
  amnesiac: 'follower',
  falseTip: 'follower',
  falseAccuser: 'follower',
  termInflater: 'follower',
}

/** Some lie to whoever is far behind: faults after which somebody is, in chains that grow fast. */
export const LIES_AFTER: Readonly<Partial<Record<LiarName, readonly FaultName[]>>> = {
  forgedSnapshot: ['pause', 'crash', 'bitFlip'],
}
