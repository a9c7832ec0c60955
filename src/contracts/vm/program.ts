// A verified module, ready to run: indexes resolved to types, constants to cells, code to numbers.

import type { Cell } from './cell.ts'
import type { InstructionBound } from './gas-bound.ts'
import type { Code } from './generate-code.ts'
import type { Instruction } from './instruction.ts'
import type { Module, RangeEntry } from './module.ts'
import type { Type } from './type.ts'

/** Calls inside each other within one contract, and through all used contracts: bounds the machine's own stack. */
export const CALL_DEPTH_MAX = 32
export const LINKED_DEPTH_MAX = 128
/** Variables of all functions that are called inside each other. */
export const FRAME_DEPTH_MAX = 16_384

export interface Routine {
  readonly name: string
  readonly parameters: readonly Type[]
  readonly result: Type | null
  /** Parameters and locals. */
  readonly localCount: number
  readonly stackMax: number
  /** Loops inside each other. */
  readonly slotCount: number
  readonly instructions: readonly Instruction[]
  /** What each of them costs at most. */
  readonly bounds: readonly InstructionBound[]
  /** Calls of this contract's functions inside each other, this one included. */
  readonly callDepth: number
  /** Writes state or emits. */
  readonly writes: boolean
  /** Reads sender, transaction or callIndex. */
  readonly readsTransaction: boolean
  /** Reads state that is no table, time, height or epoch: its result depends on more than parameters and tables. */
  readonly readsChain: boolean
}

export interface StateTable {
  readonly name: string
  /** `contract 0x00 state 0x00`. */
  readonly prefix: Uint8Array
  readonly keyTypes: readonly Type[]
  readonly value: Type
  readonly isTable: boolean
}

export interface EventTable {
  readonly name: string
  readonly fields: readonly { readonly name: string; readonly type: Type }[]
}

/** A program with the entries of used contracts that it calls, and its code. */
export interface LinkedProgram extends Program {
  /** Of every routine. */
  readonly code: readonly Code[]
  /** The most gas that a call of each routine uses, with everything that it calls. */
  readonly gasMax: readonly number[]
  /** Variables of each routine and of the deepest that it calls. */
  readonly frameDepth: readonly number[]
}

export interface Program {
  readonly module: Module
  readonly types: readonly Type[]
  readonly constants: readonly Cell[]
  readonly states: readonly StateTable[]
  readonly events: readonly EventTable[]
  readonly ranges: readonly RangeEntry[]
  readonly routines: readonly Routine[]
}
