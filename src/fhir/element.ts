// Reads untrusted FHIR JSON element by element. Every read names its element in the problems it finds, and `check` makes
// sure that no element is passed over: what a table does not list is refused.

import type { ProblemCode, Problems } from './problem.ts'

export type JsonObject = { readonly [name: string]: unknown }

/**
 * What becomes of an element:
 * - `mapped`: it decides, on the chain or in the custodian's filter.
 * - `body`: kept with the body in the vault; it decides nothing.
 * - otherwise refused where it occurs: why, and what is accepted.
 */
export type Fate = 'mapped' | 'body' | { readonly reason: string; readonly accepted: string }
export type ElementTable = { readonly [name: string]: Fate }

/** Elements that every FHIR type has. A modifier extension may turn any meaning round. */
const EVERYWHERE = {
  id: 'body',
  extension: 'body',
  modifierExtension: { reason: 'modifier extensions are not supported', accepted: 'a consent without it' },
} as const satisfies ElementTable
export type Everywhere = keyof typeof EVERYWHERE

export class Element {
  readonly value: JsonObject
  readonly path: string
  readonly problems: Problems

  constructor(value: JsonObject, { path, problems }: { path: string; problems: Problems }) {
    this.value = value
    this.path = path
    this.problems = problems
  }

  has(name: string): boolean {
    return Object.hasOwn(this.value, name)
  }

  problem(code: ProblemCode, name: string | null, words: { reason: string; accepted: string }): undefined {
    return this.problems.add(code, name === null ? this.path : `${this.path}.${name}`, words)
  }

  /** Refuses every element that is not in the table, or that the table refuses. */
  check(table: ElementTable): void {
    for (const name of Object.keys(this.value)) {
      const fate = fateOf(name, table)
      if (fate === undefined) {
        // The name is shown only when it is one of FHIR's own form: anything else may be content.
        const shown = /^_?[a-z][A-Za-z]{0,40}$/.test(name) ? name : null
        const reason = shown === null ? 'holds an element that is not one of R4' : 'not an element of R4 here'
        this.problem('unknown', shown, { reason, accepted: Object.keys(table).join(', ') })
      } else if (typeof fate === 'object') {
        this.problem('unsupported', name, fate)
      }
    }
  }

  text(name: string): string | undefined {
    if (!this.has(name)) return undefined
    const value = this.value[name]
    if (typeof value === 'string' && value.trim() !== '') return value
    return this.problem('invalid', name, { reason: 'not a text', accepted: 'a non-empty JSON string' })
  }

  child(name: string): Element | undefined {
    if (!this.has(name)) return undefined
    const value = this.value[name]
    if (isObject(value)) return new Element(value, { path: `${this.path}.${name}`, problems: this.problems })
    return this.problem('invalid', name, { reason: 'not an object', accepted: 'a JSON object' })
  }

  /** Empty where the element is absent. */
  children(name: string): Element[] {
    if (!this.has(name)) return []
    const value = this.value[name]
    const items: unknown[] = Array.isArray(value) ? value : []
    if (items.length === 0) {
      this.problem('invalid', name, { reason: 'not a list', accepted: 'a non-empty JSON array' })
    }
    return items.flatMap((item, i) => {
      const path = `${this.path}.${name}[${i}]`
      if (isObject(item)) return [new Element(item, { path, problems: this.problems })]
      this.problems.add('invalid', path, { reason: 'not an object', accepted: 'a JSON object' })
      return []
    })
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function fateOf(name: string, table: ElementTable): Fate | undefined {
  const listed = own(table, name) ?? own(EVERYWHERE, name)
  if (listed !== undefined || !name.startsWith('_')) return listed
  // _x carries extensions of the primitive element x.
  const primitive = own(table, name.slice(1))
  if (primitive !== 'mapped') return primitive
  return { reason: 'extensions on an element that decides are not supported', accepted: 'the plain element' }
}

function own(table: ElementTable, name: string): Fate | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}
