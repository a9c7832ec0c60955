// Sources -> modules. Contracts use only those that stand before them, so they cannot use each other in a circle.

import { ContractError } from '../errors.ts'
import { GasExceeded, type LoadedContract, linkProgram } from '../vm/link.ts'
import { verifyModule } from '../vm/verify.ts'
import type { CheckedContract } from './checked.ts'
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
export function compile(sources: readonly Source[]): readonly CompiledModule[] {
  return compileForTools(sources).modules
}

/** What a tool that goes on from compiled contracts needs beside their bytes. */
export interface Compilation {
  readonly modules: readonly CompiledModule[]
  readonly exports: ReadonlyMap<string, ContractExports>
  readonly loaded: ReadonlyMap<string, LoadedContract>
}

/** Throws CompileError. */
export function compileForTools(sources: readonly Source[]): Compilation {
  const diagnostics: Diagnostic[] = []
  const earlier = new Map<string, ContractExports>()
  const modules: CompiledModule[] = []
  const loaded = new Map<string, LoadedContract>()
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
    const bytes = emit(result.contract, { loaded, report: (error) => report(refusedByMachine(syntax, error)) })
    if (bytes !== undefined) modules.push({ name: name.text, bytes })
  }
  if (diagnostics.length > 0) throw new CompileError(diagnostics)
  return { modules, exports: earlier, loaded }
}

/** The bytes, verified and linked: limits that only the finished module shows are the machine's. */
function emit(
  contract: CheckedContract,
  { loaded, report }: { readonly loaded: Map<string, LoadedContract>; readonly report: (error: Error) => void },
): Uint8Array | undefined {
  // What it uses was refused: there is nothing to link it with, and nothing new to say.
  if (contract.uses.some((used) => !loaded.has(used))) return undefined
  try {
    const bytes = emitModule(contract)
    loaded.set(contract.name, linkProgram(verifyModule(bytes), loaded))
    return bytes
  } catch (error) {
    // A RangeError is the encoder's word for a table beyond its bound.
    if (!(error instanceof ContractError || error instanceof RangeError)) throw error
    report(error)
    return undefined
  }
}

function refusedByMachine({ name, declarations }: ContractSyntax, error: Error): Mistake {
  if (!(error instanceof GasExceeded)) {
    const message = `the machine does not accept this contract: ${error.message}`
    return new Mistake(name.span, message, 'Make it smaller, or split it in two.')
  }
  const entry = declarations.find((each) => each.kind !== 'refusal' && each.name.text === error.entry)
  const message = `"${error.entry}" ${error.reason}`
  const advice = 'Shorten its loops, lists and what it calls in loops: each bound multiplies those inside it.'
  return new Mistake(entry?.kind === 'refusal' || entry === undefined ? name.span : entry.name.span, message, advice)
}

/** The contracts that a source uses; none where it is not written right, which compiling will tell. */
export function usedBy(source: Source): readonly string[] {
  try {
    return parseContract(source.text).uses.map(({ text }) => text)
  } catch (error) {
    if (!(error instanceof Mistake)) throw error
    return []
  }
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
