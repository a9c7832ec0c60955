// Sources -> modules. Contracts use only those that stand before them, so they cannot use each other in a circle.

import { ContractError } from '../errors.ts'
import { verifyModule } from '../vm/verify.ts'
import type { CheckedContract } from './checked.ts'
import { CompileError, type Diagnostic, diagnose, Mistake, type Source, type Span } from './diagnostics.ts'
import { emitModule } from './emit-module.ts'
import { parseContract } from './parser.ts'
import type { ContractExports } from './symbols.ts'
import type { ContractSyntax } from './syntax.ts'
import { typecheck } from './typecheck.ts'

export interface CompiledModule {
  /** Of the contract. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** In the order given: used contracts first. Throws CompileError with every mistake in every source. */
export function compile(sources: readonly Source[]): CompiledModule[] {
  const diagnostics: Diagnostic[] = []
  const earlier = new Map<string, ContractExports>()
  const modules: CompiledModule[] = []
  for (const source of sources) {
    const report = (mistake: Mistake) => diagnostics.push(diagnose(source, mistake))
    const syntax = parse(source, report)
    if (syntax === undefined) continue
    const { name } = syntax
    if (earlier.has(name.text)) {
      report(new Mistake(name.span, `contract "${name.text}" is compiled already`, 'Give it another name.'))
      continue
    }
    const result = typecheck(syntax, earlier)
    if (!('contract' in result)) {
      result.forEach(report)
      continue
    }
    earlier.set(name.text, result.exports)
    const bytes = emit(result.contract, (reason) => report(tooLarge(name.span, reason)))
    if (bytes !== undefined) modules.push({ name: name.text, bytes })
  }
  if (diagnostics.length > 0) throw new CompileError(diagnostics)
  return modules
}

/** The bytes, verified: limits that only the finished module shows are the verifier's. */
function emit(contract: CheckedContract, report: (reason: string) => void): Uint8Array | undefined {
  try {
    const bytes = emitModule(contract)
    verifyModule(bytes)
    return bytes
  } catch (error) {
    // A RangeError is the encoder's word for a table beyond its bound.
    if (!(error instanceof ContractError || error instanceof RangeError)) throw error
    report(error.message)
    return undefined
  }
}

function tooLarge(span: Span, reason: string): Mistake {
  return new Mistake(
    span,
    `the machine does not accept this contract: ${reason}`,
    'Make it smaller, or split it in two.',
  )
}

function parse(source: Source, report: (mistake: Mistake) => void): ContractSyntax | undefined {
  try {
    return parseContract(source.text)
  } catch (error) {
    if (!(error instanceof Mistake)) throw error
    report(error)
    return undefined
  }
}
