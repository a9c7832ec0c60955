import { describe, expect, test } from 'vitest'
import { type Epoch, ZERO_HASH } from '../types/brand.ts'
import { toBytes } from '../types/canonical.ts'
import { EXPIRY_WINDOW_MS, TRANSACTION_GAS_MAX } from '../types/limits.ts'
import { decodeTransaction, encodeBlock } from '../types/signing.ts'
import { envelopeCodec, type SignedTransaction } from '../types/transaction.ts'
import { bytesOf, call, createLedger, GENESIS_TIME_MS, put, transaction } from './consortium.fixture.ts'
import type { TransactionRefusalCode } from './errors.ts'
import type { Ledger } from './ledger.ts'

const epoch = 0 as Epoch

const draftOn = (ledger: Ledger, transactions: readonly SignedTransaction[], timeMs = GENESIS_TIME_MS + 1_000) =>
  ledger.execute({ parentHash: ledger.head.hash, epoch, timeMs, transactions })

const expectRefused = (
  ledger: Ledger,
  transactions: readonly SignedTransaction[],
  expected: { code: TransactionRefusalCode; index: number },
): void => {
  const execution = draftOn(ledger, transactions)
  expect(execution).toMatchObject({
    ok: false,
    refusal: {
      code: 'TRANSACTION',
      index: expected.index,
      transactionId: transactions[expected.index]?.id,
      transaction: { code: expected.code },
    },
  })
}

describe('execute() refuses a block that holds, behind a good one, a transaction', () => {
  test('of another chain: WRONG_CHAIN', async () => {
    const { ledger } = await createLedger()
    expectRefused(ledger, [put('a'), put('b', { chainId: ZERO_HASH })], { code: 'WRONG_CHAIN', index: 1 })
  })

  test('that has expired at block time, to the millisecond: EXPIRED', async () => {
    const { ledger } = await createLedger()
    const timeMs = GENESIS_TIME_MS + 1_000
    expectRefused(ledger, [put('a'), put('b', { expiresAtMs: timeMs })], { code: 'EXPIRED', index: 1 })
    expect(draftOn(ledger, [put('b', { expiresAtMs: timeMs + 1 })]).ok).toBe(true)
  })

  test('that expires beyond the window, to the millisecond: EXPIRES_TOO_LATE', async () => {
    const { ledger } = await createLedger()
    const last = GENESIS_TIME_MS + 1_000 + EXPIRY_WINDOW_MS
    expectRefused(ledger, [put('a'), put('b', { expiresAtMs: last + 1 })], { code: 'EXPIRES_TOO_LATE', index: 1 })
    expect(draftOn(ledger, [put('b', { expiresAtMs: last })]).ok).toBe(true)
  })

  test('with a gas limit of 0 or above the bound: GAS_LIMIT', async () => {
    const { ledger } = await createLedger()
    for (const gasLimit of [0, TRANSACTION_GAS_MAX + 1]) {
      expectRefused(ledger, [put('a'), put('b', { gasLimit })], { code: 'GAS_LIMIT', index: 1 })
    }
  })

  test('of a sender or key id that the registry does not know, or of a key that is not for signing: UNKNOWN_SENDER', async () => {
    const { ledger } = await createLedger()
    expectRefused(ledger, [put('a'), put('b', { by: 'Nobody' })], { code: 'UNKNOWN_SENDER', index: 1 })
    expectRefused(ledger, [put('a'), put('b', { keyId: 9 })], { code: 'UNKNOWN_SENDER', index: 1 })
    const encryption = put('b', { keyId: 1, key: 'Alpha, encryption' })
    expectRefused(ledger, [put('a'), encryption], { code: 'UNKNOWN_SENDER', index: 1 })
  })

  test('signed by another key, or with one bit of its signature changed: BAD_SIGNATURE', async () => {
    const { ledger } = await createLedger()
    expectRefused(ledger, [put('a'), put('b', { key: 'Beta' })], { code: 'BAD_SIGNATURE', index: 1 })
    const good = put('b')
    const signature = Uint8Array.from(good.signature)
    signature[5] = (signature[5] as number) ^ 1
    const forged = decodeTransaction(toBytes(envelopeCodec, [good.unsignedBytes, signature]))
    expect(draftOn(ledger, [good]).ok).toBe(true)
    expectRefused(ledger, [put('a'), forged], { code: 'BAD_SIGNATURE', index: 1 })
  })

  test('that stands twice in the block, in an uncommitted ancestor, or in a certified one: DUPLICATE', async () => {
    const { ledger, proposer } = await createLedger()
    const first = put('a')
    expectRefused(ledger, [first, first], { code: 'DUPLICATE', index: 1 })
    const block = proposer.propose([first])
    const onTop = ledger.execute({
      parentHash: block.hash,
      epoch,
      timeMs: GENESIS_TIME_MS + 9_000,
      transactions: [first],
    })
    expect(onTop).toMatchObject({ ok: false, refusal: { transaction: { code: 'DUPLICATE' } } })
    expect(draftOn(ledger, [first]).ok, 'on another branch it is new').toBe(true)
    await proposer.commit([put('b'), first], { timeMs: GENESIS_TIME_MS + 2_000 })
    const after = ledger.execute({
      parentHash: ledger.head.hash,
      epoch,
      timeMs: GENESIS_TIME_MS + 9_000,
      transactions: [first],
    })
    expect(after).toMatchObject({ ok: false, refusal: { transaction: { code: 'DUPLICATE' } } })
  })

  test('by a key that the parent state has revoked: KEY_REVOKED', async () => {
    const { ledger, proposer } = await createLedger()
    const addKey = { contract: 'registry', method: 'addKey', args: [bytesOf('Alpha'), 'signing', bytesOf('a new key')] }
    const revoke = { contract: 'registry', method: 'revokeKey', args: [bytesOf('Alpha'), 0] }
    const revoking = transaction([addKey, revoke])
    // In the block that revokes the key it still signs: what counts is the parent's state.
    await proposer.commit([revoking, put('same block')])
    expect(ledger.receipt(revoking.id)?.calls.map(({ code }) => code)).toEqual(['OK', 'OK'])
    const execution = draftOn(ledger, [put('a')], GENESIS_TIME_MS + 9_000)
    expect(execution).toMatchObject({ ok: false, refusal: { index: 0, transaction: { code: 'KEY_REVOKED' } } })
  })
})

describe('execute()', () => {
  test('refuses an unknown parent, and a time that is not above the parent', async () => {
    const { ledger } = await createLedger()
    const unknown = ledger.execute({ parentHash: ZERO_HASH, epoch, timeMs: GENESIS_TIME_MS + 1, transactions: [] })
    expect(unknown).toMatchObject({ refusal: { code: 'PARENT_UNKNOWN' } })
    expect(draftOn(ledger, [], GENESIS_TIME_MS)).toMatchObject({ refusal: { code: 'TIME' } })
    expect(draftOn(ledger, [], GENESIS_TIME_MS + 1).ok).toBe(true)
  })

  test('gives the same roots and receipts each time, and changes nothing', async () => {
    const { ledger } = await createLedger()
    const transactions = [put('a'), put('b', { by: 'Beta' }), put('a')]
    const first = draftOn(ledger, transactions)
    const second = draftOn(ledger, transactions)
    expect(first.ok && second.ok && first.executed.stateRoot === second.executed.stateRoot).toBe(true)
    expect(ledger.query(call('notesOf', bytesOf('Alpha')), { timeMs: GENESIS_TIME_MS })).toMatchObject({ value: 0 })
  })

  test('a refused call leaves nothing behind, and the calls around it stand', async () => {
    const { ledger, proposer } = await createLedger()
    const calls = [call('put', bytesOf('a')), call('putAndRefuse', bytesOf('b')), call('put', bytesOf('c'))]
    const block = await proposer.commit([transaction(calls)])
    const receipt = ledger.receipts(block.header.height)?.[0]
    expect(receipt?.calls.map(({ status, code }) => `${status} ${code}`)).toEqual(['ok OK', 'refused NEVER', 'ok OK'])
    expect(receipt?.calls.map(({ events }) => events.length)).toEqual([1, 0, 1])
    const count = (note: string) =>
      ledger.query(call('count', bytesOf('Alpha'), bytesOf(note)), { timeMs: GENESIS_TIME_MS })
    expect([count('a'), count('b'), count('c')].map((outcome) => outcome.status === 'ok' && outcome.value)).toEqual([
      1, 0, 1,
    ])
  })

  test('one refused call of an atomic transaction takes all of them back, and later transactions run', async () => {
    const { ledger, proposer } = await createLedger()
    const calls = [call('put', bytesOf('a')), call('putAndRefuse', bytesOf('b')), call('put', bytesOf('c'))]
    const block = await proposer.commit([put('before'), transaction(calls, { atomic: true }), put('after')])
    const receipt = ledger.receipts(block.header.height)?.[1]
    expect(receipt?.calls.map(({ code }) => code)).toEqual(['ROLLED_BACK', 'NEVER', 'NOT_EXECUTED'])
    expect(receipt?.calls.flatMap(({ events }) => events)).toEqual([])
    const notes = ledger.query(call('notesOf', bytesOf('Alpha')), { timeMs: GENESIS_TIME_MS })
    expect(notes).toMatchObject({ value: 2 })
  })

  test('calls share the gas limit of their transaction', async () => {
    const { ledger, proposer } = await createLedger()
    const calls = Array.from({ length: 8 }, (_, i) => call('put', bytesOf(`note ${i}`)))
    const enough = await proposer.commit([transaction(calls)])
    const used = ledger.receipts(enough.header.height)?.[0]?.calls.reduce((sum, { gas }) => sum + gas, 0) as number
    const gasLimit = Math.floor(used / 2)
    const scarce = await proposer.commit([transaction(calls, { by: 'Beta', gasLimit })])
    const receipts = ledger.receipts(scarce.header.height)?.[0]?.calls ?? []
    expect(receipts.map(({ code }) => code)).toContain('OUT_OF_GAS')
    expect(receipts.reduce((sum, { gas }) => sum + gas, 0)).toBeLessThanOrEqual(gasLimit)
  })
})

describe('check()', () => {
  test('accepts the block it is given back, and refuses one with another height, time or root', async () => {
    const { ledger, proposer } = await createLedger()
    const { ledger: other } = await createLedger()
    const block = proposer.propose([put('a')])
    expect(encodeBlock(block).length).toBeGreaterThan(500)
    expect(other.check(block).ok).toBe(true)
    const refusalOf = (change: object) => {
      const execution = other.check({ ...block, header: { ...block.header, ...change } })
      return execution.ok ? 'accepted' : execution.refusal.code
    }
    expect(refusalOf({ height: 2 })).toBe('HEIGHT')
    expect(refusalOf({ timeMs: GENESIS_TIME_MS })).toBe('TIME')
    expect(refusalOf({ parentHash: ZERO_HASH })).toBe('PARENT_UNKNOWN')
    expect(refusalOf({ txRoot: ZERO_HASH })).toBe('TX_ROOT')
    expect(refusalOf({ receiptRoot: ZERO_HASH })).toBe('RECEIPT_ROOT')
    expect(refusalOf({ stateRoot: ZERO_HASH })).toBe('STATE_ROOT')
    expect(refusalOf({ logRoot: ZERO_HASH })).toBe('LOG_ROOT')
    expect(ledger.isExecuted(block.hash) && !other.isExecuted(block.hash)).toBe(true)
  })
})
