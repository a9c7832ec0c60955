// The parts by themselves, in one process: what a transaction could cost at least.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner, verify } from '../src/crypto/ed25519.ts'
import { sha256 } from '../src/crypto/hash.ts'
import { createMerkleProof, merkleRoot, verifyMerkleProof } from '../src/crypto/merkle.ts'
import { randomBytes } from '../src/crypto/random.ts'
import { openLevelStore } from '../src/ledger/level-store.ts'
import { decodeTransaction } from '../src/types/signing.ts'
import { clause } from './clause.ts'
import { LocalChain } from './harness/local-chain.ts'
import { Population } from './harness/population.ts'
import type { Group, Question } from './harness/question.ts'

const PATIENTS = 10_000
const BLOCK_CALLS = 200
const ROUND_MS = 10

export const micro: Question = {
  name: 'micro',
  question: 'What do signature, hash, codec, tree, store, contract and block cost by themselves?',
  async run(options) {
    const { seconds, onProgress, seed } = options
    const folder = mkdtempSync(join(tmpdir(), 'assent-bench-'))
    const parts: { name: string; microseconds: number }[] = []
    const time = (name: string, action: () => void) => {
      onProgress(name)
      parts.push({ name, microseconds: median(name, action, seconds / 12) })
    }
    try {
      const chain = await LocalChain.create(join(folder, 'chain'))
      const population = new Population(chain, seed)
      await population.enrollPractitioner()
      await population.grow(PATIENTS, () => {})
      const signer = createSigner(randomBytes(32))
      const message = randomBytes(300)
      const signature = signer.sign(message)
      const [transaction] = chain.transactions([population.request()])
      if (transaction === undefined) throw new Error('a call makes a transaction')
      const leaves = Array.from({ length: 1_024 }, () => randomBytes(64))
      const root = merkleRoot(leaves)
      const proof = createMerkleProof(leaves, 500)
      time('sign', () => void signer.sign(message))
      time('verify', () => void verify(signer.publicKey, message, signature))
      time('hash64Bytes', () => void sha256(leaves[0] as Uint8Array))
      time('decodeTransaction', () => void decodeTransaction(transaction.bytes))
      time('merkleRootOf1024', () => void merkleRoot(leaves))
      time('merkleProofCheck', () => void verifyMerkleProof(proof, { root, leaf: leaves[500] as Uint8Array }))
      const decision = chain.encode(population.decision())
      const timeMs = chain.nowMs
      time('decision', () => void chain.ledger.query(decision, { timeMs }))
      const block = chain.transactions(
        Array.from({ length: BLOCK_CALLS }, () => population.request()),
        1,
      )
      const { hash, header } = chain.ledger.head
      const draft = { parentHash: hash, epoch: header.epoch, timeMs, transactions: block }
      time(`executeBlockOf${BLOCK_CALLS}`, () => void chain.ledger.execute(draft))
      const perRequest = (parts.at(-1)?.microseconds ?? 0) / BLOCK_CALLS
      parts.push({ name: 'executeByRequest', microseconds: round(perRequest) })
      await chain.ledger.close()
      parts.push({ name: 'storeSyncedWriteOf100', microseconds: await storeWrite(join(folder, 'store'), seconds / 12) })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
    const machine = await clause.run({ ...options, seconds: Math.max(1, seconds / 4) })
    return {
      setup: `one process; medians; ${PATIENTS} consents in the state; a block of ${BLOCK_CALLS} access requests, each signed by itself, whose signatures were checked before`,
      figures: {
        microseconds: Object.fromEntries(parts.map(({ name, microseconds }) => [name, microseconds])),
        ...(machine.figures as { readonly [name: string]: number | Group }),
      },
      series: [],
    }
  },
}

/** µs of one action: the median over rounds long enough to be timed. */
function median(name: string, action: () => void, seconds: number): number {
  const startMs = performance.now()
  action()
  const onceMs = Math.max(0.0001, performance.now() - startMs)
  const times = Math.max(1, Math.round(ROUND_MS / onceMs))
  const rounds: number[] = []
  const endMs = performance.now() + seconds * 1_000
  while (performance.now() < endMs || rounds.length < 5) {
    const from = performance.now()
    for (let i = 0; i < times; i++) action()
    rounds.push(((performance.now() - from) * 1_000) / times)
  }
  if (rounds.length === 0) throw new Error(`${name}: nothing was timed`)
  rounds.sort((a, b) => a - b)
  return round(rounds[rounds.length >> 1] as number)
}

async function storeWrite(folder: string, seconds: number): Promise<number> {
  const store = await openLevelStore(folder)
  const took: number[] = []
  const endMs = performance.now() + seconds * 1_000
  while (performance.now() < endMs || took.length < 5) {
    const writes = Array.from({ length: 100 }, () => ({
      type: 'put' as const,
      key: randomBytes(40),
      value: randomBytes(200),
    }))
    const from = performance.now()
    await store.write(writes, { sync: true })
    took.push((performance.now() - from) * 1_000)
  }
  await store.close()
  took.sort((a, b) => a - b)
  return round(took[took.length >> 1] as number)
}

const round = (value: number): number => Math.round(value * 100) / 100
