// What must hold when the faults are over: everything acknowledged is on every node, all nodes have one chain and one state,
// the history that clients saw is linearizable, every data folder verifies, and nobody stands accused.

import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { eventually } from '../../src/devnet/sleep.ts'
import { byKey, judge, type Operation } from '../support/linearizability.ts'
import { LIFETIME_MS, learn, type Request } from './load.ts'
import type { Network } from './network.ts'
import { consentValue, groupValue, type Input, modelOf, type Output } from './registers.ts'

export interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}

const PROGRAM = fileURLToPath(new URL('../../bin/assent.ts', import.meta.url))
const AGREE_MS = 30_000
const ASKED_AT_ONCE = 32

const run = promisify(execFile)

/** All heads at one height, with one hash and one state root. */
export async function agreement(network: Network): Promise<Check> {
  let heads: readonly string[] = []
  const agreed = await eventually(
    async () => {
      heads = await Promise.all(network.members.map(({ name }) => headOf(network, name)))
      return new Set(heads).size === 1
    },
    { withinMs: AGREE_MS },
  )
  const seen = network.members.map(({ name }, i) => `${name} ${heads[i]}`)
  return { name: 'all nodes agree on head and state', ok: agreed, detail: agreed ? (heads[0] ?? '') : seen.join('; ') }
}

async function headOf(network: Network, name: string): Promise<string> {
  try {
    const { height, headHash, stateRoot } = await network.client(name).nodeStatus()
    return `height ${height}, block ${headHash.slice(0, 8)}, state ${stateRoot.slice(0, 8)}`
  } catch (error) {
    return (error as Error).message
  }
}

/**
 * Learns what became of the requests whose clients were not told. This node's head is above their expiry and certified: what
 * it does not hold can stand in no later block.
 */
export async function settle(network: Network, requests: readonly Request[]): Promise<Check> {
  const open = requests.filter(isWrite).filter(({ output }) => output === null)
  const name = 'every request was decided or has expired'
  const [first] = network.members
  if (first === undefined) return { name, ok: false, detail: 'no member' }
  const client = network.client(first.name)
  const lastExpiryMs = Math.max(0, ...open.map(({ signed }) => signed.transaction.expiresAtMs))
  const isOver = await eventually(
    async () => {
      // Blocks are made only when there is work: this one makes the time of the head pass.
      const call = { contract: 'registry', method: 'setGroup', args: { group: first.keys.institution, members: [] } }
      const { timeMs } = await client.submit([call], { signer: network.signer(first.name) })
      return timeMs >= lastExpiryMs
    },
    { withinMs: 2 * LIFETIME_MS, everyMs: 500 },
  )
  let committed = 0
  await inTurns(open, async (request) => {
    const { status } = await client.status(request.signed.id)
    if (status !== 'COMMITTED') return
    learn(request, await client.receipt(request.signed))
    request.endMs = Number.POSITIVE_INFINITY
    committed++
  })
  return {
    name,
    ok: isOver,
    detail: `${requests.length} requests; the client was not told of ${open.length}, of which ${committed} were committed and the rest can be no more`,
  }
}

/** After `settle`. Whoever hears that it can never be asks again with another transaction, and would have it twice. */
export function nothingRefusedCommitted(requests: readonly Request[]): Check {
  const refused = requests.filter((request) => request.refused)
  const committed = refused.filter(({ height }) => height !== null)
  return {
    name: 'nothing that a client was told can never be committed was',
    ok: committed.length === 0,
    detail: `${refused.length} refused, ${committed.length} of them committed`,
  }
}

/** After `settle`. Every node is asked for every transaction. */
export async function nothingLost(network: Network, requests: readonly Request[]): Promise<Check> {
  const acknowledged = requests
    .filter(isWrite)
    .filter(({ endMs, height }) => height !== null && endMs !== Number.POSITIVE_INFINITY)
  const missing: string[] = []
  for (const { name } of network.members) {
    const client = network.client(name)
    await inTurns(acknowledged, async ({ signed, height }) => {
      const found = await client.status(signed.id)
      if (found.status === 'COMMITTED' && found.height === height) return
      missing.push(
        `${name}: ${signed.id.slice(0, 12)} ${found.status} ${found.height ?? ''}, acknowledged at ${height}`,
      )
    })
  }
  return {
    name: 'every acknowledged transaction is on every node, where its receipt says',
    ok: acknowledged.length > 0 && missing.length === 0,
    detail: [`${acknowledged.length} acknowledged, ${missing.length} missing`, ...missing.slice(0, 5)].join('; '),
  }
}

/** After `settle`: what is unknown then never happened, and leaves no trace in the history. */
export function linearizability(requests: readonly Request[]): Check {
  const history = requests
    .filter(({ output }) => output !== null)
    .map(({ input, output, startMs, endMs }): Operation<Input, Output> => ({ input, output, startMs, endMs }))
  const reads = history.filter(({ input }) => input.kind === 'readGroup' || input.kind === 'requestAccess').length
  const wrong: string[] = []
  const registers = byKey(history, ({ key }) => key)
  for (const [key, operations] of registers) {
    const isGroup = operations.some(({ input }) => input.kind === 'setGroup' || input.kind === 'readGroup')
    const judgement = judge(operations, modelOf(isGroup ? groupValue([]) : consentValue(true)))
    if (judgement.linearizable) continue
    const { longest, stuckAt } = judgement
    wrong.push(`${key.slice(0, 8)}: ${describe(stuckAt)} fits nowhere behind ${describe(longest.at(-1))}`)
  }
  return {
    name: 'the history that clients saw is linearizable',
    ok: history.length > 0 && wrong.length === 0,
    detail: [`${history.length} operations, ${reads} of them reads, on ${registers.size} registers`, ...wrong].join(
      '; ',
    ),
  }
}

const describe = (operation: Operation<Input, Output> | undefined): string => {
  if (operation === undefined) return 'nothing'
  const { input, output, startMs, endMs } = operation
  return `${JSON.stringify(input)} -> ${JSON.stringify(output)} [${Math.round(startMs)}, ${Math.round(endMs)}]`
}

/** The nodes have stopped: as an auditor would, with the command. */
export async function verified(network: Network): Promise<Check> {
  const faults: string[] = []
  for (const { name, folder } of network.members) {
    try {
      await run(process.execPath, [PROGRAM, 'verify', 'chain', '--folder', folder, '--json'])
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string }
      faults.push(`${name}: ${`${stdout ?? ''}${stderr ?? ''}`.slice(0, 300)}`)
    }
  }
  const name = '`assent verify chain` finds every data folder in order'
  return { name, ok: faults.length === 0, detail: faults.join('; ') || `${network.members.length} folders` }
}

/** Everybody was honest: no node holds a proof against anybody. Asked as an operator would, while the nodes run. */
export async function nobodyConvicted(network: Network): Promise<Check> {
  const answers = await Promise.all(
    network.members.map(async ({ name, folder }) => {
      try {
        const asked = ['evidence', 'list', '--folder', folder, '--json']
        const { stdout } = await run(process.execPath, [PROGRAM, ...asked])
        const proofs = JSON.parse(stdout) as readonly { kind: string; hash: string }[]
        return proofs.map(({ kind, hash }) => `${name}: ${kind} ${hash.slice(0, 12)}`)
      } catch (error) {
        const { stderr, message } = error as { stderr?: string; message: string }
        return [`${name}: ${(stderr || message).slice(0, 300)}`]
      }
    }),
  )
  const found = answers.flat()
  const detail = found.slice(0, 5).join('; ') || `${answers.length} nodes hold none`
  return { name: '`assent evidence list` holds no proof against anybody', ok: found.length === 0, detail }
}

/** What a node says of another that broke the protocol, or of itself where it found itself wrong. */
const ACCUSATIONS = [
  'misbehaviour of a member',
  'peer misbehaved',
  'invalid block',
  'malformed consensus message',
  'evidence that proves nothing',
  'diverged',
]

/** Nor does a log complain of what cannot be proven. Everybody was only unlucky. */
export function nobodyAccused(network: Network): Check {
  const accusations = network.members.flatMap(({ name, folder }) => {
    const file = join(folder, 'node.log')
    if (!existsSync(file)) return []
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => ACCUSATIONS.some((words) => messageOf(line).includes(words)))
      .map((line) => `${name}: ${line.slice(0, 300)}`)
  })
  return {
    name: 'nobody is accused of anything',
    ok: accusations.length === 0,
    detail: accusations.slice(0, 5).join('; '),
  }
}

function messageOf(line: string): string {
  try {
    return String((JSON.parse(line) as { msg?: unknown }).msg ?? '')
  } catch {
    // The last line of a killed process, or of a full disk.
    return ''
  }
}

type Write = Request & { readonly signed: NonNullable<Request['signed']> }

const isWrite = (request: Request): request is Write => request.signed !== null

async function inTurns<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const rest = items[Symbol.iterator]()
  const work = async (): Promise<void> => {
    for (const item of rest) await act(item)
  }
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, work))
}
