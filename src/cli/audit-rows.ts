// Entries of the audit trail as rows for people: when, what, who, and what came of it.

import { assertNever } from '../types/assert.ts'
import type { TrailEntry } from './audit-trail.ts'
import type { Change, Decision, Read } from './contract-answers.ts'
import { type Founders, nameOf } from './identities.ts'
import { counted, shortId } from './output.ts'
import { purposeInWords, reasonInWords, timeInWords } from './words.ts'

export const TRAIL_HEAD = ['time', 'event', 'who', 'what'] as const

const READ_REASON = { ownData: 'own data', review: 'review', oversight: 'oversight' } as const satisfies Record<
  Read['reason'],
  string
>

export function trailRow(entry: TrailEntry, founders: Founders): readonly string[] {
  const time = timeInWords(entry.at)
  switch (entry.kind) {
    case 'decision':
      return [
        time,
        `decision ${entry.decision.decision}`,
        requester(entry.decision, founders),
        decided(entry.decision, founders),
      ]
    case 'release': {
      const { custodian, institution } = entry.decision.terms.request
      const what = `${counted(entry.release.records.length, 'record')} to ${nameOf(institution, founders)}`
      return [time, `release ${entry.decision.decision}/${entry.release.number}`, nameOf(custodian, founders), what]
    }
    case 'change': {
      const { by, consent, version } = entry.change
      return [time, changeName(entry.change), nameOf(by, founders), `consent ${shortId(consent)} version ${version}`]
    }
    case 'read': {
      const { reader, via, reason } = entry.read
      const through = via === null ? '' : `, through ${nameOf(via, founders)}`
      return [time, 'log read', nameOf(reader, founders), `${READ_REASON[reason]}${through}`]
    }
    default:
      return assertNever(entry)
  }
}

function changeName({ status, version }: Change): string {
  if (status !== 'active') return `consent ${status}`
  return version === 1 ? 'consent given' : 'consent changed'
}

function requester({ terms: { request } }: Decision, founders: Founders): string {
  const { practitioner, role, institution } = request
  const at = nameOf(institution, founders)
  return practitioner === null ? `${at} itself` : `${role} ${shortId(practitioner)}, ${at}`
}

function decided({ terms, flagged }: Decision, founders: Founders): string {
  const { request, outcome, reasons } = terms
  const emergency = request.breakGlass === null ? '' : ` [${request.breakGlass.reason}]`
  const flag = flagged ? '; a consent it used was entered in error' : ''
  const why = reasons.map(reasonInWords).join(', ')
  return `${outcome} for ${purposeInWords(request.purpose)}${emergency} at ${nameOf(request.custodian, founders)}: ${why}${flag}`
}
