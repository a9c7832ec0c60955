// What happens to machines: slow disks, disks that fail to sync or rot, clocks that drift or are set.

import type { Fault } from './fault.ts'

export const slowDisk: Fault = {
  leastMembers: 1,
  everyMs: 4_000,
  strike(world, random) {
    const node = random.pick(world.honest)
    const syncMs = random.pick([20, 120, 700])
    world.trace.line(node.name, () => `has a disk that takes ${syncMs} ms to sync`)
    node.disk.health.syncMs = syncMs
    world.untilQuiet(random.between(1_000, 8_000), () => {
      node.disk.health.syncMs = 0.4
    })
    return true
  },
}

/** The node has to stop; the operator starts it again. */
export const failedSync: Fault = {
  leastMembers: 1,
  everyMs: 7_000,
  strike(world, random) {
    const node = world.pickUp(random)
    if (node === null) return false
    world.trace.line(node.name, () => 'its disk fails to sync')
    node.disk.health.failsSync = true
    return true
  },
}

/**
 * One bit of the ledger turns. The node stops when it reads it, and starts with an empty ledger and its sign-state. One in a
 * run: a second loss may take away what only two members had.
 */
export const bitFlip: Fault = {
  leastMembers: 3,
  everyMs: 10_000,
  strike(world, random) {
    const node = world.pickUp(random)
    if (node === null || world.hasLostLedger) return false
    world.hasLostLedger = true
    world.trace.line(node.name, () => 'a bit of its ledger turns')
    node.disk.store.rot(random)
    // The restart reads most of what there is.
    world.queue.after(random.between(0, 2_000), () => world.crash(node, random.between(50, 1_000)))
    return true
  },
}

export const clockDrift: Fault = {
  leastMembers: 1,
  everyMs: 5_000,
  strike(world, random) {
    const node = random.pick(world.honest)
    node.clock.driftMsPerSecond = random.pick([-50, -5, 5, 50])
    world.trace.line(node.name, () => `its clock gains ${node.clock.driftMsPerSecond} ms a second`)
    return true
  },
}

export const clockStep: Fault = {
  leastMembers: 1,
  everyMs: 5_000,
  strike(world, random) {
    const node = random.pick(world.honest)
    const stepMs = random.pick([-60_000, -4_000, -300, 300, 4_000, 60_000])
    world.trace.line(node.name, () => `its clock is set by ${stepMs} ms`)
    node.clock.offsetMs += stepMs
    world.untilQuiet(random.between(1_000, 6_000), () => {
      node.clock.offsetMs -= stepMs
    })
    return true
  },
}
