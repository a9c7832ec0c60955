// Contracts from files for the commands of `assent clause`: a file, and the contracts that it uses, from beside it or from
// those that are built in.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { BUILT_IN_NAMES } from '../contracts/builtin/names.ts'
import { usedBy } from '../contracts/lang/compile.ts'
import { CompileError, formatDiagnostic, type Source } from '../contracts/lang/diagnostics.ts'
import { builtInSource } from '../node/built-in-contracts.ts'
import { print, UsageError } from './output.ts'

const CONTRACT_ENDING = '.clause'
export const TEST_ENDING = '.test.clause'

export interface SourceFile extends Source {
  /** Null: built in, and not a file that the person named. */
  readonly path: string | null
}

export function readSource(path: string): SourceFile {
  return { name: path, path, text: readFileSync(path, 'utf8') }
}

/** The contracts of the files and what they use, used ones first. */
export function withUsed(files: readonly SourceFile[], folder: string, names: readonly string[] = []): SourceFile[] {
  const ordered = new Map<string, SourceFile>()
  const underWay: string[] = []
  const add = (key: string, source: SourceFile, beside: string): void => {
    if (ordered.has(key)) return
    if (underWay.includes(key)) throw new UsageError(`${[...underWay, key].join(' uses ')}: contracts use no circle`)
    underWay.push(key)
    for (const used of usedBy(source)) addUsed(used, beside)
    underWay.pop()
    ordered.set(key, source)
  }
  const addUsed = (name: string, beside: string): void => {
    const given = files.find((file) => contractName(file) === name)
    const source = given ?? find(name, beside)
    // What is not there the compiler reports, at the place where it is used.
    if (source !== undefined) add(name, source, beside)
  }
  for (const name of names) addUsed(name, folder)
  for (const file of files) add(contractName(file), file, file.path === null ? folder : dirname(file.path))
  return [...ordered.values()]
}

export function contractName({ text, name }: Source): string {
  return text.match(/^\s*(?:\/\/[^\n]*\n\s*)*contract\s+(\w+)/)?.[1] ?? name
}

function find(name: string, folder: string): SourceFile | undefined {
  const path = join(folder, `${name}${CONTRACT_ENDING}`)
  if (existsSync(path)) return readSource(path)
  const isBuiltIn = (BUILT_IN_NAMES as readonly string[]).includes(name)
  return isBuiltIn ? { ...builtInSource(name), path: null } : undefined
}

/** FILE, or the name of a contract that is built in. */
export function contractFrom(argument: string): SourceFile {
  const isBuiltIn = (BUILT_IN_NAMES as readonly string[]).includes(argument)
  return isBuiltIn && !existsSync(argument) ? { ...builtInSource(argument), path: null } : readSource(argument)
}

/** Runs `action`; what the compiler refuses is printed, as JSON where that is asked for, with exit code 2. */
export function reportingMistakes<T>({ json }: { readonly json?: boolean }, action: () => T): T | undefined {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof CompileError)) throw error
    const { diagnostics } = error
    print({ diagnostics }, () => diagnostics.map(formatDiagnostic).join('\n\n'), json ? { json } : {})
    process.exitCode = 2
    return undefined
  }
}
