// The contracts that a new consortium starts with: sources read from src/contracts/builtin, compiled in dependency order.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BUILT_IN_NAMES } from '../contracts/builtin/names.ts'
import { compile } from '../contracts/lang/compile.ts'
import type { Source } from '../contracts/lang/diagnostics.ts'
import type { ContractModule } from '../types/genesis.ts'
import type { Call } from '../types/transaction.ts'

/** Where the sources stand, and their tests. */
export const BUILT_IN_FOLDER = fileURLToPath(new URL('../contracts/builtin/', import.meta.url))

export function builtInSource(name: string): Source {
  return { name: `${name}.clause`, text: readFileSync(join(BUILT_IN_FOLDER, `${name}.clause`), 'utf8') }
}

export function compileBuiltInContracts(): readonly ContractModule[] {
  return compile(BUILT_IN_NAMES.map(builtInSource)).map(({ name, bytes }) => ({ name, module: bytes }))
}

/** The first calls of a new chain: the vocabulary. */
export const BUILT_IN_SETUP: readonly Call[] = [{ contract: 'policy', method: 'establish', args: [] }]
