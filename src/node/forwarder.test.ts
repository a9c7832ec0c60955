import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLedger, GENESIS_TIME_MS, put } from '../ledger/consortium.fixture.ts'
import { createMempool, type Mempool } from '../ledger/mempool.ts'
import type { MemoryTransport } from '../p2p/memory-transport.ts'
import { bytes, list, toBytes } from '../types/canonical.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import { TRANSACTION_BYTES_MAX } from '../types/limits.ts'
import type { SignedTransaction } from '../types/transaction.ts'
import { systemTimers } from './clock.ts'
import { decodeBatch, Forwarder } from './forwarder.ts'
import { quietLog, Wire } from './wire.test-support.ts'

/** Time enough for a batch, and for the resend timer to run once or twice. */
const FLUSH_MS = 60
const RESEND_MS = 2_000

describe('Forwarder', () => {
  let wire: Wire
  let mempool: Mempool
  let self: MemoryTransport
  let leader: MemoryTransport
  let forwarder: Forwarder
  /** Names of the batches that arrived, by their transactions. */
  let streamed: string[][]
  let gossiped: string[][]
  let height = 0
  const names = new Map<string, string>()

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
    const { ledger } = await createLedger()
    mempool = createMempool(ledger)
    wire = new Wire()
    self = wire.add('self')
    leader = wire.add('leader')
    streamed = []
    gossiped = []
    const read = (message: Uint8Array): string[] =>
      decodeBatch(message).map((bytes) => names.get(bytes.toHex()) ?? 'unknown')
    self.onMessage(() => undefined)
    leader.onMessage((_peer, _channel, message) => void streamed.push(read(message)))
    leader.subscribe('transactions', { maxBytes: 500_000, validate: () => 'accept' }, (_source, message) => {
      gossiped.push(read(message))
    })
    await wire.connect()
    forwarder = new Forwarder({ mempool, transport: self, timers: systemTimers, log: quietLog, height: () => height })
    forwarder.start()
  })
  afterEach(() => {
    forwarder.stop()
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })

  const accept = (note: string): SignedTransaction => {
    const transaction = put(note)
    names.set(transaction.bytes.toHex(), note)
    mempool.add(transaction.bytes, GENESIS_TIME_MS)
    forwarder.accepted(transaction.id)
    return transaction
  }
  const pass = async (ms: number): Promise<void> => {
    vi.advanceTimersByTime(ms)
    await wire.settle()
  }
  const follow = (): void => forwarder.leaderChanged(leader.self, { self: false })

  it('sends what arrives within a moment to the leader, in one batch', async () => {
    follow()
    for (const note of ['one', 'two', 'three']) accept(note)
    await pass(FLUSH_MS)
    expect(streamed).toEqual([['one', 'two', 'three']])
    expect(gossiped).toEqual([])
  })

  it('tells everybody while it knows no leader', async () => {
    for (const note of ['one', 'two']) accept(note)
    await pass(FLUSH_MS)
    expect(gossiped).toEqual([['one', 'two']])
    expect(streamed).toEqual([])
  })

  it('sends everything again to a new leader', async () => {
    accept('one')
    await pass(FLUSH_MS)
    follow()
    accept('two')
    await pass(FLUSH_MS)
    expect(streamed).toEqual([['one', 'two']])
  })

  it('keeps to itself what it will propose itself', async () => {
    accept('before')
    forwarder.leaderChanged(self.self, { self: true })
    accept('while leading')
    await pass(3 * RESEND_MS)
    expect([...streamed, ...gossiped]).toEqual([])
    follow()
    await pass(FLUSH_MS)
    expect(streamed).toEqual([['before', 'while leading']])
  })

  it('sends again what has waited for a while, and only that', async () => {
    follow()
    accept('waits')
    const committed = accept('committed')
    await pass(RESEND_MS)
    mempool.remove([committed.id])
    accept('new')
    await pass(FLUSH_MS)
    expect(streamed).toEqual([['waits', 'committed'], ['new']])
    await pass(RESEND_MS)
    expect(streamed.slice(2)).toEqual([['waits']])
    await pass(RESEND_MS)
    expect(streamed.slice(3)).toEqual([['waits', 'new']])
  })

  it('tries again when the leader could not be reached', async () => {
    follow()
    wire.network.cut(self.self, leader.self)
    accept('one')
    await pass(FLUSH_MS)
    wire.network.heal()
    await wire.settle()
    expect(streamed).toEqual([])
    await pass(RESEND_MS)
    expect(streamed).toEqual([['one']])
  })

  it('tells everybody, too, when it has waited and nothing at all was certified meanwhile', async () => {
    follow()
    accept('waits')
    await pass(RESEND_MS + FLUSH_MS)
    expect(gossiped).toEqual([])
    await pass(RESEND_MS + FLUSH_MS)
    expect(gossiped).toEqual([['waits']])
    expect(streamed.at(-1)).toEqual(['waits'])
    height++
    await pass(RESEND_MS + FLUSH_MS)
    expect(gossiped.length).toBe(1)
  })

  it('does not send what is no longer in the mempool', async () => {
    follow()
    mempool.remove([accept('gone').id])
    await pass(FLUSH_MS)
    expect(streamed).toEqual([])
  })

  it('splits what does not fit into one batch', async () => {
    follow()
    const count = 1_001
    const notes = Array.from({ length: count }, (_, i) => `note ${i}`)
    for (const note of notes) accept(note)
    await pass(FLUSH_MS)
    await pass(FLUSH_MS)
    expect(streamed.map(({ length }) => length)).toEqual([1_000, 1])
    expect(streamed.flat()).toEqual(notes)
  })

  it('refuses a batch with more, or larger, than a node sends', () => {
    const encode = (batch: readonly Uint8Array[]) => toBytes(list(bytes(1_000_000), 2_000), batch)
    expect(() => decodeBatch(encode([new Uint8Array(TRANSACTION_BYTES_MAX + 129)]))).toThrow(DecodeError)
    expect(() => decodeBatch(encode(Array.from({ length: 1_001 }, () => new Uint8Array(1))))).toThrow(DecodeError)
    expect(() => decodeBatch(new Uint8Array([0x80, 0x80]))).toThrow(DecodeError)
    expect(decodeBatch(encode([new Uint8Array(3)]))).toEqual([new Uint8Array(3)])
  })
})
