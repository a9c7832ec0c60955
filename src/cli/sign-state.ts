// assent signstate: what a validator has signed, and its planned move to another disk or machine.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { decodeSignState, type SignState } from '../consensus/sign-state.ts'
import { type FoundSignState, readSignState, refusalOf, signStatePath } from '../ledger/sign-state-file.ts'
import {
  acceptSignState,
  expectSignState,
  HANDOVER_BYTES_MAX,
  retireSignState,
  SignStateMoveError,
} from '../ledger/sign-state-move.ts'
import { loadConfig } from '../node/config.ts'
import { loadKeyFile } from '../node/key-file.ts'
import { withStoppedNode } from '../node/stopped-node.ts'
import type { PublicKey } from '../types/brand.ts'
import { pairs, print, UsageError } from './output.ts'

interface Home {
  readonly dataFolder: string
  readonly key: PublicKey
}

export function addSignState(program: Command): void {
  const group = program
    .command('signstate')
    .description(
      'what this validator has signed: one file in one place, and its planned move. No backup may contain it',
    )

  group
    .command('show')
    .description('where the file is, whether it is in service, and the last statements that it covers')
    .option('--folder <folder>', "the institution's folder", '.')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  assent signstate show --folder hospital-a')
    .action(async (options) => {
      const result = await describe(homeOf(options.folder))
      print(result, () => pairs(Object.entries(result).map(([name, value]) => [name, value ?? '-'])), options)
    })

  group
    .command('move')
    .description('retire the file here, for good, and let another place go on')
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
      const place = isLocal ? await moveTo(from, to) : await exportTo(from, { ticket, file: exportFile })
      const result = { retired: signStatePath(from), ...place }
      print(result, () => pairs(Object.entries(result)), options)
    })

  group
    .command('expect')
    .description('on the new machine: make a file that waits for the handover, and print its ticket')
    .option('--folder <folder>', "the institution's folder, with the same keys.json", '.')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  assent signstate expect --folder hospital-a')
    .action(async ({ folder, ...options }) => {
      const ticket = await expectSignState(homeOf(folder))
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
      const home = homeOf(folder)
      const bytes = readFileSync(handover)
      if (bytes.length > HANDOVER_BYTES_MAX) throw new SignStateMoveError('not a handover of a sign-state')
      await acceptSignState(home, bytes)
      const result = { serving: signStatePath(home) }
      print(result, () => pairs(Object.entries(result)), options)
    })
}

/** All three steps at once. The old file is retired before the new one serves. */
async function moveTo(from: Home, to: string): Promise<{ serving: string }> {
  const target = homeAt(to, from.key)
  if (resolve(target.dataFolder) === resolve(from.dataFolder)) throw new UsageError('--to: expected another folder')
  await withStoppedNode(from.dataFolder, async () => {
    const ticket = await expectSignState(target)
    const handover = await retireSignState(from, {
      ticket,
      to: signStatePath({ ...target, dataFolder: resolve(target.dataFolder) }),
    })
    await acceptSignState(target, handover)
  })
  return { serving: signStatePath(target) }
}

async function exportTo(from: Home, { ticket, file }: { ticket: string; file: string }): Promise<{ handover: string }> {
  if (!/^[0-9a-f]{32}$/.test(ticket)) throw new UsageError('--ticket: expected 32 lowercase hex characters')
  if (existsSync(file)) throw new UsageError(`--export: ${file} exists already`)
  await withStoppedNode(from.dataFolder, async () => {
    const handover = await retireSignState(from, { ticket, to: `the machine that made ticket ${ticket}` })
    writeFileSync(file, handover, { mode: 0o600, flag: 'wx', flush: true })
  })
  return { handover: file }
}

function homeOf(folder: string): Home {
  const { dataFolder, keys } = loadConfig(join(folder, 'assent.json'))
  const { consensus } = loadKeyFile(keys)
  if (consensus === null) throw new UsageError(`${keys}: has no consensus key; only validators sign`)
  return { dataFolder, key: consensus.publicKey }
}

/** An institution's folder says itself where its data are; any other folder is taken for a data folder. */
function homeAt(folder: string, key: PublicKey): Home {
  if (!existsSync(join(folder, 'assent.json'))) return { dataFolder: folder, key }
  const home = homeOf(folder)
  if (home.key !== key) throw new UsageError(`--to: ${folder} has another consensus key`)
  return home
}

async function describe(home: Home) {
  const path = signStatePath(home)
  const found = await readSignState(home)
  const base = { file: path, key: home.key }
  if (found.kind !== 'found') return { ...base, state: found.kind, advice: null }
  await found.slots.close()
  const refusal = refusalOf(found, path)
  return {
    ...base,
    state: refusal === null ? 'in service' : refusal.code,
    advice: refusal?.text ?? null,
    starts: found.record.incarnation,
    ...lastStatements(found),
  }
}

function lastStatements({ record: { content } }: FoundSignState) {
  const { term, vote, promise, lastAck }: Partial<SignState> = content === null ? {} : decodeSignState(content)
  return {
    term: term ?? null,
    vote: vote ? `term ${vote.term}, for seat ${vote.candidate}` : null,
    promise: promise ? `term ${promise.term}` : null,
    ack: lastAck ? `term ${lastAck.term}, height ${lastAck.height}, ${lastAck.hash}` : null,
  }
}
