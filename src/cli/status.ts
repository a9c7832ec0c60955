// assent status: how a node sees itself and its consortium.

import type { Command } from 'commander'
import { addNodeOptions, connectTo } from './connection.ts'
import { nameOf } from './identities.ts'
import { pairs, print, UsageError } from './output.ts'

export function addStatus(program: Command): void {
  addNodeOptions(program.command('status').description("a node's role, head, leader and peers"))
    .addHelpText('after', '\nExample:\n  assent status --folder .assent/hospital-a')
    .action(async (options) => {
      const { client, genesis } = connectTo(options)
      const status = await client.nodeStatus()
      if (status.chainId !== genesis.chainId) {
        throw new UsageError('--genesis: is of another chain than the one that this node is on')
      }
      const { founders } = genesis.genesis
      print(
        status,
        () =>
          pairs([
            ['institution', nameOf(status.institution, founders)],
            ['role', status.role],
            ['consortium', genesis.genesis.name],
            ['chain', status.chainId],
            ['height', status.height],
            ['head', status.headHash],
            ['head time', new Date(status.headTimeMs).toISOString()],
            ['state root', status.stateRoot],
            ['term', status.term],
            ['leader', status.leader === null ? 'none known' : nameOf(status.leader, founders)],
            ['peers', status.peers],
            ['pending', status.pending],
          ]),
        options,
      )
    })
}
