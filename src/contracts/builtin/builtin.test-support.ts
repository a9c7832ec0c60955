// The built-in contracts as the node deploys them, compiled once for all tests of a file.

import { readFileSync } from 'node:fs'
import { type ContractSet, loadContracts } from '../execute.ts'
import { compile } from '../lang/compile.ts'

/** Used contracts first. */
export const BUILTIN = [
  'policy',
  'registry',
  'validators',
  'governance',
  'evidence',
  'consent',
  'access',
  'audit',
] as const

const read = (name: string) => ({
  name: `${name}.clause`,
  text: readFileSync(new URL(`${name}.clause`, import.meta.url), 'utf8'),
})

let loaded: ContractSet | undefined

export function builtinContracts(): ContractSet {
  loaded ??= loadContracts(compile(BUILTIN.map(read)))
  return loaded
}
