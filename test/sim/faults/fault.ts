// A fault: what it does to the world in one episode, and how often. An episode ends by itself; the end of the faulty phase ends
// all of them.

import type { Random } from '../random.ts'
import type { World } from '../world.ts'

export interface Fault {
  /** In a consortium of at least so many members. */
  readonly leastMembers: number
  /** Between two episodes, on average. */
  readonly everyMs: number
  /** One episode. False when there was nothing to do it to. */
  strike(world: World, random: Random): boolean
}
