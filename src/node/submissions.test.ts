import { beforeEach, describe, expect, it } from 'vitest'
import { certify, createLedger, GENESIS_TIME_MS, type Proposer, put } from '../ledger/consortium.fixture.ts'
import { createMempool, type Mempool } from '../ledger/mempool.ts'
import { RpcError } from '../rpc/errors.ts'
import type { Hash } from '../types/brand.ts'
import { Submissions } from './submissions.ts'

const forever = new AbortController().signal

describe('a submission', () => {
  let proposer: Proposer
  let mempool: Mempool
  let submissions: Submissions
  let accepted: Hash[]
  let nowMs: number

  beforeEach(async () => {
    const { ledger, proposer: leader } = await createLedger()
    proposer = leader
    nowMs = GENESIS_TIME_MS
    accepted = []
    mempool = createMempool(ledger, { transactionsMax: 8, bytesMax: 1_000_000 })
    const clock = { nowMs: () => nowMs, random: () => 0 }
    submissions = new Submissions({ ledger, mempool, clock, onAccepted: (id) => accepted.push(id) })
  })

  const commit = async (...transactions: Parameters<Proposer['propose']>[0]): Promise<void> => {
    const block = await proposer.commit(transactions)
    mempool.remove(transactions.map(({ id }) => id))
    submissions.onCommit([block])
  }

  it('is unknown, pending, committed', async () => {
    const transaction = put('note')
    const { id } = transaction
    expect(submissions.status(id)).toEqual({ status: 'UNKNOWN' })
    expect(submissions.submit(transaction.bytes)).toEqual({ id, exists: false, state: { status: 'PENDING' } })
    expect(submissions.status(id)).toEqual({ status: 'PENDING' })
    await commit(transaction)
    expect(submissions.status(id)).toEqual({ status: 'COMMITTED', height: 1, index: 0 })
  })

  it('is passed on once, however often it comes', async () => {
    const { id, bytes } = put('note')
    submissions.submit(bytes)
    expect(submissions.submit(bytes)).toEqual({ id, exists: true, state: { status: 'PENDING' } })
    expect(accepted).toEqual([id])
  })

  it('that comes again after its commit is answered with it', async () => {
    const transaction = put('note')
    await commit(transaction)
    const state = { status: 'COMMITTED', height: 1, index: 0 }
    expect(submissions.submit(transaction.bytes)).toEqual({ id: transaction.id, exists: true, state })
    expect(await submissions.settled(transaction.id, forever)).toEqual(state)
  })

  it('settles for everybody who waits, by its commit', async () => {
    const [one, other] = [put('one'), put('other')]
    for (const { bytes } of [one, other]) submissions.submit(bytes)
    const waiting = [one, other, other].map(({ id }) => submissions.settled(id, forever))
    await commit(one, other)
    expect(await Promise.all(waiting)).toEqual([
      { status: 'COMMITTED', height: 1, index: 0 },
      { status: 'COMMITTED', height: 1, index: 1 },
      { status: 'COMMITTED', height: 1, index: 1 },
    ])
  })

  it('settles for those who still wait when others gave up', async () => {
    const transaction = put('note')
    submissions.submit(transaction.bytes)
    const impatient = new AbortController()
    const given = submissions.settled(transaction.id, impatient.signal)
    const kept = submissions.settled(transaction.id, forever)
    impatient.abort(new Error('no more'))
    await expect(given).rejects.toThrow('no more')
    await commit(transaction)
    expect(await kept).toMatchObject({ status: 'COMMITTED' })
  })

  it('is not waited for by somebody who gave up before, or after the last of the others did', async () => {
    const transaction = put('note')
    submissions.submit(transaction.bytes)
    await expect(submissions.settled(transaction.id, AbortSignal.abort(new Error('no')))).rejects.toThrow('no')
    const last = new AbortController()
    const waiting = submissions.settled(transaction.id, last.signal)
    last.abort(new Error('no'))
    await expect(waiting).rejects.toThrow('no')
    const again = submissions.settled(transaction.id, forever)
    await commit(transaction)
    expect(await again).toMatchObject({ status: 'COMMITTED' })
  })

  it('is not waited for where nobody knows it', async () => {
    expect(await submissions.settled(put('note').id, forever)).toEqual({ status: 'UNKNOWN' })
  })

  it('is INVALID once a certified block has reached its expiry without it', async () => {
    const { id, bytes, transaction } = put('note', { expiresAtMs: GENESIS_TIME_MS + 10_000 })
    submissions.submit(bytes)
    const waiting = submissions.settled(id, forever)
    await proposer.commit([put('another')], { timeMs: transaction.expiresAtMs })
    submissions.onExpired(mempool.expire({ headTimeMs: proposer.ledger.head.header.timeMs, nowMs }))
    expect(await waiting).toEqual({ status: 'INVALID', reason: 'EXPIRED' })
    expect(submissions.status(id)).toEqual({ status: 'INVALID', reason: 'EXPIRED' })
  })

  it('is INVALID once the state that it was to be executed on refused it, until it is accepted again', async () => {
    const { id, bytes } = put('note')
    submissions.submit(bytes)
    const waiting = submissions.settled(id, forever)
    mempool.remove([id])
    submissions.onInadmissible(id, 'KEY_REVOKED')
    expect(await waiting).toEqual({ status: 'INVALID', reason: 'KEY_REVOKED' })
    expect(submissions.status(id)).toEqual({ status: 'INVALID', reason: 'KEY_REVOKED' })
    submissions.submit(bytes)
    expect(submissions.status(id)).toEqual({ status: 'PENDING' })
  })

  it('is COMMITTED, whatever refused it before', async () => {
    const transaction = put('note')
    submissions.submit(transaction.bytes)
    submissions.onInadmissible(transaction.id, 'KEY_REVOKED')
    await commit(transaction)
    expect(submissions.status(transaction.id)).toMatchObject({ status: 'COMMITTED' })
  })

  it('that stands in an uncertified block already waits for that block', async () => {
    const transaction = put('note')
    submissions.submit(transaction.bytes)
    const waiting = submissions.settled(transaction.id, forever)
    const block = proposer.propose([transaction])
    submissions.onInadmissible(transaction.id, 'DUPLICATE')
    await proposer.ledger.persist({ leaderCerts: [proposer.leaderCert] })
    await proposer.ledger.commit(certify(block))
    submissions.onCommit([block])
    expect(await waiting).toMatchObject({ status: 'COMMITTED' })
  })

  it('is refused with the mempool’s code, as something to correct or to repeat', () => {
    const refusalOf = (bytes: Uint8Array): unknown => {
      try {
        return submissions.submit(bytes)
      } catch (error) {
        return error instanceof RpcError ? [error.code, error.detail.reason] : error
      }
    }
    const forged = put('note').bytes.slice()
    forged[forged.length - 1] = (forged.at(-1) as number) ^ 1
    expect(refusalOf(forged)).toEqual(['INVALID_TRANSACTION', 'BAD_SIGNATURE'])
    expect(refusalOf(new Uint8Array([1]))).toEqual(['INVALID_TRANSACTION', 'MALFORMED'])
    expect(refusalOf(put('note', { by: 'Nobody' }).bytes)).toEqual(['INVALID_TRANSACTION', 'UNKNOWN_SENDER'])
    expect(refusalOf(new Uint8Array(300_000))).toEqual(['TOO_LARGE', undefined])
    for (const note of ['one', 'two']) submissions.submit(put(note).bytes)
    expect(refusalOf(put('three').bytes)).toEqual(['RETRY_LATER', 'SENDER_SHARE'])
    expect(accepted).toHaveLength(2)
  })
})
