// The first command of the README, as a user types it, on generated data: everything holds, the report has its shape, and
// nothing is left behind. The run on sample data is in test/compliance/health-data.test.ts.

import { readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { openDevnet } from '../../src/devnet/layout.ts'
import { DEMO_TIMEOUT_MS, type DemoRun, runDemoCommand } from '../support/demo-command.ts'

const milliseconds = z.number().positive().finite()
const percentiles = z
  .strictObject({ p50: milliseconds, p95: milliseconds, p99: milliseconds })
  .refine(({ p50, p95, p99 }) => p50 <= p95 && p95 <= p99, 'expected p50 <= p95 <= p99')
const refusedElement = z.string().regex(/^Consent\./)

const reportSchema = z.strictObject({
  ok: z.boolean(),
  checks: z.array(z.strictObject({ name: z.string().min(1), ok: z.boolean(), detail: z.string() })).min(20),
  latencyMs: z.strictObject({ consent: percentiles, access: percentiles, revoke: percentiles }),
  revokeToEnforcedMs: milliseconds,
  submitToEnforcedMs: milliseconds,
  failoverMs: milliseconds,
  transactionsPerSecond: z.number().positive(),
  height: z.int().positive(),
  nodes: z
    .array(
      z.strictObject({
        name: z.string(),
        role: z.enum(['validator', 'observer']),
        height: z.int().positive(),
        stateRoot: z.string().regex(/^[0-9a-f]{64}$/),
        rpc: z.url(),
      }),
    )
    .length(5),
  imported: z.strictObject({
    patients: z.int().positive(),
    records: z.int().positive(),
    consents: z.array(z.strictObject({ file: z.string(), outcome: z.string(), elements: z.array(refusedElement) })),
    leftOut: z.array(z.unknown()),
  }),
})

describe('npm start -- --once', () => {
  let run: DemoRun
  beforeAll(async () => {
    run = await runDemoCommand({ fhir: null })
  }, DEMO_TIMEOUT_MS)
  afterAll(() => {
    if (run !== undefined) rmSync(run.temporary, { recursive: true, force: true })
  })

  it('ends with exit code 0, every check of the scenario held', () => {
    expect(run.report.checks.filter(({ ok }) => !ok)).toEqual([])
    expect(run.report.ok).toBe(true)
    expect(run.exitCode).toBe(0)
  })

  it('writes the report in its documented shape', () => {
    expect(reportSchema.safeParse(run.report).error?.issues ?? []).toEqual([])
  })

  it('names a check once, and shows each on the terminal', () => {
    const names = run.report.checks.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(run.terminal).toContain(`✓ ${name}`)
  })

  it('ran four validators and an observer, of one state wherever they were at one height', () => {
    const { nodes } = run.report
    expect(nodes.map(({ role }) => role)).toEqual([...Array(4).fill('validator'), 'observer'])
    const states = new Set(nodes.map(({ height, stateRoot }) => `${height} ${stateRoot}`))
    expect(states.size).toBe(new Set(nodes.map(({ height }) => height)).size)
  })

  it('leaves no process running', () => {
    const pids = openDevnet(run.devnet).members.flatMap(({ folder }) => pidsIn(join(folder, 'node.log')))
    // Two of the nodes were started twice.
    expect(new Set(pids).size).toBeGreaterThanOrEqual(7)
    expect(pids.filter((pid) => isRunning(pid, run.devnet))).toEqual([])
  })

  it('leaves no port open', async () => {
    const ports = openDevnet(run.devnet).members.flatMap(({ rpcUrl, p2pAddress }) => [
      Number(new URL(rpcUrl).port),
      Number(p2pAddress.split('/').at(-1)),
    ])
    expect(new Set(ports).size).toBe(10)
    expect(await Promise.all(ports.map(connectionError))).toEqual(ports.map(() => 'ECONNREFUSED'))
  })
})

function pidsIn(log: string): number[] {
  const lines = readFileSync(log, 'utf8').trim().split('\n')
  return [...new Set(lines.map((line) => (JSON.parse(line) as { pid: number }).pid))]
}

/** The system may have given the number to somebody else since. */
function isRunning(pid: number, folder: string): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder)
  } catch {
    return process.platform !== 'linux'
  }
}

function connectionError(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve('connected')
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
}
