// The end of a call that does not stand: thrown inside the machine, returned as data by execute.ts. No Error: a refusal
// is an answer, and needs no stack trace.

/** Codes of the machine itself. spec/clause.md, "Refusals of the machine". */
export const MACHINE_CODES = [
  'UNKNOWN_CONTRACT',
  'UNKNOWN_METHOD',
  'BAD_ARGUMENT',
  'GENESIS_ONLY',
  'CONTRACT_ONLY',
  'OUT_OF_GAS',
  'OUT_OF_MEMORY',
  'TOO_MANY_EVENTS',
  'OVERFLOW',
  'DIVISION_BY_ZERO',
  'EMPTY_INTERVAL',
  'LIST_FULL',
  'INDEX_OUT_OF_RANGE',
  'RANGE_TOO_LARGE',
  'MISSING_VALUE',
] as const

export type MachineCode = (typeof MACHINE_CODES)[number]

export class Refusal {
  /** A MachineCode, or a code that the contract declares. */
  readonly code: string
  /** Parameter at fault, or what was expected. */
  readonly detail: string | undefined
  constructor(code: string, detail?: string) {
    this.code = code
    this.detail = detail
  }
}

export function refuse(code: MachineCode, detail?: string): never {
  throw new Refusal(code, detail)
}
