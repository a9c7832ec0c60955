// What every KeyValueStore has to do. An implementation's test calls this with a way to make an empty one.

import { expect, test } from 'vitest'
import type { KeyValueStore, StoreRange } from './store.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const put = (key: string, value: string) => ({ type: 'put', key: bytes(key), value: bytes(value) }) as const
const del = (key: string) => ({ type: 'del', key: bytes(key) }) as const
const read = (store: KeyValueStore, key: string): string | undefined => {
  const value = store.get(bytes(key))
  return value && new TextDecoder().decode(value)
}
const keysIn = async (store: KeyValueStore, range: StoreRange): Promise<string[]> => {
  const keys: string[] = []
  for await (const [key] of store.range(range)) keys.push(new TextDecoder().decode(key))
  return keys
}

export function testKeyValueStore(createStore: () => Promise<KeyValueStore>): void {
  const withStore = (title: string, body: (store: KeyValueStore) => Promise<void>): void => {
    test(title, async () => {
      const store = await createStore()
      try {
        await body(store)
      } finally {
        await store.close()
      }
    })
  }

  withStore('get() answers undefined for a key that was never written', async (store) => {
    expect(read(store, 'a')).toBe(undefined)
  })

  withStore('a snapshot shows what was written before it, and nothing later', async (store) => {
    await store.write([put('a', 'one'), put('b', 'two')], { sync: false })
    const snapshot = store.snapshot()
    await store.write([put('a', 'three'), del('b'), put('c', 'four')], { sync: true })
    const text = (key: string): string | undefined => {
      const value = snapshot.get(bytes(key))
      return value && new TextDecoder().decode(value)
    }
    expect(['a', 'b', 'c'].map(text)).toEqual(['one', 'two', undefined])
    await snapshot.close()
    expect(read(store, 'a')).toBe('three')
  })

  withStore('get() answers what was written last, also an empty value', async (store) => {
    await store.write([put('a', 'one')], { sync: true })
    await store.write([put('a', 'two'), put('b', '')], { sync: false })
    expect([read(store, 'a'), read(store, 'b')]).toEqual(['two', ''])
  })

  withStore('get() sees a write before it has resolved, and the newest of several', async (store) => {
    const first = store.write([put('a', 'one'), put('b', 'kept')], { sync: false })
    const second = store.write([put('a', 'two'), del('b')], { sync: false })
    expect([read(store, 'a'), read(store, 'b')]).toEqual(['two', undefined])
    await first
    expect([read(store, 'a'), read(store, 'b')]).toEqual(['two', undefined])
    await second
    expect([read(store, 'a'), read(store, 'b')]).toEqual(['two', undefined])
  })

  withStore('write() applies its writes in order', async (store) => {
    await store.write([put('a', 'one'), del('a'), put('b', 'one'), put('b', 'two')], { sync: false })
    expect([read(store, 'a'), read(store, 'b')]).toEqual([undefined, 'two'])
  })

  withStore('range() includes its start, excludes its end, and goes by the bytes of keys', async (store) => {
    await store.write([put('b', ''), put('ba', ''), put('a', ''), put('c', ''), put('é', '')], { sync: false })
    expect(await keysIn(store, { from: bytes('a'), to: bytes('c') })).toEqual(['a', 'b', 'ba'])
    expect(await keysIn(store, { from: bytes('b'), to: Uint8Array.of(0xff) })).toEqual(['b', 'ba', 'c', 'é'])
  })

  withStore('range() can go backwards and stop after a limit', async (store) => {
    await store.write([put('a', ''), put('b', ''), put('c', '')], { sync: false })
    const all = { from: bytes('a'), to: bytes('d') }
    expect(await keysIn(store, { ...all, reverse: true })).toEqual(['c', 'b', 'a'])
    expect(await keysIn(store, { ...all, limit: 2 })).toEqual(['a', 'b'])
    expect(await keysIn(store, { ...all, reverse: true, limit: 1 })).toEqual(['c'])
  })

  withStore('range() shows the store as it was when reading started', async (store) => {
    await store.write([put('a', ''), put('c', '')], { sync: false })
    const seen: string[] = []
    for await (const [key] of store.range({ from: bytes('a'), to: bytes('z') })) {
      seen.push(new TextDecoder().decode(key))
      await store.write([put('b', ''), put('d', '')], { sync: false })
    }
    expect(seen).toEqual(['a', 'c'])
  })
}
