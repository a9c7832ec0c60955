// Consents for people: state first, then what each clause says.

import type { Consent } from './contract-answers.ts'
import { type Founders, nameOf } from './identities.ts'
import { clauseInWords, timeInWords } from './words.ts'

/** Those in force first, then by registration. */
export function consentLines(consents: readonly Consent[], founders: Founders): readonly string[] {
  if (consents.length === 0) return ['No consents.']
  const rank = ({ status }: Consent): number => (status === 'active' ? 0 : 1)
  const ordered = consents.toSorted((a, b) => rank(a) - rank(b) || a.terms.registeredAt - b.terms.registeredAt)
  return ordered.flatMap((consent, i) => [...(i === 0 ? [] : ['']), ...linesOf(consent, founders)])
}

function linesOf({ consent, custodian, version, status, endedAt, terms }: Consent, founders: Founders): string[] {
  const { attested, delegation, recorder, registeredAt, clauses } = terms
  const given = attested
    ? `attested by ${nameOf(recorder ?? custodian, founders)}`
    : `signed by the ${delegation === null ? 'patient' : 'delegate'}`
  const ended = endedAt === null ? '' : ` at ${timeInWords(endedAt)}`
  return [
    consent,
    `  ${status}${ended}, version ${version}, at ${nameOf(custodian, founders)}, ${given}, ${timeInWords(registeredAt)}`,
    ...clauses.map((clause, i) => `  ${i === 0 ? '' : 'except: '}${clauseInWords(clause, founders)}`),
  ]
}
