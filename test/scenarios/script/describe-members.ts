// The group as a table: one line a member.

import { table } from '../../../src/cli/output.ts'
import type { State } from '../../../src/consensus/state.ts'
import type { Hash } from '../../../src/types/brand.ts'
import type { Stage } from './stage.ts'

export function describeMembers(stage: Stage): string[] {
  const rows = stage.players.map(({ seat, state }) => [String(seat), ...(state === null ? ['down'] : columnsOf(state))])
  return table(['member', 'role', 'term', 'epoch', 'tip', 'certified', 'ack'], rows.map(filled)).map((line) =>
    line.trimEnd(),
  )
}

function columnsOf(state: State): string[] {
  const { role, term, epoch, signState } = state
  const { lastAck } = signState
  return [
    role.kind,
    String(term),
    String(epoch),
    nameOf(state, state.tipHash),
    nameOf(state, state.certifiedHash),
    lastAck === null ? '-' : `${lastAck.term}/${lastAck.height}`,
  ]
}

function nameOf({ tree }: State, hash: Hash): string {
  const header = tree.entries.get(hash)?.block.header
  return header === undefined ? '?' : `${header.term}/${header.height}`
}

const filled = (row: string[]): string[] => [...row, ...Array<string>(7 - row.length).fill('')]
