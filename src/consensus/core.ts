// The core's door: one event in, effects out. Same state and same events give the same effects, byte for byte.
// spec/consensus.md says what the handlers do and why.

import { assertNever } from '../types/assert.ts'
import type { Effect } from './effects.ts'
import type { Event } from './events.ts'
import { onExecuted } from './on-executed.ts'
import { onPeerConnected, onPeerDisconnected } from './on-peer.ts'
import { onPropose } from './on-propose.ts'
import { onReceived } from './on-received.ts'
import { onReleaseDecided } from './on-release.ts'
import { onStart } from './on-start.ts'
import { onSynced, onSyncFailed } from './on-synced.ts'
import { onTimeout } from './on-timeout.ts'
import { onReadIndex } from './read-index.ts'
import { silencedBy } from './silence.ts'
import type { State } from './state.ts'
import { createStep, type Step } from './step.ts'
import { onTransfer } from './transfer.ts'
import { learnEvidence } from './witness.ts'

/** Changes `state`, and returns what has to be done about it, in this order. The runtime alone calls it. */
export function step(state: State, event: Event): readonly Effect[] {
  const silencing = state.halted ? null : silencedBy(state, event)
  return silencing === null ? handle(state, event) : [silencing]
}

/** The same, without a look at whether this validator is who it thinks it is. Test drivers run liars with it. */
export function handle(state: State, event: Event): readonly Effect[] {
  if (state.halted) return []
  const current = createStep(state, event)
  dispatch(current, event)
  return current.effects
}

function dispatch(current: Step, event: Event): void {
  switch (event.kind) {
    case 'start':
      onStart(current)
      break
    case 'evidenceLearned':
      learnEvidence(current, event.evidence)
      break
    case 'releaseDecided':
      onReleaseDecided(current, event)
      break
    case 'timeout':
      onTimeout(current, event)
      break
    case 'received':
      onReceived(current, event)
      break
    case 'propose':
      onPropose(current, event)
      break
    case 'executed':
      onExecuted(current, event)
      break
    case 'synced':
      onSynced(current, event)
      break
    case 'syncFailed':
      onSyncFailed(current)
      break
    case 'peerDisconnected':
      onPeerDisconnected(current, event)
      break
    case 'peerConnected':
      onPeerConnected(current, event)
      break
    case 'transfer':
      onTransfer(current, event)
      break
    case 'readIndex':
      onReadIndex(current, event)
      break
    default:
      assertNever(event)
  }
}
