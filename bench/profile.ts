// npm run profile -- NAME: answers a bench's question with one chosen node under watch: where its CPU time goes, as a profile, a
// flame graph and a table of microseconds by kind of work; and what it allocates.

import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, CommanderError } from 'commander'
import { pairs, progress, table } from '../src/cli/output.ts'
import { allocations } from './harness/allocations.ts'
import { flameGraph } from './harness/flame-graph.ts'
import { describeSelfTimes, selfTimes } from './harness/profile.ts'
import { workOf } from './harness/work-kinds.ts'

const BENCH = fileURLToPath(new URL('./run.ts', import.meta.url))
const TOP = 25

const program = new Command('npm run profile --')
  .description('Runs a bench and leaves CPU profile, flame graph and allocation profile of one node.')
  .argument('<name>', 'the bench, such as throughput')
  .option('--node <name>', 'whose profile is shown', 'hospital-a')
  .option('--folder <folder>', 'where the files go', '.assent-profile')
  .option('--seconds <number>', 'length of the measured window', '20')
  .addHelpText('after', '\nExample:\n  npm run profile -- throughput --node hospital-b --folder .assent-profile')
  .exitOverride()
  .showHelpAfterError('(add --help for the accepted options)')
  .action(run)

interface Options {
  readonly node: string
  readonly folder: string
  readonly seconds: string
}

function run(name: string, { node, folder, seconds }: Options): void {
  const home = resolve(folder)
  mkdirSync(home, { recursive: true })
  const args = [BENCH, name, '--seconds', seconds, '--profile', home]
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' })
  if (status !== 0) throw new Error(`the bench ended with exit code ${status}`)
  const profiles = join(home, node)
  const file = readdirSync(profiles).findLast((each) => each.endsWith('.cpuprofile'))
  if (file === undefined) throw new Error(`${node} left no profile; expected one of ${readdirSync(home).join(', ')}`)
  const profile = JSON.parse(readFileSync(join(profiles, file), 'utf8'))
  const page = join(home, `${node}.flame.html`)
  writeFileSync(page, flameGraph(`${name}, ${node}`, profile))
  const heap = readdirSync(profiles).findLast((each) => each.endsWith('.heapprofile'))
  const all = { fromMs: 0, toMs: Number.POSITIVE_INFINITY }
  const lines = [
    '',
    `${node}: where the time goes, over its whole life`,
    '',
    ...table(
      ['work', '% of all', '% of busy'],
      workOf(profile).map(({ kind, share, busyShare }) => [kind, percent(share), percent(busyShare)]),
    ),
    '',
    'self time',
    ...describeSelfTimes(selfTimes(profiles, all), TOP),
    ...(heap === undefined ? [] : ['', 'allocated, sampled', ...allocations(join(profiles, heap), TOP)]),
    '',
    ...pairs([
      ['CPU profile', join(profiles, file)],
      ['flame graph', page],
      ...(heap === undefined ? [] : [['allocations', join(profiles, heap)] as const]),
    ]),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  progress('Both profiles open in the developer tools of a browser, too.')
}

const percent = (share: number): number => Math.round(share * 1_000) / 10

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else {
    process.stderr.write(`profile: ${(error as Error).message}\n`)
    process.exitCode = 1
  }
}
