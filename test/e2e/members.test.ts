// A consortium changes its members while it runs, by the command line alone: a clinic joins, validates, an older member gets a
// new consensus key, the clinic leaves. Four processes, one story.

import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AssentNode, assent, type Finished, freePorts } from '../support/assent-cli.ts'

const FOUNDERS = ['a', 'b', 'c']
const WAIT_MS = 60_000

let home: string
const rpcPorts = new Map<string, number>()
const nodes = new Map<string, AssentNode>()

const run = (...args: string[]): Promise<Finished> => assent(args, { cwd: home })

async function done(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args)
  expect(code, `assent ${args.join(' ')}\n${stderr}`).toBe(0)
  return stdout
}
const json = async (...args: string[]) => JSON.parse(await done(...args, '--json'))

async function init(folder: string, { p2p, rpc, more = [] }: { p2p: number; rpc: number; more?: string[] }) {
  rpcPorts.set(folder, rpc)
  const name = folder === 'clinic' ? 'Clinic' : `Hospital ${folder.toUpperCase()}`
  return done(
    ...['init', '--name', name, '--kind', folder === 'clinic' ? 'clinic' : 'hospital', '--folder', folder],
    ...['--listen', `/ip4/127.0.0.1/tcp/${p2p}`, '--rpc-port', String(rpc), ...more],
  )
}

function start(folder: string): AssentNode {
  const node = new AssentNode(folder, { cwd: home, rpcUrl: `http://127.0.0.1:${rpcPorts.get(folder)}` })
  nodes.set(folder, node)
  return node
}

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (const deadlineMs = Date.now() + WAIT_MS; !(await holds()); await sleep(300)) {
    if (Date.now() > deadlineMs) throw new Error(`waited in vain: ${what}`)
  }
}

interface Row {
  seat: number
  institution: string
  isSelf: boolean
  certificates: { signed: number; of: number }
}
const rowAt = async (folder: string, institution: string): Promise<Row | undefined> =>
  (await json('consensus', 'status', '--folder', folder)).validators.find((row: Row) => row.institution === institution)
const idOf = async (folder: string): Promise<string> => (await json('keys', 'show', '--folder', folder)).institution
const heightOf = async (folder: string): Promise<number> => (await json('status', '--folder', folder)).height

/** A transaction of this institution, certified when it resolves. */
let people = 0
async function work(folder: string): Promise<void> {
  const keys = `person-${++people}.json`
  await done('keys', 'person', '--out', keys)
  await done('enroll', 'practitioner', '--folder', folder, '--keys', keys, '--role', 'physician')
}

/** Epochs begin, and certificates are made, with blocks; blocks with transactions. */
async function workUntil(holds: () => Promise<boolean>, what: string): Promise<void> {
  await until(async () => {
    if (await holds()) return true
    await work('a')
    return false
  }, what)
}

/** Proposed by the command given, voted for by the others, passed. */
async function decide(proposal: readonly string[], voters: readonly string[]): Promise<void> {
  const { proposal: made } = await json(...proposal, '--yes')
  for (const [i, voter] of voters.entries()) {
    const text = await done('governance', 'approve', String(made.number), '--yes', '--folder', voter)
    expect(text).toMatch(i === voters.length - 1 ? /status +passed at height \d+/ : /status +open/)
  }
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'assent-members-'))
  const ports = await freePorts(8)
  const portsOf = (i: number) => ({ p2p: ports[2 * i] as number, rpc: ports[2 * i + 1] as number })
  await Promise.all(FOUNDERS.map((folder, i) => init(folder, portsOf(i))))
  const cards = FOUNDERS.map((folder) => `${folder}/join-card.json`)
  await done('genesis', 'build', '--name', 'Valley Health', '--card', ...cards)
  for (const folder of FOUNDERS) await done('genesis', 'sign', '--genesis', 'genesis.json', '--folder', folder)
  for (const folder of FOUNDERS) cpSync(join(home, 'genesis.json'), join(home, folder, 'genesis.json'))
  await Promise.all(FOUNDERS.map((folder) => start(folder).ready()))
  const told = await init('clinic', { ...portsOf(3), more: ['--join', 'genesis.json'] })
  expect(told).toContain('assent governance admit --card FILE')
}, 180_000)

afterAll(async () => {
  await Promise.all([...nodes.values()].map((node) => node.stop()))
  rmSync(home, { recursive: true, force: true })
})

describe('the members of a running consortium', () => {
  it('a clinic is admitted: its node, which nobody let in before, follows the chain', async () => {
    const node = start('clinic')
    await node.live()
    await work('a')
    await sleep(2_000)
    expect(await heightOf('clinic')).toBe(0)
    await decide(['governance', 'admit', '--card', 'clinic/join-card.json', '--folder', 'a'], ['b'])
    await until(async () => (await heightOf('clinic')) === (await heightOf('a')), 'the clinic has the whole chain')
    await until(
      async () =>
        /Following with a consensus key without a seat: Clinic/.test(await done('validator', 'list', '--folder', 'a')),
      'its node is known to follow',
    )
    expect(await done('consensus', 'status', '--folder', 'clinic')).toMatch(/^this node +observer$/m)
  }, 180_000)

  it('it is promoted, and from then on its signature counts: no block is certified without it once another is gone', async () => {
    await decide(['validator', 'promote', '--folder', 'clinic'], ['a', 'b'])
    const clinic = await idOf('clinic')
    await workUntil(async () => ((await rowAt('a', clinic))?.certificates.of ?? 0) > 0, 'epoch 1')
    expect((await rowAt('clinic', clinic))?.isSelf).toBe(true)
    expect(await done('validator', 'list', '--folder', 'a')).toMatch(/^Epoch 1, decided by proposal 2 at height \d+$/m)
    expect(await done('consensus', 'status', '--folder', 'clinic')).toMatch(
      /^epoch +1: 4 validators, b = 0, 3 signatures/m,
    )

    await nodes.get('c')?.stop()
    await work('b')
    const { certificate } = await json('consensus', 'status', '--folder', 'a')
    expect(certificate.signed).toContain(clinic)
    expect(certificate.missing).toEqual([await idOf('c')])
  }, 180_000)

  it('a hospital whose node was away gets a new consensus key, and signs with it in a new seat', async () => {
    const { consensus } = await json('keys', 'rotate-consensus', '--folder', 'c')
    await start('c').ready()
    await until(async () => (await heightOf('c')) === (await heightOf('a')), 'c has caught up')
    await decide(['validator', 'replace-key', '--folder', 'c'], ['a', 'b'])
    const c = await idOf('c')
    expect(await done('validator', 'list', '--folder', 'b')).toMatch(/^Epoch 2(, from the next block on)?, decided by/)
    await workUntil(async () => (await rowAt('a', c))?.seat === 4, 'epoch 2')
    await workUntil(async () => ((await rowAt('a', c))?.certificates.signed ?? 0) > 0, 'c signs')
    await until(async () => (await heightOf('clinic')) === (await heightOf('a')), 'the clinic has seen it')
    expect((await json('validator', 'list', '--folder', 'clinic')).current.members).toContainEqual(
      expect.objectContaining({ institution: c, seat: 4, consensus, presence: 'signs' }),
    )
  }, 180_000)

  it('the clinic leaves: its node signs nothing more, follows on without a restart, and its chain verifies', async () => {
    await decide(['validator', 'remove', 'Clinic', '--folder', 'a'], ['b', 'c'])
    await work('a')
    await until(
      async () => /^this node +observer$/m.test(await done('consensus', 'status', '--folder', 'clinic')),
      'the clinic observes',
    )
    expect(await done('validator', 'list', '--folder', 'a')).toMatch(/^3 validators, b = 0: 2 signatures certify/m)
    await work('b')
    await until(async () => (await heightOf('clinic')) === (await heightOf('a')), 'the clinic follows')
    expect(await nodes.get('clinic')?.stop()).toBe(0)
    expect(await done('verify', 'chain', '--folder', 'clinic')).toMatch(/unaltered: height \d+/)
  }, 180_000)
})
