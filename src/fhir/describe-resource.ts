// What a custodian's filter is told of a resource (spec/contracts.md, record Resource): made of the resource itself, anew for
// every release, and never written anywhere. What cannot be determined is said to be so.

import type { Value } from '../types/canonical-value.ts'
import { withoutVersion } from './compartment.ts'
import { CONFIDENTIALITIES, type Confidentiality, codeHash, referenceHash } from './data-limits.ts'
import { isObject, type JsonObject } from './element.ts'
import { type Interval, spanOf, UNBOUNDED } from './period.ts'
import { RESOURCE_ELEMENTS } from './resource-elements.ts'
import { HANDLING_LABELS, SENSITIVITIES, SYSTEM } from './vocabulary.ts'

export interface DescriptionContext {
  /** IANA zone of the custodian: what a date means. */
  readonly timeZone: string
  /** Whether the custodian labels its resources: then one without a level is normal, and one without a label has none. */
  readonly labelling: boolean
}

/** What was found, and whether that is all. */
interface Found<T> {
  readonly all: readonly T[]
  readonly complete: boolean
}

/** Bounds of the lists in record Resource. Beyond them a resource is described incompletely. */
const FOUND_MAX = 64
const LABELS_MAX = 32
const CLASS = /^[A-Za-z]{1,64}$/

/** A value of record Resource. */
export function describeResource(resource: JsonObject, { timeZone, labelling }: DescriptionContext): Value {
  const type = typeof resource.resourceType === 'string' ? resource.resourceType : ''
  const elements = Object.hasOwn(RESOURCE_ELEMENTS, type) ? RESOURCE_ELEMENTS[type] : undefined
  const own = ownReference(resource)
  const sensitivity = bounded(sensitivityOf(resource, labelling), LABELS_MAX)
  const { from, to } = elements === undefined ? UNBOUNDED : clinicalTime(resource, elements.when, timeZone)
  return {
    class: CLASS.test(type) ? type : 'unknown',
    instance: own === null ? null : referenceHash(own),
    confidentiality: confidentialityOf(resource, labelling),
    sensitivity: { codes: [...sensitivity.all], complete: sensitivity.complete },
    codes: hashes(elements && codesOf(resource, elements.codes), codeHash),
    time: { from, to },
    authors: hashes(elements && authorsOf(resource, elements.authors), referenceHash),
    related: hashes(elements && relatedTo(resource, { own, elements: elements.related }), referenceHash),
  }
}

function ownReference({ resourceType, id }: JsonObject): string | null {
  return typeof resourceType === 'string' && typeof id === 'string' ? `${resourceType}/${id}` : null
}

// ---- labels ----

/** system -> codes of meta.security; a label without system or code could be any. */
function labelsOf({ meta }: JsonObject): { of: (system: string) => string[]; complete: boolean } {
  const security: unknown = isObject(meta) ? meta.security : undefined
  const labels: unknown[] = Array.isArray(security) ? security : []
  const readable = labels.filter(
    (label): label is { system: string; code: string } =>
      isObject(label) && typeof label.system === 'string' && typeof label.code === 'string',
  )
  const of = (system: string): string[] => readable.filter((label) => label.system === system).map(({ code }) => code)
  const isWhole = security === undefined || Array.isArray(security)
  return { of, complete: isWhole && readable.length === labels.length }
}

/** The highest level that the labels say; null where it cannot be determined. */
function confidentialityOf(resource: JsonObject, labelling: boolean): Confidentiality | null {
  const labels = labelsOf(resource)
  const codes = labels.of(SYSTEM.confidentiality)
  const levels = CONFIDENTIALITIES.filter((level) => codes.includes(level))
  if (!labels.complete || codes.some((code) => !isLevel(code))) return null
  return levels.at(-1) ?? (labelling ? 'N' : null)
}

const isLevel = (code: string): boolean => (CONFIDENTIALITIES as readonly string[]).includes(code)

function sensitivityOf(resource: JsonObject, labelling: boolean): Found<string> {
  const labels = labelsOf(resource)
  const codes = labels.of(SYSTEM.actCode).filter((code) => !HANDLING_LABELS.has(code))
  const known = codes.filter((code) => SENSITIVITIES.includes(code))
  return { all: known, complete: labelling && labels.complete && known.length === codes.length }
}

// ---- clinical time ----

function clinicalTime(resource: JsonObject, names: readonly string[], timeZone: string): Interval {
  for (const name of names) {
    const found = valuesAt(resource, name)
    if (found.length > 0) return found.length === 1 ? timeOf(found[0], timeZone) : UNBOUNDED
  }
  return UNBOUNDED
}

function timeOf(value: unknown, timeZone: string): Interval {
  if (typeof value === 'string') return spanOf(value, timeZone) ?? UNBOUNDED
  if (!isObject(value)) return UNBOUNDED
  const bound = (name: 'start' | 'end') => {
    const text = value[name]
    return typeof text === 'string' ? spanOf(text, timeZone) : undefined
  }
  const from = bound('start')?.from ?? null
  const to = bound('end')?.to ?? null
  // A period that ends before it starts says nothing.
  return from !== null && to !== null && from >= to ? UNBOUNDED : { from, to }
}

// ---- codes and references ----

/** A text alone, or a coding without system or code, could mean any code. */
function codesOf(resource: JsonObject, names: readonly string[]): Found<string> {
  const all: string[] = []
  let complete = true
  for (const concept of names.flatMap((name) => valuesAt(resource, name))) {
    const codings: unknown[] = isObject(concept) && Array.isArray(concept.coding) ? concept.coding : []
    if (codings.length === 0) complete = false
    for (const coding of codings) {
      if (isObject(coding) && typeof coding.system === 'string' && typeof coding.code === 'string') {
        all.push(`${coding.system}|${coding.code}`)
      } else {
        complete = false
      }
    }
  }
  // A type that has a code, and a resource of it that has none: another element may say what it is (a medicationReference).
  return { all, complete: complete && (names.length === 0 || all.length > 0) }
}

/** Somebody wrote every resource: where it does not say who, it cannot be determined. */
function authorsOf(resource: JsonObject, names: readonly string[]): Found<string> {
  const found = referencesIn(names.flatMap((name) => valuesAt(resource, name)))
  return { all: found.all, complete: found.complete && found.all.length > 0 }
}

const WHOLES = ['Encounter', 'CarePlan', 'EpisodeOfCare']
const isWhole = (reference: string): boolean => WHOLES.includes(reference.slice(0, reference.indexOf('/')))

/** Itself, and whatever it refers to, anywhere in it, of the types that a consent may name. */
function relatedTo(
  resource: JsonObject,
  { own, elements }: { own: string | null; elements: readonly string[] },
): Found<string> {
  const anywhere = allReferences(resource).filter(isWhole)
  const { complete } = referencesIn(elements.flatMap((name) => valuesAt(resource, name)))
  const itself = own !== null && isWhole(own) ? [own] : []
  return { all: [...new Set([...itself, ...anywhere])], complete }
}

const RELATIVE = /^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}$/

/** Relative references, which a consent can name; any other form may lead to the same resource. */
function referencesIn(values: readonly unknown[]): Found<string> {
  const texts = values.map((value) => (isObject(value) && typeof value.reference === 'string' ? value.reference : ''))
  const all = texts.map(withoutVersion).filter((text) => RELATIVE.test(text))
  return { all, complete: all.length === values.length }
}

function allReferences(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(allReferences)
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    if (name === 'contained') return []
    return name === 'reference' && typeof inner === 'string' ? [withoutVersion(inner)] : allReferences(inner)
  })
}

// ---- elements ----

/** What stands at `a.b` or `a[x]`; lists are flattened. */
function valuesAt(value: unknown, path: string): unknown[] {
  const [name = '', ...rest] = path.split('.')
  const items: unknown[] = Array.isArray(value) ? value : [value]
  const found = items.flatMap((item) => {
    if (!isObject(item)) return []
    return namesOf(item, name).flatMap((each): unknown[] => {
      const inner = item[each]
      return Array.isArray(inner) ? inner : [inner]
    })
  })
  return rest.length === 0 ? found : found.flatMap((each) => valuesAt(each, rest.join('.')))
}

function namesOf(item: JsonObject, name: string): string[] {
  if (!name.endsWith('[x]')) return Object.hasOwn(item, name) ? [name] : []
  const stem = name.slice(0, -3)
  return Object.keys(item).filter((each) => each.startsWith(stem) && /^[A-Z]/.test(each.slice(stem.length)))
}

function bounded<T>(found: Found<T>, max: number): Found<T> {
  const all = [...new Set(found.all)]
  return all.length <= max ? { all, complete: found.complete } : { all: all.slice(0, max), complete: false }
}

function hashes(found: Found<string> | undefined, hash: (text: string) => Uint8Array): Value {
  const { all, complete } = bounded(found ?? { all: [], complete: false }, FOUND_MAX)
  return { hashes: all.map(hash), complete }
}
