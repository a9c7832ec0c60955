// Answers whoever asks for certified blocks with a run that ends in a block of its own making: sound in itself, and certified
// by nobody. The certificate on it is made up.

import { certifiedRunCodec } from '../../../src/node/certified-run.ts'
import { SYNC_PROTOCOL } from '../../../src/p2p/transport.ts'
import { fromBytes, toBytes } from '../../../src/types/canonical.ts'
import { blockHash, signHeader } from '../../../src/types/signing.ts'
import type { CreateLiar } from './liar.ts'

export const forgedRun: CreateLiar = (liar) => ({
  serves(protocol, reply) {
    const run = protocol === SYNC_PROTOCOL ? fromBytes(certifiedRunCodec, reply) : null
    const end = run?.blocks.findLastIndex(({ header }) => header.proposer === liar.seat) ?? -1
    const last = run?.blocks[end]
    if (run === null || last === undefined) return reply
    // Nothing in the simulated contract looks at the time: the roots stay those of its execution.
    const header = { ...last.header, timeMs: last.header.timeMs + 1 }
    const forged = { ...last, ...signHeader(header, liar.sign), hash: blockHash(header) }
    const signatures = run.commitCert.signatures.map(({ member }) => ({ member, signature: liar.random.bytes(64) }))
    const { height, term } = header
    liar.lied(`serves a forged block at height ${height}: ${forged.hash.slice(0, 8)}`)
    return toBytes(certifiedRunCodec, {
      ...run,
      blocks: [...run.blocks.slice(0, end), forged],
      commitCert: { ...run.commitCert, height, term, blockHash: forged.hash, signatures },
    })
  },
})
