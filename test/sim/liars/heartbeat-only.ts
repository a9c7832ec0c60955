// As a leader it is heard all the time, and certifies nothing: its blocks stay with it.

import type { CreateLiar } from './liar.ts'

export const heartbeatOnly: CreateLiar = (liar) => ({
  outgoing(to, message) {
    if (message.kind !== 'append' || message.blocks.length === 0) return true
    liar.send(to, { ...message, blocks: [] })
    liar.lied('sends a heartbeat in the place of blocks')
    return false
  },
})
