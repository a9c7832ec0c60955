// etcd at the same durability on the same machine, in the same run: three nodes that sync before they answer, driven through
// their HTTP gateway by one client process, beside Assent under the same arrivals. Unsigned puts of the size of a request.

import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from '../src/crypto/random.ts'
import { percentiles } from '../src/devnet/percentiles.ts'
import { eventually, sleep } from '../src/devnet/sleep.ts'
import { measureAccess, round, setupOf, withNetwork } from './harness/access-load.ts'
import type { BenchOptions, Group, Question } from './harness/question.ts'
import { assertAllServed } from './harness/run-load.ts'

const NODES = 3
const VALUE_BYTES = 300
const KEYS = 10_000

export const etcd: Question = {
  name: 'etcd',
  question: 'What does a 3-node etcd do on this machine, in this run, at the same durability?',
  async run(options) {
    if (!isInstalled()) throw new Error('etcd is not installed; Debian has it in the package etcd-server')
    const { workers } = options
    const theirs = await driveEtcd(options)
    const ours = await withNetwork(options, async (network) => {
      const load = await measureAccess(network, options, {
        arrival: { kind: 'closed', workers },
        callsPerTransaction: 1,
      })
      assertAllServed(load.measured)
      return load
    })
    const { p50, p95, p99 } = ours.latencyMs
    const assent = { keptPerSecond: ours.callsPerSecond, p50Ms: p50, p95Ms: p95, p99Ms: p99 }
    return {
      setup: `closed load of ${workers} under way. etcd ${versionOf()}: ${NODES} nodes, default flags, puts of ${VALUE_BYTES} bytes through the JSON gateway of all nodes in turn, neither signed nor checked. Assent: ${setupOf(options)}`,
      figures: {
        etcd: theirs,
        assent,
        assentToEtcd: Math.round((ours.callsPerSecond / (theirs.keptPerSecond as number)) * 1_000) / 1_000,
      },
      series: [],
    }
  },
}

function isInstalled(): boolean {
  try {
    execFileSync('etcd', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const versionOf = (): string =>
  /etcd Version: (\S+)/.exec(execFileSync('etcd', ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown'

async function driveEtcd({ workers, seconds, onProgress }: BenchOptions): Promise<Group> {
  const folder = mkdtempSync(join(tmpdir(), 'assent-bench-'))
  const ports = await Promise.all(Array.from({ length: 2 * NODES }, freePort))
  const peer = (i: number) => `http://127.0.0.1:${ports[2 * i]}`
  const client = (i: number) => `http://127.0.0.1:${ports[2 * i + 1]}`
  const cluster = Array.from({ length: NODES }, (_, i) => `n${i}=${peer(i)}`).join(',')
  const nodes = Array.from({ length: NODES }, (_, i) =>
    spawn(
      'etcd',
      [
        ...['--name', `n${i}`, '--data-dir', join(folder, `n${i}`), '--log-level', 'error'],
        ...['--listen-peer-urls', peer(i), '--initial-advertise-peer-urls', peer(i)],
        ...['--listen-client-urls', client(i), '--advertise-client-urls', client(i)],
        ...['--initial-cluster', cluster, '--initial-cluster-state', 'new'],
      ],
      { stdio: 'ignore' },
    ),
  )
  const agent = new Agent({ keepAlive: true, maxSockets: workers })
  try {
    onProgress(`etcd: ${NODES} nodes, ${workers} puts under way for ${seconds} s`)
    const answers = () =>
      put(client(0), agent).then(
        () => true,
        () => false,
      )
    if (!(await eventually(answers, { withinMs: 20_000, everyMs: 100 }))) throw new Error('etcd does not answer')
    const tookMs: number[] = []
    const startMs = performance.now()
    const endMs = startMs + seconds * 1_000
    const work = async (first: number): Promise<void> => {
      for (let i = first; performance.now() < endMs; i++) {
        const from = performance.now()
        await put(client(i % NODES), agent)
        tookMs.push(performance.now() - from)
      }
    }
    await Promise.all(Array.from({ length: workers }, (_, i) => work(i)))
    const { p50, p95, p99 } = percentiles(tookMs)
    return { keptPerSecond: round(tookMs.length / seconds), p50Ms: p50, p95Ms: p95, p99Ms: p99 }
  } finally {
    agent.destroy()
    for (const node of nodes) node.kill()
    await sleep(500)
    rmSync(folder, { recursive: true, force: true })
  }
}

function put(url: string, agent: Agent): Promise<void> {
  const key = btoa(`key-${Math.floor(Math.random() * KEYS)}`)
  const body = JSON.stringify({ key, value: randomBytes(VALUE_BYTES).toBase64() })
  return new Promise((resolve, reject) => {
    const call = request(`${url}/v3/kv/put`, { method: 'POST', agent }, (answer) => {
      answer.resume()
      answer.once('end', () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`etcd: ${answer.statusCode}`)),
      )
    })
    call.once('error', reject)
    call.end(body)
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
