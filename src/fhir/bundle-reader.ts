// One file of FHIR R4 JSON into its resources, with the exact bytes that become records. A file holds one resource or a
// Bundle; a resource inside a Bundle is written out once, as it was parsed, and those bytes are the record from then on.

import { open } from 'node:fs/promises'
import { isObject, type JsonObject } from './element.ts'
import { FhirError } from './errors.ts'
import { BUNDLE_ENTRIES_MAX, FILE_BYTES_MAX } from './limits.ts'
import { decodeText, tryParse } from './parse-json.ts'
import { type ElementProblem, Problems } from './problem.ts'

export interface SourceResource {
  readonly type: string
  /** Type/id, where the resource has an id. */
  readonly key: string | null
  /** The entry's fullUrl, such as urn:uuid:..., by which other entries refer to it. */
  readonly fullUrl: string | null
  /** FHIRPath inside its file: Bundle.entry[3].resource, or the type itself. */
  readonly path: string
  readonly resource: JsonObject
  readonly bytes: Uint8Array
}

export interface FileContent {
  readonly resources: readonly SourceResource[]
  readonly problems: readonly ElementProblem[]
}

const TYPE = /^[A-Z][A-Za-z]{1,63}$/
const ID = /^[A-Za-z0-9.-]{1,64}$/
/** Entries of these state resources; an entry of another method would take something away. */
const METHODS = ['POST', 'PUT']

/** Throws `FOLDER_UNREADABLE` where the file cannot be read; what is wrong inside it comes back as problems. */
export async function readFhirFile(file: string): Promise<FileContent> {
  const problems = new Problems()
  const bytes = await readBounded(file)
  const resources = bytes === undefined ? tooLarge(problems) : readContent(bytes, problems)
  return { resources, problems: problems.list }
}

/** Undefined where the file is larger than is accepted: it is never loaded. */
async function readBounded(file: string): Promise<Uint8Array | undefined> {
  try {
    await using handle = await open(file)
    const { size } = await handle.stat()
    return size > FILE_BYTES_MAX ? undefined : await handle.readFile()
  } catch (cause) {
    throw new FhirError('FOLDER_UNREADABLE', 'FHIR file: cannot be read', { cause })
  }
}

function tooLarge(problems: Problems): [] {
  problems.add('too-many', '$', { reason: 'file too large', accepted: `at most ${FILE_BYTES_MAX} bytes` })
  return []
}

function readContent(bytes: Uint8Array, problems: Problems): SourceResource[] {
  const text = decodeText(bytes)
  const value = text === undefined ? undefined : tryParse(text)
  if (!isObject(value) || !isType(value.resourceType)) {
    problems.add('invalid', '$', {
      reason: 'not a FHIR resource',
      accepted: 'one resource or Bundle of R4 as JSON in UTF-8',
    })
    return []
  }
  if (value.resourceType === 'Bundle') return readBundle(value, problems)
  return [source(value, { path: value.resourceType, fullUrl: null, bytes })]
}

function readBundle(bundle: JsonObject, problems: Problems): SourceResource[] {
  const { entry = [] } = bundle
  if (!Array.isArray(entry) || entry.length > BUNDLE_ENTRIES_MAX) {
    const accepted = `a list of at most ${BUNDLE_ENTRIES_MAX} entries`
    problems.add('invalid', 'Bundle.entry', { reason: 'not a list, or too long', accepted })
    return []
  }
  return entry.flatMap((each: unknown, i) => readEntry(each, { path: `Bundle.entry[${i}]`, problems }))
}

function readEntry(entry: unknown, { path, problems }: { path: string; problems: Problems }): SourceResource[] {
  const refuse = (at: string, words: { reason: string; accepted: string }): [] => {
    problems.add('invalid', `${path}${at}`, words)
    return []
  }
  if (!isObject(entry)) return refuse('', { reason: 'not an object', accepted: 'a Bundle entry' })
  const { resource, fullUrl, request } = entry
  if (!isObject(resource) || !isType(resource.resourceType) || resource.resourceType === 'Bundle') {
    return refuse('.resource', { reason: 'not a resource', accepted: 'a resource of R4 that is no Bundle itself' })
  }
  if (isObject(request) && !METHODS.includes(String(request.method))) {
    return refuse('.request.method', { reason: 'states no resource', accepted: METHODS.join(', ') })
  }
  const bytes = new TextEncoder().encode(JSON.stringify(resource))
  return [source(resource, { path: `${path}.resource`, fullUrl: typeof fullUrl === 'string' ? fullUrl : null, bytes })]
}

function source(
  resource: JsonObject,
  { path, fullUrl, bytes }: { path: string; fullUrl: string | null; bytes: Uint8Array },
): SourceResource {
  const type = resource.resourceType as string
  const { id } = resource
  const key = typeof id === 'string' && ID.test(id) ? `${type}/${id}` : null
  return { type, key, fullUrl, path, resource, bytes }
}

function isType(value: unknown): value is string {
  return typeof value === 'string' && TYPE.test(value)
}
