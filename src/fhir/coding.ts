// Reads Coding and CodeableConcept against a table. Identity of a code is system|code, case-sensitive; every coding that
// is there must be in the table, since one that is not might say something else.

import { CODEABLE_CONCEPT, CODING } from './consent-elements.ts'
import type { Element } from './element.ts'
import type { CodeTable } from './vocabulary.ts'

/** Meaning of one Coding; undefined after a problem was noted. */
export function readCoding<T>(coding: Element, meanings: CodeTable<T>): T | undefined {
  coding.check(CODING)
  const system = coding.text('system')
  const code = coding.text('code')
  const accepted = acceptedCodes(meanings)
  if (!coding.has('code')) return coding.problem('required', 'code', { reason: 'missing', accepted })
  if (!coding.has('system')) return coding.problem('required', 'system', { reason: 'missing', accepted })
  if (system === undefined || code === undefined) return undefined
  const meaning = meanings.get(`${system}|${code}`)
  return meaning ?? coding.problem('invalid', null, { reason: 'not a code that is accepted here', accepted })
}

/** The one meaning of a concept; undefined after a problem was noted. */
export function readConcept<T>(concept: Element, meanings: CodeTable<T>): T | undefined {
  concept.check(CODEABLE_CONCEPT)
  const accepted = acceptedCodes(meanings)
  if (!concept.has('coding')) {
    return concept.problem('required', 'coding', { reason: 'a text alone decides nothing', accepted })
  }
  const codings = concept.children('coding').map((coding) => readCoding(coding, meanings))
  const [meaning] = codings
  if (codings.some((other) => other === undefined)) return undefined
  if (codings.some((other) => other !== meaning)) {
    return concept.problem('conflict', 'coding', { reason: 'codings with different meanings', accepted })
  }
  return meaning
}

export function acceptedCodes(meanings: CodeTable<unknown>): string {
  return [...meanings.keys()].join(', ')
}
