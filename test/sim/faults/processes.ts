// What happens to processes: they crash, all at once or in a loop, and are stopped for a while.

import type { Fault } from './fault.ts'

export const crash: Fault = {
  leastMembers: 1,
  everyMs: 3_000,
  strike(world, random) {
    const node = world.pickUp(random)
    if (node === null) return false
    world.crash(
      node,
      random.weighted([
        [random.between(5, 300), 2],
        [random.between(300, 5_000), 3],
      ]),
    )
    return true
  },
}

/** The leader, just when it has made a block: followers have it, or not, or have acked it. */
export const crashLeader: Fault = {
  leastMembers: 1,
  everyMs: 4_000,
  strike(world, random) {
    const leader = world.nodes.find((node) => node.isHonest && node.isLeader)
    if (leader === undefined) return false
    world.queue.after(random.between(0, 12), () => world.crash(leader, random.between(50, 4_000)))
    return true
  },
}

/** A power cut for everybody. */
export const crashAll: Fault = {
  leastMembers: 1,
  everyMs: 9_000,
  strike(world, random) {
    for (const node of world.honest) if (node.isUp) world.crash(node, random.between(20, 2_000))
    return true
  },
}

/** As by SIGSTOP, or a machine that swaps: nothing runs, then everything at once. */
export const pause: Fault = {
  leastMembers: 1,
  everyMs: 5_000,
  strike(world, random) {
    const node = world.pickUp(random)
    if (node === null || node.isPaused) return false
    const forMs = random.weighted([
      [random.between(50, 900), 1],
      [random.between(900, 7_000), 2],
    ])
    world.trace.line(node.name, () => `is stopped for ${Math.round(forMs)} ms`)
    node.pause()
    world.queue.after(forMs, () => node.resume())
    return true
  },
}

/**
 * A follower, just when it has said something that binds it, before or after its disk has it; and with it, often, the leader
 * that it told.
 */
export const crashTalker: Fault = {
  leastMembers: 2,
  everyMs: 3_000,
  strike(world, random) {
    const hasLeader = world.nodes.some(({ isLeader }) => isLeader)
    if (!hasLeader) return false
    world.onNextSend((node, message) => {
      const isBinding = message.kind === 'vote' || (message.kind === 'appendReply' && message.acks.length > 0)
      if (!isBinding) return false
      const leader = world.honest.find((other) => other !== node && other.isLeader)
      // What the message causes in the network happens first.
      world.queue.after(random.between(0, 1.5 * node.disk.health.syncMs), () =>
        world.crash(node, random.between(5, 100)),
      )
      if (leader !== undefined && random.chance(0.7)) {
        world.queue.after(random.between(0, 3), () => world.crash(leader, random.between(2_000, 6_000)))
      }
      return true
    })
    return true
  },
}
