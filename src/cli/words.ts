// Codes of the chain in words, for people. Unknown codes stand for themselves: the vocabulary grows by governance.

import type { Answer, Clause } from './contract-answers.ts'
import type { Founders } from './identities.ts'
import { nameOf } from './identities.ts'

/** spec/consent.md, "Purposes" */
const PURPOSES: Readonly<Record<string, string>> = {
  TREAT: 'treatment',
  ETREAT: 'emergency treatment',
  BTG: 'break-glass',
  HPAYMT: 'payment',
  HOPERAT: 'operations',
  HRESCH: 'research',
  PUBHLTH: 'public health',
  PATRQT: "patient's request",
  HMARKT: 'marketing',
  CLINTRCH: 'clinical trial research',
  CLINTRL: 'clinical trial',
  POPHLTH: 'population health',
  PurposeOfUse: 'every purpose but break-glass',
}

/** spec/consent.md, "Reasons" */
const REASONS: Readonly<Record<string, string>> = {
  SUSPENDED: 'requester, institution or submitter is suspended',
  NOT_AFFILIATED: 'not a practitioner of this institution, or submitted by somebody else',
  ROLE_PURPOSE: 'the role may not claim this purpose',
  UNKNOWN_PATIENT: 'no such patient',
  KEY_NOT_REGISTERED: 'the recipient key is not registered for practitioner or institution',
  PERMITTED: 'a clause permits',
  LIMITED: 'only within data limits',
  DENIED: 'a clause denies',
  NO_CONSENT: "no consent speaks; the custodian's default decided",
  REVOKED: 'the consent was withdrawn',
  EXPIRED: 'the permit has ended',
  NOT_COVERED: 'there is a permit, but not for this requester, or not yet',
  BREAK_GLASS: "permitted by the custodian's break-glass setting; expect a review",
  BREAK_GLASS_REFUSED: "the custodian's break-glass setting does not permit it",
  REASON_MISSING: 'break-glass without a coded reason',
  DECISION_EXPIRED: 'the decision is too old for a release; request again',
}

const OUTCOMES: Readonly<Record<Answer['outcome'], string>> = {
  DENY: 'nothing is released',
  PERMIT: 'everything asked for is released',
  PERMIT_FILTERED: 'the custodian releases what its data limits leave',
  PERMIT_BTG: 'released as an emergency; patient and privacy officer are told',
}

const BASES: Readonly<Record<NonNullable<Answer['basis']>, string>> = {
  consent: "the patient's consent",
  implicit: "the custodian's default",
  breakGlass: 'break-glass',
}

const withCode = (words: string | undefined, code: string): string =>
  words === undefined ? code : `${words} (${code})`

export const purposeInWords = (code: string): string =>
  code === 'PurposeOfUse' ? (PURPOSES[code] as string) : withCode(PURPOSES[code], code)
export const reasonInWords = (code: string): string => withCode(REASONS[code], code)
export const outcomeInWords = (outcome: Answer['outcome']): string => `${outcome}: ${OUTCOMES[outcome]}`
export const basisInWords = (basis: Answer['basis']): string => (basis === null ? 'none' : BASES[basis])

/** ISO 8601 in UTC; milliseconds where there are some. */
export const timeInWords = (timeMs: number): string => new Date(timeMs).toISOString().replace('.000Z', 'Z')

/** "permits treatment (TREAT) to Hospital B, from ... until ..." */
export function clauseInWords({ type, recipients, purposes, from, to, limited }: Clause, founders: Founders): string {
  const parts = [
    type === 'permit' ? 'permits' : 'denies',
    purposes.map(purposeInWords).join(', '),
    `to ${recipients.length === 0 ? 'all members' : recipients.map((each) => recipientInWords(each, founders)).join(', ')}`,
    ...(from === null ? [] : [`from ${timeInWords(from)}`]),
    ...(to === null ? [] : [`until ${timeInWords(to)}`]),
    ...(limited ? ['within data limits'] : []),
  ]
  return parts.join(' ')
}

function recipientInWords({ kind, id, at }: Clause['recipients'][number], founders: Founders): string {
  const name = nameOf(id, founders)
  if (kind === 'group') return `group ${name}`
  return at === null ? name : `${name} at ${nameOf(at, founders)}`
}
