import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toByteString } from './byte-string.ts'
import { MemoryStore } from './memory-store.ts'
import { StateTree } from './state-tree.ts'
import { StateVersion, StoredState } from './state-version.ts'

const key = fc.uint8Array({ maxLength: 3 }).map((bytes) => bytes.map((byte) => [0, 1, 0x80, 0xff][byte % 4] as number))
const value = fc.uint8Array({ maxLength: 2 })
type Command =
  | { readonly kind: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly key: Uint8Array }
  | { readonly kind: 'mark' | 'rollback' | 'endBlock' | 'save' }
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('put' as const), key, value }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('mark', 'rollback', 'endBlock', 'save') }) },
)

const stateOn = (store: MemoryStore): StateVersion => {
  const tree = new StateTree(store, { branchesKept: 3 })
  return StateVersion.atHead(new StoredState(store, tree), store)
}

describe('StateOverlay on StateVersion', () => {
  test('reads and ranges agree with a plain map, through rollbacks, uncommitted blocks and commits', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { maxLength: 40 }),
        key,
        fc.option(key, { nil: undefined }),
        async (commands, prefix, after) => {
          const store = new MemoryStore()
          let version = stateOn(store)
          const unsaved: StateVersion[] = []
          let overlay = version.overlay()
          let model = new Map<string, Uint8Array>()
          let marks: [number, Map<string, Uint8Array>][] = []
          for (const step of commands) {
            switch (step.kind) {
              case 'put':
                overlay.put(step.key, step.value)
                model.set(toByteString(step.key), step.value)
                break
              case 'delete':
                overlay.delete(step.key)
                model.delete(toByteString(step.key))
                break
              case 'mark':
                marks.push([overlay.mark(), new Map(model)])
                break
              case 'rollback': {
                const mark = marks.pop()
                if (mark === undefined) break
                overlay.rollback(mark[0])
                model = mark[1]
                break
              }
              case 'endBlock':
                version = version.after(overlay.diff())
                unsaved.push(version)
                overlay = version.overlay()
                marks = []
                break
              case 'save': {
                const oldest = unsaved.shift()
                if (oldest !== undefined) await store.write(oldest.save(), { sync: false })
              }
            }
            for (const [name, expected] of model) expect(overlay.get(Buffer.from(name, 'latin1'))).toEqual(expected)
          }
          const expected = [...model.keys()]
            .filter(
              (name) => name.startsWith(toByteString(prefix)) && (after === undefined || name > toByteString(after)),
            )
            .sort()
          for (const limit of [1, 2, 100]) {
            const entries = [...overlay.range(prefix, after === undefined ? { limit } : { after, limit })]
            expect(entries.map(([name]) => toByteString(name))).toEqual(expected.slice(0, limit))
            for (const [name, found] of entries) expect(found).toEqual(model.get(toByteString(name)))
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  test('get() answers undefined for what was deleted in this block, in an uncommitted one, and in the store', async () => {
    const store = new MemoryStore()
    const name = Uint8Array.of(1)
    const first = stateOn(store).overlay()
    first.put(name, Uint8Array.of(2))
    const stored = stateOn(store).after(first.diff())
    await store.write(stored.save(), { sync: false })
    const second = stored.overlay()
    second.delete(name)
    expect(second.get(name)).toBe(undefined)
    const deleted = stored.after(second.diff())
    expect(deleted.reader().get(name)).toBe(undefined)
    expect(stored.reader().get(name)).toEqual(Uint8Array.of(2))
    await store.write(deleted.save(), { sync: false })
    expect(stateOn(store).reader().get(name)).toBe(undefined)
  })
})
