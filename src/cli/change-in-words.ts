// What a proposal would change, in one sentence.

import type { Change } from './governance-answers.ts'
import { type Founders, nameOf } from './identities.ts'
import { counted, shortId } from './output.ts'

/** A change in one sentence. */
export function changeInWords(change: Change, members: Founders): string {
  const { institution, consensus, admission, acceptStalls } = change
  const who = institution === null ? '' : nameOf(institution, members)
  const stalls = acceptStalls ? ', stalls accepted' : ''
  switch (change.kind) {
    case 'admitInstitution':
      return `admit ${admission?.name} (${admission?.kind}, ${shortId(institution ?? '')})`
    case 'suspendInstitution':
      return `suspend ${who}`
    case 'reinstateInstitution':
      return `reinstate ${who}`
    case 'expelInstitution':
      return `expel ${who}, for ever`
    case 'addValidator':
      return `${who} becomes a validator, key ${shortId(consensus ?? '')}${stalls}`
    case 'removeValidator':
      return `the validator of ${who} leaves${stalls}`
    case 'replaceKey':
      return `the validator of ${who} gets the new key ${shortId(consensus ?? '')}`
    case 'setLiars':
      return `b becomes ${change.b}${stalls}`
    case 'protocolVersion':
      return `protocol version ${change.version} from height ${change.fromHeight} on`
    case 'addCode':
      return `${change.code?.kind} ${change.code?.code} is added${underInWords(change.code?.under ?? [])}`
    case 'withdrawCode':
      return `${change.code?.kind} ${change.code?.code} is withdrawn: named and asked for no more`
    case 'setRole':
      return roleInWords(change.role)
    case 'limitChoice':
      return `${who} chooses among ${change.choice?.implicitPolicies.join(', ')}; break-glass ${change.choice?.breakGlass.join(', ')}`
    case 'setShare':
      return `${change.share?.of} takes ${shareInWords(change.share?.share)}`
    case 'deployContracts': {
      const count = counted(change.deployment?.contracts.length ?? 0, 'contract')
      return `${count} from height ${change.fromHeight} on, in place of deployment ${change.deployment?.after}`
    }
  }
}

const underInWords = (under: readonly string[]): string => (under.length === 0 ? '' : ` under ${under.join(', ')}`)

function roleInWords(role: Change['role']): string {
  const purposes = role?.purposes ?? []
  if (purposes.length === 0) return `role ${role?.role} may claim nothing any more`
  return `role ${role?.role} may claim ${purposes.join(', ')}${role?.clinician ? ', as a clinician' : ''}`
}

const SHARES_IN_WORDS = {
  majority: 'more than half of the voters',
  twoThirds: 'at least two thirds of the voters',
  all: 'all voters',
} as const

const shareInWords = (share: keyof typeof SHARES_IN_WORDS = 'majority'): string => SHARES_IN_WORDS[share]
