import { setTimeout as delay } from 'node:timers/promises'

export const sleep = (ms: number): Promise<void> => delay(ms)

/** Asks again until the answer is true. Answers whether that happened in time. */
export async function eventually(
  ask: () => boolean | Promise<boolean>,
  { withinMs, everyMs = 50 }: { withinMs: number; everyMs?: number },
): Promise<boolean> {
  const deadline = performance.now() + withinMs
  for (;;) {
    if (await ask()) return true
    if (performance.now() > deadline) return false
    await sleep(everyMs)
  }
}
