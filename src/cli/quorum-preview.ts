// What a change of the validators would do: to the quorum by arithmetic, and to the running chain by what the nodes say of
// themselves. Shown before anything is done. spec/consensus.md, "Quorum".

import type { NodeReport } from '../client/client.ts'
import type { PublicKey } from '../types/brand.ts'
import { quorum } from '../types/validator-set.ts'
import type { SetAnswer } from './governance-answers.ts'
import { type Founders, nameOf } from './identities.ts'
import { counted, table } from './output.ts'

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

/** By the consensus key that a node signs or would sign with, as the nodes say themselves. */
export function standingOf(consensus: PublicKey, nodes: readonly NodeReport[]): Standing {
  return standingBy(
    nodes.find(({ consensusKey }) => consensusKey === consensus),
    nodes,
  )
}

function standingBy(report: NodeReport | undefined, nodes: readonly NodeReport[]): Standing {
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
  const newcomer = after.members.find(({ consensus }) => consensus === joining)
  // A new key lies beside the one that the node signs with until then, and the node says which that is.
  const arrival = standingBy(
    nodes.find(({ institution, consensusKey }) => institution === newcomer?.institution && consensusKey !== null),
    nodes,
  )
  const isReady = (key: PublicKey): boolean => {
    if (key !== joining) return standingOf(key, nodes).presence === 'signs'
    return arrival.behind !== null && arrival.behind <= BEHIND_MAX
  }
  if (newcomer !== undefined && !isReady(newcomer.consensus)) {
    const { height, behind } = arrival
    const who = nameOf(newcomer.institution, members)
    if (behind === null) {
      objections.push(`no node of ${who} with a consensus key is heard: start it, and let it follow the chain first`)
    } else {
      objections.push(
        `the node of ${who} is ${counted(behind, 'block')} behind, at height ${height}: let it catch up first`,
      )
    }
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
