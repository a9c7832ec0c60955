// Records of substance use disorder treatment under 42 CFR part 2: what marks a resource as one, and what must go along when it
// is disclosed. spec/fhir.md, "Redisclosure".

import { isObject } from './element.ts'
import { parseUnambiguous } from './parse-json.ts'

/** The short form of the statement that accompanies every disclosure: 42 CFR 2.32(a)(2). */
export const REDISCLOSURE_NOTICE = '42 CFR part 2 prohibits unauthorized use or disclosure of these records.'

const PART_2 = '42CFRPart2'

/**
 * Whether a label anywhere in the resource, also in a contained one or an entry, says so: 42CFRPart2, or one that means
 * substance use. A label counts whatever system it names: better one notice too many. What cannot be read may be one.
 */
export function isUnderPart2(record: Uint8Array, meansSubstanceUse: (label: string) => boolean): boolean {
  const resource = parseUnambiguous(record)
  if (resource === undefined) return true
  return labelsIn(resource).some((label) => label === PART_2 || meansSubstanceUse(label))
}

function labelsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(labelsIn)
  if (!isObject(value)) return []
  const { meta } = value
  const security: unknown = isObject(meta) ? meta.security : undefined
  const labels = Array.isArray(security) ? security : []
  const codes = labels.flatMap((label) => (isObject(label) && typeof label.code === 'string' ? [label.code] : []))
  return [...codes, ...Object.values(value).flatMap(labelsIn)]
}
