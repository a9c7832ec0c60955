// The contracts that a new consortium starts with: sources read from src/contracts/builtin, compiled in dependency order.

import { readFileSync } from 'node:fs'
import { compile } from '../contracts/lang/compile.ts'
import type { ContractModule } from '../types/genesis.ts'
import type { Call } from '../types/transaction.ts'

const NAMES = ['policy', 'registry', 'validators', 'governance', 'evidence', 'consent', 'access', 'audit'] as const

export function compileBuiltInContracts(): readonly ContractModule[] {
  const sources = NAMES.map((name) => ({
    name,
    text: readFileSync(new URL(`../contracts/builtin/${name}.clause`, import.meta.url), 'utf8'),
  }))
  return compile(sources).map(({ name, bytes }) => ({ name, module: bytes }))
}

/** The first calls of a new chain: the vocabulary. */
export const BUILT_IN_SETUP: readonly Call[] = [{ contract: 'policy', method: 'establish', args: [] }]
