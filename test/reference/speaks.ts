// Steps 3 and 4 of the decision for one resource, and what data limits mean (spec/consent.md, "Data limits").

import { sensitivityMeans } from './codes.ts'
import type { Clause, Found, Id, Level, Limits, Period, Resource } from './model.ts'

/** A clause that matches a request, within its consent: number 0 is the root. */
export interface Matching {
  readonly consent: Id
  readonly version: number
  readonly number: number
  readonly clause: Clause
  readonly group: { readonly id: Id; readonly version: number } | null
}

export type Verdict = 'withheld by a deny' | 'released' | 'nobody speaks'

/** Who of the matching clauses speaks of the resource is the caller's affair; what follows from it is decided here. */
export function verdict(matching: readonly Matching[], speaks: (clause: Clause) => boolean): Verdict {
  const said = [...new Set(matching.map(({ consent }) => consent))].flatMap((consent) => {
    const speaking = matching.filter((each) => each.consent === consent && speaks(each.clause))
    const exceptions = speaking.filter(({ number }) => number > 0)
    const heard = exceptions.length > 0 ? exceptions : speaking
    return heard.map(({ clause }) => clause.type)
  })
  if (said.includes('deny')) return 'withheld by a deny'
  return said.includes('permit') ? 'released' : 'nobody speaks'
}

export const isReleased = (matching: readonly Matching[], resource: Resource): boolean =>
  verdict(matching, (clause) => speaksOf(clause, resource)) === 'released'

/** What cannot be determined is outside a permit and inside a deny. */
function speaksOf({ type, limits }: Clause, resource: Resource): boolean {
  if (limits === null) return true
  const answers = inside(type, limits, resource)
  return type === 'permit' ? answers.every((answer) => answer === 'yes') : !answers.includes('no')
}

type Answer = 'yes' | 'no' | 'unknown'

const LEVELS: readonly Level[] = ['U', 'L', 'M', 'N', 'R', 'V']
const rank = (level: Level) => LEVELS.indexOf(level)

/** One answer for each kind of limit that is stated. */
function inside(type: Clause['type'], limits: Limits, resource: Resource): Answer[] {
  const answers: Answer[] = []
  if (limits.confidentiality.length > 0) answers.push(ofLevel(type, limits.confidentiality, resource.confidentiality))
  if (limits.sensitivity.length > 0) {
    answers.push(among(resource.sensitivity, (label) => limits.sensitivity.some((it) => sensitivityMeans(it, label))))
  }
  if (limits.classes.length > 0) answers.push(limits.classes.includes(resource.class) ? 'yes' : 'no')
  if (limits.codes.length > 0) answers.push(among(resource.codes, (code) => limits.codes.includes(code)))
  if (limits.period !== null) answers.push(ofTime(type, limits.period, resource.time))
  if (limits.instances.length > 0) answers.push(isOne(limits.instances, resource.instance))
  if (limits.related.length > 0) answers.push(among(resource.related, (whole) => limits.related.includes(whole)))
  if (limits.authors.length > 0) answers.push(among(resource.authors, (author) => limits.authors.includes(author)))
  return answers
}

function ofLevel(type: Clause['type'], named: readonly Level[], level: Level | null): Answer {
  if (level === null) return 'unknown'
  const ranks = named.map(rank)
  const isIn = type === 'permit' ? rank(level) <= Math.max(...ranks) : rank(level) >= Math.min(...ranks)
  return isIn ? 'yes' : 'no'
}

function ofTime(type: Clause['type'], window: Period, time: Period): Answer {
  const isBefore = time.to !== null && window.from !== null && time.to <= window.from
  const isAfter = time.from !== null && window.to !== null && time.from >= window.to
  if (isBefore || isAfter) return 'no'
  if (type === 'deny') return 'yes'
  const startsIn = window.from === null || (time.from !== null && time.from >= window.from)
  const endsIn = window.to === null || (time.to !== null && time.to <= window.to)
  return startsIn && endsIn ? 'yes' : 'unknown'
}

function among(found: Found, isMeant: (value: string) => boolean): Answer {
  if (found.values.some(isMeant)) return 'yes'
  return found.complete ? 'no' : 'unknown'
}

function isOne(named: readonly Id[], instance: Id | null): Answer {
  if (instance === null) return 'unknown'
  return named.includes(instance) ? 'yes' : 'no'
}
