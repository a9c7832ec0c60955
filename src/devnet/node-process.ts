// One node as an operating-system process of its own: started as an operator would, killed as a machine would.

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DevnetMember } from './layout.ts'
import { sleep } from './sleep.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/assent.ts', import.meta.url))
const READY_TIMEOUT_MS = 40_000
const POLL_MS = 100
const STOP_TIMEOUT_MS = 20_000

export class NodeProcess {
  readonly member: DevnetMember
  readonly #extraArgs: readonly string[]
  #child: ChildProcess | null = null
  #exited: Promise<void> = Promise.resolve()

  /** `nodeArgs`: for the runtime, such as a profiler's switch. */
  constructor(member: DevnetMember, { nodeArgs = [] }: { nodeArgs?: readonly string[] } = {}) {
    this.member = member
    this.#extraArgs = nodeArgs
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  start(): void {
    const { folder } = this.member
    const output = openSync(join(folder, 'output.txt'), 'a', 0o600)
    const child = spawn(process.execPath, [...this.#extraArgs, PROGRAM, 'start', '--folder', folder], {
      stdio: ['ignore', output, output],
      // A Ctrl-C in the terminal goes to whoever started us; it stops the nodes in order.
      detached: true,
    })
    closeSync(output)
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => {
        this.#child = null
        resolve()
      })
    })
    this.#child = child
  }

  /** Resolves when GET /readyz says so. Throws with what the process printed when it ended, or was not ready in time. */
  async ready(): Promise<void> {
    const deadline = Date.now() + READY_TIMEOUT_MS
    let reasons = 'no answer'
    while (Date.now() < deadline) {
      if (this.#child === null) throw new Error(`${this.member.name} ended:\n${this.#lastOutput()}`)
      try {
        const answer = await fetch(`${this.member.rpcUrl}/readyz`)
        if (answer.ok) return
        reasons = await answer.text()
      } catch {
        reasons = 'no answer'
      }
      await sleep(POLL_MS)
    }
    throw new Error(`${this.member.name} is not ready: ${reasons}\n${this.#lastOutput()}`)
  }

  /** As a power cut would: nothing is flushed. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL')
    await this.#exited
  }

  /** Gracefully; SIGKILL if that takes too long. Answers whether it was graceful. */
  async stop(): Promise<boolean> {
    const child = this.#child
    if (child === null) return true
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await this.#exited
    clearTimeout(timer)
    return child.signalCode === null && child.exitCode === 0
  }

  #lastOutput(): string {
    try {
      return readFileSync(join(this.member.folder, 'output.txt'), 'utf8').split('\n').slice(-12).join('\n')
    } catch {
      return '(no output)'
    }
  }
}
