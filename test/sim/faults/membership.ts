// What happens to the group: the institutions give a follower a seat, take one away from whoever runs or is down, give it back,
// change keys and machines. One change after the other, in the midst of whatever else goes wrong, and never one that leaves the
// group with more liars than it bears.

import { consensusKeysOf } from '../../../src/node/key-file.ts'
import type { PublicKey } from '../../../src/types/brand.ts'
import type { SimulatedNode } from '../node.ts'
import { harmlessLiars, type Size, spareMembers } from '../quorum.ts'
import type { Random } from '../random.ts'
import type { World } from '../world.ts'
import type { Fault } from './fault.ts'

type Option = readonly [begin: () => void, weight: number]

export const membership: Fault = {
  leastMembers: 1,
  everyMs: 1_500,
  strike(world, random) {
    if (world.institutions.isBusy) return false
    const options = optionsOf(world, random)
    if (options.length === 0) return false
    random.weighted(options)()
    return true
  },
}

function optionsOf(world: World, random: Random): readonly Option[] {
  const { seats, honest, nodes } = world
  const { b, members } = seats.present
  const n = members.length
  const options: Option[] = []
  for (const node of honest) {
    if (seats.seatOf(node.seat) === undefined) {
      if (bears(world, { n: n + 1, b })) options.push([() => add(world, node), 6])
      continue
    }
    options.push([() => replaceKey(world, node), 2])
    if (!bears(world, { n: n - 1, b })) continue
    options.push([() => remove(world, node), 2])
    options.push([() => removeWhileDown(world, node, random.between(4_000, 12_000)), 2])
    // One more who is silent, until it is removed.
    const isSpare = spareMembers({ n, b }) > seatedLiars(world)
    if (isSpare && !world.hasLostLedger)
      options.push([() => replaceMachine(world, node, random.between(500, 6_000)), 2])
  }
  for (const liar of nodes) {
    const mayGo = !liar.isHonest && seats.seatOf(liar.seat) !== undefined && isPassed({ n: n - 1, b })
    if (mayGo) options.push([() => world.institutions.want('liar removed', { kind: 'remove', node: liar }), 1])
  }
  for (const other of [b - 1, b + 1]) {
    if (bears(world, { n, b: other }))
      options.push([() => world.institutions.want('b changed', { kind: 'setLiars', b: other }), 1])
  }
  return options
}

function add({ institutions, seats }: World, node: SimulatedNode): void {
  // A key has one seat, and only once.
  const isBack = seats.hadSeat(node.seat)
  if (isBack) node.addConsensusKey()
  institutions.want(isBack ? 'added back' : 'promoted', { kind: 'add', node, key: newestKeyOf(node) })
}

function replaceKey({ institutions }: World, node: SimulatedNode): void {
  node.addConsensusKey()
  institutions.want('key replaced', { kind: 'replaceKey', node, key: newestKeyOf(node) })
}

function remove({ institutions }: World, node: SimulatedNode): void {
  institutions.want('removed', { kind: 'remove', node })
}

function removeWhileDown(world: World, node: SimulatedNode, downMs: number): void {
  world.crash(node, downMs)
  world.institutions.want('removed while down', { kind: 'remove', node })
}

/** Nobody knows any more what it has signed: it has to leave before it may come back. */
function replaceMachine(world: World, node: SimulatedNode, downMs: number): void {
  world.hasLostLedger = true
  world.loseMachine(node, downMs)
  world.institutions.want('removed with its machine', { kind: 'remove', node })
  world.institutions.want('back on another machine', { kind: 'add', node, key: newestKeyOf(node) })
}

function newestKeyOf({ keys }: SimulatedNode): PublicKey {
  const key = consensusKeysOf(keys).at(-1)
  if (key === undefined) throw new Error('every node of the simulation has a consensus key')
  return key.publicKey
}

/** Would the contract pass it, and the liars that have a seat be harmless, silent or not? */
function bears(world: World, size: Size): boolean {
  const liars = seatedLiars(world)
  return isPassed(size) && harmlessLiars(size) >= liars && spareMembers(size) >= liars
}

const isPassed = ({ n, b }: Size): boolean => n > 0 && b >= 0 && b <= Math.floor((n - 1) / 3)

function seatedLiars({ seats, nodes }: World): number {
  return nodes.filter(({ isHonest, seat }) => !isHonest && seats.seatOf(seat) !== undefined).length
}
