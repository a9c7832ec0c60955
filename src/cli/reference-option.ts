// Who the references in a FHIR resource stand for: `Type/id=kind:WHO` on the command line, or the same in a JSON file.

import * as z from 'zod'
import type { ReferenceMap } from '../client/institution-client.ts'
import { assertNever } from '../types/assert.ts'
import { type Founders, idFrom, institutionFrom, personFrom } from './identities.ts'
import { fileJson } from './option-values.ts'
import { UsageError } from './output.ts'

const KINDS = ['patient', 'practitioner', 'practitionerRole', 'organization', 'group', 'delegation'] as const
type Bound = ReferenceMap[string]

const ACCEPTED = `Type/id=KIND:WHO with KIND one of ${KINDS.join(', ')}`
const fileSchema = z.record(z.string(), z.string())

export interface ReferenceOptions {
  readonly reference?: readonly string[]
  readonly references?: string
}

/** Of both options together; one on the command line replaces the same one in the file. */
export function referenceMap({ reference = [], references }: ReferenceOptions, founders: Founders): ReferenceMap {
  const fromFile = references === undefined ? {} : readReferences(references)
  const given = reference.map((text) => {
    const at = text.indexOf('=')
    if (at < 1) throw new UsageError(`--reference: expected ${ACCEPTED}`)
    return [text.slice(0, at), text.slice(at + 1)] as const
  })
  const all = { ...fromFile, ...Object.fromEntries(given) }
  return Object.fromEntries(Object.entries(all).map(([name, target]) => [name, boundIdentity(target, founders)]))
}

function readReferences(file: string): { readonly [name: string]: string } {
  const parsed = fileSchema.safeParse(fileJson(file, '--references'))
  if (parsed.success) return parsed.data
  throw new UsageError(`--references: ${file}: expected one JSON object of "Type/id": "KIND:WHO"`)
}

function boundIdentity(target: string, founders: Founders): Bound {
  const option = '--reference'
  const [, name, who] = /^([a-zA-Z]+):(.+)$/.exec(target) ?? []
  const kind = KINDS.find((each) => each === name)
  if (who === undefined || kind === undefined) throw new UsageError(`${option}: expected ${ACCEPTED}`)
  switch (kind) {
    case 'patient':
    case 'practitioner':
      return { kind, id: personFrom(who, option) }
    case 'practitionerRole': {
      const [person, institution] = splitAt(who, option)
      const at = institutionFrom(institution, { founders, option })
      return { kind, id: personFrom(person, option), at }
    }
    case 'organization':
      return { kind, id: institutionFrom(who, { founders, option }) }
    case 'group':
    case 'delegation':
      return { kind, id: idFrom(who, { option, accepted: `the id of a registered ${kind}` }) }
    default:
      return assertNever(kind)
  }
}

/** PERSON@INSTITUTION, where PERSON may be @FILE. */
export function splitAt(text: string, option: string): readonly [person: string, institution: string] {
  const at = text.lastIndexOf('@')
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
  throw new UsageError(`${option}: expected PERSON@INSTITUTION`)
}
