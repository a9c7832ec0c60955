// One seed from start to end, and what came of it.

import { byKey, judge } from '../support/linearizability.ts'
import { leavesQuorum } from './attacks/budgets.ts'
import type { Stage } from './attacks/stage.ts'
import { type Consortium, consortiumOf } from './consortium.ts'
import { RESUME_TIMEOUTS } from './limits.ts'
import { type Aim, describePlan, type Plan, planOf } from './plan.ts'
import { Random } from './random.ts'
import { registerModel } from './register-model.ts'
import { decideRelease, dueMs, isFreeable } from './standstill.ts'
import type { TraceLine } from './trace.ts'
import { describeLine } from './trace.ts'
import { type Violation, World } from './world.ts'

const TRACE_LINES = 60
const ATTACK_MS_MAX = 180_000
const AFTERMATH_MS = 3_000

export interface Outcome {
  readonly seed: number
  readonly plan: string
  readonly violation: Violation | null
  /** Of a failed run: how it came to it. */
  readonly story: readonly string[]
  readonly hash: string
  readonly virtualMs: number
  readonly blocks: number
  readonly transactions: number
  /** Of faults and lies, by name. */
  readonly fired: Readonly<Record<string, number>>
  /** Planned faults and lies of which none happened. */
  readonly missed: readonly string[]
  /** Who was proven guilty to anybody honest. */
  readonly convicted: readonly number[]
  /** Between two certified blocks, as long as there were faults and liars. */
  readonly longestPauseMs: number
  /** From the end of the faults to the next commit everywhere. */
  readonly resumedMs: number | null
}

export interface SimulateOptions {
  readonly seed: number
  readonly aim?: Aim
  readonly onLine?: (line: TraceLine) => void
}

export async function simulate(options: SimulateOptions): Promise<Outcome> {
  const random = new Random(options.seed)
  const plan = planOf(random.fork('plan'), options.aim ?? {})
  const consortium = await consortiumOf(plan.constitution)
  // A turn of its own: promises run only where no other promise is running.
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(run(options, { random, plan, consortium }))
      } catch (error) {
        reject(error)
      } finally {
        process.removeAllListeners('unhandledRejection')
      }
    })
  })
}

function run(
  { seed, onLine }: SimulateOptions,
  { random, plan, consortium }: { random: Random; plan: Plan; consortium: Consortium },
): Outcome {
  const world = new World({ plan, consortium, random })
  world.trace.onLine = onLine ?? null
  // A promise that nobody waits for has failed: production would end here.
  process.on('unhandledRejection', (error) => world.violate('no-crash', `unhandled: ${(error as Error).stack}`))
  world.trace.line('world', () => `seed ${seed}: ${describePlan(plan)}`)

  world.start()
  if (world.stage === null) world.run(plan.faultyMs)
  else playAttack(world, world.stage)
  const quietMs = world.queue.nowMs
  world.quiet()
  const heightBefore = world.certifiedHeight
  const { longestPauseMs } = world
  const deadlineMs = quietMs + RESUME_TIMEOUTS * plan.timing.electionTimeoutMaxMs
  if (mustResume(plan)) world.run(deadlineMs, () => world.honest.every(({ height }) => height > heightBefore))
  const hasResumed = (): boolean => world.honest.every(({ height }) => height > heightBefore)
  if (mustResume(plan) && !hasResumed()) {
    const isDueMs = dueMs(world)
    if (isDueMs > world.queue.nowMs) world.run(isDueMs + deadlineMs - quietMs, hasResumed)
    waitForPeople(world, hasResumed)
  }
  const resumedMs = world.queue.nowMs - quietMs
  const isResumed = !mustResume(plan) || hasResumed()
  if (!isResumed && !isFreeable(world, 'people')) world.count('recovery needed')
  else if (!isResumed) {
    world.violate(
      'liveness',
      `no commit everywhere within ${RESUME_TIMEOUTS} election timeouts: ${describeHeights(world)}`,
    )
  }

  world.clients.stop()
  const settled = (): boolean =>
    world.clients.underWay === 0 && new Set(world.honest.map(({ height }) => height)).size === 1
  // Members on two branches never settle.
  if (!world.isBeyond) world.run(world.queue.nowMs + 70_000, settled)
  world.clients.giveUp()
  world.finish()
  if (!world.isBeyond) judgeHistory(world)

  const planned: string[] = [...plan.faults, ...plan.liars.map(({ name }) => name)]
  if (plan.attack !== null) planned.push(plan.attack.name)
  return {
    seed,
    plan: describePlan(plan),
    violation: world.violation,
    story: world.violation === null ? [] : world.trace.last(TRACE_LINES).map(describeLine),
    hash: world.trace.hash,
    virtualMs: world.queue.nowMs,
    blocks: world.certifiedHeight,
    transactions: world.clients.counts.committed,
    fired: Object.fromEntries(world.fired),
    missed: planned.filter((name) => !world.fired.has(name)),
    convicted: [...world.convicted],
    longestPauseMs,
    resumedMs: isResumed ? resumedMs : null,
  }
}

/** To its end, and a while longer for what it leads to. */
function playAttack(world: World, stage: Stage): void {
  world.run(ATTACK_MS_MAX, () => stage.isOver)
  if (!stage.isOver) world.violate('attack', 'its script did not come to an end')
  world.run(world.queue.nowMs + AFTERMATH_MS)
}

/** Where messages free nobody, institutions decide. One decision gives up one branch; each honest member may stand on its own. */
function waitForPeople(world: World, hasResumed: () => boolean): void {
  if (isFreeable(world, 'messages')) return
  for (let left = world.honest.length - 1; left > 0 && !hasResumed() && decideRelease(world); left--) {
    world.count('people decided')
    world.run(world.queue.nowMs + RESUME_TIMEOUTS * world.plan.timing.electionTimeoutMaxMs, hasResumed)
  }
}

/** With b of 2 and more a group that was lied to may need the institutions: no Release exists for every state it can get into. */
function mustResume({ attack }: Plan): boolean {
  return attack === null || leavesQuorum(attack.name)
}

function judgeHistory(world: World): void {
  if (world.violation !== null) return
  for (const [register, history] of byKey(world.clients.history, ({ key }) => String(key))) {
    const judgement = judge(history, registerModel)
    if (judgement.linearizable) continue
    const { input, output, startMs, endMs } = judgement.stuckAt
    const saw = `${JSON.stringify(input)} answered ${JSON.stringify(output)} between ${startMs} and ${endMs} ms`
    world.violate('linearizability', `register ${register}: after ${judgement.longest.length} operations, ${saw}`)
  }
}

function describeHeights(world: World): string {
  return world.honest.map(({ name, height, isUp }) => `${name} ${isUp ? height : 'down'}`).join(', ')
}
