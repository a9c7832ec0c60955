// A folder of FHIR R4 JSON, single resources or Bundles in any mixture: first every file is looked through once, then
// patients come one by one with their resources. Only an index stays in memory, never the content.
//
// Problems name file and FHIRPath. A file's name may name a person (Synthea's do): show it to whoever imports, do not log it.

import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { type FileContent, readFhirFile, type SourceResource } from './bundle-reader.ts'
import { patientReferences, withoutVersion } from './compartment.ts'
import type { JsonObject } from './element.ts'
import { FhirError } from './errors.ts'
import { FILES_MAX, PROBLEMS_MAX } from './limits.ts'
import type { ElementProblem } from './problem.ts'

export interface FileProblem extends ElementProblem {
  /** Relative to the folder, with forward slashes. */
  readonly file: string
}

/** Where a resource stands. */
export interface ResourceEntry {
  /** 1, 2, ... among the resources of its type, in order of file names. */
  readonly position: number
  readonly type: string
  readonly key: string | null
  readonly fullUrl: string | null
  readonly file: string
  readonly path: string
}

export interface ImportedRecord {
  readonly type: string
  readonly key: string | null
  readonly path: string
  readonly file: string
  /** The record: exact bytes of this resource version. */
  readonly bytes: Uint8Array
}

export interface ImportedPatient extends ResourceEntry {
  readonly resource: JsonObject
  /** The Patient resource itself first, then everything about the patient, in order of files. */
  readonly records: readonly ImportedRecord[]
}

export interface ImportProgress {
  readonly filesRead: number
  readonly files: number
  readonly resources: number
}

export interface ScanOptions {
  readonly onProgress?: (progress: ImportProgress) => void
  readonly signal?: AbortSignal
}

/** Types that are read for themselves and are no part of a patient's record. */
const NOT_RECORDS: readonly string[] = [
  'Patient',
  'Practitioner',
  'PractitionerRole',
  'Organization',
  'Consent',
  'Group',
]

/** Throws `FOLDER_UNREADABLE`. */
export async function scanFolder(folder: string, { onProgress, signal }: ScanOptions = {}): Promise<FhirFolder> {
  const scan = new FolderScan()
  const files = await listFiles(folder)
  let filesRead = 0
  for (const file of files) {
    signal?.throwIfAborted()
    scan.add(file, await readFhirFile(join(folder, file)))
    filesRead++
    onProgress?.({ filesRead, files: files.length, resources: scan.resources })
  }
  scan.assignOwners()
  return new FhirFolder(folder, scan)
}

/** Relative paths of all .json files, sorted by code unit: the same on every machine. */
async function listFiles(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const files = entries
      .filter((entry) => entry.isFile() && entry.name.toLowerCase().endsWith('.json'))
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .sort()
    if (files.length > FILES_MAX) throw new FhirError('FOLDER_UNREADABLE', `FHIR folder: more than ${FILES_MAX} files`)
    return files
  } catch (cause) {
    if (cause instanceof FhirError) throw cause
    throw new FhirError('FOLDER_UNREADABLE', 'FHIR folder: cannot be read', { cause })
  }
}

interface Unowned {
  readonly entry: ResourceEntry
  readonly element: string | null
  readonly references: readonly string[]
}

/** What one look through the folder leaves behind. */
class FolderScan {
  readonly byType = new Map<string, ResourceEntry[]>()
  readonly problems: FileProblem[] = []
  /** Records by the patient's entry, in order. */
  readonly owned = new Map<ResourceEntry, ResourceEntry[]>()
  resources = 0
  private readonly known = new Map<string, ResourceEntry>()
  private readonly unowned: Unowned[] = []

  add(file: string, { resources, problems }: FileContent): void {
    for (const problem of problems) this.problem(file, problem)
    for (const resource of resources) this.addResource(file, resource)
  }

  private addResource(file: string, { type, key, fullUrl, path, resource }: SourceResource): void {
    this.resources++
    const ofType = this.byType.get(type) ?? []
    this.byType.set(type, ofType)
    const entry: ResourceEntry = { position: ofType.length + 1, type, key, fullUrl, file, path }
    const twin = this.known.get(key ?? '') ?? this.known.get(fullUrl ?? '')
    if (twin !== undefined) {
      // Organizations and practitioners stand in every bundle that mentions them; people and their data only once.
      if (type === 'Patient') {
        this.problem(file, {
          code: 'conflict',
          path,
          reason: 'this Patient stands twice',
          accepted: 'each Patient once',
        })
      }
      if (NOT_RECORDS.includes(type)) return
    }
    ofType.push(entry)
    for (const name of [key, fullUrl]) if (name !== null) this.known.set(name, entry)
    if (type === 'Patient') this.owned.set(entry, [])
    else if (!NOT_RECORDS.includes(type)) this.unowned.push({ entry, ...patientReferences(resource) })
  }

  /** Once every Patient is known: a reference may lead to a later file. */
  assignOwners(): void {
    for (const { entry, element, references } of this.unowned) {
      const targets = references.map((reference) => this.known.get(withoutVersion(reference)))
      const patients = new Set(targets.filter((target) => target?.type === 'Patient'))
      const [patient] = patients
      const path = element === null ? entry.path : `${entry.path}.${element}`
      if (patients.size > 1) {
        const words = { reason: 'refers to several patients', accepted: 'one patient as the subject' }
        this.problem(entry.file, { code: 'conflict', path, ...words })
      } else if (patient !== undefined) {
        this.owned.get(patient)?.push(entry)
      } else if (element !== null && targets.includes(undefined)) {
        const words = { reason: 'leads to nobody in this folder', accepted: 'a reference to a Patient in the folder' }
        this.problem(entry.file, { code: 'unresolved', path, ...words })
      }
    }
    this.unowned.length = 0
  }

  private problem(file: string, problem: ElementProblem): void {
    if (this.problems.length < PROBLEMS_MAX) this.problems.push({ file, ...problem })
  }
}

export class FhirFolder {
  readonly folder: string
  private readonly scan: FolderScan
  /** The file read last: a patient's bundle is read once, not once per resource. */
  private lastFile: { readonly file: string; readonly byPath: ReadonlyMap<string, SourceResource> } | null = null

  constructor(folder: string, scan: FolderScan) {
    this.folder = folder
    this.scan = scan
  }

  get problems(): readonly FileProblem[] {
    return this.scan.problems
  }

  /** Entries of one type, such as Patient, Practitioner, Organization or Consent, by position. */
  entries(type: string): readonly ResourceEntry[] {
    return this.scan.byType.get(type) ?? []
  }

  /** Every resource found, those that belong to no patient included. */
  get resources(): number {
    return this.scan.resources
  }

  async load(entry: ResourceEntry): Promise<SourceResource> {
    const found = (await this.contentOf(entry.file)).get(entry.path)
    if (found === undefined || found.key !== entry.key) {
      throw new FhirError('FOLDER_UNREADABLE', 'FHIR folder: a file changed while it was imported')
    }
    return found
  }

  /** One patient after the other, each with all records. */
  async *patients({ signal }: { signal?: AbortSignal } = {}): AsyncGenerator<ImportedPatient> {
    for (const entry of this.entries('Patient')) {
      signal?.throwIfAborted()
      const { resource } = await this.load(entry)
      const records: ImportedRecord[] = []
      for (const each of [entry, ...(this.scan.owned.get(entry) ?? [])]) {
        const { bytes } = await this.load(each)
        records.push({ type: each.type, key: each.key, path: each.path, file: each.file, bytes })
      }
      yield { ...entry, resource, records }
    }
  }

  private async contentOf(file: string): Promise<ReadonlyMap<string, SourceResource>> {
    if (this.lastFile?.file !== file) {
      const { resources } = await readFhirFile(join(this.folder, file))
      this.lastFile = { file, byPath: new Map(resources.map((resource) => [resource.path, resource])) }
    }
    return this.lastFile.byPath
  }
}
