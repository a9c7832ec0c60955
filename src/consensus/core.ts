// The core's door: one event in, effects out. Same state and same events give the same effects, byte for byte.
// spec/consensus.md says what the handlers do and why.

import { assertNever } from '../types/assert.ts'
import type { Effect } from './effects.ts'
import type { Event } from './events.ts'
import { onExecuted } from './on-executed.ts'
import { onPeerConnected, onPeerDisconnected } from './on-peer.ts'
import { onPropose } from './on-propose.ts'
import { onReceived } from './on-received.ts'
import { onStart } from './on-start.ts'
import { onSynced, onSyncFailed } from './on-synced.ts'
import { onTimeout } from './on-timeout.ts'
import type { State } from './state.ts'
import { createStep, type Step } from './step.ts'

/** Changes `state`, and returns what has to be done about it, in this order. The runtime alone calls it. */
export function step(state: State, event: Event): readonly Effect[] {
  if (state.halted) return []
  const current = createStep(state, event)
  dispatch(current, event)
  return current.effects
}

function dispatch(current: Step, event: Event): void {
  switch (event.kind) {
    case 'start':
      return onStart(current)
    case 'timeout':
      return onTimeout(current, event)
    case 'received':
      return onReceived(current, event)
    case 'propose':
      return onPropose(current, event)
    case 'executed':
      return onExecuted(current, event)
    case 'synced':
      return onSynced(current, event)
    case 'syncFailed':
      return onSyncFailed(current, event)
    case 'peerDisconnected':
      return onPeerDisconnected(current, event)
    case 'peerConnected':
      return onPeerConnected(current, event)
    default:
      return assertNever(event)
  }
}
