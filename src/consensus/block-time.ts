// A block's time against this node's clock: only for blocks that are not certified (spec/consensus.md, section 8).

import type { Header } from '../types/block.ts'
import type { Step } from './step.ts'

/** Too far in the past, or further ahead than anybody will wait. The leader is told: it can only step down. */
export function isOutOfTime(step: Step, header: Header): boolean {
  return header.timeMs < step.nowMs - step.settings.timing.clockDriftMaxMs || isFarAhead(step, header)
}

/** Not due within an election timeout. */
export function isFarAhead({ settings: { timing }, nowMs }: Step, { timeMs }: Header): boolean {
  return timeMs > nowMs + timing.clockDriftMaxMs + timing.electionTimeoutMaxMs
}
