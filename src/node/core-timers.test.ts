import { describe, expect, it } from 'vitest'
import type { Timer } from '../consensus/effects.ts'
import type { Timers } from './clock.ts'
import { CoreTimers } from './core-timers.ts'

/** Time passes, and input is taken in, when the test says so. */
function create() {
  const due: (() => void)[] = []
  const behindInput: (() => void)[] = []
  const fired: Timer[] = []
  const timers = {
    after(_delayMs: number, run: () => void) {
      due.push(run)
      return () => {
        const at = due.indexOf(run)
        if (at >= 0) due.splice(at, 1)
      }
    },
    afterInput: (run: () => void) => behindInput.push(run),
  } as unknown as Timers
  const runAll = (list: (() => void)[]): void => {
    for (const run of list.splice(0)) run()
  }
  const core = new CoreTimers({ timers, onFired: (timer) => fired.push(timer) })
  return { core, fired, pass: () => runAll(due), takeInput: () => runAll(behindInput) }
}

describe('CoreTimers', () => {
  it('fires behind the input that waits', () => {
    const { core, fired, pass, takeInput } = create()
    core.set('election', 10)
    pass()
    expect(fired).toEqual([])
    takeInput()
    expect(fired).toEqual(['election'])
  })

  it('has one of each name, the latest', () => {
    const { core, fired, pass, takeInput } = create()
    core.set('election', 10)
    core.set('heartbeat', 10)
    core.set('election', 20)
    pass()
    takeInput()
    expect(fired).toEqual(['heartbeat', 'election'])
  })

  it('does not fire one that was replaced or cancelled while input was taken in', () => {
    const { core, fired, pass, takeInput } = create()
    core.set('election', 10)
    core.set('heartbeat', 10)
    core.set('quorum', 10)
    pass()
    core.set('election', 10)
    core.cancel('heartbeat')
    core.stop()
    takeInput()
    pass()
    takeInput()
    expect(fired).toEqual([])
  })
})
