// Answers whoever asks for a snapshot with one in which a byte is another, or with a part of it.

import { replyCodec } from '../../../src/ledger/snapshot-format.ts'
import { SNAPSHOT_PROTOCOL } from '../../../src/p2p/transport.ts'
import { fromBytes, toBytes } from '../../../src/types/canonical.ts'
import type { CreateLiar } from './liar.ts'

export const forgedSnapshot: CreateLiar = (liar) => {
  const { random } = liar
  return {
    serves(protocol, reply) {
      const part = protocol === SNAPSHOT_PROTOCOL && random.chance(0.7) ? fromBytes(replyCodec, reply) : null
      if (part === null || part.length === 0) return reply
      liar.lied('serves a forged part of a snapshot')
      if (random.chance(0.2)) return toBytes(replyCodec, part.slice(0, random.below(part.length)))
      const forged = part.slice()
      const at = random.below(forged.length)
      forged[at] = (forged[at] as number) ^ (1 << random.below(8))
      return toBytes(replyCodec, forged)
    },
  }
}
