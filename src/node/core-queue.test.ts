import { describe, expect, it } from 'vitest'
import { CoreQueue } from './core-queue.ts'

const timeout = { kind: 'timeout', timer: 'heartbeat' } as const

describe('CoreQueue', () => {
  it('begins with the start, and keeps the order', async () => {
    const queue = new CoreQueue()
    queue.post(timeout)
    await queue.roused()
    expect(queue.take().map(({ kind }) => kind)).toEqual(['start', 'timeout'])
    expect(queue.take()).toEqual([])
  })

  it('wakes the loop once for all that came since it looked', async () => {
    const queue = new CoreQueue()
    const turns: number[] = []
    const loop = (async () => {
      while (!queue.isClosed) {
        await queue.roused()
        turns.push(queue.take().length)
      }
    })()
    queue.post(timeout)
    queue.post(timeout)
    await Promise.resolve()
    await expect.poll(() => turns).toEqual([3])
    queue.rouse()
    await expect.poll(() => turns).toEqual([3, 0])
    queue.close()
    await loop
    expect(turns).toEqual([3, 0, 0])
  })

  it('pauses whoever brings more than is taken, until it is', async () => {
    const queue = new CoreQueue()
    let posted = 0
    while (queue.room() === undefined) {
      queue.post(timeout)
      posted++
    }
    expect(posted).toBe(999)
    let hasRoom = false
    const paused = queue.room()?.then(() => {
      hasRoom = true
    })
    await Promise.resolve()
    expect(hasRoom).toBe(false)
    queue.take()
    queue.resume()
    await paused
    expect(hasRoom).toBe(true)
    expect(queue.room()).toBeUndefined()
  })

  it('takes nothing more once it is closed, and lets everybody go', async () => {
    const queue = new CoreQueue()
    for (let i = 0; i < 2_000; i++) queue.post(timeout)
    const paused = queue.room()
    queue.close()
    await paused
    queue.post(timeout)
    expect(queue.take()).toEqual([])
  })
})
