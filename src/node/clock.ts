// Time and chance enter the node here, and reach the cores inside events only. The simulator puts its own in their place.

import { getRandomValues } from 'node:crypto'

export interface Clock {
  /** ms UTC. */
  nowMs(): number
  /** 32 random bits. */
  random(): number
}

/** Calls off what has not run yet; again, or afterwards, it does nothing. */
export type Cancel = () => void

export interface Timers {
  /** Once, `delayMs` from now. */
  after(delayMs: number, run: () => void): Cancel
  /** Every `intervalMs`, for the first time one interval from now. */
  every(intervalMs: number, run: () => void): Cancel
  /** Once, behind the input that has arrived by now. */
  afterInput(run: () => void): void
}

const word = new Uint32Array(1)

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  random: () => getRandomValues(word)[0] as number,
}

export const systemTimers: Timers = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
  every(intervalMs, run) {
    const timer = setInterval(run, intervalMs)
    return () => clearInterval(timer)
  },
  afterInput(run) {
    setImmediate(run)
  },
}
