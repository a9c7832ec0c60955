// One step in the making: the state it changes, what the event brought, and the effects so far.

import type { Seat } from '../types/brand.ts'
import type { Effect, Misbehaviour, Timer } from './effects.ts'
import type { Event } from './events.ts'
import type { Message } from './messages.ts'
import type { Settings } from './settings.ts'
import type { State } from './state.ts'

export interface Step {
  readonly state: State
  readonly settings: Settings
  readonly nowMs: number
  readonly random: number
  readonly effects: Effect[]
}

export function createStep(state: State, { nowMs, random }: Pick<Event, 'nowMs' | 'random'>): Step {
  return { state, settings: state.settings, nowMs, random, effects: [] }
}

export function emit(step: Step, effect: Effect): void {
  step.effects.push(effect)
}

export function send(step: Step, { to, message }: { to: Seat; message: Message }): void {
  step.effects.push({ kind: 'send', to, message })
}

export function setTimer(step: Step, { timer, delayMs }: { timer: Timer; delayMs: number }): void {
  step.effects.push({ kind: 'setTimer', timer, delayMs })
}

export function cancelTimer(step: Step, timer: Timer): void {
  step.effects.push({ kind: 'cancelTimer', timer })
}

export function accuse(step: Step, { member, what }: { member: Seat; what: Misbehaviour }): void {
  step.effects.push({ kind: 'misbehaviour', member, what })
}
