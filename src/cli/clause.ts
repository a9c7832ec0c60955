// assent clause: the tools of the contract language.

import { readFileSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { Abi } from '../contracts/abi.ts'
import { type ContractSet, contractSet } from '../contracts/execute.ts'
import { compileForTools } from '../contracts/lang/compile.ts'
import { CompileError, diagnose, Mistake } from '../contracts/lang/diagnostics.ts'
import { formatText } from '../contracts/lang/format.ts'
import { disassemble } from '../contracts/vm/disassemble.ts'
import { addClauseExplain } from './clause-explain.ts'
import { addClauseRun } from './clause-run.ts'
import { contractFrom, contractName, readSource, reportingMistakes, withUsed } from './clause-sources.ts'
import { addClauseTest } from './clause-test.ts'
import { print, table, UsageError } from './output.ts'

interface JsonOption {
  readonly json?: boolean
}

export function addClause(program: Command): void {
  const clause = program.command('clause').description('check, build, test, run and read contracts written in Clause')
  addCheck(clause)
  addBuild(clause)
  addClauseTest(clause)
  addClauseRun(clause)
  addClauseExplain(clause)
  addFormat(clause)
  addDisassemble(clause)
}

function addCheck(clause: Command): void {
  clause
    .command('check')
    .description('say what is wrong with contracts, and what each entry costs at most')
    .argument('<file...>', 'contracts, *.clause, or names of built-in ones; what they use is found beside them')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  assent clause check visits.clause')
    .action((files: readonly string[], options: JsonOption) => {
      reportingMistakes(options, () => {
        const { contracts, names } = load(files)
        const entries = names.flatMap((contract) =>
          abiOf(contracts, contract).entries.map(({ kind, name }) => {
            return { contract, kind, name, gasMax: contracts.gasMax(contract, name) as number }
          }),
        )
        const rows = entries.map(({ contract, kind, name, gasMax }) => [contract, kind, name, gasMax])
        print({ diagnostics: [], entries }, () => table(['contract', 'kind', 'entry', 'gas at most'], rows), options)
      })
    })
}

/** The contracts named, with what they use; `names` those that were named. */
function load(files: readonly string[]): { readonly contracts: ContractSet; readonly names: readonly string[] } {
  const given = files.map(contractFrom)
  return { contracts: contractSet(compileForTools(withUsed(given, '.')).loaded), names: given.map(contractName) }
}

function abiOf(contracts: ContractSet, contract: string): Abi {
  const abi = contracts.abi(contract)
  if (abi === undefined) throw new UsageError(`there is no contract ${contract}`)
  return abi
}

function addBuild(clause: Command): void {
  clause
    .command('build')
    .description('write the module of a contract, as a node verifies and runs it, and its interface as JSON')
    .argument('<file>', 'the contract, *.clause')
    .requiredOption('--out <file>', 'the module; the interface goes to the same name with .json')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  assent clause build visits.clause --out visits.module')
    .action((file: string, options: JsonOption & { readonly out: string }) => {
      reportingMistakes(options, () => {
        const source = readSource(file)
        const { modules, loaded } = compileForTools(withUsed([source], '.'))
        const name = contractName(source)
        const module = modules.find((each) => each.name === name)
        if (module === undefined) throw new UsageError(`${file}: there is no contract in it`)
        const abi = `${options.out}.json`
        writeFileSync(options.out, module.bytes)
        writeFileSync(abi, `${JSON.stringify(abiOf(contractSet(loaded), name), null, 2)}\n`)
        const result = { contract: name, module: options.out, bytes: module.bytes.length, interface: abi }
        print(result, () => `${options.out}: ${module.bytes.length} bytes; interface in ${abi}`, options)
      })
    })
}

function addFormat(clause: Command): void {
  clause
    .command('fmt')
    .description('write contracts and tests down in the one way: indentation, spaces, blank lines, columns of comments')
    .argument('<file...>', 'contracts and tests')
    .option('--check', 'change nothing; exit code 1 when a file would change')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  assent clause fmt visits.clause visits.test.clause')
    .action((files: readonly string[], options: JsonOption & { readonly check?: boolean }) => {
      reportingMistakes(options, () => {
        const changed = files.filter((file) => {
          const source = readSource(file)
          const formatted = format(source)
          if (formatted === source.text) return false
          if (!options.check) writeFileSync(file, formatted)
          return true
        })
        const said = options.check ? 'is not formatted' : 'formatted'
        print({ changed }, () => changed.map((file) => `${file}: ${said}`).join('\n') || 'nothing to change', options)
        if (options.check && changed.length > 0) process.exitCode = 1
      })
    })
}

function format(source: { readonly name: string; readonly text: string }): string {
  try {
    return formatText(source.text)
  } catch (error) {
    if (!(error instanceof Mistake)) throw error
    throw new CompileError([diagnose(source, error)])
  }
}

function addDisassemble(clause: Command): void {
  clause
    .command('disassemble')
    .description('show the instructions of a module that was built')
    .argument('<file>', 'the module')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  assent clause disassemble visits.module')
    .action((file: string, options: JsonOption) => {
      const text = disassemble(readFileSync(file))
      print({ text }, () => text.trimEnd(), options)
    })
}
