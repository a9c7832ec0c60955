// Kinds of work that a node does, and how much of its time each takes: of every sample, the innermost call that belongs to one.

import type { StackProfile } from './flame-graph.ts'
import type { ProfileFrame } from './profile.ts'

/** In the order of questions: the first that fits a call decides. */
const KINDS: readonly { readonly kind: string; readonly fits: (frame: ProfileFrame) => boolean }[] = [
  { kind: 'idle', fits: ({ functionName }) => functionName === '(idle)' },
  { kind: 'garbage collection', fits: ({ functionName }) => functionName === '(garbage collector)' },
  { kind: 'verify', fits: at('/src/crypto/ed25519', '/src/crypto/backend', 'sodium-native') },
  { kind: 'decode and encode', fits: at('/src/types/') },
  { kind: 'tree', fits: at('/src/ledger/state-', '/src/crypto/') },
  {
    kind: 'store',
    fits: at(
      '/src/ledger/level-',
      '/src/ledger/block-store',
      '/node_modules/classic-level',
      '/node_modules/abstract-level',
      '/node_modules/level',
    ),
  },
  { kind: 'execute', fits: at('/src/contracts/', '/src/ledger/') },
  { kind: 'consensus', fits: at('/src/consensus/') },
  {
    kind: 'client RPC',
    fits: at('/src/rpc/', '/node_modules/fastify', '/node_modules/zod', 'node:_http', 'node:http'),
  },
  {
    kind: 'network',
    fits: at(
      '/src/p2p/',
      '/node_modules/@libp2p',
      '/node_modules/@chainsafe',
      '/node_modules/libp2p',
      '/node_modules/it-',
      'node:net',
      'node:internal/stream',
    ),
  },
  { kind: 'node', fits: at('/src/node/') },
]

function at(...places: readonly string[]): (frame: ProfileFrame) => boolean {
  return ({ url }) => places.some((place) => url.includes(place))
}

export interface Work {
  readonly kind: string
  readonly microseconds: number
  /** Of all time, and of that which is not idle. */
  readonly share: number
  readonly busyShare: number
}

/** Largest first. `window`: monotonic ms. */
export function workOf(
  { nodes, startTime, samples, timeDeltas }: StackProfile,
  { fromMs, toMs } = { fromMs: 0, toMs: Number.POSITIVE_INFINITY },
): readonly Work[] {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map<number, number>()
  for (const { id, children = [] } of nodes) for (const child of children) parents.set(child, id)
  const kinds = new Map<number, string>()
  const kindOf = (id: number | undefined): string => {
    if (id === undefined) return 'other'
    const known = kinds.get(id)
    if (known !== undefined) return known
    const frame = byId.get(id)?.callFrame
    const kind = KINDS.find(({ fits }) => frame !== undefined && fits(frame))?.kind ?? kindOf(parents.get(id))
    kinds.set(id, kind)
    return kind
  }
  const spent = new Map<string, number>()
  let all = 0
  let now = startTime
  for (const [i, id] of samples.entries()) {
    const microseconds = timeDeltas[i] ?? 0
    now += microseconds
    if (now < fromMs * 1_000 || now >= toMs * 1_000) continue
    const kind = kindOf(id)
    spent.set(kind, (spent.get(kind) ?? 0) + microseconds)
    all += microseconds
  }
  const busy = Math.max(1, all - (spent.get('idle') ?? 0))
  return [...spent]
    .map(([kind, microseconds]) => ({
      kind,
      microseconds,
      share: microseconds / Math.max(1, all),
      busyShare: kind === 'idle' ? 0 : microseconds / busy,
    }))
    .sort((a, b) => b.microseconds - a.microseconds)
}
