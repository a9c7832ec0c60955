// A module as text, for people who want to see what a node runs: the tables, then every function, an instruction a line
// with its operands named.

import { decodeInstructions, type Instruction, OPERATIONS } from './instruction.ts'
import type { FunctionEntry, Module } from './module.ts'
import { typeText } from './type.ts'
import { verifyModule } from './verify.ts'

/** Throws ContractError on bytes that are no valid module. */
export function disassemble(bytes: Uint8Array): string {
  const { module, types: verified } = verifyModule(bytes)
  const types = verified.map(typeText)
  const typeName = (index: number | null) => (index === null ? 'nothing' : (types[index] ?? String(index)))
  const fields = (all: readonly { readonly name: string; readonly type: number }[]) =>
    all.map(({ name, type }) => `${name}: ${typeName(type)}`).join(', ')
  return [
    `contract ${module.name} version ${module.version}${module.uses.length > 0 ? ` uses ${module.uses.join(', ')}` : ''}`,
    ...module.states.map(
      ({ name, key, value, table }) => `${table ? 'table' : 'state'} ${name}[${fields(key)}]: ${typeName(value)}`,
    ),
    ...module.events.map((event) => `event ${event.name}(${fields(event.fields)})`),
    ...module.imports.map((entry) => `import ${entry.kind} ${entry.contract}.${entry.name}: ${typeName(entry.result)}`),
    ...module.entries.map(
      ({ kind, name, parameters, by }) => `${kind} ${name}(${parameters.join(', ')})${by === null ? '' : ` by ${by}`}`,
    ),
    ...module.functions.map((entry) => disassembleFunction(entry, module, typeName)),
    '',
  ].join('\n')
}

function disassembleFunction(entry: FunctionEntry, module: Module, typeName: (index: number | null) => string): string {
  const instructions = decodeInstructions(entry.code, entry.name)
  const head = `function ${entry.name}(${entry.parameters.map(typeName).join(', ')}): ${typeName(entry.result)}`
  const lines = instructions.map((instruction, at) => {
    const operation = OPERATIONS[instruction.op]
    return `${String(at).padStart(6)}  ${operation?.name.padEnd(16)} ${operandsOf(instruction, module, typeName)}`.trimEnd()
  })
  return ['', head, ...lines].join('\n')
}

function operandsOf(instruction: Instruction, module: Module, typeName: (index: number) => string): string {
  const kinds = OPERATIONS[instruction.op]?.operands ?? []
  const operands = kinds.map((kind, which) => {
    const operand = which === 0 ? instruction.a : instruction.b
    switch (kind) {
      case 'constant':
        return JSON.stringify(module.constants[operand]?.value)
      case 'type':
        return typeName(operand)
      case 'state':
        return module.states[operand]?.name
      case 'function':
        return module.functions[operand]?.name
      case 'event':
        return module.events[operand]?.name
      case 'refusal':
        return module.refusals[operand]?.code
      case 'about':
        return operand === 0 ? '' : `about ${module.abouts[operand - 1]}`
      case 'import':
        return `${module.imports[operand]?.contract}.${module.imports[operand]?.name}`
      case 'range': {
        const range = module.ranges[operand]
        return `${module.states[range?.state ?? -1]?.name} ${range?.strict ? 'max' : 'first'} ${range?.max}`
      }
      case 'target':
        return `-> ${operand}`
      default:
        return `${kind} ${operand}`
    }
  })
  return operands.join(' ')
}
