import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Verifier } from '../consensus/certificate.ts'
import { verify } from '../crypto/ed25519.ts'
import {
  certify,
  chainId,
  createLedger,
  type Proposer,
  put,
  signerNamed,
  validators,
} from '../ledger/consortium.fixture.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Block, Header } from '../types/block.ts'
import type { Hash, Height, PublicKey, Seat, Term } from '../types/brand.ts'
import { blockHash, leaderCertHash, signHeader } from '../types/signing.ts'
import { onlyEpoch } from '../types/validator-set.ts'
import { type CertifiedRun, type FetchRun, readRun } from './certified-run.ts'
import { systemTimers } from './clock.ts'
import type { Log } from './log.ts'
import { Observer, runFault } from './observer.ts'

const verifier: Verifier = {
  chainId,
  setOf: onlyEpoch(validators),
  verify: (key, message, signature) => verify(Uint8Array.fromHex(key), message, signature),
}
const otherHash = 'ab'.repeat(32) as Hash

/** Signed anew by the member that the header names: what only the header's contents can give away. */
function resign(block: Block, change: Partial<Header>): Block {
  const header = { ...block.header, ...change }
  const { name } = [{ name: 'Alpha' }, { name: 'Beta' }][header.proposer] ?? { name: 'Alpha' }
  const signed = signHeader(header, (message) => signerNamed(`${name}, consensus`).sign(message))
  return { ...signed, hash: blockHash(header), transactions: block.transactions, epochCert: null }
}

/** Blocks 1 and 2 of term 1, block 3 of term 2. */
async function createChain(): Promise<{ ledger: Ledger; proposer: Proposer; run: CertifiedRun }> {
  const { ledger, proposer } = await createLedger()
  await proposer.commit([put('one')])
  await proposer.commit([put('two')])
  proposer.elect(2, ledger.head)
  await proposer.commit([put('three')])
  return { ledger, proposer, run: readRun(ledger, 1) as CertifiedRun }
}

describe('runFault()', () => {
  let run: CertifiedRun
  let genesisBlock: Block
  let blocks: readonly [Block, Block, Block]
  const faultOf = (change: Partial<CertifiedRun>): string | null =>
    runFault({ ...run, ...change }, { verifier, parent: genesisBlock })
  /** The run with its last block replaced, certified as a quorum would. */
  const endingWith = (last: Block, more: Partial<CertifiedRun> = {}): string | null =>
    faultOf({ blocks: [blocks[0], blocks[1], last], commitCert: certify(last), ...more })

  beforeAll(async () => {
    const chain = await createChain()
    ;({ run } = chain)
    ;({ genesisBlock } = chain.ledger)
    blocks = run.blocks as never
  })

  it('finds none in what an honest peer serves, from any height on', () => {
    expect(faultOf({})).toBe(null)
    const [first, second, third] = blocks
    expect(runFault({ ...run, blocks: [second, third] }, { verifier, parent: first })).toBe(null)
    expect(runFault({ ...run, blocks: [third] }, { verifier, parent: second })).toBe(null)
  })

  it.each<[string, Partial<Header>]>([
    ['of another chain', { chainId: otherHash }],
    ['of another epoch', { epoch: 1 as never }],
    ['of another height', { height: 4 as Height }],
    ['that is not above its parent in time', { timeMs: 0 }],
    ['on another parent', { parentHash: otherHash }],
    ['of a term below that of its parent', { term: 0 as Term }],
    ['of a member that there is not', { proposer: 9 as Seat }],
  ])('names a block %s', (_, change) => {
    expect(endingWith(resign(blocks[2], change))).toBe('a block is not on its parent')
  })

  it('names a block that its proposer did not sign', () => {
    const [, , third] = blocks
    const signature = third.signature.map((byte, i) => (i === 5 ? byte ^ 1 : byte))
    expect(endingWith({ ...third, signature })).toBe('a block is not on its parent')
  })

  it('names blocks that are missing, repeated or in another order', () => {
    const [first, second, third] = blocks
    for (const wrong of [
      [second, third],
      [first, third],
      [first, first, second, third],
      [second, first, third],
    ]) {
      expect(faultOf({ blocks: wrong })).toBe('a block is not on its parent')
    }
  })

  it('names a body that is not its header’s: a certified header says nothing about what came along', () => {
    const [, , third] = blocks
    const fault = 'a block has not the transactions of its header'
    expect(endingWith({ ...third, transactions: [] })).toBe(fault)
    expect(endingWith({ ...third, transactions: [...third.transactions, put('one more')] })).toBe(fault)
    expect(endingWith({ ...third, transactions: [put('another')] })).toBe(fault)
  })

  it('names a LeaderCert that is missing, even of a term whose later blocks have theirs', () => {
    for (const leaderCert of run.leaderCerts) {
      const leaderCerts = run.leaderCerts.filter((other) => other !== leaderCert)
      expect(faultOf({ leaderCerts })).toBe('a LeaderCert is missing')
    }
  })

  it.each<[string, (cert: CertifiedRun['leaderCerts'][number]) => object]>([
    ['of another term', ({ term }) => ({ term: term + 1 })],
    ['of another leader', () => ({ candidate: 1 })],
    ['for another tip', ({ tip }) => ({ tip: { ...tip, hash: otherHash } })],
    ['for a tip of another height', ({ tip }) => ({ tip: { ...tip, height: tip.height - 1 } })],
  ])('names a block under a LeaderCert %s', (_, change) => {
    const [one, two] = run.leaderCerts as [never, CertifiedRun['leaderCerts'][number]]
    const wrong = { ...two, ...change(two) }
    const last = resign(blocks[2], { leaderCertHash: leaderCertHash(wrong) })
    expect(endingWith(last, { leaderCerts: [one, wrong] })).toBe('a block is not under its LeaderCert')
  })

  it('names a block of a term that is under another certificate than its parent', () => {
    const [one] = run.leaderCerts as [CertifiedRun['leaderCerts'][number]]
    const twin = { ...one, signatures: one.signatures.slice(1) }
    const second = resign(blocks[1], { leaderCertHash: leaderCertHash(twin) })
    const fault = faultOf({ blocks: [blocks[0], second], leaderCerts: [one, twin], commitCert: certify(second) })
    expect(fault).toBe('a block is not on its parent')
  })

  it('names what is wrong with a LeaderCert', () => {
    const [one, two] = run.leaderCerts as [never, CertifiedRun['leaderCerts'][number]]
    const wrong = { ...two, signatures: two.signatures.slice(1) }
    const last = resign(blocks[2], { leaderCertHash: leaderCertHash(wrong) })
    expect(endingWith(last, { leaderCerts: [one, wrong] })).toBe('LeaderCert: noQuorum')
  })

  it('names a CommitCert of another block, or with another place for it', () => {
    const fault = 'the CommitCert is not of the last block'
    const [, second, third] = blocks
    expect(faultOf({ commitCert: certify(second) })).toBe(fault)
    expect(faultOf({ blocks: blocks.slice(0, 2) })).toBe(fault)
    expect(faultOf({ commitCert: certify({ ...third, header: { ...third.header, height: 2 as Height } }) })).toBe(fault)
    expect(faultOf({ commitCert: certify({ ...third, header: { ...third.header, term: 1 as Term } }) })).toBe(fault)
  })

  it('names what is wrong with a CommitCert', () => {
    const { commitCert } = run
    const [first, ...others] = commitCert.signatures
    expect(faultOf({ commitCert: { ...commitCert, signatures: others } })).toBe('CommitCert: noQuorum')
    const forged = { member: first?.member as Seat, signature: new Uint8Array(64) }
    expect(faultOf({ commitCert: { ...commitCert, signatures: [forged, ...others] } })).toBe('CommitCert: badSignature')
  })
})

describe('Observer', () => {
  const log = { debug: () => undefined, warn: () => undefined } as unknown as Log
  let observer: Observer | null = null
  afterEach(() => observer?.stop())

  /** Follows these peers; each answers by its own rules. */
  async function follow(peers: readonly FetchRun[]) {
    const { ledger } = await createLedger()
    const caughtUp = Promise.withResolvers<number>()
    const fatal = Promise.withResolvers<unknown>()
    const asked: number[] = []
    observer = new Observer({
      ledger,
      verifier,
      peers: () => peers.map((_, i) => String(i) as PublicKey),
      fetchRun: (peer, fromHeight) => {
        asked.push(Number(peer))
        return (peers[Number(peer)] as FetchRun)(peer, fromHeight)
      },
      onCommit: () => undefined,
      onCaughtUp: () => caughtUp.resolve(ledger.head.header.height),
      onOutgrown: () => undefined,
      onFatal: fatal.resolve,
      timers: systemTimers,
      log,
    })
    return { observer, ledger, asked, caughtUp: caughtUp.promise, fatal: fatal.promise }
  }

  const serve =
    (ledger: Ledger): FetchRun =>
    async (_, fromHeight) =>
      readRun(ledger, fromHeight)
  const nothing: FetchRun = async () => null
  const broken: FetchRun = async () => {
    throw new Error('connection lost')
  }
  /** Right certificates, headers and all, with other transactions. */
  const falseBodies =
    (ledger: Ledger): FetchRun =>
    async (_, fromHeight) => {
      const run = readRun(ledger, fromHeight)
      return run && { ...run, blocks: run.blocks.map((block) => ({ ...block, transactions: [put('false')] })) }
    }
  const dripping =
    (ledger: Ledger): FetchRun =>
    async (_, fromHeight) => {
      const block = ledger.block(fromHeight as Height)
      const run = readRun(ledger, fromHeight)
      return block && run ? { ...run, blocks: [block], commitCert: certify(block) } : null
    }

  it('gets what there is, whatever the other peers say or do not say', async () => {
    const chain = await createChain()
    const { observer, ledger, caughtUp } = await follow([
      nothing,
      broken,
      falseBodies(chain.ledger),
      serve(chain.ledger),
    ])
    observer.start()
    expect(await caughtUp).toBe(3)
    expect(ledger.head.hash).toBe(chain.ledger.head.hash)
  })

  it('gives a peer that brings little no more turns than the others', async () => {
    const chain = await createChain()
    const { observer, asked, caughtUp } = await follow([dripping(chain.ledger), serve(chain.ledger)])
    observer.start()
    expect(await caughtUp).toBe(3)
    expect(asked.slice(0, 2)).toEqual([0, 1])
  })

  it('asks one peer only when that one brings all that was heard of', async () => {
    const chain = await createChain()
    const { observer, ledger, asked } = await follow([serve(chain.ledger), serve(chain.ledger)])
    observer.heard(3)
    await observer.stop()
    expect(ledger.head.header.height).toBe(3)
    expect(asked).toEqual([0])
  })

  it('asks nobody for a height that it has', async () => {
    const chain = await createChain()
    const { observer, asked } = await follow([serve(chain.ledger)])
    observer.heard(0)
    await observer.stop()
    expect(asked).toEqual([])
  })

  it('asks again until somebody has what is known to be certified', async () => {
    const chain = await createChain()
    let isThere = false
    const late: FetchRun = async (_, fromHeight) => (isThere ? readRun(chain.ledger, fromHeight) : null)
    const { observer, caughtUp, asked } = await follow([late, nothing])
    observer.heard(3)
    await expect.poll(() => asked.length, { timeout: 10_000 }).toBeGreaterThan(1)
    isThere = true
    expect(await caughtUp).toBe(3)
  })

  it('is not caught up because nobody answers', async () => {
    const { observer, caughtUp, asked } = await follow([broken, broken])
    observer.start()
    await expect.poll(() => asked.length).toBe(2)
    await observer.stop()
    expect(await Promise.race([caughtUp, 'nobody said so'])).toBe('nobody said so')
  })

  it('stops for good when a quorum certified what its own execution refuses', async () => {
    const chain = await createChain()
    const last = chain.run.blocks[2] as Block
    const diverged = resign(last, { stateRoot: otherHash })
    const run = { ...chain.run, blocks: [...chain.run.blocks.slice(0, 2), diverged], commitCert: certify(diverged) }
    const { observer, fatal, asked } = await follow([async () => run])
    observer.start()
    expect(String(await fatal)).toContain('execution diverged at height 3: STATE_ROOT')
    observer.catchUp()
    observer.heard(9)
    expect(asked).toEqual([0])
  })

  it('asks nobody once it is stopped', async () => {
    const { observer, asked } = await follow([nothing])
    await observer.stop()
    observer.catchUp()
    observer.heard(9)
    expect(asked).toEqual([])
  })
})
