// assent keys rotate-transport, end-transport: another key under which the node is known to the other nodes, with overlap:
// registered, the node started with it, the former ones revoked.

import { join } from 'node:path'
import type { Command } from 'commander'
import type { Client } from '../client/client.ts'
import { loadKeyFile, replaceTransportKey } from '../node/key-file.ts'
import type { IdentityId } from '../types/brand.ts'
import { actorFrom, addNodeOptions, connectTo, type NodeOptions } from './connection.ts'
import { keysSchema } from './contract-answers.ts'
import { ask } from './governance-answers.ts'
import { pairs, print, UsageError } from './output.ts'
import { submitCall } from './submit.ts'

export function addTransportKeys(keys: Command): void {
  addNodeOptions(
    keys
      .command('rotate-transport')
      .description("make and register another transport key, and put it in the place of the key file's"),
  )
    .addHelpText(
      'after',
      `
Example: the node is running, with the key so far
  assent keys rotate-transport --folder hospital-a
  Then start the node again: it goes on with the new key. When it is up: assent keys end-transport --folder hospital-a`,
    )
    .action(async (options: NodeOptions) => {
      const { client, genesis } = connectTo(options)
      const signer = actorFrom(options)
      const transport = await replaceTransportKey(join(options.folder, 'keys.json'), async (key) => {
        const args = { identity: signer.identity, kind: 'transport', key }
        await submitCall({ contract: 'registry', method: 'addKey', args }, { client, genesis, signer })
      })
      print(
        { transport },
        () => [
          ...pairs([['transport', transport]]),
          '',
          'Start the node again; then revoke the former key: assent keys end-transport',
        ],
        options,
      )
    })

  addNodeOptions(
    keys
      .command('end-transport')
      .description("revoke the transport keys that are not the key file's: nobody talks to who uses them any more"),
  )
    .addHelpText('after', '\nExample:\n  assent keys end-transport --folder hospital-a')
    .action(async (options: NodeOptions) => {
      const { client, genesis } = connectTo(options)
      const signer = actorFrom(options)
      const { transport } = loadKeyFile(join(options.folder, 'keys.json'))
      const registered = await transportKeysOf(signer.identity, client)
      if (!registered.some(({ key }) => key === transport.publicKey)) {
        throw new UsageError('--folder: the transport key in its key file is not registered; the others stay in force')
      }
      const former = registered.filter(({ key }) => key !== transport.publicKey)
      for (const { keyId } of former) {
        const args = { identity: signer.identity, keyId }
        await submitCall({ contract: 'registry', method: 'revokeKey', args }, { client, genesis, signer })
      }
      const result = { transport: transport.publicKey, revoked: former.map(({ key }) => key) }
      print(
        result,
        () =>
          pairs([
            ['transport', result.transport],
            ['revoked', result.revoked.join(' ') || 'none: there was no other'],
          ]),
        options,
      )
    })
}

function transportKeysOf(identity: IdentityId, client: Client): Promise<readonly { keyId: number; key: string }[]> {
  return ask(client, { contract: 'registry', method: 'keysOf', args: { identity, kind: 'transport' } }, keysSchema)
}
