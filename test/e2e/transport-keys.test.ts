// Every institution of a consortium gets another transport key while one of them is away. By the command line alone.

import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AssentNode, assent, type Finished, freePorts } from '../support/assent-cli.ts'

const NAMES = ['a', 'b', 'away'] as const
type Name = (typeof NAMES)[number]
const WAIT_MS = 90_000

let home: string
let ports: readonly number[]
const nodes = new Map<Name, AssentNode>()

const run = (...args: string[]): Promise<Finished> => assent(args, { cwd: home })
async function done(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args)
  expect(code, `assent ${args.join(' ')}\n${stderr}`).toBe(0)
  return stdout
}
const json = async (...args: string[]) => JSON.parse(await done(...args, '--json'))

const rpcOf = (name: Name): string => `http://127.0.0.1:${ports[NAMES.length + NAMES.indexOf(name)]}`
function start(name: Name): AssentNode {
  const node = new AssentNode(name, { cwd: home, rpcUrl: rpcOf(name) })
  nodes.set(name, node)
  return node
}
const statusOf = (name: Name) => json('status', '--folder', name)
const heightOf = async (name: Name): Promise<number> => (await statusOf(name)).height
const metricOf = async (name: Name, series: string): Promise<number> => {
  const text = await (await fetch(`${rpcOf(name)}/metrics`)).text()
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')
      .at(-1),
  )
}

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (const deadlineMs = Date.now() + WAIT_MS; !(await holds()); await sleep(300)) {
    if (Date.now() > deadlineMs) throw new Error(`waited in vain: ${what}`)
  }
}

let people = 0
async function work(name: Name): Promise<void> {
  const keys = `person-${++people}.json`
  await done('keys', 'person', '--out', keys)
  await done('enroll', 'practitioner', '--folder', name, '--keys', keys, '--role', 'physician')
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'assent-transport-'))
  ports = await freePorts(2 * NAMES.length)
  await Promise.all(
    NAMES.map((name, i) =>
      done(
        ...['init', '--name', `Hospital ${name.toUpperCase()}`, '--kind', 'hospital', '--folder', name],
        ...['--listen', `/ip4/127.0.0.1/tcp/${ports[i]}`, '--rpc-port', String(ports[NAMES.length + i])],
      ),
    ),
  )
  await done('genesis', 'build', '--name', 'Valley Health', '--card', ...NAMES.map((name) => `${name}/join-card.json`))
  for (const name of NAMES) await done('genesis', 'sign', '--genesis', 'genesis.json', '--folder', name)
  for (const name of NAMES) cpSync(join(home, 'genesis.json'), join(home, name, 'genesis.json'))
  await Promise.all(NAMES.map((name) => start(name).ready()))
  await work('a')
}, 180_000)

afterAll(async () => {
  await Promise.all([...nodes.values()].map((node) => node.stop()))
  rmSync(home, { recursive: true, force: true })
})

describe('transport keys', () => {
  it('are replaced one after the other, with overlap, while one institution is away', async () => {
    await until(async () => (await heightOf('away')) === (await heightOf('a')), 'it has what there is')
    await nodes.get('away')?.stop()
    for (const name of ['a', 'b'] as const) {
      const { transport: before } = await json('keys', 'show', '--folder', name)
      const { transport } = await json('keys', 'rotate-transport', '--folder', name)
      expect((await json('keys', 'show', '--folder', name)).transport).toBe(transport)
      await nodes.get(name)?.stop()
      await start(name).ready()
      expect(await json('keys', 'end-transport', '--folder', name)).toEqual({ transport, revoked: [before] })
    }
    await work('a')
  }, 240_000)

  it('whoever comes back then, and knows none of them, is told who they are, catches up, and signs again', async () => {
    const height = await heightOf('a')
    const node = start('away')
    await node.live()
    await until(async () => (await heightOf('away')) >= height, 'it has caught up')
    await node.ready()
    await until(async () => (await statusOf('away')).signing.state === 'signing', 'it signs')
    expect(await metricOf('away', 'assent_p2p_total{kind="strangersHeard"}')).toBeGreaterThan(0)
    expect(await metricOf('away', 'assent_introduced_peers')).toBe(0)
    await until(async () => (await statusOf('away')).peers === 2, 'both are members to it')

    // Two of three are needed, and there are two.
    await nodes.get('b')?.stop()
    await work('a')
    expect(await heightOf('away')).toBeGreaterThan(height)
  }, 240_000)

  it('a node that is in touch listens to nobody whom it does not know', async () => {
    expect(await metricOf('a', 'assent_p2p_total{kind="strangersHeard"}')).toBe(0)
  })
})
