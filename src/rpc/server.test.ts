import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import {
  HOSPITAL,
  INSTITUTION_TOKEN,
  MemoryNode,
  OTHER_PATIENT,
  PATIENT,
  signerOf,
} from '../../test/support/memory-node.ts'
import { idOf } from '../../test/support/test-chain.ts'
import type { Hash, IdentityId } from '../types/brand.ts'
import { type SignedRead, signRead } from '../types/signed-read.ts'
import { RPC_ERRORS, RpcError, type RpcErrorCode } from './errors.ts'
import { BATCH_MAX, BODY_BYTES_MAX } from './limits.ts'
import { consensusMethods } from './methods-consensus.ts'
import { createMethods, type RpcServer, startRpcServer } from './server.ts'

let node: MemoryNode
let server: RpcServer

const listen = { host: '127.0.0.1', port: 0 }

beforeEach(async () => {
  node = new MemoryNode()
  server = await startRpcServer({ listen, services: node.services, version: '0.1.0' })
})
afterEach(() => server.close())

interface Answer {
  id?: unknown
  result?: unknown
  error?: { code: number; message: string; data: { code: RpcErrorCode; [key: string]: unknown } }
}

async function post(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, answer: (text && JSON.parse(text)) as Answer & Answer[] }
}

async function call(method: string, params: object = {}): Promise<Answer> {
  return (await post(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))).answer
}

async function result<T>(method: string, params: object = {}): Promise<T> {
  const answer = await call(method, params)
  expect(answer.error).toBeUndefined()
  return answer.result as T
}

interface ReadOptions {
  reader: IdentityId
  subject: IdentityId | null
  changes?: Partial<SignedRead>
}

let nonces = 0
function readBy({ reader, subject, changes = {} }: ReadOptions) {
  const signer = signerOf(reader)
  const read = signRead(
    {
      version: 1,
      chainId: node.chain.chainId,
      reader,
      keyId: signer.keyId,
      subject,
      reason: 'ownData',
      range: null,
      nonce: idOf(++nonces) as string as Hash,
      expiresAtMs: Date.now() + 60_000,
      ...changes,
    },
    signer.sign,
  )
  return { ...read, signature: read.signature.toHex() }
}

const admit = (patient: IdentityId, bed: number) => ({
  contract: 'ward',
  method: 'admit',
  args: [Uint8Array.fromHex(patient), bed],
})
const open = (bed: number) => ({ contract: 'ward', method: 'open', args: [bed] })

describe('JSON-RPC 2.0', () => {
  const request = { jsonrpc: '2.0', id: 7, method: 'node.status' }

  it.each<
    [title: string, body: string | Uint8Array<ArrayBuffer>, code: RpcErrorCode, field: string | undefined, id: unknown]
  >([
    ['is not JSON', '{"jsonrpc":', 'PARSE_ERROR', undefined, null],
    ['is empty', '', 'PARSE_ERROR', undefined, null],
    ['is not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 'PARSE_ERROR', undefined, null],
    ['is a number', '1', 'INVALID_REQUEST', undefined, null],
    ['is null', 'null', 'INVALID_REQUEST', undefined, null],
    ['is an empty batch', '[]', 'INVALID_REQUEST', 'batch', null],
    ['is too long a batch', `[${'1,'.repeat(BATCH_MAX)}1]`, 'INVALID_REQUEST', 'batch', null],
    ['has no jsonrpc', JSON.stringify({ id: 7, method: 'node.status' }), 'INVALID_REQUEST', 'jsonrpc', 7],
    ['has jsonrpc 1.0', JSON.stringify({ ...request, jsonrpc: '1.0' }), 'INVALID_REQUEST', 'jsonrpc', 7],
    ['has no method', JSON.stringify({ jsonrpc: '2.0', id: 7 }), 'INVALID_REQUEST', 'method', 7],
    ['has a method that is a number', JSON.stringify({ ...request, method: 1 }), 'INVALID_REQUEST', 'method', 7],
    ['has params that are text', JSON.stringify({ ...request, params: 'x' }), 'INVALID_REQUEST', 'params', 7],
    ['has params that are null', JSON.stringify({ ...request, params: null }), 'INVALID_REQUEST', 'params', 7],
    ['has positional params', JSON.stringify({ ...request, params: [1] }), 'INVALID_PARAMS', 'params', 7],
    ['has an id that is an object', JSON.stringify({ ...request, id: {} }), 'INVALID_REQUEST', 'id', null],
    ['has an id that is a boolean', JSON.stringify({ ...request, id: true }), 'INVALID_REQUEST', 'id', null],
    ['has a fractional id', JSON.stringify({ ...request, id: 1.5 }), 'INVALID_REQUEST', 'id', null],
    ['has too long an id', JSON.stringify({ ...request, id: 'x'.repeat(129) }), 'INVALID_REQUEST', 'id', null],
    ['has an unknown method', JSON.stringify({ ...request, method: 'nope' }), 'METHOD_NOT_FOUND', undefined, 7],
    ['has a method of Object', JSON.stringify({ ...request, method: 'constructor' }), 'METHOD_NOT_FOUND', undefined, 7],
    [
      'asks for a subscription over HTTP',
      JSON.stringify({ ...request, method: 'events.subscribe' }),
      'METHOD_NOT_FOUND',
      undefined,
      7,
    ],
  ])('refuses a request that %s', async (_title, body, code, field, id) => {
    const { answer } = await post(body)
    expect(answer.error?.code).toBe(RPC_ERRORS[code].number)
    expect(answer.error?.data).toMatchObject(field === undefined ? { code } : { code, field })
    expect(answer.id).toBe(id)
  })

  it('answers a request with id null, and with a text id', async () => {
    for (const id of [null, 'a', 0]) {
      const { answer } = await post(JSON.stringify({ ...request, id }))
      expect(answer).toMatchObject({ jsonrpc: '2.0', id, result: { height: 0 } })
    }
  })

  it('runs a notification without an answer', async () => {
    const { id, bytes } = node.transaction([open(1)])
    const params = { transaction: bytes.toBase64() }
    const { status, answer } = await post(JSON.stringify({ jsonrpc: '2.0', method: 'transaction.submit', params }))
    expect({ status, answer }).toEqual({ status: 204, answer: '' })
    expect(await result('transaction.status', { transactionId: id })).not.toMatchObject({ status: 'UNKNOWN' })
  })

  it('does not answer a notification that fails', async () => {
    const { status } = await post(JSON.stringify({ jsonrpc: '2.0', method: 'nope' }))
    expect(status).toBe(204)
  })

  it('answers a batch item by item, notifications left out', async () => {
    const { answer } = await post(
      JSON.stringify([request, { jsonrpc: '2.0', method: 'node.status' }, 1, { ...request, id: 8, method: 'nope' }]),
    )
    expect(answer.map(({ id, error }) => [id, error?.data.code])).toEqual([
      [7, undefined],
      [null, 'INVALID_REQUEST'],
      [8, 'METHOD_NOT_FOUND'],
    ])
  })

  it('answers a batch of notifications with nothing', async () => {
    const notification = { jsonrpc: '2.0', method: 'node.status' }
    expect((await post(JSON.stringify([notification, notification]))).status).toBe(204)
  })

  it('hides what failed inside, and logs it', async () => {
    node.refuseNext = new Error('disk is on fire')
    const answer = await call('transaction.submit', { transaction: node.transaction([open(1)]).bytes.toBase64() })
    expect(answer.error?.data.code).toBe('INTERNAL_ERROR')
    expect(JSON.stringify(answer)).not.toContain('fire')
    expect(node.logged).toHaveLength(1)
  })
})

describe('the door', () => {
  const status = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'node.status' })

  it('accepts JSON only', async () => {
    const { status: code, answer } = await post(status, { 'content-type': 'text/plain' })
    expect(code).toBe(415)
    expect(answer.error?.data).toMatchObject({ code: 'INVALID_REQUEST', field: 'Content-Type' })
  })

  it('refuses a body beyond the bound', async () => {
    const { status: code, answer } = await post(`"${'x'.repeat(BODY_BYTES_MAX)}"`)
    expect(code).toBe(413)
    expect(answer.error?.data).toMatchObject({ code: 'TOO_LARGE', field: 'body' })
  })

  it('refuses a page of another origin, and gives it no CORS headers', async () => {
    const { status: code, answer, headers } = await post(status, { origin: 'https://evil.example' })
    expect(code).toBe(403)
    expect(answer.error?.data).toMatchObject({ code: 'INVALID_REQUEST', field: 'Origin' })
    expect(headers.get('access-control-allow-origin')).toBeNull()
  })

  it('accepts a page of its own, and of an origin that the operator named', async () => {
    expect((await post(status, { origin: server.url })).status).toBe(200)
    const options = { listen: { ...listen, allowedOrigins: ['https://audit.example'] }, version: '0.1.0' }
    const open = await startRpcServer({ ...options, services: new MemoryNode().services })
    try {
      const headers = { 'content-type': 'application/json', origin: 'https://audit.example' }
      const response = await fetch(open.url, { method: 'POST', headers, body: status })
      expect(response.status).toBe(200)
      expect(response.headers.get('access-control-allow-origin')).toBe('https://audit.example')
      expect((await fetch(open.url, { method: 'OPTIONS', headers })).status).toBe(204)
    } finally {
      await open.close()
    }
  })

  it('names its paths where nothing is found', async () => {
    const response = await fetch(`${server.url}/nothing`)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ error: { data: { code: 'NOT_FOUND' } } })
  })

  it('says which port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as { port: number }
    const starting = startRpcServer({ listen: { ...listen, port }, services: new MemoryNode().services, version: '0' })
    await expect(starting).rejects.toMatchObject({ code: 'PORT_IN_USE', message: expect.stringContaining(`${port}`) })
    other.close()
  })
})

describe('health and metrics', () => {
  it('answers /livez and /readyz, with named reasons when not ready', async () => {
    const get = async (path: string) => {
      const response = await fetch(`${server.url}${path}`)
      return [response.status, await response.json()]
    }
    expect(await get('/livez')).toEqual([200, { live: true }])
    expect(await get('/readyz')).toEqual([200, { ready: true, reasons: [] }])
    node.ready = false
    expect(await get('/readyz')).toEqual([503, { ready: false, reasons: ['NO_LEADER'] }])
  })

  it('counts requests by method and outcome', async () => {
    await call('node.status')
    await call('chain.header', { height: 99 })
    await call('made.up')
    const text = await (await fetch(`${server.url}/metrics`)).text()
    expect(text).toContain('assent_rpc_requests_total{method="node.status",outcome="ok"} 1')
    expect(text).toContain('assent_rpc_requests_total{method="chain.header",outcome="NOT_FOUND"} 1')
    expect(text).toContain('assent_rpc_requests_total{method="unknown",outcome="METHOD_NOT_FOUND"} 1')
    expect(text).not.toContain('made.up')
  })
})

describe('parameters', () => {
  const wrongRead = (change: object) => ({
    height: 0,
    read: { ...readBy({ reader: HOSPITAL, subject: null }), ...change },
  })

  it.each<[method: string, params: () => object, code: RpcErrorCode, field: string]>([
    ['node.status', () => ({ x: 1 }), 'INVALID_PARAMS', 'params'],
    ['chain.header', () => ({}), 'INVALID_PARAMS', 'params.height'],
    ['chain.header', () => ({ height: -1 }), 'INVALID_PARAMS', 'params.height'],
    ['chain.header', () => ({ height: 1.5 }), 'INVALID_PARAMS', 'params.height'],
    ['chain.header', () => ({ height: '0' }), 'INVALID_PARAMS', 'params.height'],
    ['chain.header', () => ({ height: 99 }), 'NOT_FOUND', 'params.height'],
    ['chain.block', () => ({ height: 0 }), 'READ_REQUIRED', 'params.read'],
    ['chain.block', () => ({ height: 0, read: 1 }), 'INVALID_PARAMS', 'params.read'],
    ['chain.block', () => wrongRead({ signature: 'ab' }), 'INVALID_PARAMS', 'params.read.signature'],
    ['chain.block', () => wrongRead({ reason: 'curious' }), 'INVALID_PARAMS', 'params.read.reason'],
    ['chain.block', () => wrongRead({ reader: 'Jane' }), 'INVALID_PARAMS', 'params.read.reader'],
    ['chain.block', () => wrongRead({ range: { fromMs: 1 } }), 'INVALID_PARAMS', 'params.read.range.toMs'],
    ['chain.block', () => wrongRead({ more: 1 }), 'INVALID_PARAMS', 'params.read'],
    ['transaction.submit', () => ({ transaction: '&&' }), 'INVALID_PARAMS', 'params.transaction'],
    ['transaction.submit', () => ({ transaction: 'abc' }), 'INVALID_PARAMS', 'params.transaction'],
    ['transaction.submit', () => ({ transaction: 'ab', wait: 'forever' }), 'INVALID_PARAMS', 'params.wait'],
    ['transaction.submit', () => ({ transaction: 'ab', timeoutMs: 0 }), 'INVALID_PARAMS', 'params.timeoutMs'],
    ['transaction.submit', () => ({ transaction: 'ab'.repeat(262_400) }), 'TOO_LARGE', 'params.transaction'],
    ['transaction.status', () => ({ transactionId: 'AB' }), 'INVALID_PARAMS', 'params.transactionId'],
    ['contract.abi', () => ({ contract: 'nope' }), 'NOT_FOUND', 'params.contract'],
    ['contract.query', () => ({ contract: 'ward', method: 'nope' }), 'NOT_FOUND', 'params.method'],
    ['contract.query', () => ({ contract: 'ward', method: 'open' }), 'NOT_FOUND', 'params.method'],
    ['contract.query', () => ({ contract: 'ward', method: 'bedOf' }), 'INVALID_PARAMS', 'params.args.patient'],
    ['contract.query', () => ({ contract: 'ward', method: 'count', args: [] }), 'INVALID_PARAMS', 'params.args'],
    ['contract.query', () => ({ contract: 'ward', method: 'count', args: { x: 1 } }), 'INVALID_PARAMS', 'params.args'],
    ['events.list', () => ({ from: '1' }), 'INVALID_PARAMS', 'params.from'],
    ['events.list', () => ({ from: '01.2' }), 'INVALID_PARAMS', 'params.from'],
    ['events.list', () => ({ limit: 0 }), 'INVALID_PARAMS', 'params.limit'],
    ['events.list', () => ({ limit: 1_001 }), 'INVALID_PARAMS', 'params.limit'],
    ['events.list', () => ({ filter: { patient: PATIENT } }), 'INVALID_PARAMS', 'params.filter'],
  ])('%s refuses %o', async (method, params, code, field) => {
    const { error } = await call(method, params())
    expect(error?.data).toMatchObject({ code, field })
    expect(error?.code).toBe(RPC_ERRORS[code].number)
  })

  it('never repeats what was sent', async () => {
    const planted = 'Jane-Doe-1970-01-02'
    const attempts = [
      call('contract.query', { contract: 'ward', method: 'bedOf', args: { patient: planted } }),
      call('contract.query', { contract: 'ward', method: 'bedOf', args: { [planted]: 1 } }),
      call('contract.query', { contract: planted, method: planted }),
      call('events.list', { from: planted, filter: { contract: planted } }),
      call('transaction.submit', { transaction: planted }),
      call('chain.header', { [planted]: planted }),
      call(planted),
      post(`{"a": "${planted}`).then(({ answer }) => answer),
    ]
    for (const answer of await Promise.all(attempts)) {
      expect(answer.error).toBeDefined()
      expect(JSON.stringify(answer)).not.toContain(planted)
    }
  })
})

describe('transactions', () => {
  it('are accepted at once, then committed, and exist when they come again', async () => {
    node.autoCommit = false
    const { id, bytes } = node.transaction([open(3)])
    const first = await result('transaction.submit', { transaction: bytes.toBase64() })
    expect(first).toEqual({ transactionId: id, exists: false, status: 'PENDING' })
    expect((await call('transaction.receipt', { transactionId: id })).error?.data.code).toBe('TIMEOUT')
    node.commit()
    const again = await result('transaction.submit', { transaction: bytes.toHex() })
    expect(again).toEqual({ transactionId: id, exists: true, status: 'COMMITTED', height: 1, index: 0 })
  })

  it('come back with receipt and proof where the submitter waits', async () => {
    const { id, bytes } = node.transaction([open(3), open(-1), admit(PATIENT, 4)])
    const answer = await result('transaction.submit', { transaction: bytes.toBase64(), wait: 'committed' })
    expect(answer).toMatchObject({
      transactionId: id,
      exists: false,
      status: 'COMMITTED',
      height: 1,
      index: 0,
      receipt: {
        calls: [
          { status: 'ok', value: 3 },
          { status: 'refused', code: 'NO_SUCH_BED', value: null, events: [] },
          { status: 'ok', events: [{ contract: 'ward', name: 'Admitted', fields: { patient: PATIENT, bed: 4 } }] },
        ],
      },
    })
    const { receipt } = answer as { receipt: object }
    expect(await result('transaction.receipt', { transactionId: id })).toEqual(receipt)
  })

  it('answer TIMEOUT with the id where the commit takes too long', async () => {
    node.autoCommit = false
    const { id, bytes } = node.transaction([open(3)])
    const params = { transaction: bytes.toBase64(), wait: 'committed', timeoutMs: 20 }
    const { error } = await call('transaction.submit', params)
    expect(error?.data).toMatchObject({ code: 'TIMEOUT', transactionId: id })
  })

  it('answer NOT_READY to who waits when the node stops', async () => {
    node.autoCommit = false
    const waiting = call('transaction.submit', {
      transaction: node.transaction([open(3)]).bytes.toBase64(),
      wait: 'committed',
    })
    while ((await result<{ pending: number }>('node.status')).pending === 0);
    const closing = server.close()
    expect((await waiting).error?.data.code).toBe('NOT_READY')
    await closing
  })

  it('are refused with the reason of the mempool, and with the time to wait', async () => {
    const { bytes } = node.transaction([open(1)])
    const forged = bytes.slice()
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
    const submit = async (transaction: Uint8Array) =>
      (await call('transaction.submit', { transaction: transaction.toBase64() })).error?.data
    expect(await submit(forged)).toMatchObject({ code: 'INVALID_TRANSACTION', reason: 'BAD_SIGNATURE' })
    expect(await submit(bytes.slice(1))).toMatchObject({ code: 'INVALID_TRANSACTION', reason: 'MALFORMED' })
    node.refuseNext = new RpcError('RETRY_LATER', { retryAfterMs: 250 })
    expect(await submit(bytes)).toMatchObject({ code: 'RETRY_LATER', retryAfterMs: 250 })
  })

  it('are UNKNOWN where nobody submitted them', async () => {
    const transactionId = idOf(5)
    expect(await result('transaction.status', { transactionId })).toEqual({ transactionId, status: 'UNKNOWN' })
    expect((await call('transaction.receipt', { transactionId })).error?.data.code).toBe('UNKNOWN_TRANSACTION')
  })
})

describe('signed reads', () => {
  const bedOf = (patient: IdentityId, read?: object) =>
    call('contract.query', { contract: 'ward', method: 'bedOf', args: { patient }, ...(read && { read }) })

  beforeEach(() => node.commitCalls(admit(PATIENT, 4)))

  it('open a view that reveals a patient, and are recorded first', async () => {
    const { result: answer } = await bedOf(PATIENT, readBy({ reader: PATIENT, subject: PATIENT }))
    expect(answer).toMatchObject({ value: 4, height: 1, fresh: true })
    expect(node.admitted).toHaveLength(1)
  })

  it('are not needed for a view that reveals nobody', async () => {
    expect(await result('contract.query', { contract: 'ward', method: 'count' })).toMatchObject({ value: 1 })
    expect(node.admitted).toHaveLength(0)
  })

  it.each<[title: string, read: () => object | undefined, code: RpcErrorCode, reason: string | undefined]>([
    ['missing', () => undefined, 'READ_REQUIRED', undefined],
    ['about somebody else', () => readBy({ reader: PATIENT, subject: OTHER_PATIENT }), 'INVALID_READ', 'WRONG_SUBJECT'],
    ['about the whole log', () => readBy({ reader: HOSPITAL, subject: null }), 'INVALID_READ', 'WRONG_SUBJECT'],
    [
      'for another chain',
      () => readBy({ reader: PATIENT, subject: PATIENT, changes: { chainId: idOf(1) as string as Hash } }),
      'INVALID_READ',
      'WRONG_CHAIN',
    ],
    [
      'expired',
      () => readBy({ reader: PATIENT, subject: PATIENT, changes: { expiresAtMs: Date.now() - 1 } }),
      'INVALID_READ',
      'EXPIRED',
    ],
    [
      'good for too long',
      () => readBy({ reader: PATIENT, subject: PATIENT, changes: { expiresAtMs: Date.now() + 700_000 } }),
      'INVALID_READ',
      'EXPIRES_TOO_LATE',
    ],
    [
      'for an empty range',
      () => readBy({ reader: PATIENT, subject: PATIENT, changes: { range: { fromMs: 2, toMs: 2 } } }),
      'INVALID_READ',
      'BAD_RANGE',
    ],
    [
      'changed after it was signed',
      () => ({ ...readBy({ reader: PATIENT, subject: PATIENT }), reason: 'oversight' }),
      'INVALID_READ',
      'BAD_SIGNATURE',
    ],
    ['by somebody not entitled', () => readBy({ reader: OTHER_PATIENT, subject: PATIENT }), 'NOT_ENTITLED', undefined],
  ])('are refused when %s', async (_title, read, code, reason) => {
    const { error, result: answer } = await bedOf(PATIENT, read())
    expect(error?.data).toMatchObject(reason === undefined ? { code } : { code, reason })
    expect(answer).toBeUndefined()
    expect(node.admitted).toHaveLength(0)
  })

  it('are good once, even when they come twice at the same time', async () => {
    const read = readBy({ reader: PATIENT, subject: PATIENT })
    const answers = await Promise.all([bedOf(PATIENT, read), bedOf(PATIENT, read)])
    expect(answers.map(({ error }) => error?.data.reason).sort()).toEqual(['USED', undefined])
    expect((await bedOf(PATIENT, read)).error?.data).toMatchObject({ code: 'INVALID_READ', reason: 'USED' })
  })

  it('are not used up by a refusal', async () => {
    const forged = { ...readBy({ reader: PATIENT, subject: PATIENT }), signature: '00'.repeat(64) }
    for (let i = 0; i < 2; i++)
      expect((await bedOf(PATIENT, forged)).error?.data).toMatchObject({ reason: 'BAD_SIGNATURE' })
  })

  it('of a member open raw blocks; those of a patient do not', async () => {
    const block = (read: object) => call('chain.block', { height: 1, read })
    const { result: answer } = await block(readBy({ reader: HOSPITAL, subject: null }))
    expect(answer).toMatchObject({ hash: node.chain.head.block.hash, transactions: [{ id: expect.any(String) }] })
    expect((await block(readBy({ reader: PATIENT, subject: null }))).error?.data.code).toBe('NOT_ENTITLED')
    expect((await block(readBy({ reader: PATIENT, subject: PATIENT }))).error?.data).toMatchObject({
      reason: 'WRONG_SUBJECT',
    })
  })
})

describe('events.list', () => {
  interface Page {
    events: { cursor: string; name: string; transactionId: string | null; fields: { bed: number } }[]
    next: string
    more: boolean
  }

  beforeEach(() => {
    node.commitCalls(open(1), admit(PATIENT, 2), open(3))
    node.commitCalls(admit(OTHER_PATIENT, 4))
    node.commitCalls(open(5))
  })
  const beds = async (params: object) =>
    (await result<Page>('events.list', params)).events.map(({ fields }) => fields.bed)

  it('pages through the log by cursor, each event once', async () => {
    const seen: number[] = []
    let from: string | number = 0
    for (let more = true; more; ) {
      const page: Page = await result<Page>('events.list', { from, limit: 2 })
      seen.push(...page.events.map(({ fields }) => fields.bed))
      from = page.next
      more = page.more
    }
    expect(seen).toEqual([1, 3, 5])
    expect(from).toBe('4.0')
  })

  it('goes on exactly behind the event whose cursor is given, and from any height', async () => {
    const { events } = await result<Page>('events.list', { limit: 1 })
    expect(await beds({ from: events[0]?.cursor })).toEqual([3, 5])
    expect(await beds({ from: 2 })).toEqual([5])
    expect(await beds({ from: 1_000 })).toEqual([])
  })

  it('shows what concerns a patient to a signed read about that patient, within its range', async () => {
    expect(await beds({ read: readBy({ reader: PATIENT, subject: PATIENT }) })).toEqual([1, 2, 3, 5])
    const range = { fromMs: 1, toMs: 2 }
    expect(await beds({ read: readBy({ reader: PATIENT, subject: PATIENT, changes: { range } }) })).toEqual([1, 3, 5])
  })

  it('shows everything, and the transaction ids, to a member only', async () => {
    const member = await result<Page>('events.list', { read: readBy({ reader: HOSPITAL, subject: null }) })
    expect(member.events.map(({ fields }) => fields.bed)).toEqual([1, 2, 3, 4, 5])
    expect(member.events.every(({ transactionId }) => transactionId !== null)).toBe(true)
    const others = await result<Page>('events.list', { read: readBy({ reader: PATIENT, subject: PATIENT }) })
    expect(others.events.every(({ transactionId }) => transactionId === null)).toBe(true)
  })

  it('filters by contract and name', async () => {
    const read = () => readBy({ reader: HOSPITAL, subject: null })
    expect(await beds({ filter: { name: 'Admitted' }, read: read() })).toEqual([2, 4])
    expect(await beds({ filter: { contract: 'other' }, read: read() })).toEqual([])
  })
})

describe('consistency', () => {
  it('linearizable waits for ReadIndex, and its answer is fresh; local, the default, does not', async () => {
    const count = { contract: 'ward', method: 'count' }
    await result('contract.query', count)
    await result('chain.head')
    expect(node.linearizableReads).toBe(0)
    expect(await result('contract.query', { ...count, consistency: 'linearizable' })).toMatchObject({ fresh: true })
    await result('chain.head', { consistency: 'linearizable' })
    expect(node.linearizableReads).toBe(2)
  })

  it('linearizable is refused by an observer, by name', async () => {
    node.observes = true
    const params = { contract: 'ward', method: 'count', consistency: 'linearizable' }
    expect((await call('contract.query', params)).error?.data.code).toBe('NOT_A_VALIDATOR')
  })

  it('of another kind is refused with what is accepted', async () => {
    const { error } = await call('contract.query', { contract: 'ward', method: 'count', consistency: 'eventual' })
    expect(error?.data).toMatchObject({ code: 'INVALID_PARAMS', field: 'params.consistency' })
  })
})

describe('consensus.status', () => {
  const request = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'consensus.status', params: {} })

  it('is for who holds the token: it speaks of blocks that are not certified yet', async () => {
    expect((await post(request)).answer.error?.data.code).toBe('TOKEN_REQUIRED')
    const { answer } = await post(request, { authorization: `Bearer ${INSTITUTION_TOKEN}` })
    expect(answer.result).toMatchObject({ role: 'leader', leader: { institution: HOSPITAL } })
    const [status] = consensusMethods(node.services.consensus, node.services.institution)
    expect(status?.result.safeParse(answer.result).error).toBeUndefined()
  })
})

describe('consensus.transfer', () => {
  const transfer = async (to: IdentityId, headers: Record<string, string> = {}) => {
    const request = { jsonrpc: '2.0', id: 1, method: 'consensus.transfer', params: { to } }
    return (await post(JSON.stringify(request), headers)).answer
  }
  const authorization = `Bearer ${INSTITUTION_TOKEN}`

  it('is for who holds the token, and answers who leads', async () => {
    expect((await transfer(idOf(7))).error?.data.code).toBe('TOKEN_REQUIRED')
    expect((await transfer(idOf(7), { authorization })).result).toEqual({ leader: idOf(7) })
  })

  it('says why leadership stays where it is', async () => {
    expect((await transfer(HOSPITAL, { authorization })).error?.data).toMatchObject({
      code: 'NOT_TRANSFERRED',
      reason: 'NO_TARGET',
    })
  })
})

describe('consensus.standstill and consensus.release', () => {
  const call = async (method: string, params: object, headers: Record<string, string> = {}) =>
    (await post(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }), headers)).answer
  const authorization = `Bearer ${INSTITUTION_TOKEN}`

  it('are for who holds the token', async () => {
    expect((await call('consensus.standstill', {})).error?.data.code).toBe('TOKEN_REQUIRED')
    expect((await call('consensus.release', { release: 'AA==' })).error?.data.code).toBe('TOKEN_REQUIRED')
    expect((await call('consensus.standstill', {}, { authorization })).result).toEqual([])
  })

  it('say why a decision does not count', async () => {
    const { error } = await call('consensus.release', { release: 'AA==' }, { authorization })
    expect(error?.data).toMatchObject({ code: 'NOT_A_RELEASE', field: 'params.release', reason: 'NO_QUORUM' })
  })
})

describe('institution.*', () => {
  const bytes = new TextEncoder().encode('{"resourceType":"Observation"}')
  const resource = { resourceType: 'Patient' }
  const calls: Record<string, object> = {
    'institution.enrollPatient': { resource },
    'institution.findPatient': { resource },
    'institution.storeRecords': { patient: PATIENT, resources: [bytes.toBase64()] },
    'institution.putConsent': { consent: bytes.toBase64() },
    'institution.fetchRecords': { patient: PATIENT, decision: 1 },
    'institution.exportConsent': { patient: PATIENT, consent: PATIENT },
    'institution.erasePatient': { patient: PATIENT, ground: 'patientWish' },
  }
  const send = async (method: string, params: object, headers: Record<string, string> = {}) =>
    (await post(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }), headers)).answer

  it.each([[{}], [{ authorization: 'Bearer guess' }], [{ authorization: INSTITUTION_TOKEN }]])(
    'answers nothing to %j',
    async (headers: Record<string, string>) => {
      for (const [method, params] of Object.entries(calls)) {
        expect((await send(method, params, headers)).error?.data.code, method).toBe('TOKEN_REQUIRED')
      }
    },
  )

  it('answers who holds the token, as described', async () => {
    const headers = { authorization: `Bearer ${INSTITUTION_TOKEN}` }
    const stopping = new AbortController().signal
    const methods = createMethods(new MemoryNode().services, { version: '0.1.0', stopping })
    expect(methods.map(({ name }) => name).filter((name) => name.startsWith('institution.'))).toEqual(
      Object.keys(calls),
    )
    for (const [name, params] of Object.entries(calls)) {
      const { result: answer, error } = await send(name, params, headers)
      expect(error, name).toBeUndefined()
      const checked = methods.find((method) => method.name === name)?.result.safeParse(answer)
      expect(checked?.error && z.prettifyError(checked.error), name).toBeUndefined()
    }
    const fetched = await send('institution.fetchRecords', { patient: PATIENT, decision: 1 }, headers)
    expect(fetched.result).toMatchObject({ records: [{ resource: bytes.toBase64() }] })
    const refused = await send('institution.fetchRecords', { patient: PATIENT, decision: 2 }, headers)
    expect(refused.error?.data.code).toBe('NOT_RELEASED')
  })
})

describe('rpc.discover', () => {
  interface Described {
    name: string
    summary: string
    paramStructure: string
    params: { name: string; required: boolean; schema: object }[]
    result: { name: string; schema: object }
    errors: { code: number; message: string; data: { code: RpcErrorCode } }[]
  }
  const table = () =>
    createMethods(new MemoryNode().services, { version: '0.1.0', stopping: new AbortController().signal })

  it('is an OpenRPC 1.3 document of every method, with documented errors', async () => {
    const document = await result<{ openrpc: string; info: object; methods: Described[] }>('rpc.discover')
    expect(document.openrpc).toMatch(/^1\.3\.\d+$/)
    expect(document.info).toMatchObject({ title: expect.any(String), version: '0.1.0' })
    expect(document.methods.map(({ name }) => name)).toEqual(table().map(({ name }) => name))
    for (const method of document.methods) {
      expect(method.summary).not.toBe('')
      expect(method.paramStructure).toBe('by-name')
      expect(method.result).toMatchObject({ name: 'result', schema: expect.any(Object) })
      expect(new Set(method.params.map(({ name }) => name)).size).toBe(method.params.length)
      expect(new Set(method.errors.map(({ code }) => code)).size).toBe(method.errors.length)
      for (const { code, message, data } of method.errors) {
        expect(RPC_ERRORS[data.code]).toMatchObject({ number: code, meaning: message })
      }
    }
    const submit = document.methods.find(({ name }) => name === 'transaction.submit')
    expect(submit?.params.map(({ name, required }) => [name, required])).toEqual([
      ['transaction', true],
      ['wait', false],
      ['timeoutMs', false],
    ])
  })

  it('describes results as they are', async () => {
    const { id, bytes } = node.transaction([open(1), admit(PATIENT, 2)])
    const member = () => readBy({ reader: HOSPITAL, subject: null })
    const calls: Record<string, object> = {
      'transaction.submit': { transaction: bytes.toBase64(), wait: 'committed' },
      'node.status': {},
      'node.nodes': {},
      'chain.head': {},
      'chain.header': { height: 0 },
      'chain.block': { height: 1, read: member() },
      'genesis.get': {},
      'transaction.status': { transactionId: id },
      'transaction.receipt': { transactionId: id },
      'contract.list': {},
      'contract.abi': { contract: 'ward' },
      'contract.query': { contract: 'ward', method: 'count' },
      'events.list': { read: member() },
      'rpc.discover': {},
    }
    const methods = new Map(table().map((method) => [method.name, method]))
    for (const [name, params] of Object.entries(calls)) {
      const checked = methods.get(name)?.result.safeParse(await result(name, params))
      expect(checked?.error && z.prettifyError(checked.error), name).toBeUndefined()
    }
    const needsToken = (name: string): boolean => /^(institution|consensus|evidence)\./.test(name)
    const untried = [...methods.keys()].filter((name) => !(name in calls) && !needsToken(name))
    expect(untried).toEqual(['events.subscribe', 'events.unsubscribe'])
  })
})
