// What one call has and uses up while it runs: gas, memory, state, context, events. Deterministic: time, sender and state
// come in with the call. What its instructions do stands in generate-code.ts
// and runtime.ts.

import { taggedHash } from '../../crypto/hash.ts'
import { assert } from '../../types/assert.ts'
import type { Hash, IdentityId } from '../../types/brand.ts'
import { Writer } from '../../types/canonical-bytes.ts'
import type { Value } from '../../types/canonical-value.ts'
import type { ContractEvent } from '../../types/receipt.ts'
import type { StateAccess } from '../state-access.ts'
import { type Cell, valueFromCell } from './cell.ts'
import { decodeStateValue } from './contract-state.ts'
import { GAS } from './instruction.ts'
import type { EventTable, StateTable } from './program.ts'
import { refuse } from './refusal.ts'

export interface MachineContext {
  readonly timeMs: number
  readonly height: number
  readonly epoch: number
  /** Absent in queries: no verified view asks for it. */
  readonly call?: { readonly sender: IdentityId; readonly transactionId: Hash; readonly callIndex: number }
}

/** Cells that one call may make: bounds the memory of a call whatever its gas. */
const CELLS_MAX = 4_000_000
/** Events of one call: a receipt stays small enough to prove and to send. */
const EVENTS_MAX = 1_024

export class Machine {
  readonly events: ContractEvent[] = []
  gas: number
  readonly state: StateAccess
  readonly context: MachineContext
  private cells = 0

  constructor(state: StateAccess, context: MachineContext, gas: number) {
    this.state = state
    this.context = context
    this.gas = gas
  }

  charge(gas: number): void {
    this.gas -= gas
    if (this.gas < 0) refuse('OUT_OF_GAS')
  }

  note(cells: number): void {
    this.cells += cells
    if (this.cells > CELLS_MAX) refuse('OUT_OF_MEMORY')
  }

  chargeCells(count: number): void {
    this.note(count)
    this.charge(count * GAS.perCell)
  }

  chargeBytes(count: number, shift: number): void {
    this.note(count)
    this.charge(count >> shift)
  }

  transaction(): NonNullable<MachineContext['call']> {
    assert(this.context.call !== undefined, 'a view reads the transaction')
    return this.context.call
  }

  append(list: readonly Cell[], item: Cell, max: number): readonly Cell[] {
    if (list.length >= max) refuse('LIST_FULL')
    this.chargeCells(list.length + 1)
    return [...list, item]
  }

  decode(table: StateTable, bytes: Uint8Array): Cell {
    this.chargeBytes(bytes.length, GAS.perByteShift)
    return decodeStateValue(table, bytes)
  }

  emit(contract: string, { name, fields: declared }: EventTable, cells: readonly Cell[]): void {
    if (this.events.length === EVENTS_MAX) refuse('TOO_MANY_EVENTS')
    const fields: { [name: string]: Value } = {}
    for (const [i, field] of declared.entries()) {
      const count = countCells(cells[i] as Cell)
      this.note(count)
      this.charge(count * GAS.perCellEmitted)
      fields[field.name] = valueFromCell(field.type, cells[i] as Cell)
    }
    this.events.push({ contract, name, fields })
  }
}

/** Of the canonical list of parts that are packed already. */
export function hashPacked(tag: string, packed: readonly Uint8Array[]): Hash {
  const writer = new Writer()
  writer.list(packed.length)
  for (const part of packed) writer.raw(part)
  return taggedHash(tag, writer.finish())
}

function countCells(cell: Cell): number {
  return Array.isArray(cell) ? (cell as readonly Cell[]).reduce((sum: number, part) => sum + countCells(part), 1) : 1
}
