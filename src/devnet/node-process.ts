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

export interface NodeProcessOptions {
  /** For the runtime, such as a profiler's switch. */
  readonly nodeArgs?: readonly string[]
  /** In the place of `assent start`: another composition of the same node, which hears messages of ours. */
  readonly program?: string
}

export class NodeProcess {
  readonly member: DevnetMember<string>
  readonly #nodeArgs: readonly string[]
  readonly #program: string | null
  #child: ChildProcess | null = null
  #exited: Promise<void> = Promise.resolve()

  constructor(member: DevnetMember<string>, { nodeArgs = [], program }: NodeProcessOptions = {}) {
    this.member = member
    this.#nodeArgs = nodeArgs
    this.#program = program ?? null
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Settles when it has ended, whatever the reason. */
  get exited(): Promise<void> {
    return this.#exited
  }

  /** `under`: a command that becomes the node, such as `prlimit` with its options. */
  start({ under = [] }: { under?: readonly string[] } = {}): void {
    const { folder } = this.member
    const output = openSync(join(folder, 'output.txt'), 'a', 0o600)
    const program = this.#program === null ? [PROGRAM, 'start'] : [this.#program]
    const command = [...under, process.execPath, ...this.#nodeArgs, ...program, '--folder', folder]
    const child = spawn(command[0] as string, command.slice(1), {
      stdio: ['ignore', output, output, ...(this.#program === null ? [] : ['ipc' as const])],
      // A Ctrl-C in the terminal goes to whoever started us; it stops the nodes in order.
      detached: true,
    })
    closeSync(output)
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => {
        if (this.#child === child) this.#child = null
        resolve()
      })
    })
    this.#child = child
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  /** To a `program` of its own; lost when it is not running. */
  send(message: object): void {
    if (this.#child?.connected) this.#child.send(message, () => undefined)
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
