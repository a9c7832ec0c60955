// Which identifier of a Patient or Practitioner names the person at this institution: the one of the configured master
// system. A Patient without it is refused: two people, or one person twice, could not be told apart.

import { Element, type JsonObject } from './element.ts'
import type { Identifier } from './identity-index.ts'
import type { Problems } from './problem.ts'

/** Undefined after a problem was noted. */
export function readMasterIdentifier(
  resource: JsonObject,
  { type, system, problems }: { type: 'Patient' | 'Practitioner'; system: string; problems: Problems },
): Identifier | undefined {
  const element = new Element(resource, { path: type, problems })
  const accepted = 'one identifier of the configured master system, with a value'
  const masters = element.children('identifier').filter((each) => each.value.system === system)
  const [master] = masters
  if (master === undefined) {
    return element.problem('required', 'identifier', { reason: 'none of the master system', accepted })
  }
  const value = master.text('value')
  if (value === undefined) return master.problem('required', 'value', { reason: 'missing', accepted })
  if (masters.some((other) => other.value.value !== value)) {
    return element.problem('conflict', 'identifier', { reason: 'several of the master system', accepted })
  }
  return { system, value }
}
