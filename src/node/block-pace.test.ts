import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { BlockPace, PIPELINE_AFTER_MS } from './block-pace.ts'
import { systemTimers } from './clock.ts'

describe('BlockPace', () => {
  let due: ReturnType<typeof vi.fn<() => void>>
  let pace: BlockPace

  beforeEach(() => {
    vi.useFakeTimers()
    due = vi.fn<() => void>()
    pace = new BlockPace({ timers: systemTimers, batchDelayMs: 4, nowMs: () => Date.now(), onDue: due })
  })
  afterEach(() => {
    pace.stop()
    vi.useRealTimers()
  })

  const arriveAndWait = (): void => {
    pace.arrived()
    vi.advanceTimersByTime(4)
  }

  it('lets the first transaction wait for company, and then makes a block', () => {
    pace.arrived()
    expect(pace.isDue({ waiting: 1, transactionsInFlight: 0, blocksInFlight: 0 })).toBe(false)
    vi.advanceTimersByTime(4)
    expect(due).toHaveBeenCalledOnce()
    expect(pace.isDue({ waiting: 1, transactionsInFlight: 0, blocksInFlight: 0 })).toBe(true)
  })

  it('waits while fewer transactions wait than are under way', () => {
    arriveAndWait()
    expect(pace.isDue({ waiting: 19, transactionsInFlight: 20, blocksInFlight: 2 })).toBe(false)
    expect(pace.isDue({ waiting: 20, transactionsInFlight: 20, blocksInFlight: 2 })).toBe(true)
  })

  it('makes a second block whatever its size', () => {
    arriveAndWait()
    expect(pace.isDue({ waiting: 1, transactionsInFlight: 20, blocksInFlight: 1 })).toBe(true)
  })

  it('goes on at once when what was under way is certified', () => {
    arriveAndWait()
    expect(pace.isDue({ waiting: 1, transactionsInFlight: 20, blocksInFlight: 2 })).toBe(false)
    expect(pace.isDue({ waiting: 1, transactionsInFlight: 0, blocksInFlight: 0 })).toBe(true)
  })

  it('says so when somebody has waited too long for a certificate', () => {
    arriveAndWait()
    expect(pace.isDue({ waiting: 1, transactionsInFlight: 20, blocksInFlight: 2 })).toBe(false)
    vi.advanceTimersByTime(PIPELINE_AFTER_MS)
    expect(due).toHaveBeenCalledTimes(2)
    expect(pace.isDue({ waiting: 1, transactionsInFlight: 20, blocksInFlight: 2 })).toBe(true)
  })

  it('counts that time anew for what a block has left over', () => {
    arriveAndWait()
    vi.advanceTimersByTime(PIPELINE_AFTER_MS)
    pace.made()
    expect(pace.isDue({ waiting: 1, transactionsInFlight: 20, blocksInFlight: 2 })).toBe(false)
  })

  it('hears of what arrives while the time of something that is certified by now still runs', () => {
    arriveAndWait()
    expect(pace.isDue({ waiting: 1, transactionsInFlight: 2, blocksInFlight: 2 })).toBe(false)
    expect(pace.isDue({ waiting: 0, transactionsInFlight: 0, blocksInFlight: 0 })).toBe(true)
    pace.idle()
    arriveAndWait()
    expect(pace.isDue({ waiting: 1, transactionsInFlight: 0, blocksInFlight: 0 })).toBe(true)
  })

  it('is not due before something new arrives once nothing waits', () => {
    arriveAndWait()
    pace.idle()
    expect(pace.isDue({ waiting: 1, transactionsInFlight: 0, blocksInFlight: 0 })).toBe(false)
    arriveAndWait()
    expect(pace.isDue({ waiting: 1, transactionsInFlight: 0, blocksInFlight: 0 })).toBe(true)
  })
})
