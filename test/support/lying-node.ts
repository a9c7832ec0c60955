// A node as `assent start` runs it, whose leader lies to the others when it is told to: what goes over the wire is not what
// its own core made. Keys, hellos, elections, everything else is real. Nobody else can make its followers see this.

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runUntil } from '../../src/cli/start.ts'
import { describeError } from '../../src/cli/user-error.ts'
import { createLeaderCert } from '../../src/consensus/certificate.ts'
import { type Append, canonicalWire, type Message } from '../../src/consensus/messages.ts'
import { loadConfig } from '../../src/node/config.ts'
import { loadGenesis } from '../../src/node/genesis-file.ts'
import { loadKeyFile } from '../../src/node/key-file.ts'
import { createLog } from '../../src/node/log.ts'
import { startNode } from '../../src/node/node.ts'
import { assert } from '../../src/types/assert.ts'
import type { Block, Header } from '../../src/types/block.ts'
import { type Height, type Term, ZERO_HASH } from '../../src/types/brand.ts'
import { toBytes } from '../../src/types/canonical.ts'
import {
  blockHash,
  decodeTransaction,
  hashReleases,
  leaderCertHash,
  signHeader,
  voteMessage,
} from '../../src/types/signing.ts'
import { envelopeCodec, type SignedTransaction } from '../../src/types/transaction.ts'
import { transactionRoot } from '../../src/types/transaction-root.ts'
import { seatOf } from '../../src/types/validator-set.ts'

/**
 * twoBlocks: another block to every second listener. split: the same, once; two hear of the one, all others of the other,
 * and nobody of anything more. badTransaction: a signature is false. falseCertificate: it has one vote.
 */
export interface TellLie {
  readonly lie: 'none' | 'twoBlocks' | 'split' | 'badTransaction' | 'falseCertificate'
}

const { folder } = parseArgs({ options: { folder: { type: 'string' } } }).values
assert(folder !== undefined, '--folder')
const config = loadConfig(join(folder, 'assent.json'))
const { consensus } = loadKeyFile(config.keys)
const seat =
  consensus === null
    ? undefined
    : seatOf(loadGenesis(config.genesis, { complete: true }).validators, consensus.publicKey)
assert(consensus !== null && seat !== undefined, 'a liar has a seat')
const { sign } = consensus

let lie: TellLie['lie'] = 'none'
process.on('message', (told: TellLie) => {
  lie = told.lie
})
// Who gives the orders is gone: so is the test.
process.on('disconnect', () => process.exit(1))

function remade(block: Block, change: Partial<Header>, transactions = block.transactions): Block {
  const header = { ...block.header, ...change, txRoot: transactionRoot(transactions) }
  return { ...signHeader(header, sign), hash: blockHash(header), transactions, epochCert: block.epochCert }
}

/** One bit of the signature is another. */
function forged({ unsignedBytes, signature }: SignedTransaction): SignedTransaction {
  const other = Uint8Array.from(signature)
  other[7] = (other[7] ?? 0) ^ 1
  return decodeTransaction(toBytes(envelopeCodec, [unsignedBytes, other]))
}

/** Under a LeaderCert that holds no vote but its own. */
function underFalseCertificate(append: Append, block: Block): Append {
  const { chainId, epoch, term, proposer, height, parentHash } = block.header
  const tip = { term: Math.max(0, term - 1) as Term, height: Math.max(0, height - 1) as Height, hash: parentHash }
  const vote = { chainId, epoch, term, candidate: proposer, tip, releasesHash: hashReleases([]) }
  const certificate = createLeaderCert(vote, new Map([[proposer, sign(voteMessage(vote))]]))
  const named = remade(block, { leaderCertHash: leaderCertHash(certificate) })
  return { ...append, leaderCerts: [certificate], blocks: [...append.blocks.slice(0, -1), named] }
}

let splitAt: Block | null = null
let told = 0
/** Both blocks are sound: each is acked by whoever hears of it first, and none by enough. */
function split(append: Append, block: Block): Append {
  splitAt ??= block
  const at = append.blocks.findIndex(({ hash }) => hash === splitAt?.hash)
  if (at < 0) return { ...append, blocks: [] }
  const shown = ++told <= 2 ? splitAt : remade(splitAt, { commitCertHash: ZERO_HASH })
  return { ...append, blocks: [...append.blocks.slice(0, at), shown] }
}

let sent = 0
function lied(message: Message): Message {
  if (message.kind !== 'append') return message
  const block = message.blocks.at(-1)
  if (block === undefined || block.header.proposer !== seat) return message
  const before = message.blocks.slice(0, -1)
  switch (lie) {
    case 'none':
      return message
    case 'twoBlocks': {
      const twin = remade(block, { timeMs: block.header.timeMs + 1 })
      return ++sent % 2 === 0 ? message : { ...message, blocks: [...before, twin] }
    }
    case 'split':
      return split(message, block)
    case 'badTransaction': {
      const last = block.transactions.at(-1)
      if (last === undefined) return message
      const bad = remade(block, {}, [...block.transactions.slice(0, -1), forged(last)])
      return { ...message, blocks: [...before, bad] }
    }
    case 'falseCertificate':
      return underFalseCertificate(message, block)
  }
}

try {
  const log = createLog({ ...config.log, name: 'assent' })
  const stopping = Promise.withResolvers<'signal'>()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.resolve('signal'))
  const wire = { ...canonicalWire, encode: (message: Message) => canonicalWire.encode(lied(message)) }
  await runUntil(await startNode(config, log, { wire }), stopping.promise)
  log.flush()
  process.exit(0)
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`)
  process.exit(1)
}
