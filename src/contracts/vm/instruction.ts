// The instruction set: one table of names, operands and gas; the bytes of an instruction. spec/clause.md, "Bytecode".

import { ContractError } from '../errors.ts'

/** Numbers are part of the module format: they are never reused or renumbered. */
export const OP = {
  CONSTANT: 0,
  NONE: 1,
  LOCAL: 2,
  SET_LOCAL: 3,
  POP: 4,
  WIDEN: 5,
  UNWRAP: 6,
  IS_SOME: 7,
  IS_NONE: 8,
  SOME_OR: 9,
  JUMP: 10,
  JUMP_IF_FALSE: 11,
  JUMP_IF_TRUE: 12,
  AND: 13,
  OR: 14,
  NOT: 15,
  ADD: 16,
  SUBTRACT: 17,
  MULTIPLY: 18,
  DIVIDE: 19,
  REMAINDER: 20,
  NEGATE: 21,
  EQUAL: 22,
  NOT_EQUAL: 23,
  LESS: 24,
  LESS_OR_EQUAL: 25,
  GREATER: 26,
  GREATER_OR_EQUAL: 27,
  MINIMUM: 28,
  MAXIMUM: 29,
  RECORD: 30,
  FIELD: 31,
  WITH: 32,
  LIST: 33,
  LENGTH: 34,
  INDEX: 35,
  CONTAINS: 36,
  APPEND: 37,
  WITH_MEMBER: 38,
  WITHOUT_MEMBER: 39,
  REPLACE: 40,
  GET: 41,
  HAS: 42,
  PUT: 43,
  DELETE: 44,
  EACH: 45,
  NEXT_ITEM: 46,
  COUNT: 47,
  NEXT_INTEGER: 48,
  SCAN: 49,
  NEXT_ENTRY: 50,
  REPEAT: 51,
  CALL: 52,
  CALL_VIEW: 53,
  RETURN: 54,
  REQUIRE: 55,
  REFUSE: 56,
  EMIT: 57,
  NOW: 58,
  HEIGHT: 59,
  SENDER: 60,
  TRANSACTION: 61,
  CALL_INDEX: 62,
  PACK: 63,
  HASH: 64,
  DERIVE_ID: 65,
  RETYPE: 66,
  EPOCH: 67,
  CALL_ACTION: 68,
  COVERS: 69,
  INTERVAL: 70,
  HOLDS: 71,
  WITHIN: 72,
  OVERLAPS: 73,
} as const

export type Opcode = (typeof OP)[keyof typeof OP]

/** What an operand counts: an index into that table of the module or function, or a plain number. */
export type OperandKind =
  | 'constant'
  | 'type'
  | 'local'
  | 'target'
  | 'field'
  | 'count'
  | 'state'
  | 'slot'
  | 'maximum'
  | 'range'
  | 'function'
  | 'import'
  | 'refusal'
  | 'about'
  | 'event'

export interface Operation {
  readonly name: string
  readonly operands: readonly OperandKind[]
  /** Fixed price; GAS holds what is added per element or byte. */
  readonly gas: number
}

const operation = (gas: number, ...operands: OperandKind[]): Omit<Operation, 'name'> => ({ operands, gas })

const DEFINITIONS: { readonly [Name in keyof typeof OP]: Omit<Operation, 'name'> } = {
  CONSTANT: operation(1, 'constant'),
  NONE: operation(1, 'type'),
  LOCAL: operation(1, 'local'),
  SET_LOCAL: operation(1, 'local'),
  POP: operation(1),
  WIDEN: operation(1, 'type'),
  UNWRAP: operation(1),
  IS_SOME: operation(1),
  IS_NONE: operation(1),
  SOME_OR: operation(1, 'target'),
  JUMP: operation(1, 'target'),
  JUMP_IF_FALSE: operation(1, 'target'),
  JUMP_IF_TRUE: operation(1, 'target'),
  AND: operation(1, 'target'),
  OR: operation(1, 'target'),
  NOT: operation(1),
  ADD: operation(1),
  SUBTRACT: operation(1),
  MULTIPLY: operation(1),
  DIVIDE: operation(2),
  REMAINDER: operation(2),
  NEGATE: operation(1),
  EQUAL: operation(1),
  NOT_EQUAL: operation(1),
  LESS: operation(1),
  LESS_OR_EQUAL: operation(1),
  GREATER: operation(1),
  GREATER_OR_EQUAL: operation(1),
  MINIMUM: operation(1),
  MAXIMUM: operation(1),
  RECORD: operation(2, 'type'),
  FIELD: operation(1, 'field'),
  WITH: operation(2, 'field'),
  LIST: operation(2, 'type', 'count'),
  LENGTH: operation(1),
  INDEX: operation(1),
  CONTAINS: operation(2),
  APPEND: operation(2, 'maximum'),
  WITH_MEMBER: operation(2, 'maximum'),
  WITHOUT_MEMBER: operation(2),
  REPLACE: operation(2),
  GET: operation(100, 'state'),
  HAS: operation(80, 'state'),
  PUT: operation(200, 'state'),
  DELETE: operation(150, 'state'),
  EACH: operation(2, 'slot'),
  NEXT_ITEM: operation(1, 'slot', 'target'),
  COUNT: operation(2, 'slot', 'maximum'),
  NEXT_INTEGER: operation(1, 'slot', 'target'),
  SCAN: operation(150, 'slot', 'range'),
  NEXT_ENTRY: operation(10, 'slot', 'target'),
  REPEAT: operation(1, 'target'),
  CALL: operation(5, 'function'),
  CALL_VIEW: operation(15, 'import'),
  RETURN: operation(1),
  REQUIRE: operation(1, 'refusal', 'about'),
  REFUSE: operation(1, 'refusal', 'about'),
  EMIT: operation(50, 'event'),
  NOW: operation(1),
  HEIGHT: operation(1),
  SENDER: operation(1),
  TRANSACTION: operation(1),
  CALL_INDEX: operation(1),
  PACK: operation(10, 'type'),
  HASH: operation(60, 'count'),
  DERIVE_ID: operation(80, 'count'),
  RETYPE: operation(1, 'type'),
  EPOCH: operation(1),
  CALL_ACTION: operation(15, 'import'),
  COVERS: operation(120, 'state'),
  INTERVAL: operation(2),
  HOLDS: operation(1),
  WITHIN: operation(1),
  OVERLAPS: operation(1),
}

/** By opcode. */
export const OPERATIONS: readonly Operation[] = Object.entries(OP)
  .sort(([, a], [, b]) => a - b)
  .map(([name]) => ({ name, ...DEFINITIONS[name as keyof typeof OP] }))

/** What an instruction costs beyond its fixed price. */
export const GAS = {
  /** A cell of a record or list that is made or copied. */
  perCell: 1,
  /** Two elements that are compared with a member. */
  perComparisonShift: 1,
  /** 16 bytes of state read, hashed or packed. */
  perByteShift: 4,
  /** 4 bytes of state written: they are kept by every node. */
  perByteWrittenShift: 2,
  /** An entry that a scan found. */
  perEntry: 40,
  /** A cell that is emitted: receipts keep it. */
  perCellEmitted: 8,
} as const

export interface Instruction {
  readonly op: Opcode
  readonly a: number
  readonly b: number
}

/** Instructions of one function; a program of more is split. */
export const INSTRUCTIONS_MAX = 16_384
const OPERAND_MAX = 0xffff

/** Opcode byte, then each operand as an unsigned LEB128 of at most 3 bytes. */
export function encodeInstructions(instructions: readonly Instruction[]): Uint8Array {
  const bytes: number[] = []
  for (const { op, a, b } of instructions) {
    bytes.push(op)
    const operands = [a, b].slice(0, OPERATIONS[op]?.operands.length)
    for (let operand of operands) {
      while (operand >= 0x80) {
        bytes.push((operand & 0x7f) | 0x80)
        operand >>>= 7
      }
      bytes.push(operand)
    }
  }
  return Uint8Array.from(bytes)
}

/** Throws ContractError MODULE_MALFORMED. `where` names the function. */
export function decodeInstructions(bytes: Uint8Array, where: string): Instruction[] {
  const instructions: Instruction[] = []
  let offset = 0
  const malformed = (reason: string) =>
    new ContractError('MODULE_MALFORMED', `${where}: instruction ${instructions.length}`, reason)
  const readOperand = (): number => {
    let value = 0
    for (let shift = 0; shift <= 14; shift += 7) {
      const byte = bytes[offset++]
      if (byte === undefined) throw malformed('ends too early')
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        if (byte === 0 && shift > 0) throw malformed('operand is not the shortest')
        if (value > OPERAND_MAX) throw malformed(`operand beyond ${OPERAND_MAX}`)
        return value
      }
    }
    throw malformed('operand longer than 3 bytes')
  }
  while (offset < bytes.length) {
    if (instructions.length === INSTRUCTIONS_MAX) throw malformed(`more than ${INSTRUCTIONS_MAX} instructions`)
    const op = bytes[offset++] as Opcode
    const known = OPERATIONS[op]
    if (known === undefined) throw malformed(`unknown opcode ${op}`)
    const a = known.operands.length > 0 ? readOperand() : 0
    const b = known.operands.length > 1 ? readOperand() : 0
    instructions.push({ op, a, b })
  }
  return instructions
}
