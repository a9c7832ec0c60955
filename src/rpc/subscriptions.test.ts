import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { HOSPITAL, MemoryNode, OTHER_PATIENT, PATIENT, signerOf } from '../../test/support/memory-node.ts'
import { idOf } from '../../test/support/test-chain.ts'
import type { Hash, IdentityId } from '../types/brand.ts'
import { signRead } from '../types/signed-read.ts'
import { SUBSCRIPTIONS_MAX } from './limits.ts'
import { type RpcServer, startRpcServer } from './server.ts'

const listen = { host: '127.0.0.1', port: 0 }
let node: MemoryNode
let server: RpcServer
const peers: Peer[] = []

beforeEach(async () => {
  node = new MemoryNode()
  server = await startRpcServer({ listen, services: node.services, version: '0.1.0' })
})
afterEach(async () => {
  for (const peer of peers.splice(0)) peer.socket.terminate()
  await server.close()
})

interface Message {
  id?: number
  method?: string
  result?: unknown
  error?: { data: { code: string } }
  params?: { subscription: string; code?: string; events?: { cursor: string; name: string; fields: { bed: number } }[] }
}

/** A WebSocket that keeps what it is sent. */
class Peer {
  readonly socket: WebSocket
  readonly messages: Message[] = []
  readonly closed: Promise<{ code: number; reason: string }>
  #wake = Promise.withResolvers<void>()
  #id = 0

  constructor(url: string) {
    this.socket = new WebSocket(url.replace('http', 'ws'))
    this.socket.on('message', (data) => {
      this.messages.push(JSON.parse(String(data)))
      this.#wake.resolve()
      this.#wake = Promise.withResolvers()
    })
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
    })
    peers.push(this)
  }

  static async open(path = '/', url = server.url): Promise<Peer> {
    const peer = new Peer(`${url}${path}`)
    await new Promise((resolve, reject) => {
      peer.socket.once('open', resolve)
      peer.socket.once('error', reject)
    })
    return peer
  }

  async until<T>(look: () => T | undefined | false): Promise<T> {
    while (true) {
      const found = look()
      if (found !== undefined && found !== false) return found
      await this.#wake.promise
    }
  }

  async call(method: string, params: object = {}): Promise<Message> {
    const id = ++this.#id
    this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    return this.until(() => this.messages.find((message) => message.id === id))
  }

  async subscribe(params: object = {}): Promise<string> {
    const { result } = await this.call('events.subscribe', params)
    return (result as { subscription: string }).subscription
  }

  /** Of a subscription, as they came. */
  beds(subscription: string): number[] {
    return this.messages
      .filter(({ method, params }) => method === 'events.next' && params?.subscription === subscription)
      .flatMap(({ params }) => params?.events?.map(({ fields }) => fields.bed) ?? [])
  }
}

const open = (bed: number) => ({ contract: 'ward', method: 'open', args: [bed] })
const admit = (patient: IdentityId, bed: number) => ({
  contract: 'ward',
  method: 'admit',
  args: [Uint8Array.fromHex(patient), bed],
})
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)

let nonces = 0
function read(reader: IdentityId, subject: IdentityId | null, expiresAtMs = Date.now() + 60_000) {
  const { keyId, sign } = signerOf(reader)
  const { chainId } = node.chain
  const nonce = idOf(++nonces) as string as Hash
  const body = {
    version: 1,
    chainId,
    reader,
    keyId,
    subject,
    reason: 'review',
    range: null,
    nonce,
    expiresAtMs,
  } as const
  const signed = signRead(body, sign)
  return { ...signed, signature: signed.signature.toHex() }
}

describe('events.subscribe', () => {
  it('catches up and follows without gap or duplicate while blocks are committed', async () => {
    for (let bed = 0; bed < 300; bed++) node.commitCalls(open(bed))
    const peer = await Peer.open()
    const all = await peer.subscribe({ from: 0 })
    const later = await peer.subscribe({ from: '100.1' })
    let bed = 300
    const committing = (async () => {
      while (bed < 600) {
        for (let burst = 0; burst < 7 && bed < 600; burst++) node.commitCalls(open(bed++))
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    await committing
    await peer.until(() => peer.beds(all).length >= 600 && peer.beds(later).length >= 500)
    expect(peer.beds(all)).toEqual(upTo(600))
    expect(peer.beds(later)).toEqual(upTo(600).slice(100))
  })

  it('starts with the next commit where no cursor is given, and says where that is', async () => {
    node.commitCalls(open(1))
    const peer = await Peer.open('/ws')
    const { result } = await peer.call('events.subscribe')
    expect(result).toMatchObject({ from: '2.0' })
    node.commitCalls(open(2))
    const { subscription } = result as { subscription: string }
    await peer.until(() => peer.beds(subscription).length > 0)
    expect(peer.beds(subscription)).toEqual([2])
  })

  it('answers before it notifies', async () => {
    node.commitCalls(open(1))
    const peer = await Peer.open()
    const id = await peer.subscribe({ from: 0 })
    await peer.until(() => peer.beds(id).length === 1)
    expect(peer.messages.map(({ method, id: answered }) => method ?? answered)).toEqual([1, 'events.next'])
  })

  it('goes on behind the cursor of the last event after a reconnect', async () => {
    for (let bed = 0; bed < 5; bed++) node.commitCalls(open(bed), open(bed + 100))
    const first = await Peer.open()
    const id = await first.subscribe({ from: 0 })
    const seen = await first.until(() => first.messages.find(({ method }) => method === 'events.next'))
    const cursor = seen.params?.events?.[2]?.cursor
    first.socket.terminate()
    const second = await Peer.open()
    const again = await second.subscribe({ from: cursor })
    await second.until(() => second.beds(again).length === 7)
    expect([...first.beds(id).slice(0, 3), ...second.beds(again)]).toEqual([0, 100, 1, 101, 2, 102, 3, 103, 4, 104])
  })

  it('leaves out what concerns a patient, except for a signed read', async () => {
    const peer = await Peer.open()
    const unsigned = await peer.subscribe({ from: 0 })
    const patient = await peer.subscribe({ from: 0, read: read(PATIENT, PATIENT) })
    const member = await peer.subscribe({ from: 0, read: read(HOSPITAL, null) })
    node.commitCalls(open(1), admit(PATIENT, 2), admit(OTHER_PATIENT, 3), open(4))
    await peer.until(() => [unsigned, patient, member].every((id) => peer.beds(id).includes(4)))
    expect([unsigned, patient, member].map((id) => peer.beds(id))).toEqual([
      [1, 4],
      [1, 2, 4],
      [1, 2, 3, 4],
    ])
  })

  it('ends with READ_EXPIRED and the cursor to go on from, once its signed read has expired', async () => {
    const peer = await Peer.open()
    const id = await peer.subscribe({ from: 0, read: read(PATIENT, PATIENT) })
    node.commitCalls(admit(PATIENT, 1))
    await peer.until(() => peer.beds(id).length === 1)
    node.nowMs = () => Date.now() + 120_000
    node.commitCalls(admit(PATIENT, 2))
    const ended = await peer.until(() => peer.messages.find(({ method }) => method === 'events.ended'))
    expect(ended.params).toEqual({ subscription: id, code: 'READ_EXPIRED', next: '2.0' })
    expect(peer.beds(id)).toEqual([1])
  })

  it('ends with INTERNAL_ERROR, and says nothing of the cause, where the log cannot be read', async () => {
    const failing = new MemoryNode()
    const events = { ...failing.services.events, eventsFrom: () => Promise.reject(new Error('disk is on fire')) }
    const other = await startRpcServer({ listen, services: { ...failing.services, events }, version: '0' })
    const peer = await Peer.open('/', other.url)
    await peer.subscribe({ from: 0 })
    const ended = await peer.until(() => peer.messages.find(({ method }) => method === 'events.ended'))
    expect(ended.params).toMatchObject({ code: 'INTERNAL_ERROR' })
    expect(JSON.stringify(peer.messages)).not.toContain('fire')
    await other.close()
  })

  it('sends nothing more after events.unsubscribe', async () => {
    const peer = await Peer.open()
    const id = await peer.subscribe({ from: 0 })
    node.commitCalls(open(1))
    await peer.until(() => peer.beds(id).length === 1)
    expect((await peer.call('events.unsubscribe', { subscription: id })).result).toBe(true)
    expect((await peer.call('events.unsubscribe', { subscription: id })).result).toBe(false)
    const witness = await peer.subscribe({ from: 2 })
    node.commitCalls(open(2))
    await peer.until(() => peer.beds(witness).length === 1)
    expect(peer.beds(id)).toEqual([1])
  })

  it('refuses more subscriptions than the bound', async () => {
    const peer = await Peer.open()
    for (let i = 0; i < SUBSCRIPTIONS_MAX; i++) await peer.subscribe()
    expect((await peer.call('events.subscribe')).error?.data.code).toBe('RETRY_LATER')
  })
})

describe('a WebSocket', () => {
  it('that does not read is closed with SLOW_SUBSCRIBER, and its events stay in the store', async () => {
    const outbox = { unsentBytesMax: 10_000, slowSubscriberMs: 100 }
    const small = await startRpcServer({ listen, services: new MemoryNode().services, version: '0', outbox })
    const busy = new MemoryNode()
    const tight = await startRpcServer({ listen, services: busy.services, version: '0', outbox })
    for (let height = 0; height < 200; height++) busy.commitCalls(...upTo(250).map(open))
    const peer = await Peer.open('/', tight.url)
    const id = await peer.subscribe({ from: 0 })
    peer.socket.pause()
    await new Promise((resolve) => setTimeout(resolve, 600))
    peer.socket.resume()
    expect(await peer.closed).toEqual({ code: 4001, reason: 'SLOW_SUBSCRIBER' })
    const seen = peer.beds(id).length
    expect(seen).toBeGreaterThan(0)
    expect(seen).toBeLessThan(50_000)
    await Promise.all([small.close(), tight.close()])
  })

  it('is closed when it sends binary frames, or too large a message', async () => {
    const binary = await Peer.open()
    binary.socket.send(new Uint8Array([1, 2, 3]))
    expect((await binary.closed).code).toBe(1003)
    const large = await Peer.open()
    large.socket.send('x'.repeat(1024 * 1024 + 1))
    expect((await large.closed).code).toBe(1009)
    expect((await fetch(`${server.url}/livez`)).status).toBe(200)
  })

  it('takes single requests, batches and malformed ones like HTTP does', async () => {
    const peer = await Peer.open()
    peer.socket.send('nonsense')
    expect(await peer.until(() => peer.messages[0])).toMatchObject({ error: { data: { code: 'PARSE_ERROR' } } })
    peer.socket.send(JSON.stringify([{ jsonrpc: '2.0', id: 1, method: 'chain.head' }]))
    expect(await peer.until(() => peer.messages[1])).toMatchObject([{ id: 1, result: {} }])
  })

  it('is not read while too many of its requests are worked on, and loses none', async () => {
    node.autoCommit = false
    const peer = await Peer.open()
    const count = 800
    for (let id = 1; id <= count; id++) {
      const transaction = node.transaction([open(id)]).bytes.toBase64()
      const params = { transaction, wait: 'committed' }
      peer.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'transaction.submit', params }))
    }
    let most = 0
    while (peer.messages.length < count) {
      const pending = (await node.services.chain.status()).pending
      most = Math.max(most, pending)
      if (pending > 0) node.commit()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(most).toBeGreaterThan(0)
    // 64, and what one read of the socket had brought already.
    expect(most).toBeLessThan(400)
    expect(peer.messages.every(({ error }) => error === undefined)).toBe(true)
  })

  it('hears 1001 when the node stops', async () => {
    const peer = await Peer.open()
    await server.close()
    expect(await peer.closed).toEqual({ code: 1001, reason: 'NOT_READY' })
  })

  it('that reconnects at once does not keep the node from stopping', async () => {
    const url = server.url.replace('http', 'ws')
    let attempts = 0
    const reconnect = (): void => {
      attempts++
      const socket = new WebSocket(url)
      socket.on('error', () => {})
      if (attempts < 300) socket.on('close', () => setImmediate(reconnect))
    }
    for (let i = 0; i < 5; i++) reconnect()
    await (await Peer.open()).call('chain.head')
    await server.close()
    await expect.poll(() => attempts, { timeout: 20_000 }).toBeGreaterThanOrEqual(300)
  })

  it('is counted while it is open, with its subscriptions', async () => {
    const peer = await Peer.open()
    await peer.subscribe()
    const gauges = async () => {
      const text = await (await fetch(`${server.url}/metrics`)).text()
      return ['assent_rpc_websockets', 'assent_rpc_subscriptions'].map((name) => text.match(`\n${name} (\\d+)`)?.[1])
    }
    expect(await gauges()).toEqual(['1', '1'])
    peer.socket.close()
    await peer.closed
    await expect.poll(gauges).toEqual(['0', '0'])
  })

  it('is refused to a page of another origin', async () => {
    const socket = new WebSocket(server.url.replace('http', 'ws'), { origin: 'https://evil.example' })
    const error = await new Promise<Error>((resolve) => socket.once('error', resolve))
    expect(error.message).toContain('403')
  })
})

describe('the Host header', () => {
  const statusFor = (host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const { port } = server
      const get = request({ host: '127.0.0.1', port, path: '/livez', headers: { host } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      get.on('error', reject)
      get.end()
    })

  it.each(['localhost', 'LOCALHOST:80', '127.0.0.1:7001', '[::1]:7001', '[::1]'])('%s is accepted', async (host) => {
    expect(await statusFor(host)).toBe(200)
  })

  it.each([
    'evil.example',
    'evil.example:80',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    'localhost@evil.example',
    '::1',
    'a b',
  ])('%s is refused', async (host) => {
    expect(await statusFor(host)).toBe(403)
  })

  it('that is missing is refused', async () => {
    const socket: Socket = connect(server.port, '127.0.0.1')
    const answer = new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))))
    socket.write('GET /livez HTTP/1.1\r\n\r\n')
    expect(await answer).toMatch(/^HTTP\/1\.1 40[03]/)
    socket.destroy()
  })
})
