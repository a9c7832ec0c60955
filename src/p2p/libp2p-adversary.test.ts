// Raw libp2p nodes that break the rules of the wire, against the real transport.

import { noise } from '@chainsafe/libp2p-noise'
import type { Connection, Libp2p } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PublicKey } from '../types/brand.ts'
import { Libp2pTransport } from './libp2p-transport.ts'
import { FRAME_BYTES_MAX, STRANGER_KNOCKS_MAX } from './limits.ts'
import { libp2pKeyOf, peerIdOf } from './transport-key.ts'
import { bytesOf, CHAIN, connected, TestNode } from './transport-suite.ts'
import { protocolId } from './wire-names.ts'

interface Closable {
  readonly status: string
  addEventListener(type: 'close', listener: () => void, options: { once: boolean }): void
}

const LOOPBACK = ['/ip4/127.0.0.1/tcp/0']
const seedOf = (number: number): Uint8Array => new Uint8Array(32).fill(number)
const createNode = (number: number): TestNode =>
  new TestNode((n, options) => new Libp2pTransport({ ...options, seed: seedOf(n), listen: LOOPBACK }), number)

describe('libp2p transport, against', () => {
  let victim: TestNode
  let raw: Libp2p
  let rawKey: PublicKey
  let asked: number

  beforeEach(async () => {
    const key = libp2pKeyOf(seedOf(9))
    rawKey = key.transportKey
    raw = await createLibp2p({
      privateKey: key.privateKey,
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
    })
    asked = 0
    victim = createNode(1)
    victim.transport.handleRequests(
      'sync',
      async () => {
        asked++
        return bytesOf('blocks')
      },
      { maxRequestBytes: 100, concurrency: 2 },
    )
    await victim.transport.start()
  })
  afterEach(async () => {
    await raw.stop()
    await victim.transport.stop()
  })

  const dial = (): Promise<Connection> =>
    raw.dial(multiaddr(`${victim.transport.addresses()[0]}/p2p/${peerIdOf(victim.self)}`))
  const closed = (end: Closable): Promise<void> =>
    new Promise((resolve) => {
      if (end.status === 'open') end.addEventListener('close', () => resolve(), { once: true })
      else resolve()
    })

  it('an unknown key: refused at the handshake, before any stream', async () => {
    victim.otherwise = 'refused'
    const stream = dial().then((connection) => connection.newStream(protocolId(CHAIN, 'sync')))
    await expect(stream).rejects.toThrow()
    await victim.until(() => victim.refusals.length > 0)
    expect(victim.refusals[0]).toEqual({ peer: rawKey, reason: 'unknown-key' })
    expect(victim.transport.counters()).toMatchObject({ refusedInbound: 1, refusedProtocol: 0, requestsServed: 0 })
    expect(asked).toBe(0)
  })

  it('a stranger who is listened to: every stream but an introduction is refused, and soon the connection ends', async () => {
    victim.otherwise = 'stranger'
    const connection = await dial()
    for (const name of ['consensus', 'forward', 'sync']) {
      await closed(await connection.newStream(protocolId(CHAIN, name)))
    }
    await closed(await connection.newStream(`/assent/${CHAIN.slice(0, 16)}/id/1.0.0`))
    await closed(await connection.newStream('/meshsub/1.2.0'))
    expect(victim.transport.counters()).toMatchObject({ refusedProtocol: 5, strangersHeard: 1, requestsServed: 0 })
    expect(asked).toBe(0)
    expect(connection.status).toBe('open')
    await closed(connection)
    expect(victim.transport.connectedPeers()).toEqual([])
  })

  it('a stranger who keeps coming back: from one host no more than agreed', async () => {
    victim.otherwise = 'stranger'
    const outcomes: boolean[] = []
    for (let i = 0; i <= STRANGER_KNOCKS_MAX; i++) {
      const opened = dial().then(async (connection) => {
        await connection.newStream(protocolId(CHAIN, 'sync'))
        connection.abort(new Error('gone'))
        await closed(connection)
      })
      outcomes.push(
        await opened.then(
          () => true,
          () => false,
        ),
      )
    }
    expect(outcomes.filter((isIn) => isIn)).toHaveLength(STRANGER_KNOCKS_MAX)
    expect(victim.refusals).toContainEqual({ peer: rawKey, reason: 'strangers-limit' })
  })

  it('a bootstrap peer that opens a channel, or asks who we are: every stream but sync is refused', async () => {
    victim.classes.set(rawKey, 'bootstrap')
    const connection = await dial()
    for (const name of ['consensus', 'forward']) {
      const stream = await connection.newStream(protocolId(CHAIN, name))
      await closed(stream)
    }
    const identify = await connection.newStream(`/assent/${CHAIN.slice(0, 16)}/id/1.0.0`)
    await closed(identify)
    const meshsub = await connection.newStream('/meshsub/1.2.0')
    await closed(meshsub)
    expect(victim.transport.counters().refusedProtocol).toBe(4)
    expect(connection.status).toBe('open')
  })

  it('a member that announces a frame above the bound: the connection is closed, the member named', async () => {
    const connection = await dial()
    const stream = await connection.newStream(protocolId(CHAIN, 'forward'))
    const header = new Uint8Array(4)
    new DataView(header.buffer).setUint32(0, FRAME_BYTES_MAX.forward + 1)
    stream.send(header)
    await closed(connection)
    await victim.until(() => victim.misbehaviours.length > 0)
    expect(victim.misbehaviours).toEqual([{ peer: rawKey, what: 'frame-too-large' }])
    expect(victim.messages).toEqual([])
  })

  it('a member that opens more channel streams than agreed: the surplus is reset, the others work', async () => {
    const connection = await dial()
    const protocol = protocolId(CHAIN, 'consensus')
    const accepted = [await connection.newStream(protocol), await connection.newStream(protocol)]
    const surplus = await connection.newStream(protocol)
    await closed(surplus)
    const frame = Uint8Array.of(0, 0, 0, 2, ...bytesOf('ok'))
    for (const stream of accepted) stream.send(frame)
    await victim.until(() => victim.messages.length === 2)
    expect(victim.messages).toEqual(['consensus ok', 'consensus ok'])
  })

  it('a member that hangs up at any moment: nothing breaks, and others are served', async () => {
    for (let turns = 0; turns < 20; turns++) {
      const connection = await dial()
      const streams = ['consensus', 'forward', 'sync'].map((name) => connection.newStream(protocolId(CHAIN, name)))
      for (const stream of streams) stream.catch(() => undefined)
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
      connection.abort(new Error('gone'))
      await closed(connection)
    }
    const member = createNode(2)
    await member.transport.start()
    member.knows(victim)
    await connected(member, victim)
    await member.transport.stop()
  })
})
