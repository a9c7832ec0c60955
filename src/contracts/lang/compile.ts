// Sources -> modules. Contracts use only those that stand before them, so they cannot use each other in a circle.

import { verifyModule } from '../vm/verify.ts'
import { CompileError, type Diagnostic, diagnose, Mistake, type Source } from './diagnostics.ts'
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
    const bytes = emitModule(result.contract)
    // Limits that only the finished module shows are the verifier's; it is also the proof that the compiler is sound.
    verifyModule(bytes)
    modules.push({ name: name.text, bytes })
  }
  if (diagnostics.length > 0) throw new CompileError(diagnostics)
  return modules
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
