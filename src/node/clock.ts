// Time and chance enter the node here, and reach the cores inside events only.

import { getRandomValues } from 'node:crypto'

export interface Clock {
  /** ms UTC. */
  nowMs(): number
  /** 32 random bits. */
  random(): number
}

const word = new Uint32Array(1)

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  random: () => getRandomValues(word)[0] as number,
}
