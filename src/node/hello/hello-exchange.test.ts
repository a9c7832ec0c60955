// Validators that greet each other over a network of queues: who may sign, who falls silent, and who never both do.

import { describe, expect, test } from 'vitest'
import type { SignedStatement } from '../../consensus/own-statements.ts'
import { EMPTY_SIGN_STATE, type SignState } from '../../consensus/sign-state.ts'
import { createSigner, verify } from '../../crypto/ed25519.ts'
import type { SignStateRefusal } from '../../ledger/sign-state-refusal.ts'
import type { Epoch, Hash, Height, IdentityId, PublicKey, Seat, Term } from '../../types/brand.ts'
import { ackMessage } from '../../types/signing.ts'
import { defaultLiars, memberAt, type ValidatorSet } from '../../types/validator-set.ts'
import { quietLog } from '../wire.test-support.ts'
import { HeardStarts } from './heard-starts.ts'
import { HelloExchange } from './hello-exchange.ts'
import { decodeHelloMessage, encodeHelloMessage, type Hello, isHelloMessage, signHello } from './messages.ts'

const chainId = 'c1'.repeat(32) as Hash
const signers = Array.from({ length: 7 }, (_, i) => createSigner(new Uint8Array(32).fill(i + 1)))
const signer = (seat: number) => signers[seat] as (typeof signers)[number]

const setOf = (n: number): ValidatorSet => ({
  epoch: 0 as Epoch,
  b: defaultLiars(n),
  members: Array.from({ length: n }, (_, seat) => ({
    seat: seat as Seat,
    institution: String(seat).padStart(64, '0') as IdentityId,
    consensusKey: signer(seat).publicKey.toHex() as PublicKey,
    governanceKey: signer(seat).publicKey.toHex() as PublicKey,
  })),
})

class Note {
  content: Uint8Array | undefined
  async write(content: Uint8Array): Promise<void> {
    this.content = content
  }
  async close(): Promise<void> {}
}

interface Options {
  readonly seat: number
  readonly incarnation?: number
  readonly session?: string
  readonly note?: Note
  readonly signState?: SignState
}

/** One process of a validator. */
class Process {
  readonly seat: Seat
  readonly exchange: HelloExchange
  readonly note: Note
  readonly open: Seat[] = []
  /** What this node can show others of their statements. */
  readonly witnessed = new Map<Seat, SignedStatement[]>()
  signState: SignState
  isCleared = false
  silenced: SignStateRefusal | null = null
  tick: () => void = () => undefined
  readonly #network: Network

  constructor(network: Network, options: Options) {
    const { seat, incarnation = 1, session = network.nextSession(), signState = EMPTY_SIGN_STATE } = options
    this.#network = network
    this.seat = seat as Seat
    this.note = options.note ?? new Note()
    this.signState = signState
    const { set } = network
    this.exchange = new HelloExchange({
      validators: () => set,
      keyOf: (of) => memberAt(set, of)?.consensusKey ?? null,
      hello: { chainId, seat: this.seat, incarnation, session },
      sign: signer(seat).sign,
      verifier: {
        chainId,
        setOf: () => set,
        verify: (key, message, signature) => verify(Uint8Array.fromHex(key), message, signature),
      },
      heard: new HeardStarts(this.note),
      signState: () => this.signState,
      statementsOf: (of) => this.witnessed.get(of) ?? [],
      send: (to, bytes) => network.send(this, to, bytes),
      timers: {
        after: () => () => undefined,
        afterInput: () => undefined,
        every: (_ms, run) => {
          this.tick = run
          return () => {
            this.tick = () => undefined
          }
        },
      },
      log: quietLog,
      onCleared: () => {
        this.isCleared = true
      },
      onOpen: (peer) => this.open.push(peer),
      onSilenced: (refusal) => {
        this.silenced = refusal
      },
    })
    this.exchange.start()
  }

  /** May it sign at this moment? */
  get signs(): boolean {
    return this.isCleared && this.silenced === null
  }
  hears(peer: Process): boolean {
    return this.exchange.isOpen(peer.seat) && this.#network.areConnected(this, peer)
  }
}

/** One connection for each two seats, as the transport has it: a new one takes the place of an old one. */
class Network {
  readonly set: ValidatorSet
  readonly #connections = new Map<string, readonly [Process, Process]>()
  readonly #queue: (() => Promise<void>)[] = []
  readonly #chance: (limit: number) => number
  #sessions = 0

  constructor(n: number, seed = 1) {
    this.set = setOf(n)
    let state = seed
    this.#chance = (limit) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((state / 2 ** 32) * limit)
    }
  }

  below(limit: number): number {
    return this.#chance(limit)
  }
  nextSession(): string {
    return (this.#sessions++).toString(16).padStart(32, '0')
  }
  start(options: Options): Process {
    return new Process(this, options)
  }

  connect(a: Process, b: Process): void {
    this.disconnect(a, b)
    this.#connections.set(pairOf(a.seat, b.seat), [a, b])
    a.exchange.connected(b.seat)
    b.exchange.connected(a.seat)
  }

  disconnect(a: Process, b: Process): void {
    const pair = pairOf(a.seat, b.seat)
    const before = this.#connections.get(pair)
    this.#connections.delete(pair)
    for (const end of before ?? []) end.exchange.disconnected(end.seat === a.seat ? b.seat : a.seat)
  }

  areConnected(a: Process, b: Process): boolean {
    const ends: readonly Process[] = this.#connections.get(pairOf(a.seat, b.seat)) ?? []
    return ends.includes(a) && ends.includes(b)
  }

  send(from: Process, to: Seat, bytes: Uint8Array): boolean {
    const ends = this.#connections.get(pairOf(from.seat, to))
    const target = ends?.find(({ seat }) => seat === to)
    if (ends === undefined || target === undefined || !ends.includes(from)) return false
    this.#queue.push(async () => {
      if (this.#connections.get(pairOf(from.seat, to)) === ends) await target.exchange.receive(from.seat, bytes)
    })
    return true
  }

  /** Until nothing is under way. In order for each sender and receiver, since all of it is. */
  async settle(): Promise<void> {
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) await job()
  }
}

const pairOf = (a: number, b: number): string => [a, b].sort().join('-')

/** All seats but `without`, connected with each other and settled. */
async function group(network: Network, without: number): Promise<Process[]> {
  const peers = network.set.members.filter(({ seat }) => seat !== without).map(({ seat }) => network.start({ seat }))
  for (const a of peers) for (const b of peers) if (a.seat < b.seat) network.connect(a, b)
  await network.settle()
  return peers
}

function ackBy(seat: number, height: number): SignedStatement {
  const ack = {
    chainId,
    epoch: 0 as Epoch,
    term: 1 as Term,
    height: height as Height,
    blockHash: String(height).padStart(64, 'd') as Hash,
  }
  return { kind: 'ack', member: seat as Seat, ack, signature: signer(seat).sign(ackMessage(ack)) }
}
const ackedUpTo = (height: number): SignState => ({
  ...EMPTY_SIGN_STATE,
  lastAck: { term: 1 as Term, height: height as Height, hash: String(height).padStart(64, 'd') as Hash },
})

describe('a validator that starts', () => {
  test('signs at once where it is alone', () => {
    expect(new Network(1).start({ seat: 0 }).isCleared).toBe(true)
  })

  test.each([
    [2, 1],
    [3, 1],
    [4, 2],
    [5, 3],
    [7, 4],
  ])('of %i signs as soon as %i others listen to it, and not before', async (n, needed) => {
    const network = new Network(n)
    const peers = await group(network, n - 1)
    const self = network.start({ seat: n - 1 })
    for (const [i, peer] of peers.slice(0, needed).entries()) {
      expect(self.isCleared, `after ${i}`).toBe(false)
      network.connect(self, peer)
      await network.settle()
    }
    expect(self.isCleared).toBe(true)
  })

  test('opens the way to every member that it has settled with, whoever connects when', async () => {
    const network = new Network(4)
    const peers = await group(network, 3)
    const self = network.start({ seat: 3 })
    for (const peer of peers) {
      network.connect(self, peer)
      await network.settle()
    }
    expect([...self.open].sort()).toEqual([0, 1, 2])
    for (const peer of peers) expect(peer.hears(self) && self.hears(peer)).toBe(true)
  })

  test('goes through it again after a lost connection, and is open again', async () => {
    const network = new Network(4)
    const peers = await group(network, 3)
    const [a, b] = peers as [Process, Process]
    network.disconnect(a, b)
    expect(a.exchange.isOpen(b.seat)).toBe(false)
    network.connect(a, b)
    await network.settle()
    expect(a.hears(b) && b.hears(a)).toBe(true)
  })

  test('hears the last word to a seat that has ended, until it is there under another one', async () => {
    const network = new Network(4)
    const [a, b, c] = (await group(network, 3)) as [Process, Process, Process]
    expect(a.exchange.isOpen(b.seat)).toBe(true)
    a.exchange.reconcile([c.seat, 3 as Seat])
    expect(a.exchange.isOpen(b.seat)).toBe(false)
    expect(a.exchange.isOpen(c.seat)).toBe(true)
  })

  test('gets through although messages get lost, by asking again', async () => {
    const network = new Network(2)
    const [a, b] = [network.start({ seat: 0 }), network.start({ seat: 1 })]
    a.exchange.connected(b.seat)
    b.exchange.connected(a.seat)
    // Nothing has arrived: there was no connection yet.
    network.connect(a, b)
    a.exchange.disconnected(b.seat)
    a.exchange.connected(b.seat)
    for (let i = 0; i < 3; i++) {
      await network.settle()
      a.tick()
      b.tick()
    }
    await network.settle()
    expect(a.hears(b) && b.hears(a)).toBe(true)
  })
})

describe('a validator that was set back', () => {
  test.each([
    ['an earlier start', 2],
    ['the same start once more', 3],
  ])('to %s is told by any member that remembers a later one, before it signs', async (_what, incarnation) => {
    const network = new Network(4)
    const peers = await group(network, 3)
    const original = network.start({ seat: 3, incarnation: 3 })
    for (const peer of peers) network.connect(original, peer)
    await network.settle()
    expect(original.signs).toBe(true)
    original.exchange.stop()

    const restored = network.start({ seat: 3, incarnation })
    network.connect(restored, peers[0] as Process)
    await network.settle()
    expect(restored.isCleared).toBe(false)
    expect(restored.silenced?.code).toBe('SIGN_STATE_RIVAL')
  })

  test('is told by members that have restarted since', async () => {
    const network = new Network(4)
    const peers = await group(network, 3)
    const original = network.start({ seat: 3, incarnation: 3 })
    for (const peer of peers) network.connect(original, peer)
    await network.settle()
    const { note } = peers[1] as Process
    const again = network.start({ seat: 1, incarnation: 2, note })
    const restored = network.start({ seat: 3, incarnation: 3 })
    network.connect(restored, again)
    await network.settle()
    expect(restored.silenced?.code).toBe('SIGN_STATE_RIVAL')
  })

  test('learns of a statement that it does not know, and signs nothing', async () => {
    const network = new Network(4)
    const peers = await group(network, 3)
    const witness = peers[1] as Process
    witness.witnessed.set(3 as Seat, [ackBy(3, 8)])
    const restored = network.start({ seat: 3, signState: ackedUpTo(7) })
    for (const peer of peers) {
      network.connect(restored, peer)
      await network.settle()
    }
    expect(restored.silenced?.code).toBe('SIGN_STATE_BEHIND')
    expect(restored.isCleared).toBe(false)
    expect(witness.exchange.isOpen(3 as Seat)).toBe(false)
  })

  test('has not said hello to anybody by then: the original goes on', async () => {
    const network = new Network(4)
    const peers = await group(network, 3)
    const original = network.start({ seat: 3, incarnation: 3 })
    for (const peer of peers) network.connect(original, peer)
    await network.settle()
    // All have seen the original's latest ack; the copy starts once more and does not know it.
    original.signState = ackedUpTo(8)
    for (const peer of peers) peer.witnessed.set(3 as Seat, [ackBy(3, 8)])
    const copy = network.start({ seat: 3, incarnation: 4, signState: ackedUpTo(7) })
    network.connect(copy, peers[0] as Process)
    await network.settle()
    network.connect(original, peers[0] as Process)
    await network.settle()
    expect(copy.silenced?.code).toBe('SIGN_STATE_BEHIND')
    expect(original.signs).toBe(true)
    expect(original.hears(peers[0] as Process)).toBe(true)
  })

  test('is not silenced by what it knows, nor by what others have signed', async () => {
    const network = new Network(4)
    const peers = await group(network, 3)
    for (const peer of peers) peer.witnessed.set(3 as Seat, [ackBy(3, 7), ackBy(2, 9)])
    const self = network.start({ seat: 3, signState: ackedUpTo(7) })
    for (const peer of peers) network.connect(self, peer)
    await network.settle()
    expect(self.signs).toBe(true)
  })
})

describe('two processes with one key', () => {
  // From 2q-n-1 > 0 on, any two groups of listeners have a member in common.
  test.each([2, 4, 5, 7])(
    'of %i: whatever the order of their connections, they are never both listened to',
    async (n) => {
      let oneSigns = 0
      for (let seed = 1; seed <= 60; seed++) {
        const network = new Network(n, seed)
        const peers = await group(network, n - 1)
        const twins = [0, 1].map((i) => network.start({ seat: n - 1, incarnation: 5 + (seed % 2) * i }))
        for (let step = 0; step < 12 * n; step++) {
          const twin = twins[network.below(2)] as Process
          if (twin.silenced === null) network.connect(twin, peers[network.below(peers.length)] as Process)
          if (network.below(3) > 0) await network.settle()
          for (const peer of peers) {
            expect(twins.filter((each) => peer.hears(each)).length, `seed ${seed}`).toBeLessThanOrEqual(1)
          }
        }
        for (let round = 0; round < 3; round++) {
          for (const twin of twins) {
            for (const peer of peers) {
              if (twin.silenced === null) network.connect(twin, peer)
              await network.settle()
            }
          }
        }
        expect(twins.filter(({ signs }) => signs).length, `seed ${seed}`).toBeLessThanOrEqual(1)
        oneSigns += twins.filter(({ signs }) => signs).length
      }
      expect(oneSigns).toBeGreaterThan(30)
    },
  )

  test('the one that is started later, with nothing signed in between, takes over; the other one falls silent', async () => {
    const network = new Network(4)
    const peers = await group(network, 3)
    const original = network.start({ seat: 3, incarnation: 5 })
    for (const peer of peers) network.connect(original, peer)
    await network.settle()
    const later = network.start({ seat: 3, incarnation: 6 })
    for (const peer of peers) network.connect(later, peer)
    await network.settle()
    expect(later.signs).toBe(true)
    network.connect(original, peers[0] as Process)
    await network.settle()
    expect(original.silenced?.code).toBe('SIGN_STATE_RIVAL')
    network.connect(later, peers[0] as Process)
    await network.settle()
    expect(later.signs).toBe(true)
  })
})

describe('what a liar says', () => {
  const hello: Hello = { chainId, seat: 3 as Seat, incarnation: 9, session: 'f'.repeat(32) }

  /** Seat 0 is the liar. */
  async function told(...messages: Uint8Array[]): Promise<Process> {
    const network = new Network(4)
    const [, ...honest] = await group(network, 3)
    const self = network.start({ seat: 3 })
    const liar = network.start({ seat: 0 })
    network.connect(self, liar)
    await network.settle()
    for (const message of messages) await self.exchange.receive(0 as Seat, message)
    for (const peer of honest) network.connect(self, peer)
    await network.settle()
    return self
  }

  test('a later start that the key has not signed silences nobody', async () => {
    const forged = signHello(hello, signer(0).sign)
    const self = await told(
      encodeHelloMessage({ kind: 'rival', ...forged }),
      encodeHelloMessage({ kind: 'known', latest: forged, statements: [], asks: false }),
    )
    expect(self.signs).toBe(true)
  })

  test('nor does one of another chain, or of another seat', async () => {
    const elsewhere = signHello({ ...hello, chainId: 'c2'.repeat(32) as Hash }, signer(3).sign)
    const ofOther = signHello({ ...hello, seat: 0 as Seat }, signer(0).sign)
    const self = await told(
      encodeHelloMessage({ kind: 'rival', ...elsewhere }),
      encodeHelloMessage({ kind: 'rival', ...ofOther }),
    )
    expect(self.signs).toBe(true)
  })

  test('a statement that the key has not signed silences nobody', async () => {
    const { signature: _, ...statement } = ackBy(3, 8)
    const forged = { ...statement, signature: new Uint8Array(64) } as SignedStatement
    const self = await told(
      encodeHelloMessage({ kind: 'known', latest: null, statements: [forged, ackBy(0, 8)], asks: false }),
    )
    expect(self.signs).toBe(true)
  })

  test('a hello in the name of another seat is not kept', async () => {
    const self = await told(
      encodeHelloMessage({ kind: 'hello', ...signHello({ ...hello, seat: 1 as Seat }, signer(0).sign) }),
    )
    expect(new HeardStarts(self.note).of(1 as Seat)?.hello.incarnation).toBe(1)
  })

  test('a welcome for another session counts for nothing', async () => {
    const network = new Network(2)
    const self = network.start({ seat: 0 })
    const liar = network.start({ seat: 1 })
    network.connect(self, liar)
    await self.exchange.receive(1 as Seat, encodeHelloMessage({ kind: 'welcome', session: '0'.repeat(31).concat('9') }))
    expect(self.isCleared).toBe(false)
  })

  test('nonsense is survived, and starts without end cost one write a second', async () => {
    const network = new Network(4)
    const [peer] = await group(network, 3)
    const self = peer as Process
    let writes = 0
    const write = self.note.write.bind(self.note)
    self.note.write = async (content) => {
      writes++
      await write(content)
    }
    const liar = network.start({ seat: 3 })
    network.connect(self, liar)
    await network.settle()
    const before = writes
    for (let incarnation = 10; incarnation < 60; incarnation++) {
      const start = signHello({ ...hello, incarnation, session: network.nextSession() }, signer(3).sign)
      await self.exchange.receive(3 as Seat, encodeHelloMessage({ kind: 'hello', ...start }))
      await self.exchange.receive(3 as Seat, Uint8Array.of(0x82, 0x65, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x00))
    }
    expect(writes - before).toBeLessThanOrEqual(1)
    expect(self.signs).toBe(true)
  })
})

describe('the messages', () => {
  const latest = signHello({ chainId, seat: 1 as Seat, incarnation: 2, session: 'a'.repeat(32) }, signer(1).sign)
  const messages = [
    { kind: 'known', latest, statements: [ackBy(1, 2)], asks: true },
    { kind: 'known', latest: null, statements: [], asks: false },
    { kind: 'hello', ...latest },
    { kind: 'welcome', session: 'a'.repeat(32) },
    { kind: 'rival', ...latest },
  ] as const

  test.each(messages)('$kind survives the wire', (message) => {
    const encoded = encodeHelloMessage(message)
    expect(isHelloMessage(encoded)).toBe(true)
    expect(decodeHelloMessage(encoded)).toEqual(message)
  })

  test('no other message is taken for one', () => {
    for (const bytes of [
      new Uint8Array(),
      Uint8Array.of(0x82),
      Uint8Array.of(0x82, 0x66),
      new Uint8Array(50).fill(0x81),
    ]) {
      expect(isHelloMessage(bytes)).toBe(false)
    }
  })
})
