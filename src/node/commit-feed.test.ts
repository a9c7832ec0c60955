import { describe, expect, it } from 'vitest'
import { certify, createLedger, put } from '../ledger/consortium.fixture.ts'
import { CommitFeed } from './commit-feed.ts'

async function commit() {
  const { proposer } = await createLedger()
  const block = await proposer.commit([put('note')])
  return { blocks: [block], certificate: certify(block) }
}

describe('CommitFeed', () => {
  it('tells its listeners in the order in which they came', async () => {
    const { blocks, certificate } = await commit()
    const feed = new CommitFeed()
    const told: string[] = []
    feed.subscribe(() => told.push('first'))
    const unsubscribe = feed.subscribe(() => told.push('second'))
    feed.publish(blocks, certificate)
    unsubscribe()
    feed.publish(blocks, certificate)
    expect(told).toEqual(['first', 'second', 'first'])
  })

  it('says nothing of a commit that brought no block', async () => {
    const { certificate } = await commit()
    const feed = new CommitFeed()
    let count = 0
    feed.subscribe(() => count++)
    feed.publish([], certificate)
    expect(count).toBe(0)
  })

  it('lets somebody wait for the next commit, and no longer than wanted', async () => {
    const { blocks, certificate } = await commit()
    const feed = new CommitFeed()
    const next = feed.next(new AbortController().signal)
    feed.publish(blocks, certificate)
    await next
    const impatient = new AbortController()
    const never = feed.next(impatient.signal)
    impatient.abort()
    await never
    await feed.next(AbortSignal.abort())
  })
})
