// assent consensus: what an operator asks of the validators' protocol.

import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import type { ConsensusStatus } from '../client/consensus-status.ts'
import { ClientError, isRefusal } from '../client/errors.ts'
import type { StuckBranch } from '../client/standstill.ts'
import { addNodeOptions, connectTo, connectToDesk, type NodeOptions } from './connection.ts'
import { consensusLines } from './consensus-lines.ts'
import { membersOf } from './governance-answers.ts'
import { type Founders, institutionFrom, nameOf } from './identities.ts'
import { pairs, print, progress, UsageError } from './output.ts'
import { addRelease } from './release.ts'
import { timeInWords } from './words.ts'

const WATCH_MS = 1_000
const CLEAR_SCREEN = '\x1b[H\x1b[2J'

export function addConsensus(program: Command): void {
  const group = program.command('consensus').description('leadership and agreement among the validators')
  addStatus(group)
  addTransfer(group)
  addRelease(group)
}

interface StatusOptions extends NodeOptions {
  readonly watch?: boolean
}

function addStatus(group: Command): void {
  addNodeOptions(
    group
      .command('status')
      .description('who leads and since when, who lags, who voted for whom, whose signature is missing')
      .option('--watch', 'again every second, until Ctrl-C'),
  )
    .addHelpText(
      'after',
      `
Example:
  assent consensus status --folder hospital-a --watch
The leader knows most: how far each validator has stored its blocks, and whose ack a block waits for. Elsewhere "behind"
is by what the nodes say of themselves, once a second.
"voted": in the certificate of the last election. "signed": in how many of the latest certificates. One is made as soon as it
has enough signatures, so that the slowest are often missing; who is in none is silent, cut off, or does not sign.`,
    )
    .action(async (options: StatusOptions) => {
      if (options.watch) await watch(options)
      else show(await look(options), options)
    })
}

interface Look {
  readonly status: ConsensusStatus
  /** Where nobody leads: what a leader that made two blocks in one place may have left behind. */
  readonly branches: readonly StuckBranch[]
  readonly members: Founders
}

async function look(options: NodeOptions): Promise<Look> {
  const { desk } = connectToDesk(options)
  const status = await desk.consensusStatus()
  const branches = status.leader === null && status.own !== null ? await desk.standstill() : []
  return { status, branches, members: await membersOf(connectTo(options).client) }
}

function show({ status, branches, members }: Look, options: NodeOptions): void {
  print(status, () => consensusLines(status, { branches, members, nowMs: Date.now() }), options)
}

/** A node that does not answer for a while is part of what is watched. With --json: one line a look. */
async function watch(options: NodeOptions): Promise<never> {
  for (;;) {
    try {
      const now = await look(options)
      if (options.json) process.stdout.write(`${JSON.stringify(now.status)}\n`)
      else {
        process.stdout.write(process.stdout.isTTY ? CLEAR_SCREEN : '\n')
        process.stdout.write(`${timeInWords(Date.now())}\n\n`)
        show(now, options)
      }
    } catch (error) {
      if (!(error instanceof ClientError) || error.code !== 'UNREACHABLE') throw error
      progress(`${timeInWords(Date.now())}  ${error.message}`)
    }
    await pause(WATCH_MS)
  }
}

function addTransfer(group: Command): void {
  addNodeOptions(
    group
      .command('transfer')
      .description('hand leadership from this node, which leads, to another validator: before maintenance, for example')
      .requiredOption('--to <institution>', 'name or id of the institution whose validator takes over'),
  )
    .addHelpText('after', '\nExample:\n  assent consensus transfer --folder hospital-a --to "Hospital B"')
    .action(async (options: NodeOptions & { readonly to: string }) => {
      const { desk } = connectToDesk(options)
      const founders = await membersOf(connectTo(options).client)
      const to = institutionFrom(options.to, { founders, option: '--to' })
      try {
        const result = await desk.transferLeadership(to)
        print(result, () => pairs([['leader', nameOf(result.leader, founders)]]), options)
      } catch (error) {
        if (!isRefusal(error, 'NOT_TRANSFERRED')) throw error
        throw new UsageError(WHY_NOT[error.refusal.reason ?? ''] ?? error.message)
      }
    })
}

/** By the reason of NOT_TRANSFERRED. */
const WHY_NOT: { readonly [reason: string]: string } = {
  NOT_LEADER: 'this node does not lead; `assent status` says who does, ask there',
  NO_TARGET: '--to: expected another institution with a validator',
  NOT_CONNECTED: '--to: its validator is not connected; this node leads on',
  TIMEOUT: 'nobody has taken over within an election timeout; `assent status` says who leads',
}
