// The built-in contracts as the node deploys them, compiled once for all tests of a file.

import { readFileSync } from 'node:fs'
import { type ContractSet, loadContracts } from '../execute.ts'
import { compile } from '../lang/compile.ts'
import { BUILT_IN_NAMES } from './names.ts'

const read = (name: string) => ({
  name: `${name}.clause`,
  text: readFileSync(new URL(`${name}.clause`, import.meta.url), 'utf8'),
})

let loaded: ContractSet | undefined

export function builtinContracts(): ContractSet {
  loaded ??= loadContracts(compile(BUILT_IN_NAMES.map(read)))
  return loaded
}
