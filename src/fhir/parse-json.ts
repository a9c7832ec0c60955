// JSON of FHIR resources, without losing what JavaScript loses: a decimal such as 1.50 keeps its precision (FHIR demands
// it), and an element that stands twice, of which JSON.parse would keep the last, is refused.

import { isObject, type JsonObject } from './element.ts'
import type { Problems } from './problem.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Parses text; numbers that a double would print differently become raw JSON, which JSON.stringify writes as it was. */
export function parseJson(text: string): unknown {
  return JSON.parse(text, (_, value: unknown, context?: { source?: string }) => {
    const source = context?.source
    const changed = typeof value === 'number' && source !== undefined && String(value) !== source
    return changed ? JSON.rawJSON(source) : value
  })
}

/** UTF-8 text, a leading byte order mark taken off; undefined where the bytes are not UTF-8. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

/** A resource of the given type; undefined after a problem was noted. */
export function parseResource(
  bytes: Uint8Array,
  { type, bytesMax, problems }: { type: string; bytesMax: number; problems: Problems },
): JsonObject | undefined {
  const accepted = `a FHIR R4 ${type} as JSON in UTF-8, at most ${bytesMax} bytes`
  if (bytes.length > bytesMax) return problems.add('invalid', type, { reason: 'too large', accepted })
  const text = decodeText(bytes)
  const value = text === undefined ? undefined : tryParse(text)
  if (text === undefined || !isObject(value))
    return problems.add('invalid', type, { reason: 'not a JSON object', accepted })
  if (value.resourceType !== type) {
    return problems.add('invalid', `${type}.resourceType`, { reason: 'another type of resource', accepted: type })
  }
  if (namesIn(text) !== namesOf(value)) {
    return problems.add('invalid', type, {
      reason: 'an element stands twice in one object',
      accepted: 'each element once',
    })
  }
  return value
}

/** An object in JSON of which nobody can read anything else: undefined for any other bytes. */
export function parseUnambiguous(bytes: Uint8Array): JsonObject | undefined {
  const text = decodeText(bytes)
  const value = text === undefined ? undefined : tryParse(text)
  return text !== undefined && isObject(value) && namesIn(text) === namesOf(value) ? value : undefined
}

export function tryParse(text: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Names written in a JSON text: strings followed by a colon. */
function namesIn(text: string): number {
  let names = 0
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"\s*(:)?/g)) if (colon !== undefined) names++
  return names
}

/** Names kept by the parser. */
function namesOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + namesOf(item), 0)
  if (!isObject(value) || JSON.isRawJSON(value)) return 0
  return Object.values(value).reduce<number>((sum, item) => sum + 1 + namesOf(item), 0)
}
