// Leads, and keeps something back: certificates from everybody, blocks from some, or whatever it has from a member of its
// choice. What it withholds changes with the term.

import type { Append, Message } from '../../../src/consensus/messages.ts'
import type { Seat } from '../../../src/types/brand.ts'
import type { CreateLiar } from './liar.ts'

type Habit = (to: Seat, message: Append) => Message | null

export const withholdingLeader: CreateLiar = (liar) => {
  const { random } = liar
  const habits = new Map<number, Habit>()
  const choose = (): Habit => {
    const victims = new Set(random.sample(liar.peers, 1 + random.below(Math.max(1, liar.peers.length - 1))))
    return random.pick<Habit>([
      (_to, message) => ({ ...message, commitCert: null }),
      (to, message) => (victims.has(to) ? { ...message, blocks: [] } : message),
      (to, message) => (victims.has(to) ? { ...message, commitCert: null } : message),
      (to, message) => (victims.has(to) ? null : message),
    ])
  }
  return {
    outgoing(to, message) {
      if (message.kind !== 'append') return true
      const habit = habits.get(message.term) ?? choose()
      habits.set(message.term, habit)
      const told = habit(to, message)
      if (told === message || isSame(told, message)) return true
      if (told !== null) liar.send(to, told)
      liar.lied('keeps back what it has')
      return false
    },
  }
}

function isSame(told: Message | null, { blocks, commitCert }: Append): boolean {
  return told?.kind === 'append' && told.blocks.length === blocks.length && told.commitCert === commitCert
}
