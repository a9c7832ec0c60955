// Bad input at the doors between nodes, and on a node's own disk. Three validators and an observer run; the key of the
// fourth validator, a member in good standing, is in the hands of somebody who sends what no program of ours would. Then
// that validator is started again, on a folder or machine that something is wrong with.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomBytes } from '../../src/crypto/random.ts'
import { Consortium } from '../../src/devnet/consortium.ts'
import { createDevnet, type DevnetMember, MEMBERS, type MemberName } from '../../src/devnet/layout.ts'
import { eventually } from '../../src/devnet/sleep.ts'
import { Libp2pTransport } from '../../src/p2p/libp2p-transport.ts'
import { type Channel, SYNC_PROTOCOL, TOPICS, type Topic } from '../../src/p2p/transport.ts'
import { encodeValue, type Value } from '../../src/types/canonical-value.ts'
import { RECORD_PROTOCOL } from '../../src/vault/exchange-ports.ts'
import { assent, type Finished } from '../support/assent-cli.ts'

const HONEST = MEMBERS.map(({ name }) => name).filter((name) => name !== 'laboratory')
const WAIT_MS = 30_000

let home: string
let consortium: Consortium
let hostile: Libp2pTransport

const member = (name: MemberName): DevnetMember => consortium.member(name)
const keyOf = (name: MemberName) => member(name).keys.transport.publicKey

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'assent-bad-input-'))
  const fhir = { masterIdentifierSystem: 'urn:assent:mrn', timeZone: 'UTC' }
  consortium = new Consortium(await createDevnet(join(home, 'devnet'), { fhir }))
  await consortium.start(() => undefined)
  await consortium.process('laboratory').stop()
  hostile = new Libp2pTransport({
    chainId: consortium.devnet.genesis.chainId,
    seed: member('laboratory').keys.transport.seed,
    listen: [member('laboratory').p2pAddress],
    allow: () => 'member',
    logger: { info: () => undefined, warn: () => undefined, debug: () => undefined },
  })
  for (const topic of TOPICS) hostile.subscribe(topic, { maxBytes: 65_536, validate: () => 'ignore' }, () => undefined)
  await hostile.start()
  hostile.setPeers(HONEST.map((name) => ({ transportKey: keyOf(name), addresses: [member(name).p2pAddress] })))
  await connected()
}, 120_000)

afterAll(async () => {
  await hostile?.stop()
  await consortium?.stop()
  rmSync(home, { recursive: true, force: true })
}, 60_000)

/** Not canonical, not complete, not what is expected there, or not anything. */
const MALFORMED: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ['nothing', new Uint8Array()],
  ['noise', randomBytes(2_000)],
  ['text', new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n')],
  ['a list without end', Uint8Array.of(0x9f)],
  ['a length of 2^53 with nothing behind it', Uint8Array.of(0x5b, 0, 0x20, 0, 0, 0, 0, 0, 0)],
  ['lists in lists, 60,000 deep', new Uint8Array(60_000).fill(0x81)],
  ['a map with unsorted keys', Uint8Array.of(0xa2, 0x61, 0x62, 0x01, 0x61, 0x61, 0x01)],
  ['a number with a head longer than needed', Uint8Array.of(0x19, 0x00, 0x01)],
  ['a canonical value of another shape', encodeValue({ kind: 'append', term: 'first' } as Value)],
  ['two values one behind the other', Uint8Array.of(0x80, 0x80)],
]

describe('a member that sends malformed bytes', () => {
  it.each(MALFORMED)('on the consensus stream: %s', async (_what, bytes) => {
    const lines = await linesAfter(['hospital-a', 'hospital-b'], () =>
      sendTo(['hospital-a', 'hospital-b'], 'consensus', bytes),
    )
    for (const line of lines) expect(line).toMatchObject({ level: 40, msg: 'malformed consensus message', member: 3 })
  })

  it.each(MALFORMED)('on the forward stream: %s', async (_what, bytes) => {
    const [line] = await linesAfter(['hospital-b'], () => sendTo(['hospital-b'], 'forward', bytes))
    expect(line).toMatchObject({ msg: 'malformed batch of transactions', peer: keyOf('laboratory') })
  })

  it('as transactions in a batch that is well formed', async () => {
    const batch = encodeValue(MALFORMED.map(([, bytes]) => bytes))
    expect(hostile.send(keyOf('hospital-a'), 'forward', batch)).toBe(true)
  })

  it.each([SYNC_PROTOCOL, RECORD_PROTOCOL])('as requests of protocol %s', async (protocol) => {
    const short = MALFORMED.filter(([, bytes]) => bytes.length <= 64)
    for (const name of ['hospital-a', 'regulator'] as const) {
      for (const [, bytes] of short) {
        const answer = await ask(name, protocol, bytes)
        expect(answer).toMatch(/^(failed|answered)$/)
      }
    }
  })

  it('as a request above the bound: the connection ends, and the member is named', async () => {
    const lines = await linesAfter(
      ['regulator'],
      async () => {
        expect(await ask('regulator', SYNC_PROTOCOL, randomBytes(5_000))).toMatch(/connection-lost|timeout/)
      },
      'peer misbehaved',
    )
    expect(lines).toEqual([expect.objectContaining({ peer: keyOf('laboratory'), what: 'frame-too-large' })])
    await connected()
  })

  it.each<Topic>(['headers', 'status', 'transactions'])('by gossip, topic %s', async (topic) => {
    const message = topic === 'transactions' ? 'malformed batch of transactions' : 'peer misbehaved'
    const lines = await linesAfter(['hospital-c'], () => hostile.publish(topic, randomBytes(300)), message)
    expect(lines).toEqual([expect.objectContaining({ peer: keyOf('laboratory') })])
  })

  it('does not stop or slow down anybody: all are live and ready, commits go on, states are one', async () => {
    for (const name of HONEST) {
      const { rpcUrl } = member(name)
      expect(await (await fetch(`${rpcUrl}/livez`)).json()).toEqual({ live: true })
      const ready = await eventually(async () => (await fetch(`${rpcUrl}/readyz`)).ok, { withinMs: WAIT_MS })
      expect(ready).toBe(true)
    }
    const args = { patient: randomBytes(32).toHex(), signing: null, encryption: null }
    const call = { contract: 'registry', method: 'enrollPatient', args }
    for (const via of ['hospital-a', 'hospital-b', 'hospital-c'] as const) {
      const patient = randomBytes(32).toHex()
      const receipt = await consortium.act(via, [{ ...call, args: { ...args, patient } }])
      expect(receipt.height).toBeGreaterThan(0)
    }
    const agreed = await eventually(
      async () => {
        const heads = await Promise.all(HONEST.map((name) => consortium.client(name).nodeStatus()))
        return new Set(heads.map(({ height, stateRoot }) => `${height} ${stateRoot}`)).size === 1
      },
      { withinMs: WAIT_MS },
    )
    expect(agreed).toBe(true)
  })

  it('leaves no message of its own in a log: only who, which field, and what was expected', () => {
    for (const name of HONEST) {
      for (const { msg, ...line } of linesOf(name).filter(({ level }) => level >= 40)) {
        expect(JSON.stringify({ msg, ...line })).not.toMatch(/HTTP|GET/)
        expect([
          'malformed consensus message',
          'malformed batch of transactions',
          'peer misbehaved',
          'handler failed',
          'peer broke the wire protocol',
        ]).toContain(msg)
      }
    }
  })
})

describe('a node says in one line why it cannot start, ends with exit code 2, and changes nothing:', () => {
  const source = () => member('laboratory').folder

  beforeAll(async () => {
    await hostile.stop()
  })

  /** A copy of the laboratory's folder, on ports that are free unless a test takes them. */
  function copyWith(name: string, change: (config: Config) => Config = (config) => config): string {
    const folder = join(home, name)
    cpSync(source(), folder, { recursive: true })
    const file = join(folder, 'assent.json')
    const config = JSON.parse(readFileSync(file, 'utf8'))
    const genesis = join(home, 'devnet', 'genesis.json')
    const free = { ...config, genesis, rpc: { port: 0 }, p2p: { listen: '/ip4/127.0.0.1/tcp/0' } }
    writeFileSync(file, JSON.stringify(change(free)))
    return folder
  }

  async function expectRefusal(folder: string, message: RegExp): Promise<void> {
    const { code, stdout, stderr }: Finished = await assent(['start', '--folder', folder], { cwd: home })
    expect(stderr).toMatch(message)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(stderr).toMatch(/^assent: /)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  }

  it('the port for its peers is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const listen = `/ip4/127.0.0.1/tcp/${(server.address() as { port: number }).port}`
    const folder = copyWith('busy', (config) => ({ ...config, p2p: { listen } }))
    await expectRefusal(folder, new RegExp(`p2p\\.listen.*${listen}.*in use`))
    server.close()
  })

  it('its data folder is in use by another process', async () => {
    const { folder } = member('hospital-b')
    const own = copyWith('shared', (config) => ({ ...config, dataFolder: join(folder, 'data') }))
    await expectRefusal(own, /data folder .*: in use by another process; stop that process/)
    expect(await (await fetch(`${member('hospital-b').rpcUrl}/livez`)).json()).toEqual({ live: true })
  })

  it('in the place of its sign-state stands something else', async () => {
    const folder = copyWith('file-for-folder')
    rmSync(join(folder, 'data', 'sign-state'), { recursive: true })
    writeFileSync(join(folder, 'data', 'sign-state'), 'notes')
    await expectRefusal(folder, /sign-state file .*: cannot be used/)
  })

  it('its database is damaged', async () => {
    const folder = copyWith('damaged')
    const ledger = join(folder, 'data', 'ledger')
    for (const name of readdirSync(ledger)) {
      if (name.startsWith('MANIFEST')) writeFileSync(join(ledger, name), randomBytes(500))
    }
    await expectRefusal(folder, /data folder .*: the database is damaged/)
  })

  it('the wrapping key is another one', async () => {
    const folder = copyWith('wrapped')
    writeFileSync(join(folder, 'wrapping-key'), `${randomBytes(32).toHex()}\n`)
    await expectRefusal(folder, /wrapping key/i)
  })

  it('there is no wrapping key', async () => {
    const folder = copyWith('unwrapped')
    rmSync(join(folder, 'wrapping-key'))
    await expectRefusal(folder, /wrapping.?key/i)
  })
})

type Config = Readonly<Record<string, unknown>>
interface LogLine {
  readonly level: number
  readonly msg: string
}

const linesOf = (name: MemberName): LogLine[] =>
  readFileSync(join(member(name).folder, 'node.log'), 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as LogLine)

/** The first warning of each node that `act` gives rise to. What is sent while connections settle may be lost: again. */
async function linesAfter(
  names: readonly MemberName[],
  act: () => unknown,
  message?: string,
): Promise<readonly LogLine[]> {
  const before = names.map((name) => linesOf(name).length)
  const added = (): (LogLine | undefined)[] =>
    names.map((name, i) =>
      linesOf(name)
        .slice(before[i])
        .find(({ level, msg }) => level >= 40 && (message === undefined || msg === message)),
    )
  const everybody = (): boolean => added().every((line) => line !== undefined)
  const deadlineMs = performance.now() + WAIT_MS
  while (!everybody() && performance.now() < deadlineMs) {
    await act()
    await eventually(everybody, { withinMs: 3_000 })
  }
  return added().map((line, i) => {
    if (line === undefined) throw new Error(`${names[i]} logged no warning`)
    return line
  })
}

function sendTo(names: readonly MemberName[], channel: Channel, bytes: Uint8Array): void {
  for (const name of names) expect(hostile.send(keyOf(name), channel, bytes)).toBe(true)
}

async function ask(name: MemberName, protocol: string, bytes: Uint8Array): Promise<string> {
  try {
    await hostile.request(keyOf(name), protocol, bytes, { timeoutMs: 5_000, maxReplyBytes: 1_000_000 })
    return 'answered'
  } catch (error) {
    return (error as { code: string }).code
  }
}

async function connected(): Promise<void> {
  const all = await eventually(() => hostile.connectedPeers().length === HONEST.length, { withinMs: WAIT_MS })
  if (!all) throw new Error('the hostile member is not connected to everybody')
}
