// assent start: runs this institution's node until a signal or a fault stops it.

import { join } from 'node:path'
import type { Command } from 'commander'
import { loadConfig } from '../node/config.ts'
import { createLog } from '../node/log.ts'
import type { RunningNode } from '../node/running-node.ts'
import { type OutputOptions, pairs, print } from './output.ts'

export function addStart(program: Command): void {
  program
    .command('start')
    .description("run this institution's node")
    .option('--folder <folder>', "the institution's folder", '.')
    .option('--config <file>', 'its configuration (default: assent.json in the folder)')
    .option('--json', 'print the endpoints as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  assent start --folder hospital-a\n  Stops on SIGINT or SIGTERM, after what is under way.',
    )
    .action(async (options) => {
      const config = loadConfig(options.config ?? join(options.folder, 'assent.json'))
      const log = createLog({ ...config.log, name: 'assent' })
      const stopping = Promise.withResolvers<'signal'>()
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.resolve('signal'))
      // Only now: loading all of a node takes longer than any other command does.
      const { startNode } = await import('../node/node.ts')
      let node = await startNode(config, log)
      printEndpoints(node, options)
      while ((await runUntil(node, stopping.promise)) === 'outdated') {
        log.info('starting again, with the snapshot')
        const isFirstLedger = node.rpcUrl === null
        node = await startNode(config, log)
        if (isFirstLedger) printEndpoints(node, options)
      }
      log.flush()
    })
}

function printEndpoints({ rpcUrl, p2pAddresses }: RunningNode, options: OutputOptions): void {
  if (rpcUrl === null) return
  print(
    { rpc: rpcUrl, p2p: p2pAddresses, metrics: `${rpcUrl}/metrics` },
    ({ rpc, metrics }) =>
      pairs([
        ['RPC (HTTP, WebSocket)', rpc],
        ['metrics', metrics],
        ['peers reach', p2pAddresses.join(', ')],
      ]),
    options,
  )
}

/** Ends gracefully at the signal; throws what made the node stop by itself. */
export async function runUntil(node: RunningNode, signal: Promise<'signal'>): Promise<'signal' | 'outdated'> {
  const failed = node.failed.then((reason) => ({ reason }))
  const outcome = await Promise.race([signal, node.outdated.then(() => 'outdated' as const), failed])
  await node.stop()
  if (typeof outcome === 'object') throw outcome.reason
  return outcome
}
