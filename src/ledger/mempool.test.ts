import { describe, expect, test } from 'vitest'
import { type Hash, ZERO_HASH } from '../types/brand.ts'
import { toBytes } from '../types/canonical.ts'
import { EXPIRY_WINDOW_MS, TRANSACTION_BYTES_MAX } from '../types/limits.ts'
import { envelopeCodec, type SignedTransaction } from '../types/transaction.ts'
import { createLedger, GENESIS_TIME_MS, put } from './consortium.fixture.ts'
import { createMempool, type Mempool, type MempoolLimits } from './mempool.ts'

const NOW = GENESIS_TIME_MS + 1_000
const setUp = async (limits?: MempoolLimits) => {
  const { ledger, proposer } = await createLedger()
  return { ledger, proposer, mempool: createMempool(ledger, limits) }
}
const add = (mempool: Mempool, { bytes }: Pick<SignedTransaction, 'bytes'>, nowMs = NOW): string => {
  const admission = mempool.add(bytes, nowMs)
  return admission.status === 'refused' ? admission.refusal.code : admission.status
}
const TAKE_ALL = { countMax: 100, callsMax: 100, bytesMax: 1e6, timeMs: NOW, isTaken: () => false }
const forge = (signed: SignedTransaction): SignedTransaction => {
  const signature = new Uint8Array(64).fill(1)
  return { ...signed, signature, bytes: toBytes(envelopeCodec, [signed.unsignedBytes, signature]) }
}

describe('add()', () => {
  test('keeps a good transaction, and answers exists when it comes again or is committed', async () => {
    const { ledger, proposer, mempool } = await setUp()
    const signed = put('a')
    expect(add(mempool, signed)).toBe('accepted')
    expect(add(mempool, signed)).toBe('exists')
    await proposer.commit([signed])
    mempool.remove([signed.id])
    expect([mempool.size, mempool.bytes]).toEqual([0, 0])
    expect(add(mempool, signed)).toBe('exists')
    expect(add(mempool, signed, GENESIS_TIME_MS + 2 * EXPIRY_WINDOW_MS), 'also after its deadline').toBe('exists')
    expect(ledger.isCommitted(signed.id)).toBe(true)
  })

  test('refuses with a code of its own what is too large, malformed, foreign, outside its window, unknown or forged', async () => {
    const { mempool } = await setUp()
    const expected: [string, Pick<SignedTransaction, 'bytes'>][] = [
      ['TOO_LARGE', { bytes: new Uint8Array(TRANSACTION_BYTES_MAX + 200) }],
      ['MALFORMED', { bytes: Uint8Array.of(1, 2, 3) }],
      ['WRONG_CHAIN', put('a', { chainId: ZERO_HASH })],
      ['EXPIRED', put('a', { expiresAtMs: NOW })],
      ['EXPIRES_TOO_LATE', put('a', { expiresAtMs: NOW + EXPIRY_WINDOW_MS + 1 })],
      ['GAS_LIMIT', put('a', { gasLimit: 0 })],
      ['UNKNOWN_SENDER', put('a', { by: 'Nobody' })],
      ['BAD_SIGNATURE', put('a', { key: 'Beta' })],
    ]
    for (const [code, signed] of expected) {
      expect(add(mempool, signed)).toBe(code)
      expect(add(mempool, signed), 'again').toBe(code)
    }
    expect(mempool.size).toBe(0)
    expect(mempool.counters.refused).toMatchObject({ MALFORMED: 2, BAD_SIGNATURE: 2, MEMPOOL_FULL: 0 })
  })

  test('a forged copy does not keep the true transaction with the same id out', async () => {
    const { mempool } = await setUp()
    const signed = put('a')
    const forged = forge(signed)
    expect(add(mempool, forged)).toBe('BAD_SIGNATURE')
    expect(mempool.has(signed.id)).toBe(false)
    expect(add(mempool, signed)).toBe('accepted')
  })

  test('a sender that is registered later is not held to an earlier refusal', async () => {
    const { mempool } = await setUp()
    const early = put('a', { expiresAtMs: NOW + EXPIRY_WINDOW_MS + 500 })
    expect(add(mempool, early)).toBe('EXPIRES_TOO_LATE')
    expect(add(mempool, early, NOW + 500)).toBe('accepted')
  })

  test('a clock that was ahead keeps nothing out once it has been set right', async () => {
    const { mempool } = await setUp()
    const signed = put('a', { expiresAtMs: NOW + 1_000 })
    expect(add(mempool, signed, NOW + 3_600_000)).toBe('EXPIRED')
    expect(add(mempool, signed)).toBe('accepted')
  })

  test('is bounded in number, in bytes, and per sender', async () => {
    const { mempool } = await setUp({ transactionsMax: 8, bytesMax: 1e6 })
    const from = (by: string) => [1, 2, 3].map((i) => add(mempool, put(`note ${i}`, { by })))
    expect(from('Alpha')).toEqual(['accepted', 'accepted', 'SENDER_SHARE'])
    expect(from('Beta')).toEqual(['accepted', 'accepted', 'SENDER_SHARE'])
    expect(from('Gamma')).toEqual(['accepted', 'accepted', 'SENDER_SHARE'])
    expect(from('Delta')).toEqual(['accepted', 'accepted', 'MEMPOOL_FULL'])
    const some = [...mempool][0] as SignedTransaction
    mempool.remove([some.id])
    expect(add(mempool, put('again'))).toBe('accepted')

    const { bytes } = put('a')
    const { mempool: small } = await setUp({ transactionsMax: 100, bytesMax: 4 * bytes.length })
    expect([add(small, put('a')), add(small, put('b'))]).toEqual(['accepted', 'SENDER_SHARE'])
  })
})

describe('take()', () => {
  test('answers the oldest that fit, without those in the chain that the block extends, and removes nothing', async () => {
    const { mempool } = await setUp()
    const all = ['a', 'b', 'c', 'd'].map((note) => put(note))
    for (const signed of all) add(mempool, signed)
    const taken = (options: Partial<typeof TAKE_ALL> = {}) =>
      mempool.take({ ...TAKE_ALL, ...options }).map(({ id }) => id)
    const ids = all.map(({ id }) => id)
    expect(taken()).toEqual(ids)
    expect(taken({ countMax: 2 })).toEqual(ids.slice(0, 2))
    expect(taken({ callsMax: 2 })).toEqual(ids.slice(0, 2))
    expect(taken({ callsMax: 0 })).toEqual(ids.slice(0, 1))
    expect(taken({ bytesMax: 3.5 * (all[0]?.bytes.length ?? 0) })).toEqual(ids.slice(0, 3))
    expect(mempool.take({ ...TAKE_ALL, isTaken: (id: Hash) => id === ids[0] }).map(({ id }) => id)).toEqual(
      ids.slice(1),
    )
    expect(mempool.size).toBe(4)
  })

  test('leaves out what a block of that time may not hold', async () => {
    const { mempool } = await setUp()
    const soon = put('a', { expiresAtMs: NOW + 10 })
    const late = put('b', { expiresAtMs: NOW + EXPIRY_WINDOW_MS })
    for (const signed of [soon, late]) add(mempool, signed)
    const takenAt = (timeMs: number) => mempool.take({ ...TAKE_ALL, timeMs }).map(({ id }) => id)
    expect(takenAt(NOW)).toEqual([soon.id, late.id])
    expect(takenAt(NOW + 10)).toEqual([late.id])
    expect(takenAt(NOW - 1)).toEqual([soon.id])
  })
})

describe('expire()', () => {
  test('drops what a certified time has passed, or the clock long has; only the former is known to have expired', async () => {
    const { mempool } = await setUp()
    const [soon, later] = [put('a', { expiresAtMs: NOW + 10 }), put('b', { expiresAtMs: NOW + 20 })]
    for (const signed of [soon, later]) add(mempool, signed)
    expect(mempool.expire({ headTimeMs: NOW + 9, nowMs: NOW + 15 })).toEqual([])
    expect(mempool.expire({ headTimeMs: NOW + 10, nowMs: NOW + 15 })).toEqual([soon.id])
    expect([mempool.isExpired(soon.id), mempool.isExpired(later.id)]).toEqual([true, false])
    expect(mempool.expire({ headTimeMs: NOW + 10, nowMs: NOW + 120_000 })).toEqual([later.id])
    expect(mempool.isExpired(later.id)).toBe(false)
    expect(mempool.size).toBe(0)
  })
})
