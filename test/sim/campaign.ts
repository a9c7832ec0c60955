// Many seeds over several processes, in order, until all are done or one is violated. Which seed is reported does not depend on
// who was faster: every seed below it has been run.

import { type ChildProcess, fork } from 'node:child_process'
import type { Aim } from './plan.ts'
import type { Outcome } from './simulate.ts'

export interface WorkOrder {
  readonly seed: number
  readonly aim: Aim
}

export interface CampaignOptions {
  readonly from: number
  readonly seeds: number
  readonly workers: number
  readonly aim: Aim
  readonly plant: string | null
  readonly onOutcome: (outcome: Outcome) => void
}

export interface CampaignResult {
  /** Of the lowest seed that was violated. */
  readonly violated: Outcome | null
  /** Up to it, or all. */
  readonly seedsRun: number
}

/** Most of what a run makes dies within the virtual second: with this much room, before it is looked at. */
const ROOM_FOR_THE_YOUNG = ['--min-semi-space-size=32', '--max-semi-space-size=32']
const WORKER = new URL('./worker.ts', import.meta.url)

export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { from, seeds, workers, aim, plant, onOutcome } = options
  let next = from
  let violated: Outcome | null = null
  const takeSeed = (): number | null => (violated === null && next < from + seeds ? next++ : null)

  const work = async (): Promise<void> => {
    const child = fork(WORKER, plant === null ? [] : [plant], {
      execArgv: [...process.execArgv, ...ROOM_FOR_THE_YOUNG],
    })
    try {
      for (let seed = takeSeed(); seed !== null; seed = takeSeed()) {
        const outcome = await runOne(child, { seed, aim })
        onOutcome(outcome)
        if (outcome.violation !== null && (violated === null || outcome.seed < violated.seed)) violated = outcome
      }
    } finally {
      if (child.connected) child.disconnect()
    }
  }
  await Promise.all(Array.from({ length: Math.min(workers, seeds) }, work))
  const found = violated as Outcome | null
  return { violated: found, seedsRun: found === null ? seeds : found.seed - from + 1 }
}

function runOne(child: ChildProcess, order: WorkOrder): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void =>
      reject(new Error(`the process that ran seed ${order.seed} ended with code ${code}`))
    child.once('exit', onExit)
    child.once('message', (outcome) => {
      child.off('exit', onExit)
      resolve(outcome as Outcome)
    })
    child.send(order)
  })
}
