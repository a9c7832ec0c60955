// Why a validator must not sign, in words for its operator. It follows its consortium all the same: reads, releases and
// block sync go on. spec/consensus.md, section 5.

import type { PlaceAttribute } from './file-place.ts'

/**
 * SIGN_STATE_MISSING  no file, and the key may have signed: lost, cleaned up, or a restored backup (none contains it)
 * SIGN_STATE_DAMAGED  both slots are unreadable
 * SIGN_STATE_COPIED   not the file that was recorded: a copy, or a restored backup
 * SIGN_STATE_MOVED    retired by `assent signstate move`
 * SIGN_STATE_AWAITING made for a move that has not been completed
 * SIGN_STATE_RIVAL    a later start under the same key: two processes, or this one was rolled back
 * SIGN_STATE_BEHIND   somebody shows a statement under the own key that the file does not know
 */
export type SignStateRefusalCode =
  | 'SIGN_STATE_MISSING'
  | 'SIGN_STATE_DAMAGED'
  | 'SIGN_STATE_COPIED'
  | 'SIGN_STATE_MOVED'
  | 'SIGN_STATE_AWAITING'
  | 'SIGN_STATE_RIVAL'
  | 'SIGN_STATE_BEHIND'

export interface SignStateRefusal {
  readonly code: SignStateRefusalCode
  /** What is wrong, and how to go on. */
  readonly text: string
}

const NEW_KEY = 'if that is lost, give this validator a new consensus key (governance, replace-key)'

export function missing(path: string): SignStateRefusal {
  const text = `${path} is missing, and what this validator has signed is no longer known; put the node back where its own file is; ${NEW_KEY}`
  return { code: 'SIGN_STATE_MISSING', text }
}

export function damaged(path: string): SignStateRefusal {
  const text = `${path} is damaged, and what this validator has signed is no longer known; give it a new consensus key (governance, replace-key)`
  return { code: 'SIGN_STATE_DAMAGED', text }
}

export function copied(path: string, differing: readonly (PlaceAttribute | 'consensus key')[]): SignStateRefusal {
  const text = `${path} is not the file that was recorded, but a copy or a restored backup (another ${differing.join(', ')}); run the node where the original is, or move that here with \`assent signstate move\`; ${NEW_KEY}`
  return { code: 'SIGN_STATE_COPIED', text }
}

export function moved(path: string, to: string): SignStateRefusal {
  const text = `${path} was retired by \`assent signstate move\`: the validator signs at ${to}; run it there, or move it back from there`
  return { code: 'SIGN_STATE_MOVED', text }
}

export function awaiting(path: string, ticket: string): SignStateRefusal {
  const text = `${path} waits for the move with ticket ${ticket}; complete it with \`assent signstate accept\`, or run the node where the original is`
  return { code: 'SIGN_STATE_AWAITING', text }
}

export function rival(what: string): SignStateRefusal {
  const text = `${what}; if two processes run with this key, keep the other one and stop this one; ${NEW_KEY}`
  return { code: 'SIGN_STATE_RIVAL', text }
}

export function behind(what: string): SignStateRefusal {
  const text = `${what}: the sign-state is older than what this validator signed (a restored machine?); run the node where the original is; ${NEW_KEY}`
  return { code: 'SIGN_STATE_BEHIND', text }
}
