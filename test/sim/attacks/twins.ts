// How most liars of an attack begin: one of them leads and makes two blocks in one place.

import type { Block } from '../../../src/types/block.ts'
import type { LeaderCert } from '../../../src/types/certificate.ts'
import type { SimulatedNode } from '../node.ts'
import type { Puppet } from './puppet.ts'
import type { Stage } from './stage.ts'

export interface Twins {
  readonly leaderCert: LeaderCert
  readonly first: Block
  readonly second: Block
}

/** By a seized leader, on its certified head. Nobody has been shown them yet. */
export function makeTwins(liar: Puppet): Twins {
  const parent = liar.head
  const leaderCert = liar.leaderCertOf(parent.header.term)
  return {
    leaderCert,
    first: liar.block({ parent, leaderCert, laterMs: 1 }),
    second: liar.block({ parent, leaderCert, laterMs: 2 }),
  }
}

/** Each member gets one of them, and acks it. */
export async function showTwins(
  stage: Stage,
  { liar, twins, to }: { liar: Puppet; twins: Twins; to: Record<'first' | 'second', readonly SimulatedNode[]> },
): Promise<void> {
  for (const node of to.first) liar.append(node, { blocks: [twins.first] })
  for (const node of to.second) liar.append(node, { blocks: [twins.second] })
  await stage.until(() => liar.hasAcksOf(twins.first, to.first) && liar.hasAcksOf(twins.second, to.second))
}

/** One is certified by all but one honest member, only one of them knows of it, and the last one has acked the other. */
export interface SplitGroup {
  readonly liar: Puppet
  /** The certified one. */
  readonly first: Block
  readonly knowing: SimulatedNode
  readonly acking: SimulatedNode
  readonly other: SimulatedNode
}

/** Null where the group has too few honest members. */
export async function splitGroup(stage: Stage): Promise<SplitGroup | null> {
  const liar = stage.puppet(0)
  const [knowing, acking, other] = stage.honest
  if (knowing === undefined || acking === undefined || other === undefined) return null
  await stage.prepare(liar.node)
  liar.seize()
  const twins = makeTwins(liar)
  stage.lied('makes two blocks in one place')
  await showTwins(stage, { liar, twins, to: { first: [knowing, acking], second: [other] } })
  liar.append(knowing, { blocks: [twins.first], commitCert: liar.commitCert(twins.first) })
  await stage.until(() => stage.isCertified(knowing, twins.first))
  return { liar, first: twins.first, knowing, acking, other }
}
