import { describe, expect, test } from 'vitest'
import { MemoryStore } from './memory-store.ts'
import { testKeyValueStore } from './store-conformance.ts'

describe('MemoryStore', () => {
  testKeyValueStore(async () => new MemoryStore())

  test('a crash takes unsynced writes back, the last one first and each as a whole', async () => {
    const store = new MemoryStore()
    const put = (key: number) => ({ type: 'put', key: Uint8Array.of(key), value: Uint8Array.of(key) }) as const
    await store.write([put(1)], { sync: false })
    await store.write([put(2)], { sync: true })
    await store.write([put(3), put(4)], { sync: false })
    await store.write([put(5)], { sync: false })
    const keptAfterLosing = (lost: number): number[] =>
      [1, 2, 3, 4, 5].filter((key) => store.afterCrash({ lost }).get(Uint8Array.of(key)) !== undefined)
    expect([keptAfterLosing(0), keptAfterLosing(1), keptAfterLosing(2), keptAfterLosing(9)]).toEqual([
      [1, 2, 3, 4, 5],
      [1, 2, 3, 4],
      [1, 2],
      [1, 2],
    ])
  })
})
