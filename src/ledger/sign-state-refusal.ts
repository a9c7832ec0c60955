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

/** A new key in the same seat would be bound by what the lost file held: the seat has to end first. */
const COME_BACK =
  'have this validator removed and added back with a new consensus key (assent validator remove; keys rotate-consensus; validator promote)'
const IF_LOST = `if that is lost, ${COME_BACK}`

export function missing(path: string): SignStateRefusal {
  const text = `${path} is missing, and what this validator has signed is no longer known; put the node back where its own file is; ${IF_LOST}`
  return { code: 'SIGN_STATE_MISSING', text }
}

export function damaged(path: string): SignStateRefusal {
  const text = `${path} is damaged, and what this validator has signed is no longer known; ${COME_BACK}`
  return { code: 'SIGN_STATE_DAMAGED', text }
}

export function copied(path: string, differing: readonly (PlaceAttribute | 'consensus key')[]): SignStateRefusal {
  const text = `${path} is not the file that was recorded, but a copy or a restored backup (another ${differing.join(', ')}); run the node where the original is, or move that here with \`assent signstate move\`; ${IF_LOST}`
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
  const text = `${what}; if two processes run with this key, keep the other one and stop this one; ${IF_LOST}`
  return { code: 'SIGN_STATE_RIVAL', text }
}

export function behind(what: string): SignStateRefusal {
  const text = `${what}: the sign-state is older than what this validator signed (a restored machine?); run the node where the original is; ${IF_LOST}`
  return { code: 'SIGN_STATE_BEHIND', text }
}

/** Of a key that took over a seat: why it is not known what was signed under the one before. */
export function ofFormerKey({ code, text }: SignStateRefusal): SignStateRefusal {
  return { code, text: `what was signed under the key that this one replaces binds it, and is not known here: ${text}` }
}
