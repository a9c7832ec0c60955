// What of a member's effects is worth a line in a script's trace: what an operator would want to know.

import type { Effect } from '../../../src/consensus/effects.ts'
import { trace } from '../../../src/consensus/trace.test-support.ts'

/** Null for the daily round: messages, timers, disk. */
export function describeEffect(effect: Effect): string | null {
  switch (effect.kind) {
    case 'roleChanged': {
      const { role, term, leader } = effect
      if (role === 'leader') return `leads term ${term}`
      if (role === 'candidate') return `stands for term ${term}`
      return leader === null ? `has no leader in term ${term}` : `follows ${leader} in term ${term}`
    }
    case 'commit': {
      const { blocks, dropped } = effect
      const names = blocks.map(
        ({ header, transactions }) => `${header.term}/${header.height}${'*'.repeat(transactions.length)}`,
      )
      return `commits ${names.join(' ')}${dropped.length > 0 ? `, drops ${dropped.length}` : ''}`
    }
    case 'misbehaviour':
    case 'evidence':
    case 'retired':
    case 'silenced':
    case 'diverged':
    case 'invalidBlock':
    case 'readReady':
    case 'readFailed':
    case 'transferFailed':
      return trace([effect])[0] ?? null
    default:
      return null
  }
}
