// A node that follows because it must not sign may be a copy, and the original may be running. Both have one transport
// key, and a peer keeps one connection for a key: they would take the peers from each other for ever. So the follower
// gives way as soon as its connections do not last.

import type { Clock } from './clock.ts'
import { ABSENT, type Part } from './part.ts'

/** Connections to one peer that end within the window. A peer that restarts ends one. */
const LOST_MAX = 3
const WINDOW_MS = 30_000

export interface YieldingOptions {
  readonly clock: Clock
  /** Leave the network. */
  readonly onCrowded: () => void
}

export function yieldingPart(part: Part, { clock, onCrowded }: YieldingOptions): Part {
  let current = part
  const lost = new Map<string, number[]>()
  return {
    start: () => current.start(),
    stop: () => part.stop(),
    validating: null,
    receive: (peer, message) => current.receive(peer, message),
    peerChanged(peer, change) {
      current.peerChanged(peer, change)
      if (change === 'connected' || current === ABSENT) return
      const nowMs = clock.nowMs()
      const recent = [...(lost.get(peer) ?? []).filter((timeMs) => timeMs > nowMs - WINDOW_MS), nowMs]
      lost.set(peer, recent)
      if (recent.length < LOST_MAX) return
      current = ABSENT
      onCrowded()
    },
    heardHeader: (height) => current.heardHeader(height),
  }
}
