// What a change of the validators would do: to the quorum by arithmetic, and to the running chain by what the nodes say of
// themselves. Shown before anything is done. spec/consensus.md, "Quorum".

import type { NodeReport } from '../client/client.ts'
import type { PublicKey } from '../types/brand.ts'
import { quorum } from '../types/validator-set.ts'
import type { SetAnswer } from './governance-answers.ts'
import { type Founders, nameOf } from './identities.ts'
import { counted, shortId, table } from './output.ts'

/** A learner this close to the head is caught up: it follows faster than that many blocks are made. */
const BEHIND_MAX = 10

export interface QuorumFigures {
  readonly validators: number
  readonly b: number
  readonly quorum: number
  readonly liarsThatCannotFork: number
  readonly silentTolerated: number
}

export function figuresOf({ b, members }: Pick<SetAnswer, 'b' | 'members'>): QuorumFigures {
  const n = members.length
  const q = quorum({ b, members: members as never })
  return { validators: n, b, quorum: q, liarsThatCannotFork: Math.max(0, 2 * q - n - 1), silentTolerated: n - q }
}

const WORDS: { readonly [Name in keyof QuorumFigures]: string } = {
  validators: 'validators (n)',
  b: 'liars to withstand (b)',
  quorum: 'quorum (q)',
  liarsThatCannotFork: 'liars that cannot fork',
  silentTolerated: 'silent members tolerated',
}

export function quorumTable(now: QuorumFigures, after: QuorumFigures): readonly string[] {
  const names = Object.keys(WORDS) as (keyof QuorumFigures)[]
  return table(
    ['', 'now', 'after'],
    names.map((name) => [WORDS[name], now[name], after[name]]),
  )
}

export type Presence = 'signs' | 'follows' | 'silent'

export interface Standing {
  readonly presence: Presence
  /** Null where the node was not heard. */
  readonly height: number | null
  readonly behind: number | null
}

/** By the consensus key that lies on a node, as the nodes say themselves. */
export function standingOf(consensus: PublicKey, nodes: readonly NodeReport[]): Standing {
  const report = nodes.find(({ consensusKey }) => consensusKey === consensus)
  if (report === undefined) return { presence: 'silent', height: null, behind: null }
  const head = Math.max(...nodes.map(({ height }) => height))
  return { presence: report.signs ? 'signs' : 'follows', height: report.height, behind: head - report.height }
}

/** Why the chain could stand still if this set came into force now; empty where nothing speaks against it. */
export function objectionsTo(
  after: Pick<SetAnswer, 'b' | 'members'>,
  { joining, nodes, members }: { joining: PublicKey | null; nodes: readonly NodeReport[]; members: Founders },
): readonly string[] {
  const objections: string[] = []
  const isReady = (key: PublicKey): boolean => {
    const { presence, behind } = standingOf(key, nodes)
    return key === joining ? behind !== null && behind <= BEHIND_MAX : presence === 'signs'
  }
  if (joining !== null && !isReady(joining)) {
    const institution = after.members.find(({ consensus }) => consensus === joining)?.institution ?? joining
    const { height, behind } = standingOf(joining, nodes)
    const who = `the node of ${nameOf(institution, members)} with the key ${shortId(joining)}`
    if (behind === null) objections.push(`${who} is not heard: start it, and let it follow the chain first`)
    else objections.push(`${who} is ${counted(behind, 'block')} behind, at height ${height}: let it catch up first`)
  }
  const ready = after.members.filter(({ consensus }) => isReady(consensus))
  const q = figuresOf(after).quorum
  if (ready.length < q) {
    const silent = after.members
      .filter(({ consensus }) => !isReady(consensus))
      .map(({ institution }) => nameOf(institution, members))
    const count = `${ready.length} of ${counted(after.members.length, 'validator')} would sign, ${q} are needed`
    objections.push(`${count}: the chain would stop. Not signing now: ${silent.join(', ')}`)
  }
  return objections
}
