// What must never stand on the chain or in a log, collected from FHIR R4 resources of any kind: names, identifiers,
// telecom, address lines, full dates, free text, codes outside the on-chain vocabulary, numbers of six or more digits, and
// the ids of the resources. Findings name the element that a value comes from, never the value.

export type NeedleKind =
  | 'name'
  | 'identifier'
  | 'telecom'
  | 'address'
  | 'date'
  | 'freeText'
  | 'code'
  | 'number'
  | 'resourceId'

export interface Needle {
  readonly kind: NeedleKind
  /** Outer white space removed, inner white space one space. At least three characters. */
  readonly value: string
  /** Type of the resource and its element, such as Patient.name.family. */
  readonly element: string
}

export interface NeedleOptions {
  /** Codes that may stand on the chain, and words that the product itself writes there. */
  readonly vocabulary: ReadonlySet<string>
}

const SHARED_WITH_PRODUCT: readonly NeedleKind[] = ['code', 'freeText', 'resourceId']
const LENGTH_MIN = 3
const DIGITS_MIN = 6

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi
const FULL_DATE = /^(\d{4}-\d{2}-\d{2})(T.*)?$/
/** A number, also with the letter or two that licence and passport numbers have before or behind it. */
const NUMBER = new RegExp(`(?<![\\p{L}\\d])\\p{L}{0,2}(\\d{${DIGITS_MIN},})\\p{L}{0,2}(?![\\p{L}\\d])`, 'gu')
const DECIMAL_DIGITS = new RegExp(`\\d{${DIGITS_MIN},}`, 'g')

/** Elements whose text is written for people to read. Elsewhere a text with a space in it is. */
const FREE_TEXT_ELEMENTS = [
  'comment',
  'conclusion',
  'description',
  'display',
  'div',
  'patientInstruction',
  'summary',
  'text',
  'title',
  'valueString',
]
const NAME_ELEMENTS = ['family', 'given', 'prefix', 'suffix']
const ADDRESS_ELEMENTS = ['line', 'city', 'district']
/** Names of things that the standard defines, not of people. */
const TECHNICAL_ELEMENTS = ['system', 'url', 'uri', 'profile', 'versionId', 'contentType', 'resourceType', 'language']

type Emit = (kind: NeedleKind, value: string, element: string) => void

/** Resources as parsed JSON; Bundles are opened. One needle for each kind and value. */
export function collectNeedles(resources: Iterable<object>, { vocabulary }: NeedleOptions): readonly Needle[] {
  const found = new Map<string, Needle>()
  const emit: Emit = (kind, text, element) => {
    const value = text.replaceAll(/\s+/g, ' ').trim()
    if (value.length < LENGTH_MIN) return
    // Words that the product writes anyway tell nothing about a patient where they are codes, captions or local ids.
    if (SHARED_WITH_PRODUCT.includes(kind) && vocabulary.has(value.toLowerCase())) return
    const key = `${kind} ${value}`
    if (!found.has(key)) found.set(key, { kind, value, element })
  }
  for (const resource of resources) {
    const { resourceType = 'Resource' } = resource as { resourceType?: string }
    walk(resource, { element: String(resourceType), holder: {}, key: '' }, emit)
  }
  return [...found.values()]
}

interface Place {
  /** Without the positions in lists. */
  readonly element: string
  readonly holder: object
  readonly key: string
}

function walk(value: unknown, place: Place, emit: Emit): void {
  if (Array.isArray(value)) {
    for (const each of value) walk(each, place, emit)
  } else if (typeof value === 'object' && value !== null) {
    const { resourceType } = value as { resourceType?: unknown }
    const element = typeof resourceType === 'string' ? resourceType : place.element
    for (const [key, child] of Object.entries(value)) {
      walk(child, { element: `${element}.${key}`, holder: value, key }, emit)
    }
  } else if (typeof value === 'number') {
    fromNumber(value, place, emit)
  } else if (typeof value === 'string') {
    fromText(value, place, emit)
  }
}

function fromNumber(value: number, { element }: Place, emit: Emit): void {
  const literal = String(value)
  if (literal.replaceAll(/\D/g, '').length < DIGITS_MIN) return
  emit('number', literal, element)
  for (const [digits] of literal.matchAll(DECIMAL_DIGITS)) emit('number', digits, element)
}

function fromText(value: string, place: Place, emit: Emit): void {
  const { key, element, holder } = place
  if (TECHNICAL_ELEMENTS.includes(key)) return
  if (key === 'id' || key === 'fullUrl' || key === 'reference') {
    const id = value.split(/[/:#]/).at(-1) ?? ''
    if (id.length >= DIGITS_MIN) emit('resourceId', id, element)
    return
  }
  const date = FULL_DATE.exec(value)
  if (date !== null) {
    emit('date', value, element)
    emit('date', date[1] as string, element)
    return
  }
  const { system, url } = holder as { system?: unknown; url?: unknown }
  const isName = NAME_ELEMENTS.includes(key) || (typeof url === 'string' && /name/i.test(url))
  if (isName) {
    for (const part of value.split(/[\s.]+/)) emit('name', part, element)
    emit('name', value, element)
  } else if (ADDRESS_ELEMENTS.includes(key) || /address\.text$/i.test(element)) emit('address', value, element)
  else if (/\.telecom\.value$/.test(element)) emit('telecom', value, element)
  else if (/\.identifier\.value$/i.test(element)) emit('identifier', value, element)
  else if (key === 'valueCode' || (key === 'code' && typeof system === 'string')) emit('code', value, element)
  else if (key === 'div') emit('freeText', value.replaceAll(/<[^>]*>/g, ' '), element)
  else if (FREE_TEXT_ELEMENTS.includes(key) || /\s/.test(value)) emit('freeText', value, element)
  if (/\.(telecom|identifier)\.value$/i.test(element)) {
    const digits = value.replaceAll(/[\s()+./-]/g, '')
    if (/^\d{6,}$/.test(digits)) emit('number', digits, element)
  }
  for (const [, digits] of value.replaceAll(UUID, ' ').matchAll(NUMBER)) emit('number', digits as string, element)
}
