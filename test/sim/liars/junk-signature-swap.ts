// Swaps the signatures of transactions for junk in blocks that it passes on: as a leader to some, and to whoever fetches
// certified blocks from it. The header stays what it is.

import { certifiedRunCodec } from '../../../src/node/certified-run.ts'
import { SYNC_PROTOCOL } from '../../../src/p2p/transport.ts'
import type { Block } from '../../../src/types/block.ts'
import { fromBytes, toBytes } from '../../../src/types/canonical.ts'
import { envelopeCodec, type SignedTransaction } from '../../../src/types/transaction.ts'
import type { CreateLiar } from './liar.ts'

export const junkSignatureSwap: CreateLiar = (liar) => {
  const { random } = liar
  const victims = new Set(random.sample(liar.peers, 1 + random.below(liar.peers.length)))
  return {
    outgoing(to, message) {
      if (message.kind !== 'append' || !victims.has(to) || !message.blocks.some(hasTransactions)) return true
      if (!random.chance(0.5)) return true
      liar.send(to, { ...message, blocks: message.blocks.map(swapped) })
      liar.lied('swaps the signatures in a block')
      return false
    },
    serves(protocol, reply) {
      const run = protocol === SYNC_PROTOCOL ? fromBytes(certifiedRunCodec, reply) : null
      if (run === null || !run.blocks.some(hasTransactions) || !random.chance(0.5)) return reply
      liar.lied('swaps the signatures in certified blocks')
      return toBytes(certifiedRunCodec, { ...run, blocks: run.blocks.map(swapped) })
    },
  }
}

const hasTransactions = ({ transactions }: Block): boolean => transactions.length > 0

const swapped = (block: Block): Block => ({ ...block, transactions: block.transactions.map(swapSignature) })

/** Another signature, and with it other bytes; the id stays. */
export function swapSignature(signed: SignedTransaction): SignedTransaction {
  const signature = signed.signature.toReversed()
  return { ...signed, signature, bytes: toBytes(envelopeCodec, [signed.unsignedBytes, signature]) }
}
