// assent status: how a node sees itself and its consortium.

import type { Command } from 'commander'
import type { NodeStatus } from '../client/client.ts'
import { addNodeOptions, connectTo } from './connection.ts'
import { membersOf } from './governance-answers.ts'
import { nameOf } from './identities.ts'
import { pairs, print, UsageError } from './output.ts'
import { versionWarning } from './version-support.ts'

export function addStatus(program: Command): void {
  addNodeOptions(program.command('status').description("a node's role, head, leader and peers"))
    .addHelpText('after', '\nExample:\n  assent status --folder .assent/hospital-a')
    .action(async (options) => {
      const { client, genesis } = connectTo(options)
      const status = await client.nodeStatus()
      if (status.chainId !== genesis.chainId) {
        throw new UsageError('--genesis: is of another chain than the one that this node is on')
      }
      const founders = await membersOf(client)
      const { next } = status.protocol
      const warning = next && versionWarning(status, { version: next.version, founders })
      print(
        status,
        () =>
          pairs([
            ['institution', nameOf(status.institution, founders)],
            ['role', status.role],
            ...signingRows(status.signing),
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
            ...(status.evidence === 0
              ? []
              : ([['EVIDENCE', `${status.evidence}: validators lied; assent evidence list`]] as const)),
            ['protocol', protocolInWords(status)],
            ...(warning === null ? [] : ([['warning', warning]] as const)),
          ]),
        options,
      )
    })
}

function protocolInWords({ height, protocol }: NodeStatus): string {
  const { version, supported, next } = protocol
  const known = `this release supports ${supported.join(', ')}`
  if (!supported.includes(version)) {
    return `version ${version} from height ${height + 1} on; ${known}: stopped here, install a release that supports it`
  }
  if (next === null) return `version ${version}; ${known}`
  const stops = supported.includes(next.version) ? '' : ' and will stop before that height'
  return `version ${version}, version ${next.version} from height ${next.height} on; ${known}${stops}`
}

/** Observers have no such row; a validator that only follows says why, and how to go on. */
function signingRows({ state, reason, advice }: NodeStatus['signing']): [string, string][] {
  switch (state) {
    case 'none':
      return []
    case 'signing':
      return [['signs', 'yes']]
    case 'unseated':
      return [['signs', `no: ${advice ?? reason}`]]
    case 'greeting':
      return [['signs', 'not yet: waits for what the other validators know of it']]
    case 'refused':
      return [
        ['signs', `NO, it only follows: ${reason}`],
        ['', advice ?? ''],
      ]
  }
}
