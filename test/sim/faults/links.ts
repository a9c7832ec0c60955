// What happens between nodes: messages get lost, late, doubled, out of order; links break, are silent in one or both
// directions, or slow; the group falls into parts.

import type { Road } from '../network.ts'
import type { Random } from '../random.ts'
import type { World } from '../world.ts'
import type { Fault } from './fault.ts'

/** All roads get worse for a while. */
function weather(name: string, make: (random: Random) => Partial<Road>): Fault {
  return {
    leastMembers: 2,
    everyMs: 4_000,
    strike(world, random) {
      const road = make(random)
      world.trace.line('network', () => `${name}: ${JSON.stringify(road)}`)
      for (const [from, to] of pairs(world)) Object.assign(world.network.road(from, to), road)
      const good = { loss: 0, duplication: 0, reordering: 0, delayMs: 0.5, jitterMs: 0.5 }
      const back = Object.fromEntries(Object.keys(road).map((key) => [key, good[key as keyof typeof good]]))
      world.untilQuiet(random.between(1_000, 6_000), () => {
        for (const [from, to] of pairs(world)) Object.assign(world.network.road(from, to), back)
      })
      return true
    },
  }
}

export const loss = weather('loss', (random) => ({ loss: random.pick([0.01, 0.05, 0.2]) }))
export const delay = weather('delay', (random) => ({
  delayMs: random.pick([5, 40, 150]),
  jitterMs: random.pick([5, 60, 300]),
}))
export const duplication = weather('duplication', (random) => ({ duplication: random.pick([0.02, 0.2]) }))
export const reordering = weather('reordering', (random) => ({ reordering: random.pick([0.05, 0.3]), jitterMs: 20 }))

/** Connections close between two groups; everybody is told. */
export const partition: Fault = {
  leastMembers: 2,
  everyMs: 6_000,
  strike(world, random) {
    const [left, right] = parts(world, random)
    const across = left.flatMap((a) => right.map((b) => [a, b] as const))
    world.trace.line('network', () => `partition: ${names(world, left)} | ${names(world, right)}`)
    for (const [a, b] of across) world.network.cut(a, b)
    world.untilQuiet(random.between(500, 8_000), () => {
      world.trace.line('network', () => `partition heals: ${names(world, left)} | ${names(world, right)}`)
      for (const [a, b] of across) world.network.mend(a, b)
    })
    return true
  },
}

/** Packets vanish between two groups, in both directions or in one. Nobody is told. */
export const silence: Fault = {
  leastMembers: 2,
  everyMs: 6_000,
  strike(world, random) {
    const [left, right] = parts(world, random)
    const isOneWay = random.chance(0.5)
    world.trace.line(
      'network',
      () => `silence ${isOneWay ? 'from' : 'between'} ${names(world, left)} to ${names(world, right)}`,
    )
    const roads = left.flatMap((a) =>
      right.flatMap((b) => [world.network.road(a, b), ...(isOneWay ? [] : [world.network.road(b, a)])]),
    )
    for (const road of roads) road.isSilent = true
    world.untilQuiet(random.between(500, 8_000), () => {
      for (const road of roads) road.isSilent = false
    })
    return true
  },
}

/** One connection breaks, and is dialled again. */
export const disconnect: Fault = {
  leastMembers: 2,
  everyMs: 1_500,
  strike(world, random) {
    const [a, b] = random.sample(world.nodes, 2).map(({ self }) => self)
    if (a === undefined || b === undefined) return false
    world.network.disconnect(a, b)
    return true
  },
}

/** One member behind a slow link. */
export const slowLink: Fault = {
  leastMembers: 2,
  everyMs: 5_000,
  strike(world, random) {
    const node = random.pick(world.nodes)
    const delayMs = random.pick([80, 300, 900])
    world.trace.line(node.name, () => `has a link that is ${delayMs} ms slow`)
    const roads = world.nodes
      .filter((other) => other !== node)
      .flatMap((other) => [world.network.road(node.self, other.self), world.network.road(other.self, node.self)])
    for (const road of roads) road.delayMs = delayMs
    world.untilQuiet(random.between(1_000, 8_000), () => {
      for (const road of roads) road.delayMs = 0.5
    })
    return true
  },
}

const pairs = ({ nodes }: World) =>
  nodes.flatMap((a) => nodes.filter((b) => b !== a).map((b) => [a.self, b.self] as const))

function parts({ nodes }: World, random: Random) {
  const mixed = random.sample(nodes, nodes.length).map(({ self }) => self)
  const cut = 1 + random.below(mixed.length - 1)
  return [mixed.slice(0, cut), mixed.slice(cut)] as const
}

const names = ({ nodes }: World, keys: readonly string[]): string =>
  nodes
    .filter(({ self }) => keys.includes(self))
    .map(({ name }) => name)
    .join('')
