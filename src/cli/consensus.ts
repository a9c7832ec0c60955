// assent consensus: what an operator asks of the validators' protocol.

import type { Command } from 'commander'
import { isRefusal } from '../client/errors.ts'
import { addNodeOptions, connectToDesk, type NodeOptions } from './connection.ts'
import { institutionFrom, nameOf } from './identities.ts'
import { pairs, print, UsageError } from './output.ts'

export function addConsensus(program: Command): void {
  const group = program.command('consensus').description('leadership among the validators')

  addNodeOptions(
    group
      .command('transfer')
      .description('hand leadership from this node, which leads, to another validator: before maintenance, for example')
      .requiredOption('--to <institution>', 'name or id of the institution whose validator takes over'),
  )
    .addHelpText('after', '\nExample:\n  assent consensus transfer --folder hospital-a --to "Hospital B"')
    .action(async (options: NodeOptions & { readonly to: string }) => {
      const { desk, genesis } = connectToDesk(options)
      const { founders } = genesis.genesis
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
