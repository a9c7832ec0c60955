// Which faults come when: drawn from a seed alone, so that the same seed plans the same run. What the processes then make
// of it is real and not repeated to the millisecond.

import { SeededRandom } from '../../src/fhir/seeded-random.ts'
import type { Conditions } from './wire.ts'

export const FAULT_KINDS = ['kill', 'pause', 'partition', 'slowLink', 'fullDisk', 'clockStep'] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

/** Whoever leads at that moment, or the node of that number. */
export type Target = 'leader' | number

export type Fault =
  /** kill -9; started again at the end. */
  | { readonly kind: 'kill'; readonly target: Target }
  /** SIGSTOP; SIGCONT at the end. */
  | { readonly kind: 'pause'; readonly target: Target }
  | { readonly kind: 'partition'; readonly cut: Cut }
  | { readonly kind: 'slowLink'; readonly target: Target | 'everybody'; readonly conditions: Partial<Conditions> }
  /** Nothing more can be written beyond what is there; the node is started again once while that is so, and at the end. */
  | { readonly kind: 'fullDisk'; readonly target: Target }
  | { readonly kind: 'clockStep'; readonly target: Target; readonly offsetMs: number }

export type Cut =
  | { readonly shape: 'isolated'; readonly target: Target }
  /** Mute: it hears everybody and nobody hears it. Deaf: the other way round. */
  | { readonly shape: 'mute'; readonly target: Target }
  | { readonly shape: 'deaf'; readonly target: Target }
  /** Two halves; these nodes are the one. */
  | { readonly shape: 'split'; readonly side: readonly number[] }

export interface Planned {
  readonly fault: Fault
  /** Since the load began. */
  readonly atMs: number
  readonly forMs: number
}

/** Before the first fault, and a pause between two of one track. */
const QUIET_MS = { first: 2_000, least: 1_000, most: 4_000 } as const
const LASTS_MS = { least: 1_500, most: 8_000 } as const
/** Faults of two tracks overlap; on one track they follow each other. */
const TRACKS: readonly (readonly FaultKind[])[] = [
  ['kill', 'pause', 'fullDisk', 'clockStep'],
  ['partition', 'slowLink'],
]
const OFFSETS_MS = [200, 2_000, 20_000, 3_600_000] as const

export function planFaults(options: {
  readonly seed: number
  readonly durationMs: number
  readonly nodes: number
  readonly kinds: readonly FaultKind[]
}): readonly Planned[] {
  const random = new SeededRandom(options.seed)
  const planned = TRACKS.flatMap((track) => {
    const kinds = track.filter((kind) => options.kinds.includes(kind))
    return kinds.length === 0 ? [] : planTrack(random, { ...options, kinds })
  })
  return planned.sort((a, b) => a.atMs - b.atMs)
}

function planTrack(
  random: SeededRandom,
  { durationMs, nodes, kinds }: { durationMs: number; nodes: number; kinds: readonly FaultKind[] },
): readonly Planned[] {
  const planned: Planned[] = []
  let deck: FaultKind[] = []
  let atMs = QUIET_MS.first + random.between(0, QUIET_MS.least)
  for (;;) {
    // Every kind once before any comes again: a short run meets them all.
    if (deck.length === 0) deck = shuffled(random, kinds)
    const kind = deck.pop() as FaultKind
    const forMs = random.between(LASTS_MS.least, LASTS_MS.most)
    if (atMs + forMs > durationMs) return planned
    planned.push({ fault: draw(random, { kind, nodes }), atMs, forMs })
    atMs += forMs + random.between(QUIET_MS.least, QUIET_MS.most)
  }
}

function draw(random: SeededRandom, { kind, nodes }: { kind: FaultKind; nodes: number }): Fault {
  const target: Target = random.between(0, 1) === 0 ? 'leader' : random.between(0, nodes - 1)
  switch (kind) {
    case 'partition':
      return { kind, cut: drawCut(random, { target, nodes }) }
    case 'slowLink': {
      const delayMs = random.pick([5, 20, 80, 250])
      const conditions = { delayMs, jitterMs: random.between(0, delayMs), bytesPerSecond: random.pick([2e5, 2e6, 2e7]) }
      return { kind, target: random.between(0, 2) === 0 ? 'everybody' : target, conditions }
    }
    case 'clockStep':
      return { kind, target, offsetMs: random.pick(OFFSETS_MS) * random.pick([-1, 1]) }
    default:
      return { kind, target }
  }
}

function drawCut(random: SeededRandom, { target, nodes }: { target: Target; nodes: number }): Cut {
  const shape = random.pick<Cut['shape']>(['isolated', 'mute', 'deaf', 'split'])
  if (shape !== 'split') return { shape, target }
  const all = Array.from({ length: nodes }, (_, i) => i)
  return { shape, side: shuffled(random, all).slice(0, random.between(1, Math.max(1, nodes >> 1))) }
}

function shuffled<T>(random: SeededRandom, items: readonly T[]): T[] {
  const rest = [...items]
  return items.map(() => rest.splice(random.between(0, rest.length - 1), 1)[0] as T)
}
