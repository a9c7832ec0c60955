// The built-in contracts as the node deploys them, compiled once for all tests of a file.

import { readFileSync } from 'node:fs'
import { type ContractSet, contractSet } from '../execute.ts'
import { compileForTools } from '../lang/compile.ts'
import { BUILT_IN_NAMES } from './names.ts'

const read = (name: string) => ({
  name: `${name}.clause`,
  text: readFileSync(new URL(`${name}.clause`, import.meta.url), 'utf8'),
})

let loaded: ContractSet | undefined

export function builtinContracts(): ContractSet {
  loaded ??= contractSet(compileForTools(BUILT_IN_NAMES.map(read)).loaded)
  return loaded
}
