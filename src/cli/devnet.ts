// assent devnet: a consortium of five processes on this machine, and the scenario that shows what it does.

import { existsSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import type { Consortium } from '../devnet/consortium.ts'
import type { Report } from '../devnet/report.ts'
import { pairs, progress, table, UsageError } from './output.ts'

const SHIPPED_BINDING = fileURLToPath(new URL('../../demo/synthea-binding.json', import.meta.url))

interface DevnetCommandOptions {
  readonly once?: boolean
  readonly report?: string
  readonly fhir?: string
  readonly bind?: string
  readonly folder: string
  readonly seed: string
  readonly json?: boolean
}

export function addDevnet(program: Command): void {
  program
    .command('devnet')
    .description('run a consortium of five processes on this machine and show what it does')
    .option('--once', 'end after the report; exit code 0 only if every check held')
    .option('--report <file>', 'write the report as JSON')
    .option('--fhir <folder>', 'import this folder of FHIR R4 JSON instead of generated data')
    .option('--bind <file>', "who the folder's references are (default: the shipped binding)")
    .option('--folder <folder>', 'where to build it; an earlier devnet there is replaced', '.assent')
    .option('--seed <number>', 'of the generated data', '1')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
Examples:
  npm start
  npm start -- --once --report report.json
  npm start -- --once --fhir ../fhir --report report.json`,
    )
    .action(async (options: DevnetCommandOptions) => {
      const seed = Number(options.seed)
      if (!Number.isSafeInteger(seed) || seed < 0) throw new UsageError('--seed: expected a whole number >= 0')
      if (options.fhir !== undefined && !existsSync(options.fhir)) {
        throw new UsageError(`--fhir: ${options.fhir} does not exist; expected a folder of FHIR R4 JSON`)
      }
      const interrupted = Promise.withResolvers<'interrupted'>()
      for (const signal of ['SIGINT', 'SIGTERM'] as const)
        process.once(signal, () => interrupted.resolve('interrupted'))
      const { runDemo } = await import('../devnet/run.ts')
      const startMs = performance.now()
      let running: Consortium | null = null
      const demo = runDemo({
        folder: resolve(options.folder),
        seed,
        ...(options.fhir === undefined
          ? {}
          : { fhir: { folder: resolve(options.fhir), bindingFile: options.bind ?? SHIPPED_BINDING } }),
        onConsortium: (consortium) => {
          running = consortium
        },
        onProgress: (text) => progress(`${elapsed(startMs)}  ${text}`),
        onCheck: (name, ok, detail) =>
          progress(`${elapsed(startMs)}    ${ok ? '✓' : '✗'} ${name}${detail === '' ? '' : `  (${detail})`}`),
      })
      const outcome = await Promise.race([demo, interrupted.promise])
      if (outcome === 'interrupted') {
        progress('interrupted: stopping')
        demo.catch(() => undefined)
        await (running as Consortium | null)?.stop()
        process.exit(130)
      }
      const { report, consortium } = outcome
      if (options.report !== undefined) writeFileSync(options.report, `${JSON.stringify(report, null, 2)}\n`)
      if (options.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
      else process.stdout.write(`${describeReport(report).join('\n')}\n`)
      if (!options.once) {
        process.stdout.write(`${describeNetwork(consortium, options.folder).join('\n')}\n`)
        await interrupted.promise
        progress('stopping')
      }
      const graceful = await consortium.stop()
      if (!graceful) progress('a process had to be killed')
      if (!report.ok || !graceful) process.exitCode = 1
    })
}

const elapsed = (startMs: number): string => `${((performance.now() - startMs) / 1_000).toFixed(1).padStart(5)} s`

function describeReport(report: Report): readonly string[] {
  const { latencyMs, imported } = report
  const failed = report.checks.filter(({ ok }) => !ok)
  const refused = imported.consents.filter(({ outcome }) => outcome === 'refused')
  const latency = (name: string, { p50, p95, p99 }: Report['latencyMs']['consent']) => [name, p50, p95, p99]
  return [
    '',
    `${report.checks.length - failed.length} of ${report.checks.length} checks held`,
    ...failed.map(({ name, detail }) => `  ✗ ${name}: ${detail}`),
    '',
    ...table(
      ['latency, ms', 'p50', 'p95', 'p99'],
      [latency('consent', latencyMs.consent), latency('access', latencyMs.access), latency('revoke', latencyMs.revoke)],
    ),
    '',
    ...pairs([
      [
        'revocation enforced on every node',
        `${report.revokeToEnforcedMs} ms after commit, ${report.submitToEnforcedMs} ms after submission`,
      ],
      ['leader killed until next commit', `${report.failoverMs} ms`],
      ['closed run', `${report.transactionsPerSecond} transactions a second`],
      ['imported', `${imported.patients} patients, ${imported.records} records, ${imported.consents.length} consents`],
    ]),
    ...(refused.length === 0 ? [] : ['', 'Consents that need what is not supported yet, refused by element:']),
    ...refused.map(({ file, elements }) => `  ${basename(file)}: ${elements.join(', ')}`),
    ...(imported.leftOut.length === 0
      ? []
      : ['', `${imported.leftOut.length} resources were left out; the report says why`]),
    '',
    ...table(
      ['node', 'role', 'height', 'state root', 'RPC'],
      report.nodes.map(({ name, role, height, stateRoot, rpc }) => [name, role, height, stateRoot.slice(0, 16), rpc]),
    ),
  ]
}

function describeNetwork(consortium: Consortium, folder: string): readonly string[] {
  const at = (name: string): string => join(folder, name)
  return [
    '',
    'The network stays up until Ctrl-C. Try, in another terminal:',
    '',
    `  npm run assent -- status --folder ${at('hospital-a')}`,
    `  npm run assent -- audit trail --folder ${at('regulator')} --patient @${at('people/patient-1.json')} --reason oversight`,
    `  npm run assent -- access request --folder ${at('hospital-b')} --as ${at('people/dr-b1.json')} --role physician \\`,
    `      --patient @${at('people/patient-1.json')} --custodian "Hospital A" --purpose TREAT`,
    '',
    ...consortium.devnet.members.map(({ title, rpcUrl }) => `  ${title.padEnd(12)}  ${rpcUrl}/metrics`),
    '',
  ]
}
