// What tells two starts of a validator apart that are counted alike: drawn once for each opening of its sign-state
// (spec/consensus.md, section 5, "Hellos").

import type { Clock } from '../clock.ts'

const sessions = new WeakMap<object, string>()

/**
 * 128 random bits, as hex. However often its node follows in between and signs again: a validator that came with another session, and
 * the same count, would be its own rival, and silent for good.
 */
export function sessionOf(right: object, clock: Pick<Clock, 'random'>): string {
  const session = sessions.get(right) ?? draw(clock)
  sessions.set(right, session)
  return session
}

const draw = (clock: Pick<Clock, 'random'>): string =>
  Array.from({ length: 4 }, () => clock.random().toString(16).padStart(8, '0')).join('')
