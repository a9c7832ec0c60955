// Three real validators, and a fourth whose keys are in the hands of somebody who knows the protocol well: every message is
// well formed and signed by a member in good standing, and none is what an honest one would say. The three are a quorum.

import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, connect } from '../../src/client/client.ts'
import { encodeMessage } from '../../src/consensus/messages.ts'
import { randomBytes } from '../../src/crypto/random.ts'
import { type Devnet, hospitals, layOut } from '../../src/devnet/layout.ts'
import { NodeProcess } from '../../src/devnet/node-process.ts'
import { eventually, sleep } from '../../src/devnet/sleep.ts'
import { type CertifiedRun, fetchRunFrom } from '../../src/node/certified-run.ts'
import { Libp2pTransport } from '../../src/p2p/libp2p-transport.ts'
import { TOPICS } from '../../src/p2p/transport.ts'
import { seatOf } from '../../src/types/validator-set.ts'
import { NastyMessages } from '../support/nasty-messages.ts'

const FLOOD_MS = 12_000
const JUNK_MS = 3_000
const COMMIT_MS = 20_000
/** What a process may grow by under the flood: queues of one peer have their bounds, the rest is the collector's slack. */
const GROWTH_MIB_MAX = 200
/** Of its log, over the whole flood. */
const LOG_BYTES_MAX = 2 * 1024 * 1024
/** A node raises its term by at most 1,000 on anybody's word, and votes once an election timeout. */
const TERMS_MAX = 100_000

let home: string
let devnet: Devnet<string>
let honest: readonly NodeProcess[]
let hostile: Libp2pTransport
let clients: readonly Client[]

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'assent-nasty-'))
  const fhir = { masterIdentifierSystem: 'urn:assent:mrn', timeZone: 'UTC' }
  devnet = await layOut(join(home, 'consortium'), hospitals(4), { fhir })
  honest = devnet.members.slice(0, 3).map((member) => new NodeProcess(member))
  for (const node of honest) node.start()
  await Promise.all(honest.map((node) => node.ready()))
  clients = honest.map(({ member }) => connect({ url: member.rpcUrl, genesis: devnet.genesis.signed }))
  hostile = new Libp2pTransport({
    chainId: devnet.genesis.chainId,
    seed: fourth().keys.transport.seed,
    listen: [fourth().p2pAddress],
    allow: () => 'member',
    logger: { info: () => undefined, warn: () => undefined, debug: () => undefined },
  })
  for (const topic of TOPICS) hostile.subscribe(topic, { maxBytes: 65_536, validate: () => 'ignore' }, () => undefined)
  await hostile.start()
  hostile.setPeers(honest.map(({ member }) => ({ transportKey: keyOf(member), addresses: [member.p2pAddress] })))
  expect(await eventually(() => hostile.connectedPeers().length === 3, { withinMs: 30_000 })).toBe(true)
}, 120_000)

afterAll(async () => {
  await hostile?.stop()
  await Promise.all((honest ?? []).map((node) => node.stop()))
  rmSync(home, { recursive: true, force: true })
}, 60_000)

const fourth = () => devnet.members[3] as Devnet<string>['members'][number]
const keyOf = (member: { readonly keys: { readonly transport: { readonly publicKey: string } } }) =>
  member.keys.transport.publicKey as Parameters<Libp2pTransport['send']>[0]

describe('a member that says anything but the truth, as fast as it can', () => {
  it('stops nobody, fills nobody, moves no term far, and is named', async () => {
    await commitThrough(0)
    const { consensus } = fourth().keys
    const seat = consensus === null ? undefined : seatOf(devnet.genesis.validators, consensus.publicKey)
    if (consensus === null || seat === undefined) throw new Error('the fourth hospital validates')
    const messages = new NastyMessages(7, { member: { seat, sign: consensus.sign }, known: await lastRun() })
    const before = await Promise.all(clients.map((client) => client.nodeStatus()))
    const logBefore = honest.map(logSize)
    const memoryBefore = honest.map(memoryMiB)
    let memoryMax = memoryBefore
    let sent = 0

    const endMs = performance.now() + FLOOD_MS
    const flood = (async () => {
      for (let round = 0; performance.now() < endMs; round++) {
        if (round % 500 === 0) messages.learn(await lastRun().catch(() => lastRun()))
        const message = encodeMessage(messages.next())
        for (const { member } of honest) if (hostile.send(keyOf(member), 'consensus', message)) sent++
        await (round % 20 === 0 ? sleep(5) : new Promise((resolve) => setImmediate(resolve)))
      }
    })()
    for (let i = 0; performance.now() < endMs; i++) {
      await commitThrough(i % 3)
      memoryMax = honest.map((node, i) => Math.max(memoryMax[i] ?? 0, memoryMiB(node)))
      await sleep(200)
    }
    await flood
    await commitThrough(1)

    // On a busy machine too.
    expect(sent).toBeGreaterThan(500)
    for (const node of honest) expect(node.pid).toBeDefined()
    for (const [i, node] of honest.entries()) {
      expect((memoryMax[i] ?? 0) - (memoryBefore[i] ?? 0)).toBeLessThan(GROWTH_MIB_MAX)
      expect(logSize(node) - (logBefore[i] ?? 0)).toBeLessThan(LOG_BYTES_MAX)
    }
    for (const [i, client] of clients.entries()) {
      expect((await client.nodeStatus()).term - (before[i]?.term ?? 0)).toBeLessThan(TERMS_MAX)
    }
    expect(warnings()).toContain(seat)
  }, 180_000)

  it('cannot fill a disk with complaints about what is not even a message', async () => {
    const logBefore = honest.map(logSize)
    const junk = randomBytes(40)
    const endMs = performance.now() + JUNK_MS
    let sent = 0
    while (performance.now() < endMs) {
      for (const { member } of honest) if (hostile.send(keyOf(member), 'consensus', junk)) sent++
      if (sent % 100 < 3) await sleep(1)
    }
    await commitThrough(0)
    expect(sent).toBeGreaterThan(1_000)
    for (const [i, node] of honest.entries()) {
      const lines = readFileSync(join(node.member.folder, 'node.log'), 'utf8').match(/malformed consensus message/g)
      expect(lines?.length).toBeGreaterThan(0)
      expect(logSize(node) - (logBefore[i] ?? 0)).toBeLessThan(100_000)
    }
  }, 60_000)
})

/** Seats that a log names in a warning or worse. */
function warnings(): readonly unknown[] {
  const named = honest.flatMap(({ member }) =>
    readFileSync(join(member.folder, 'node.log'), 'utf8')
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => JSON.parse(line) as { readonly level: number; readonly member?: number })
      .filter(({ level, member }) => level >= 40 && member !== undefined)
      .map(({ member }) => member),
  )
  return [...new Set(named)]
}

/** Answers the ms that it took. Throws when it was not committed in time. */
async function commitThrough(index: number): Promise<number> {
  const { keys } = devnet.members[index] as Devnet<string>['members'][number]
  const args = { patient: randomBytes(32).toHex(), signing: null, encryption: null }
  const startMs = performance.now()
  const receipt = await (clients[index] as Client).submit([{ contract: 'registry', method: 'enrollPatient', args }], {
    signer: { identity: keys.institution, keyId: 0, sign: keys.signing.sign },
    lifetimeMs: COMMIT_MS,
  })
  expect(receipt.calls[0]?.status).toBe('ok')
  return Math.round(performance.now() - startMs)
}

/** The newest certified blocks, as any member may ask for them. */
async function lastRun(): Promise<CertifiedRun> {
  const { height } = await (clients[0] as Client).nodeStatus()
  const run = await fetchRunFrom(hostile)(keyOf(devnet.members[0] as never), Math.max(1, height - 5))
  if (run === null) throw new Error('the chain has no blocks')
  return run
}

const logSize = ({ member }: NodeProcess): number => statSync(join(member.folder, 'node.log')).size

/** Resident. */
function memoryMiB({ pid }: NodeProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024)
}
