// The command line as its users run it: real processes, real files, real ports.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const PROGRAM = resolve('bin/assent.ts')
const READY_MS = 90_000

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd: string
  /** Run as this user; for root only. */
  readonly uid?: number
}

/** Runs one command to its end. */
export async function assent(args: readonly string[], options: RunOptions): Promise<Finished> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  }
  const [code] = await once(child, 'close')
  return { code, ...output }
}

/** A node under `assent start`, which serves at `rpcUrl`. */
export class AssentNode {
  readonly rpcUrl: string
  private readonly child: ChildProcess

  constructor(folder: string, { cwd, rpcUrl }: { cwd: string; rpcUrl: string }) {
    this.rpcUrl = rpcUrl
    this.child = spawn(process.execPath, [PROGRAM, 'start', '--folder', folder], { cwd, stdio: 'ignore' })
  }

  ready(): Promise<void> {
    return this.answers('readyz')
  }

  /** It runs, ready or not. */
  live(): Promise<void> {
    return this.answers('livez')
  }

  private async answers(path: 'readyz' | 'livez'): Promise<void> {
    const deadline = Date.now() + READY_MS
    while (Date.now() < deadline) {
      const answer = await fetch(`${this.rpcUrl}/${path}`).catch(() => null)
      if (answer?.ok) return
      await sleep(100)
    }
    throw new Error(`${this.rpcUrl}/${path} did not say yes in ${READY_MS} ms`)
  }

  /** Without a word. */
  async kill(): Promise<void> {
    const gone = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await gone
  }

  /** Answers the exit code. */
  async stop(): Promise<number | null> {
    if (this.child.exitCode === null) {
      this.child.kill('SIGTERM')
      await once(this.child, 'exit')
    }
    return this.child.exitCode
  }
}

/** Ports that nobody listens on right now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}
