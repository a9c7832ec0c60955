import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createSigner } from '../crypto/ed25519.ts'
import { sha256 } from '../crypto/hash.ts'
import { createLedger, GENESIS_TIME_MS, genesis, idOf, put, validators } from '../ledger/consortium.fixture.ts'
import type { MemoryTransport } from '../p2p/memory-transport.ts'
import type { IdentityId, PublicKey, Seat } from '../types/brand.ts'
import { quorum } from '../types/validator-set.ts'
import { systemTimers } from './clock.ts'
import { Freshness } from './freshness.ts'
import { NodeReports } from './node-reports.ts'
import { StatusGossip } from './status-gossip.ts'
import { quietLog, Wire } from './wire.test-support.ts'

const SECOND_MS = 1_000

/** The transport key of a founder of the fixture, or of somebody else. */
function transportKeyOf(name: string): { publicKey: PublicKey; seed: Uint8Array } {
  const seed = sha256(new TextEncoder().encode(`key of ${name}, transport`))
  return { publicKey: createSigner(seed).publicKey.toHex() as PublicKey, seed }
}

/** Founders of the fixture, and a member that does not validate. */
const membership = {
  institutionOf(transportKey: PublicKey): IdentityId | null {
    if (transportKey === transportKeyOf('a learner').publicKey) return idOf('a learner')
    return genesis.founders.find((founder) => founder.transportKey === transportKey)?.institution ?? null
  },
}

/** All founders of the fixture validate. */
function presentSeatOf(transportKey: PublicKey): Seat | null {
  const seat = genesis.founders.findIndex((founder) => founder.transportKey === transportKey)
  return seat < 0 ? null : (seat as Seat)
}

describe('gossip of status', () => {
  let wire: Wire
  let receiver: MemoryTransport
  let relay: MemoryTransport
  let freshness: Freshness
  let reports: NodeReports
  let nowMs: number
  const gossips: StatusGossip[] = []

  const join = async (name: string, transport: MemoryTransport, { offsetMs = 0 } = {}) => {
    const { ledger, proposer } = await createLedger()
    const clock = { nowMs: () => nowMs + offsetMs, random: () => 0 }
    const itsFreshness = new Freshness({ clock, quorum: () => quorum(validators), windowMs: 5 * SECOND_MS })
    const keys = { transport: transportKeyOf(name) }
    const reports = new NodeReports({ ledger, membership, clock })
    const gossip = new StatusGossip({
      transport,
      keys,
      consensusKey: () => null,
      ledger,
      clock,
      timers: systemTimers,
      freshness: itsFreshness,
      reports,
      membership,
      isSigning: () => true,
      seats: { presentSeatOf },
      onHeight: () => undefined,
      log: quietLog,
    })
    gossips.push(gossip)
    return { gossip, proposer, reports, freshness: itsFreshness }
  }

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    nowMs = GENESIS_TIME_MS
    wire = new Wire()
    receiver = wire.add('receiver')
    relay = wire.add('relay')
    relay.subscribe('status', { maxBytes: 1_000, validate: () => 'ignore' }, () => undefined)
    ;({ freshness, reports } = await join('an observer', receiver))
  })
  afterEach(() => {
    for (const gossip of gossips.splice(0)) gossip.stop()
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })

  const second = async (): Promise<void> => {
    nowMs += SECOND_MS
    vi.advanceTimersByTime(SECOND_MS)
    await wire.settle()
  }

  /** What somebody says in so many seconds, out of everybody else's hearing. */
  const record = async (name: string, count: number, { ahead = false, offsetMs = 0 } = {}): Promise<Uint8Array[]> => {
    const statuses: Uint8Array[] = []
    const studio = new Wire()
    const speaker = studio.add(name)
    const microphone = studio.add('microphone')
    microphone.subscribe('status', { maxBytes: 1_000, validate: () => 'accept' }, (_, message) =>
      statuses.push(message),
    )
    const { gossip, proposer } = await join(name, speaker, { offsetMs })
    if (ahead) await proposer.commit([put('ahead')])
    await studio.connect()
    gossip.start()
    for (let i = 0; i < count; i++) {
      await second()
      await studio.settle()
    }
    gossip.stop()
    return statuses
  }

  const tell = async (message: Uint8Array): Promise<string> => {
    const before = receiver.counters()
    await relay.publish('status', message)
    await wire.settle()
    const after = receiver.counters()
    const verdicts = ['gossipAccepted', 'gossipRejected', 'gossipIgnored'] as const
    return verdicts.filter((verdict) => after[verdict] > before[verdict]).join()
  }

  it('makes a node fresh by the word of a quorum of validators', async () => {
    for (const name of ['Alpha', 'Beta', 'Gamma']) {
      const transport = wire.add(name)
      const { gossip } = await join(name, transport)
      gossip.start()
    }
    await wire.connect()
    expect(freshness.isFresh()).toBe(false)
    await second()
    expect(freshness.isFresh()).toBe(true)
  })

  it('is for members to say', async () => {
    await wire.connect()
    expect(await record('a stranger', 2)).toEqual([])
  })

  it('tells who is there and how far, until it is 15 seconds old; a learner makes nobody fresh', async () => {
    await wire.connect()
    const [message] = (await record('a learner', 1)) as [Uint8Array]
    expect(await tell(message)).toBe('gossipAccepted')
    const report = { institution: idOf('a learner'), consensusKey: null, signs: true, height: 0, versions: [1] }
    expect(reports.latest()).toEqual([report])
    for (const name of ['Alpha', 'Beta']) await tell((await record(name, 1))[0] as Uint8Array)
    expect(freshness.isFresh()).toBe(false)
    expect(reports.latest()).toHaveLength(3)
    nowMs += 15 * SECOND_MS + 1
    expect(reports.latest()).toEqual([])
  })

  it('says nothing for a node that is behind', async () => {
    await wire.connect()
    for (const name of ['Alpha', 'Beta', 'Gamma']) {
      const [message] = (await record(name, 1, { ahead: true })) as [Uint8Array]
      expect(await tell(message)).toBe('gossipAccepted')
    }
    expect(freshness.isFresh()).toBe(false)
    for (const name of ['Alpha', 'Beta', 'Gamma']) await tell((await record(name, 1))[0] as Uint8Array)
    expect(freshness.isFresh()).toBe(true)
  })

  it('is rejected when it was not signed by whom it names, or cannot be read', async () => {
    await wire.connect()
    const [message] = (await record('Alpha', 1)) as [Uint8Array]
    for (const position of [40, 60, message.length - 1]) {
      const altered = message.map((byte, i) => (i === position ? byte ^ 1 : byte))
      expect(await tell(altered)).not.toBe('gossipAccepted')
    }
    expect(await tell(message.subarray(0, 60))).toBe('gossipRejected')
    expect(await tell(message)).toBe('gossipAccepted')
  })

  it('is ignored when it comes again, late, or after a newer one', async () => {
    await wire.connect()
    const [first, second, third] = (await record('Alpha', 3)) as [Uint8Array, Uint8Array, Uint8Array]
    expect(await tell(second)).toBe('gossipAccepted')
    expect(await tell(first)).toBe('gossipIgnored')
    nowMs += 5 * SECOND_MS + 1
    expect(await tell(third)).toBe('gossipIgnored')
  })

  it('is ignored when its clock is far off', async () => {
    await wire.connect()
    const [message] = (await record('Alpha', 1, { offsetMs: 6 * SECOND_MS })) as [Uint8Array]
    expect(await tell(message)).toBe('gossipIgnored')
  })
})
