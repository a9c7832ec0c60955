// Each fault, done to real processes and sockets, and undone. Nothing here needs privileges.

import { execFile } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { assertNever } from '../../src/types/assert.ts'
import type { Network } from './network.ts'
import type { Cut, Fault, Target } from './plan.ts'

export interface Struck {
  /** What was done to whom. */
  readonly what: string
  /** Undoes it. Answers what came of it, where that is worth a word. */
  heal(): Promise<string>
}

/** What a node may not do whose write has failed. */
export const WENT_ON = 'went on after a failed write'

const run = promisify(execFile)

/** A full disk is a limit on the size of files. Not on every system; without it, that fault is left out. */
export async function canLimitFiles(): Promise<boolean> {
  try {
    await run('prlimit', ['--version'])
    return true
  } catch {
    return false
  }
}

export async function strike(network: Network, fault: Fault): Promise<Struck> {
  switch (fault.kind) {
    case 'kill': {
      const { name, title } = await find(network, fault.target)
      await network.node(name).kill()
      return {
        what: title,
        async heal() {
          network.node(name).start()
          return ''
        },
      }
    }
    case 'pause': {
      const { name, title } = await find(network, fault.target)
      network.node(name).signal('SIGSTOP')
      return {
        what: title,
        async heal() {
          network.node(name).signal('SIGCONT')
          return ''
        },
      }
    }
    case 'clockStep': {
      const { name, title } = await find(network, fault.target)
      network.stepClock(name, fault.offsetMs)
      return {
        what: `${title} by ${fault.offsetMs} ms`,
        async heal() {
          network.stepClock(name, 0)
          return ''
        },
      }
    }
    case 'partition':
      return partition(network, fault.cut)
    case 'slowLink': {
      const { target, conditions } = fault
      const { name, title } = target === 'everybody' ? { name: null, title: target } : await find(network, target)
      const wires = directions(network).filter(({ from, to }) => name === null || from === name || to === name)
      for (const wire of wires) network.mesh.set(wire, conditions)
      const { delayMs, jitterMs, bytesPerSecond } = conditions
      return {
        what: `${title}: ${delayMs} to ${(delayMs ?? 0) + (jitterMs ?? 0)} ms, ${(bytesPerSecond ?? 0) / 1_000} kB/s`,
        async heal() {
          for (const wire of wires) network.mesh.set(wire, { delayMs: 0, jitterMs: 0, bytesPerSecond: Infinity })
          return ''
        },
      }
    }
    case 'fullDisk':
      return fullDisk(network, await find(network, fault.target))
    default:
      return assertNever(fault)
  }
}

interface Victim {
  readonly name: string
  readonly title: string
}

async function find(network: Network, target: Target): Promise<Victim> {
  const leader = await network.leader()
  const name = (target === 'leader' ? leader : null) ?? network.members[Number(target) || 0]?.name ?? ''
  return { name, title: name === leader ? `${name} (leader)` : name }
}

function directions({ mesh }: Network): readonly { readonly from: string; readonly to: string }[] {
  return mesh.names.flatMap((from) => mesh.names.filter((to) => to !== from).map((to) => ({ from, to })))
}

async function partition(network: Network, cut: Cut): Promise<Struck> {
  const { what, cuts } = await cutsOf(network, cut)
  const wires = directions(network).filter(cuts)
  for (const wire of wires) network.mesh.set(wire, { cut: true })
  return {
    what,
    async heal() {
      for (const wire of wires) network.mesh.set(wire, { cut: false })
      return ''
    },
  }
}

type IsCut = (wire: { readonly from: string; readonly to: string }) => boolean

async function cutsOf(network: Network, cut: Cut): Promise<{ what: string; cuts: IsCut }> {
  if (cut.shape === 'split') {
    const side = new Set(cut.side.map((i) => network.members[i]?.name))
    return { what: `${[...side].join(', ')} | the others`, cuts: ({ from, to }) => side.has(from) !== side.has(to) }
  }
  const { name, title } = await find(network, cut.target)
  switch (cut.shape) {
    case 'isolated':
      return { what: `${title} | the others`, cuts: ({ from, to }) => from === name || to === name }
    case 'mute':
      return { what: `${title} hears and is not heard`, cuts: ({ from }) => from === name }
    case 'deaf':
      return { what: `${title} is heard and hears nobody`, cuts: ({ to }) => to === name }
    default:
      return assertNever(cut)
  }
}

/**
 * The largest file of its ledger may grow by a few bytes more: the write that meets the limit is torn, as on a disk that
 * fills up (EFBIG in the place of ENOSPC). A node that has stopped is started again with no room at all, and may not stay.
 */
async function fullDisk(network: Network, { name, title }: Victim): Promise<Struck> {
  const node = network.node(name)
  const { pid, exited } = node
  if (pid === undefined) return { what: `${title}, which does not run`, heal: async () => '' }
  const file = largestFile(join(node.member.folder, 'data', 'ledger'))
  const bytes = sizeOf(file) + Math.floor(Math.random() * 2_048)
  // The soft limit alone: whoever sets it may raise it again.
  await limitFiles(pid, String(bytes))
  let hasStopped = false
  let startedFull: Promise<void> = Promise.resolve()
  exited.then(() => {
    hasStopped = true
    node.start({ under: ['prlimit', '--fsize=0:'] })
    startedFull = node.exited
  })
  return {
    what: title,
    async heal() {
      if (!hasStopped) {
        await limitFiles(pid, 'unlimited')
        // A write that does not fit is made as far as it fits.
        return sizeOf(file) < bytes ? 'met no write' : WENT_ON
      }
      await node.kill()
      await startedFull
      node.start()
      return 'stopped'
    },
  }
}

const limitFiles = (pid: number, bytes: string): Promise<unknown> =>
  run('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`])

function largestFile(folder: string): string {
  const files = readdirSync(folder).map((name) => join(folder, name))
  return files.reduce((largest, file) => (sizeOf(file) > sizeOf(largest) ? file : largest))
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0
