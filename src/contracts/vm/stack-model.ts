// What the verifier knows at one point of a function: the type of every value on the stack, and which locals are set. What an
// instruction takes and leaves stands in apply-*.ts.

import type { ContractError } from '../errors.ts'
import type { Module, RangeEntry } from './module.ts'
import type { Program, Routine } from './program.ts'
import { type ListType, type Type, typeText } from './type.ts'
import type { TypeInterner } from './type-interner.ts'

const STACK_MAX = 512

/** Canonical bytes on their way into a hash: no type of the language, never stored. */
export const PACKED = { kind: 'packed' } as const
export type Slot = Type | typeof PACKED

export type Invalid = (reason: string) => ContractError

export interface StackTables {
  readonly module: Module
  readonly types: readonly Type[]
  readonly states: Program['states']
  readonly events: Program['events']
  readonly ranges: readonly RangeEntry[]
  /** Verified so far: a function calls earlier ones only. */
  readonly routines: readonly Routine[]
  readonly interner: TypeInterner
}

interface Frame {
  readonly locals: readonly Type[]
  readonly parameterCount: number
  readonly result: Type | null
}

export const textOf = (slot: Slot): string => (slot.kind === 'packed' ? 'packed bytes' : typeText(slot))

export class StackModel {
  readonly frame: Frame
  readonly tables: StackTables
  private slots: Slot[] = []
  /** By local: 1 where every way has set it. */
  readonly assigned: Uint8Array
  /** What the loop that was just opened yields. */
  iterated: readonly Type[] = []
  depthMax = 0

  constructor(frame: Frame, tables: StackTables) {
    this.frame = frame
    this.tables = tables
    this.assigned = new Uint8Array(frame.locals.length).fill(1, 0, frame.parameterCount)
  }

  copy(): StackModel {
    const copy = new StackModel(this.frame, this.tables)
    copy.slots = this.slots.slice()
    copy.assigned.set(this.assigned)
    return copy
  }

  /** Keeps what both ways to one instruction agree on. */
  merge(other: StackModel, invalid: Invalid): void {
    other.assertSame(this, invalid)
    for (let i = 0; i < this.assigned.length; i++) this.assigned[i] = (this.assigned[i] ?? 0) & (other.assigned[i] ?? 0)
  }

  assertSame(other: StackModel, invalid: Invalid): void {
    const same = this.slots.length === other.slots.length && this.slots.every((slot, i) => slot === other.slots[i])
    if (!same) throw invalid('two ways lead here with different stacks')
  }

  assertTop(kind: Type['kind'], invalid: Invalid): void {
    if (this.slots.at(-1)?.kind !== kind) throw invalid(`expected a ${kind} on the stack`)
  }

  /** The stack with the optional on its top known to be some. */
  unwrapped(invalid: Invalid): StackModel {
    const copy = this.copy()
    copy.push(copy.popOptional(invalid), invalid)
    return copy
  }

  /** The types of the values that lie on top, the topmost first: as many as one instruction looks at. */
  top(): readonly (Slot | undefined)[] {
    return [this.slots.at(-1), this.slots.at(-2), this.slots.at(-3)]
  }

  pushIterated(invalid: Invalid): void {
    for (const type of this.iterated) this.push(type, invalid)
  }

  push(slot: Slot, invalid: Invalid): void {
    if (this.slots.length === STACK_MAX) throw invalid(`more than ${STACK_MAX} values on the stack`)
    this.slots.push(slot)
    this.depthMax = Math.max(this.depthMax, this.slots.length)
  }

  pop(invalid: Invalid): Slot {
    const slot = this.slots.pop()
    if (slot === undefined) throw invalid('the stack is empty')
    return slot
  }

  popType(invalid: Invalid): Type {
    const slot = this.pop(invalid)
    if (slot.kind === 'packed') throw invalid('packed bytes can only be hashed')
    return slot
  }

  popExactly(expected: Slot, invalid: Invalid): void {
    const slot = this.pop(invalid)
    if (slot !== expected) throw invalid(`expected ${textOf(expected)} on the stack, found ${textOf(slot)}`)
  }

  popOptional(invalid: Invalid): Type {
    const type = this.popType(invalid)
    if (type.kind !== 'optional') throw invalid(`expected an optional value, found ${textOf(type)}`)
    return type.value
  }

  popList(invalid: Invalid): ListType {
    const type = this.popType(invalid)
    if (type.kind !== 'list') throw invalid(`expected a list, found ${textOf(type)}`)
    return type
  }

  /** Takes `types` off the stack, of which the last lies on top. */
  popAll(types: readonly Type[], invalid: Invalid): void {
    for (let i = types.length - 1; i >= 0; i--) this.popExactly(types[i] as Type, invalid)
  }
}

export function entryOf<T>(table: readonly T[], index: number, what: string, invalid: Invalid): T {
  const entry = table[index]
  if (entry === undefined) throw invalid(`there is no ${what} ${index}`)
  return entry
}
