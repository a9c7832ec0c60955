import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HOSPITAL, MemoryNode, OTHER_PATIENT, PATIENT, signerOf } from '../../test/support/memory-node.ts'
import { serve } from '../../test/support/memory-server.ts'
import { idOf } from '../../test/support/test-chain.ts'
import type { IdentityId } from '../types/brand.ts'
import { type Client, type ConnectOptions, connect } from './client.ts'
import type { ChainEvent } from './event-stream.ts'
import { verifyReceipt } from './verify-receipt.ts'

/** Nobody listens there. */
const DEAD_URL = 'http://127.0.0.1:9'

let node: MemoryNode
let first: Awaited<ReturnType<typeof serve>>
let second: typeof first

beforeEach(async () => {
  node = new MemoryNode()
  first = await serve(node)
  second = await serve(node)
})
afterEach(() => Promise.all([first.close(), second.close()]))

const clientOf = (url: ConnectOptions['url'], options: Partial<ConnectOptions> = {}): Client =>
  connect({ url, genesis: node.chain.genesis, ...options })
const hospital = signerOf(HOSPITAL)
const open = (bed: number) => ({ contract: 'ward', method: 'open', args: { bed } })
const admit = (patient: IdentityId, bed: number) => ({ contract: 'ward', method: 'admit', args: { patient, bed } })
const rawOpen = (bed: number) => ({ contract: 'ward', method: 'open', args: [bed] })
const rawAdmit = (patient: IdentityId, bed: number) => ({
  contract: 'ward',
  method: 'admit',
  args: [Uint8Array.fromHex(patient), bed],
})

describe('submit()', () => {
  it('signs named calls, waits for the commit and returns a verified, decoded receipt', async () => {
    const receipt = await clientOf(first.url).submit([admit(PATIENT, 4), open(-1)], { signer: hospital })
    expect(receipt).toMatchObject({
      height: 1,
      index: 0,
      calls: [
        {
          contract: 'ward',
          method: 'admit',
          status: 'ok',
          value: 4,
          events: [{ contract: 'ward', name: 'Admitted', fields: { patient: PATIENT, bed: 4 } }],
        },
        { contract: 'ward', method: 'open', status: 'refused', code: 'NO_SUCH_BED', value: null, events: [] },
      ],
    })
    expect(verifyReceipt(receipt.proof, node.chain.genesis.genesis).receipt.transactionId).toBe(receipt.transactionId)
  })

  it('moves on to another node when the first is unreachable or not ready', async () => {
    const receipt = await clientOf([DEAD_URL, first.url]).submit([open(1)], { signer: hospital })
    expect(receipt.height).toBe(1)
  })

  it('hands the same bytes to another node when the connection is lost, with one effect', async () => {
    node.autoCommit = false
    const submitting = clientOf([first.url, second.url]).submit([open(1)], { signer: hospital })
    await expect.poll(async () => (await clientOf(second.url).nodeStatus()).pending).toBe(1)
    await first.close()
    setTimeout(() => node.commit(), 200)
    const receipt = await submitting
    expect(receipt.calls).toMatchObject([{ status: 'ok', value: 1 }])
    expect(node.chain.blocks.flatMap(({ block }) => block.transactions)).toHaveLength(1)
  })

  it('waits as long as RETRY_LATER asks for', async () => {
    node.retryNextAfterMs = 300
    const startedAt = performance.now()
    await clientOf(first.url).submit([open(1)], { signer: hospital })
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(290)
  })

  it('says OUTCOME_UNKNOWN when the transaction expires undecided', async () => {
    node.autoCommit = false
    const submitting = clientOf([first.url, DEAD_URL]).submit([open(1)], { signer: hospital, lifetimeMs: 300 })
    await expect(submitting).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', transactionId: expect.any(String) })
  })

  it("does not take a refusal by one node's clock for the end of what another may have taken", async () => {
    node.autoCommit = false
    // The first node takes the bytes and goes away before it can say what became of them; the second finds them expired.
    const submitting = clientOf([first.url, second.url]).submit([open(1)], { signer: hospital })
    await expect.poll(async () => (await clientOf(second.url).nodeStatus()).pending).toBe(1)
    node.invalidNext = 'EXPIRED'
    await first.close()
    await expect.poll(() => node.refuseNext).toBe(undefined)
    node.commit()
    expect((await submitting).calls).toMatchObject([{ status: 'ok', value: 1 }])
  })

  it('believes a refusal by clock where no node has taken it before', async () => {
    node.invalidNext = 'EXPIRED'
    await expect(clientOf([first.url, second.url]).submit([open(1)], { signer: hospital })).rejects.toMatchObject({
      code: 'REFUSED',
      refusal: { reason: 'EXPIRED' },
    })
  })

  it('does not try again what can never be committed', async () => {
    const stranger = { ...hospital, identity: idOf(77) }
    await expect(clientOf(first.url).submit([open(1)], { signer: stranger })).rejects.toMatchObject({
      code: 'REFUSED',
      refusal: { code: 'INVALID_TRANSACTION', reason: 'BAD_SIGNATURE' },
    })
  })

  it('believes no node: a receipt with a changed proof, or of another transaction, is refused', async () => {
    const client = clientOf(first.url)
    const other = await client.submit([open(9)], { signer: hospital })
    const { proof: otherProof } = await receiptOverWire(other.transactionId)
    const lying = (change: (proof: string) => string): typeof fetch => {
      return async (...request) => {
        const answer = (await (await fetch(...request)).json()) as { result: { receipt: { proof: string } } }
        answer.result.receipt.proof = change(answer.result.receipt.proof)
        return Response.json(answer)
      }
    }
    const flipLast = (proof: string): string => {
      const bytes = Uint8Array.fromBase64(proof)
      bytes[20] = (bytes[20] ?? 0) ^ 1
      return bytes.toBase64()
    }
    const submit = (change: (proof: string) => string) =>
      clientOf(first.url, { fetch: lying(change) }).submit([open(1)], { signer: hospital })
    await expect(submit(flipLast)).rejects.toMatchObject({ code: 'PROOF_INVALID' })
    await expect(submit(() => otherProof)).rejects.toMatchObject({ code: 'BAD_ANSWER' })
  })

  async function receiptOverWire(transactionId: string) {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'transaction.receipt', params: { transactionId } })
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(first.url, { method: 'POST', headers, body })
    return ((await response.json()) as { result: { proof: string } }).result
  }

  it.each([
    ['an unknown contract', { contract: 'nope', method: 'open' }, 'contract'],
    ['an unknown method', { contract: 'ward', method: 'nope' }, 'method'],
    ['a missing argument', { contract: 'ward', method: 'open' }, 'args'],
    ['an argument of another type', { contract: 'ward', method: 'open', args: { bed: 'Jane' } }, 'args'],
  ])('refuses %s before anything is sent', async (_title, call, field) => {
    const client = clientOf(DEAD_URL)
    const error = await client.submit([call], { signer: hospital }).catch((caught: Error) => caught)
    expect(error).toMatchObject({ code: 'BAD_ARGUMENT', field })
    expect(String(error)).not.toContain('Jane')
  })

  it('refuses a lifetime beyond the window', () => {
    expect(() => clientOf(DEAD_URL).sign([open(1)], { signer: hospital, lifetimeMs: 600_001 })).toThrow('lifetimeMs')
  })

  it('ends with ABORTED when the caller aborts', async () => {
    node.autoCommit = false
    const abort = new AbortController()
    const submitting = clientOf(first.url).submit([open(1)], { signer: hospital, signal: abort.signal })
    setTimeout(() => abort.abort(), 50)
    await expect(submitting).rejects.toMatchObject({ code: 'ABORTED' })
  })
})

describe('send(), status(), receipt()', () => {
  it('accept first and prove later', async () => {
    node.autoCommit = false
    const client = clientOf(first.url)
    const signed = client.sign([open(2)], { signer: hospital })
    expect(await client.status(signed.id)).toMatchObject({ status: 'UNKNOWN' })
    expect(await client.send(signed)).toEqual({ transactionId: signed.id, exists: false })
    expect(await client.send(signed)).toEqual({ transactionId: signed.id, exists: true })
    expect(await client.status(signed.id)).toMatchObject({ status: 'PENDING' })
    node.commit()
    expect(await client.status(signed.id)).toMatchObject({ status: 'COMMITTED', height: 1, index: 0 })
    expect((await client.receipt(signed)).calls).toMatchObject([{ status: 'ok', value: 2 }])
  })
})

describe('query() and signedQuery()', () => {
  it('ask a view; what reveals a patient only with a read signed for that patient', async () => {
    node.commitCalls(rawAdmit(PATIENT, 4))
    const client = clientOf(first.url)
    const bedOf = { contract: 'ward', method: 'bedOf', args: { patient: PATIENT } }
    expect(await client.query({ contract: 'ward', method: 'count' })).toMatchObject({ value: 1, fresh: true })
    await expect(client.query(bedOf)).rejects.toMatchObject({ refusal: { code: 'READ_REQUIRED' } })
    const answer = await client.signedQuery(bedOf, { signer: signerOf(PATIENT), reason: 'ownData' })
    expect(answer.value).toBe(4)
    expect(node.admitted).toMatchObject([{ reader: PATIENT, subject: PATIENT, reason: 'ownData' }])
    const stranger = client.signedQuery(bedOf, { signer: signerOf(OTHER_PATIENT), reason: 'ownData' })
    await expect(stranger).rejects.toMatchObject({ code: 'REFUSED', refusal: { code: 'NOT_ENTITLED' } })
  })
})

describe('follow()', () => {
  const beds = (events: readonly ChainEvent[]) => events.map(({ fields }) => (fields as { bed: number }).bed)

  async function take(events: AsyncIterable<ChainEvent>, count: number): Promise<ChainEvent[]> {
    const taken: ChainEvent[] = []
    for await (const event of events) if (taken.push(event) === count) break
    return taken
  }

  it('yields what was and what comes, once each, over the death of a node', async () => {
    for (let bed = 0; bed < 50; bed++) node.commitCalls(rawOpen(bed))
    const events = clientOf([first.url, second.url]).follow({ from: 0 })
    const before = await takeOpen(events, 50)
    await first.close()
    for (let bed = 50; bed < 100; bed++) node.commitCalls(rawOpen(bed))
    const after = await take(events, 50)
    expect(beds([...before, ...after])).toEqual(Array.from({ length: 100 }, (_, i) => i))
  })

  /** Leaves the iterator open. */
  async function takeOpen(events: AsyncGenerator<ChainEvent, void>, count: number): Promise<ChainEvent[]> {
    const taken: ChainEvent[] = []
    while (taken.length < count) {
      const { value } = await events.next()
      if (value) taken.push(value)
    }
    return taken
  }

  it('loses nothing between subscription and reconnect when it started from now on', async () => {
    const events = clientOf([first.url, second.url]).follow()
    const next = events.next()
    await expect.poll(() => subscriptions(first.url)).toBe('1')
    await first.close()
    node.commitCalls(rawOpen(7))
    expect(beds([(await next).value as ChainEvent])).toEqual([7])
    await events.return()
  })

  const subscriptions = async (url: string) =>
    (await (await fetch(`${url}/metrics`)).text()).match(/\nassent_rpc_subscriptions (\d+)/)?.[1]

  it('signs a new read when the last one has expired, and goes on', async () => {
    const read = { signer: signerOf(PATIENT), subject: PATIENT, reason: 'ownData' as const }
    const events = clientOf(first.url).follow({ from: 0, read })
    node.commitCalls(rawAdmit(PATIENT, 1))
    const seen = await takeOpen(events, 1)
    let isLater = true
    node.nowMs = () => {
      const nowMs = isLater ? Date.now() + 400_000 : Date.now()
      isLater = false
      return nowMs
    }
    node.commitCalls(rawAdmit(OTHER_PATIENT, 2), rawAdmit(PATIENT, 3))
    seen.push(...(await take(events, 1)))
    expect(beds(seen)).toEqual([1, 3])
    expect(node.admitted).toHaveLength(2)
  })

  it('throws what no other node would answer differently', async () => {
    const read = { signer: signerOf(OTHER_PATIENT), subject: PATIENT, reason: 'ownData' as const }
    const following = take(clientOf([first.url, second.url]).follow({ read }), 1)
    await expect(following).rejects.toMatchObject({ code: 'REFUSED', refusal: { code: 'NOT_ENTITLED' } })
  })

  it('ends with ABORTED when the caller aborts, and hangs up when the caller stops', async () => {
    const abort = new AbortController()
    const following = take(clientOf(first.url).follow({ from: 0, signal: abort.signal }), 1)
    await expect.poll(() => subscriptions(first.url)).toBe('1')
    abort.abort()
    await expect(following).rejects.toMatchObject({ code: 'ABORTED' })
    node.commitCalls(rawOpen(1))
    await take(clientOf(first.url).follow({ from: 0 }), 1)
    await expect.poll(() => subscriptions(first.url)).toBe('0')
  })
})

describe('connect()', () => {
  it.each([[[]], ['ftp://example'], ['not a url']])('refuses %j', (url) => {
    expect(() => clientOf(url)).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT', field: 'urls' }))
  })

  it('says UNREACHABLE where no node answers, and BAD_ANSWER where something else does', async () => {
    await expect(clientOf(DEAD_URL).nodeStatus()).rejects.toMatchObject({ code: 'UNREACHABLE' })
    const impostor =
      (answer: Response): typeof fetch =>
      () =>
        Promise.resolve(answer)
    for (const answer of [
      new Response('<html>'),
      Response.json({}),
      Response.json({ jsonrpc: '2.0', result: { height: 1 } }),
    ]) {
      const client = clientOf(first.url, { fetch: impostor(answer) })
      await expect(client.nodeStatus()).rejects.toMatchObject({ code: 'BAD_ANSWER' })
    }
  })
})
