// assent verify: checks that need nobody's word. A chain on disk, or one receipt, against the genesis file.

import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { ClientError } from '../client/errors.ts'
import { verifyReceipt } from '../client/verify-receipt.ts'
import type { ChainReport } from '../ledger/chain-report.ts'
import { verifyChain } from '../ledger/verify-chain.ts'
import { loadConfig } from '../node/config.ts'
import { loadGenesis } from '../node/genesis-file.ts'
import { quorum } from '../types/validator-set.ts'
import { counted, pairs, print, progress, UsageError } from './output.ts'
import { readProofFile } from './receipt-file.ts'
import { timeInWords } from './words.ts'

interface ChainOptions {
  readonly folder?: string
  readonly data?: string
  readonly genesis?: string
  readonly predecessor?: string
  readonly json?: boolean
}

/** Between two lines of progress; nothing is said of a check that is over sooner. */
const PROGRESS_MS = 2_000
/** Further faults that text output lists. */
const FAULTS_SHOWN = 10

export function addVerify(program: Command): void {
  const verify = program.command('verify').description('check a chain on disk or a receipt, trusting the genesis alone')

  verify
    .command('chain')
    .description(
      'check every file, block, signature and result in the data folder of a stopped node, from the genesis on',
    )
    .option('--folder <folder>', "an institution's folder: its configuration names data folder and genesis")
    .option('--data <folder>', 'the data folder, or the ledger in it, instead')
    .option('--genesis <file>', 'the genesis file, with --data')
    .option(
      '--predecessor <folder>',
      'of a recovered chain: a ledger of the chain before it, at its end; not where the folder began with a snapshot',
    )
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  assent verify chain --folder hospital-a
  assent verify chain --data backup/ledger --genesis genesis.json

The folder is not changed. Exit code 0: it is exactly this chain; 1: it is not, and the height is named.`,
    )
    .action(async (options: ChainOptions) => {
      const { data, genesisFile } = locateChain(options)
      const { genesis } = loadGenesis(genesisFile, { complete: true })
      const { predecessor } = options
      const startMs = performance.now()
      let nextMs = startMs + PROGRESS_MS
      const report = await verifyChain({
        folder: data,
        genesis,
        ...(predecessor === undefined ? {} : { predecessor: ledgerIn(predecessor, '--predecessor') }),
        onProgress({ height, headHeight }) {
          if (performance.now() < nextMs) return
          nextMs += PROGRESS_MS
          progress(`height ${height} of ${headHeight}`)
        },
      })
      print(report, () => describeChain(report, { data, elapsedMs: performance.now() - startMs }), options)
      if (!report.ok) process.exitCode = 1
    })

  verify
    .command('receipt')
    .description('check offline that a receipt stands on the chain of a genesis file')
    .requiredOption(
      '--proof <file>',
      'as --receipt wrote it, or the answer of transaction.receipt; also bare base64 or hex',
    )
    .requiredOption('--genesis <file>', 'the genesis file')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  assent verify receipt --proof consent-receipt.json --genesis genesis.json')
    .action((options: { proof: string; genesis: string; json?: boolean }) => {
      const proof = readProofFile(options.proof)
      const { genesis, chainId, validators } = loadGenesis(options.genesis, { complete: true })
      const { receipt, header, index } = verifyOrExplain(proof, { genesis, file: options.proof })
      const result = {
        ok: true,
        chainId: header.chainId,
        transactionId: receipt.transactionId,
        height: header.height,
        timeMs: header.timeMs,
        index,
        calls: receipt.calls.map(({ status, code, events, gas }) => {
          return { status, code, events: events.map(({ contract, name }) => `${contract}.${name}`), gas }
        }),
      }
      print(
        result,
        () => [
          `The receipt holds: a quorum (${quorum(validators)} of ${validators.members.length}) of the genesis' validators signed for its block.`,
          '',
          ...pairs([
            ['consortium', genesis.name],
            ['chain', header.chainId === chainId ? chainId : `${header.chainId}, from which this one goes on`],
            ['transaction', result.transactionId],
            ['block', `height ${result.height}, transaction ${index}, ${timeInWords(header.timeMs)}`],
            ...result.calls.map(({ status, code, events }, i) => {
              const outcome = status === 'ok' ? 'done' : `refused, ${code}`
              return [`call ${i}`, events.length === 0 ? outcome : `${outcome}: ${events.join(', ')}`] as const
            }),
          ]),
        ],
        options,
      )
    })
}

function locateChain({ folder, data, genesis }: ChainOptions): { data: string; genesisFile: string } {
  if (data !== undefined) {
    if (genesis === undefined) throw new UsageError('--genesis: needed with --data')
    return { data: ledgerIn(data, '--data'), genesisFile: genesis }
  }
  if (folder === undefined) throw new UsageError('--folder or --data: one of them is needed')
  const config = loadConfig(join(folder, 'assent.json'))
  return { data: ledgerIn(config.dataFolder, '--folder'), genesisFile: genesis ?? config.genesis }
}

/** A node's data folder holds the chain in `ledger`. */
function ledgerIn(folder: string, option: string): string {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new UsageError(`${option}: ${folder} is not a folder; expected the data folder of a node`)
  }
  const ledger = join(folder, 'ledger')
  return existsSync(ledger) ? ledger : folder
}

function describeChain(
  report: ChainReport,
  { data, elapsedMs }: { data: string; elapsedMs: number },
): readonly string[] {
  if (report.ok) {
    const seconds = (elapsedMs / 1_000).toFixed(1)
    if (report.from > 1) {
      return [
        `${data} holds the chain of this genesis from height ${report.from} to ${report.height}, unaltered: ${counted(report.transactions, 'transaction')}, checked in ${seconds} s.`,
        `It began with a snapshot. Blocks, certificates, receipts, and the state at height ${report.height} under its certified root were checked; the blocks were not executed again, which needs the whole chain.`,
      ]
    }
    return [
      `${data} holds the chain of this genesis, unaltered: height ${report.height}, ${counted(report.transactions, 'transaction')}, checked in ${seconds} s`,
    ]
  }
  const [first, ...others] = report.faults
  return [
    `${data} is damaged or altered at height ${first?.height}: ${first?.what}`,
    ...others.slice(0, FAULTS_SHOWN).map(({ height, what }) => `  height ${height}: ${what}`),
    ...(others.length > FAULTS_SHOWN ? [`  and ${others.length - FAULTS_SHOWN} more; --json lists them`] : []),
  ]
}

function verifyOrExplain(
  proof: Uint8Array,
  { genesis, file }: { genesis: Parameters<typeof verifyReceipt>[1]; file: string },
): ReturnType<typeof verifyReceipt> {
  try {
    return verifyReceipt(proof, genesis)
  } catch (error) {
    if (!(error instanceof ClientError)) throw error
    throw new ClientError('PROOF_INVALID', `${file} proves nothing under this genesis: ${error.message}`, {
      cause: error,
    })
  }
}
