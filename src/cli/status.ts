// assent status: how a node sees itself and its consortium.

import type { Command } from 'commander'
import { addNodeOptions, connectTo } from './connection.ts'
import { pairs, print, shortId } from './output.ts'

export function addStatus(program: Command): void {
  addNodeOptions(program.command('status').description("a node's role, head, leader and peers"))
    .addHelpText('after', '\nExample:\n  assent status --folder .assent/hospital-a')
    .action(async (options) => {
      const { client, genesis } = connectTo(options)
      const status = await client.nodeStatus()
      const nameOf = (id: string | null): string =>
        id === null
          ? 'none known'
          : (genesis.genesis.founders.find(({ institution }) => institution === id)?.name ?? shortId(id))
      print(
        status,
        () =>
          pairs([
            ['institution', nameOf(status.institution)],
            ['role', status.role],
            ['consortium', genesis.genesis.name],
            ['chain', status.chainId],
            ['height', status.height],
            ['head', status.headHash],
            ['head time', new Date(status.headTimeMs).toISOString()],
            ['state root', status.stateRoot],
            ['term', status.term],
            ['leader', nameOf(status.leader)],
            ['peers', status.peers],
            ['pending', status.pending],
          ]),
        options,
      )
    })
}
