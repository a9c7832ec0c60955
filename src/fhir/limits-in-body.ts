// The data limits of a registered Consent, read again from its body: there alone codes and references stand in full.

import { readConcept } from './coding.ts'
import { readDataLimits } from './consent-limits.ts'
import type { ConsentLimits } from './data-limits.ts'
import { limitsBytes } from './data-limits.ts'
import { Element, type JsonObject } from './element.ts'
import { Problems } from './problem.ts'
import { POLICY_RULES } from './vocabulary.ts'

/**
 * One entry for each clause of its registration. `committed`: the limits as the vault has them under the chain's commitment;
 * null where these are others, as after a change of the custodian's time zone.
 */
export function limitsInBody(
  body: JsonObject,
  { timeZone, committed }: { timeZone: string; committed: Uint8Array },
): ConsentLimits | null {
  const consent = new Element(body, { path: 'Consent', problems: new Problems() })
  const root = consent.child('provision')
  const rule = consent.child('policyRule')
  const isEmergencyOnly = rule !== undefined && readConcept(rule, POLICY_RULES) === 'EMRGONLY'
  const context = { timeZone, labelling: true }
  const read = (provision: Element | undefined) => (provision && readDataLimits(provision, context)) ?? null
  const exceptions = (root?.children('provision') ?? []).map(read)
  const limits = [read(root), ...(isEmergencyOnly ? [null] : []), ...exceptions]
  const bytes = limitsBytes(limits)
  const isSame = bytes !== null && bytes.length === committed.length && bytes.every((byte, i) => byte === committed[i])
  return isSame ? limits : null
}
