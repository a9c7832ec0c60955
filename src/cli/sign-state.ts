// assent signstate: what a validator has signed, and its planned move to another disk or machine.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { SignStateMoveError } from '../ledger/sign-state-move.ts'
import { loadConfig } from '../node/config.ts'
import { consensusKeysOf, loadKeyFile } from '../node/key-file.ts'
import {
  acceptSigning,
  describeSigning,
  expectSigning,
  exportSigning,
  HANDOVERS_BYTES_MAX,
  moveSigning,
  type Outcome,
  type SigningHome,
} from '../node/signing-home.ts'
import { withStoppedNode } from '../node/stopped-node.ts'
import { pairs, print, shortId, UsageError } from './output.ts'

export function addSignState(program: Command): void {
  const group = program
    .command('signstate')
    .description(
      'what this validator has signed: one file for each consensus key, in one place, and their planned move. No backup may contain them',
    )

  group
    .command('show')
    .description('where each file is, whether it is in service, and the last statements that it covers')
    .option('--folder <folder>', "the institution's folder", '.')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  assent signstate show --folder hospital-a')
    .action(async (options) => {
      const home = homeOf(options.folder)
      const files = []
      for (const key of home.keys) files.push(await describeSigning(home, key))
      const blocks = files.map((file) => pairs(Object.entries(file).map(([name, value]) => [name, value ?? '-'])))
      print(files, () => blocks.flatMap((lines, i) => (i === 0 ? lines : ['', ...lines])), options)
    })

  group
    .command('move')
    .description('retire the files here, for good, and let another place go on')
    .option('--folder <folder>', "the institution's folder that the validator leaves", '.')
    .option('--to <folder>', 'on this machine: the new folder of the institution, or the new data folder')
    .option('--ticket <ticket>', 'to another machine: what `assent signstate expect` printed there')
    .option('--export <file>', 'to another machine: where to write the handover')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  assent signstate move --folder hospital-a --to /mnt/disk2/hospital-a
To another machine:
  new$ assent signstate expect --folder hospital-a
  old$ assent signstate move --folder hospital-a --ticket TICKET --export handover
  new$ assent signstate accept handover --folder hospital-a
  The node must be stopped here. It never signs here again.`,
    )
    .action(async ({ folder, to, ticket, export: exportFile, ...options }) => {
      const from = homeOf(folder)
      const isLocal = to !== undefined
      if (
        isLocal ? ticket !== undefined || exportFile !== undefined : ticket === undefined || exportFile === undefined
      ) {
        throw new UsageError('expected --to, or --ticket together with --export')
      }
      const result = isLocal ? await moveTo(from, to) : await exportTo(from, { ticket, file: exportFile })
      print(result, () => linesOf(result), options)
    })

  group
    .command('expect')
    .description('on the new machine: make files that wait for the handover, and print their ticket')
    .option('--folder <folder>', "the institution's folder, with the same keys.json", '.')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  assent signstate expect --folder hospital-a')
    .action(async ({ folder, ...options }) => {
      const ticket = await expectSigning(homeOf(folder))
      print({ ticket }, () => ticket, options)
    })

  group
    .command('accept')
    .description('on the new machine: take the handover, once')
    .argument('<handover>', 'the file that `assent signstate move` wrote')
    .option('--folder <folder>', "the institution's folder", '.')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  assent signstate accept handover --folder hospital-a')
    .action(async (handover, { folder, ...options }) => {
      const bytes = readHandover(handover)
      const result = await acceptSigning(homeOf(folder), bytes)
      print(result, () => linesOf(result), options)
    })
}

async function moveTo(from: SigningHome, to: string): Promise<Outcome<{ retired: string; serving: string }>> {
  const target = homeAt(to, from)
  if (resolve(target.dataFolder) === resolve(from.dataFolder)) throw new UsageError('--to: expected another folder')
  return withStoppedNode(from.dataFolder, () =>
    moveSigning(from, { ...target, dataFolder: resolve(target.dataFolder) }),
  )
}

async function exportTo(from: SigningHome, { ticket, file }: { ticket: string; file: string }) {
  if (!/^[0-9a-f]{32}$/.test(ticket)) throw new UsageError('--ticket: expected 32 lowercase hex characters')
  if (existsSync(file)) throw new UsageError(`--export: ${file} exists already`)
  const { handovers, ...outcome } = await withStoppedNode(from.dataFolder, async () => {
    const exported = await exportSigning(from, { ticket })
    writeFileSync(file, exported.handovers, { mode: 0o600, flag: 'wx', flush: true })
    return exported
  })
  return { ...outcome, handover: file }
}

function readHandover(file: string): Uint8Array {
  const bytes = readFileSync(file)
  if (bytes.length > HANDOVERS_BYTES_MAX) throw new SignStateMoveError('not a handover of a sign-state')
  return Uint8Array.from(bytes)
}

function homeOf(folder: string): SigningHome {
  const { dataFolder, keys: keyFile } = loadConfig(join(folder, 'assent.json'))
  const keys = consensusKeysOf(loadKeyFile(keyFile)).map(({ publicKey }) => publicKey)
  if (keys.length === 0) throw new UsageError(`${keyFile}: has no consensus key; only validators sign`)
  return { dataFolder, keys }
}

/** An institution's folder says itself where its data are; any other folder is taken for a data folder. */
function homeAt(folder: string, from: SigningHome): SigningHome {
  if (!existsSync(join(folder, 'assent.json'))) return { dataFolder: folder, keys: from.keys }
  const home = homeOf(folder)
  const others = home.keys.filter((key) => !from.keys.includes(key))
  if (others.length > 0 || home.keys.length !== from.keys.length) {
    throw new UsageError(`--to: ${folder} has other consensus keys`)
  }
  return home
}

/** One key is the rule, and needs no name. */
function linesOf<T extends object>({ done, left, ...rest }: Outcome<T>): readonly string[] {
  const isOne = done.length + left.length === 1
  return [
    ...done.flatMap(({ key, ...files }) => pairs(Object.entries({ ...(!isOne && { key: shortId(key) }), ...files }))),
    ...pairs(Object.entries(rest) as [string, string][]),
    ...left.map(({ key, reason }) => `left: key ${shortId(key)}: ${reason}`),
  ]
}
