import { describe, expect, it } from 'vitest'
import type { Seat } from '../types/brand.ts'
import type { SignedTransaction } from '../types/transaction.ts'
import { PASSED_OVER_LOOKS, WorkWatch, type WorkWatchParts } from './work-watch.ts'

const LEADER = 2 as Seat

/** A node whose mempool holds these ids, of which some the present state refuses. */
function create() {
  const node = { waiting: ['a'], refused: new Set<string>(), height: 5, passedOver: [] as unknown[] }
  const ledger = {
    get head() {
      return { hash: 'h', header: { height: node.height, timeMs: 0 } }
    },
    epoch: 0,
    execute: ({ transactions: [transaction] }: { transactions: [{ id: string }] }) => ({
      ok: !node.refused.has(transaction.id),
    }),
    isInFlight: () => false,
  }
  const watch = new WorkWatch({
    ledger,
    mempool: { take: () => node.waiting.map((id) => ({ id }) as unknown as SignedTransaction) },
    clock: { nowMs: () => 1 },
    onPassedOver: (leader: Seat, id: unknown) => node.passedOver.push([leader, id]),
  } as unknown as WorkWatchParts)
  const look = (times: number, leader: Seat | null = LEADER): void => {
    for (let i = 0; i < times; i++) watch.look(leader)
  }
  return { node, watch, look }
}

describe('WorkWatch', () => {
  it('knows work that could be executed from what the state has become too old for', () => {
    const { node, watch } = create()
    expect(watch.look(null)).toBe(true)
    node.refused.add('a')
    expect(watch.look(LEADER)).toBe(false)
    node.waiting.push('b')
    expect(watch.look(LEADER)).toBe(true)
  })

  it('says once of a transaction that the leader certified others for long', () => {
    const { node, look } = create()
    look(PASSED_OVER_LOOKS - 1)
    node.height++
    expect(node.passedOver).toEqual([])
    look(10)
    expect(node.passedOver).toEqual([[LEADER, 'a']])
  })

  it('says nothing where nothing else was certified, the leader changed, another is the oldest, or nobody else leads', () => {
    const { node, look } = create()
    look(2 * PASSED_OVER_LOOKS)
    node.height++
    look(PASSED_OVER_LOOKS - 1, 3 as Seat)
    look(PASSED_OVER_LOOKS - 1)
    node.waiting = ['b', 'a']
    node.height++
    look(PASSED_OVER_LOOKS - 1)
    look(1, null)
    node.height++
    look(PASSED_OVER_LOOKS - 1)
    expect(node.passedOver).toEqual([])
  })
})
