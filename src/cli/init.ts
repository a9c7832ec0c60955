// assent init: an institution's folder with its keys, its configuration, and the join card for the others.

import { join } from 'node:path'
import type { Command } from 'commander'
import { type InstitutionOptions, initInstitution } from '../node/institution-folder.ts'
import { INSTITUTION_KINDS, type InstitutionKind } from '../types/genesis.ts'
import { pairs, print, UsageError } from './output.ts'

export function addInit(program: Command): void {
  program
    .command('init')
    .description("make this institution's keys, configuration and signed join card")
    .requiredOption('--name <name>', "the institution's public name")
    .requiredOption('--kind <kind>', INSTITUTION_KINDS.join(' | '))
    .option('--role <role>', 'validator | observer', 'validator')
    .option('--folder <folder>', 'where to put them', '.')
    .option('--listen <multiaddress>', 'where peers reach this node', '/ip4/127.0.0.1/tcp/7000')
    .option('--rpc-port <port>', 'HTTP and WebSocket on loopback', '8000')
    .option('--join <genesis>', 'the complete genesis file of a running consortium that this institution joins')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Example:
  assent init --name "Hospital A" --kind hospital --folder hospital-a --listen /ip4/10.0.0.7/tcp/7000
  Send join-card.json to whoever builds the genesis. Keep keys.json to yourself.
To join a consortium that is running, with the genesis file that one of its members gave you:
  assent init --name "Clinic" --kind clinic --folder clinic --listen /ip4/10.0.0.9/tcp/7000 --join genesis.json`,
    )
    .action((options) => {
      const { kind, role } = options
      if (!INSTITUTION_KINDS.includes(kind)) throw new UsageError(`--kind: expected ${INSTITUTION_KINDS.join(', ')}`)
      if (role !== 'validator' && role !== 'observer') throw new UsageError('--role: expected validator or observer')
      const rpcPort = Number(options.rpcPort)
      if (!Number.isInteger(rpcPort) || rpcPort < 0 || rpcPort > 65_535)
        throw new UsageError('--rpc-port: expected 0 to 65535')
      const institution: InstitutionOptions = {
        name: options.name,
        kind: kind as InstitutionKind,
        role,
        listen: options.listen,
        rpcPort,
        joins: options.join,
      }
      const card = initInstitution(options.folder, institution)
      const result = {
        institution: card.founder.institution,
        folder: options.folder,
        files: ['keys.json', 'assent.json', 'join-card.json', 'wrapping-key'],
      }
      print(
        result,
        () => [
          ...pairs([
            ['institution', result.institution],
            ['keys (secret)', join(options.folder, 'keys.json')],
            ['configuration', join(options.folder, 'assent.json')],
            ['join card (public)', join(options.folder, 'join-card.json')],
          ]),
          '',
          ...(options.join === undefined ? toFound(options.folder) : toJoin(options.folder, role)),
        ],
        options,
      )
    })
}

const toFound = (folder: string): readonly string[] => [
  'Next: send the join card to whoever builds the genesis, put the signed genesis.json beside assent.json,',
  `then run: assent start --folder ${folder}`,
]

const toJoin = (folder: string, role: 'validator' | 'observer'): readonly string[] => [
  'Next: send the join card to a member of the consortium, who proposes it: assent governance admit --card FILE',
  `Start the node meanwhile or afterwards; once admitted it follows the chain: assent start --folder ${folder}`,
  ...(role === 'validator'
    ? [`When it has caught up, propose its seat: assent validator promote --folder ${folder}`]
    : []),
]
