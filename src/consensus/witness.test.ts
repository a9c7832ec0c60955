// What a core finds out about liars beside equivocation: certificates that are none, and transactions that may not be where
// they are. The predicates are tested in evidence/convict.test.ts; here, that a running core comes upon them.

import { describe, expect, it } from 'vitest'
import { createMerkleProof } from '../crypto/merkle.ts'
import { createTransaction, GENESIS_TIME_MS } from './fakes.test-support.ts'
import { append, Group, genesis, Node, positionOfBlock, preVoteRequest, signedHeaders } from './node.test-support.ts'

const group = new Group(4)
const cert1 = group.leaderCert(1, { leader: 0, tip: genesis })
const a1 = group.block(cert1, genesis)
const onGenesis = positionOfBlock(genesis)

/** Elected by one vote, its own. */
const false2 = group.leaderCert(2, { leader: 1, tip: genesis, signers: [1] })
const b1 = group.block(false2, genesis)
/** The same term, by right. */
const elected2 = group.leaderCert(2, { leader: 0, tip: genesis })

const follower = (): Node => new Node(group, { self: 3 })
const found = (lines: readonly string[]): string[] => lines.filter((line) => line.startsWith('evidence'))

describe('a LeaderCert that is none', () => {
  it('convicts who signs a block under it, in whatever term (E8)', () => {
    const node = follower()
    const lines = node.receive(1, append(false2, { previous: onGenesis, blocks: [b1] }))
    expect(found(lines)).toEqual(['evidence E8 against 1'])
    expect(node.state.term).toBe(0)
  })

  it('convicts as well when the block comes later, or the certificate', () => {
    const node = follower()
    expect(found(node.receive(1, append(false2, { previous: onGenesis })))).toEqual([])
    const under = { previous: onGenesis, leaderCerts: [], blocks: [b1] }
    node.receive(0, append(elected2, { previous: onGenesis }))
    expect(found(node.receive(0, append(elected2, under)))).toEqual(['evidence E8 against 1', 'evidence E5 against 1'])

    const other = follower()
    other.receive(0, append(elected2, { previous: onGenesis }))
    other.receive(0, append(elected2, under))
    expect(found(other.receive(1, append(false2, { previous: onGenesis })))).toEqual([
      'evidence E8 against 1',
      'evidence E5 against 1',
    ])
  })

  it('convicts whom a candidate builds on, not the candidate', () => {
    const node = follower()
    const request = preVoteRequest(3, b1, { headers: signedHeaders(b1), leaderCert: false2 })
    expect(found(node.receive(2, request))).toEqual(['evidence E8 against 1'])
  })

  it('proves nothing against its voters, nor against who only shows it', () => {
    const node = follower()
    expect(found(node.receive(2, append(false2, { previous: onGenesis, blocks: [a1] })))).toEqual([])
  })
})

describe('a CommitCert that is none', () => {
  const few = group.commitCert(a1, [0])

  it('convicts who names it in a block', () => {
    const node = follower()
    node.receive(0, append(cert1, { previous: onGenesis, blocks: [a1] }))
    node.executed(a1)
    const a2 = group.block(cert1, a1, { commitCert: few })
    const message = append(cert1, { previous: positionOfBlock(a1), blocks: [a2], commitCert: few })
    expect(found(node.receive(0, message))).toEqual(['evidence E8 against 0'])
  })

  it('proves nothing against a leader who names the one that is', () => {
    const node = follower()
    node.receive(0, append(cert1, { previous: onGenesis, blocks: [a1] }))
    node.executed(a1)
    const a2 = group.block(cert1, a1, { commitCert: group.commitCert(a1) })
    const blocks = { previous: positionOfBlock(a1), blocks: [a2] }
    expect(found(node.receive(0, append(cert1, { ...blocks, commitCert: few })))).toEqual([])
    expect(found(node.receive(0, append(cert1, { ...blocks, commitCert: group.commitCert(a1) })))).toEqual([])
  })
})

describe('a transaction that may not be in its block', () => {
  const expired = createTransaction(7)
  const late = group.block(cert1, genesis, { transactions: [expired], timeMs: GENESIS_TIME_MS + 600_000 })
  const refused = {
    kind: 'executed',
    blockHash: late.hash,
    verdict: {
      kind: 'invalid',
      reason: 'TRANSACTION',
      shown: { ...createMerkleProof([expired.bytes], 0), bytes: expired.bytes, signer: null },
    },
  } as const
  const receiveLate = (): Node => {
    const node = follower()
    node.nowMs = late.header.timeMs
    node.receive(0, append(cert1, { previous: onGenesis, blocks: [late] }))
    return node
  }

  it('convicts the proposer, and then whoever acked the block (E7)', () => {
    const node = receiveLate()
    expect(node.on(refused)).toEqual(['invalidBlock 1 of 0: TRANSACTION', 'evidence E7 against 0'])
    const complice = { commitCert: group.commitCert(late, [0, 1, 2]), previous: onGenesis }
    expect(found(node.receive(0, append(cert1, complice)))).toEqual([
      'evidence E7 against 0,1',
      'evidence E7 against 0,2',
    ])
  })

  it('convicts those who acked it before, too', () => {
    const node = receiveLate()
    node.receive(0, append(cert1, { previous: onGenesis, commitCert: group.commitCert(late, [0, 1, 2]) }))
    expect(found(node.on(refused))).toEqual([
      'evidence E7 against 0',
      'evidence E7 against 0,1',
      'evidence E7 against 0,2',
    ])
  })

  it('convicts nobody where the transaction is sound', () => {
    const node = follower()
    const sound = createTransaction(8)
    const block = group.block(cert1, genesis, { transactions: [sound] })
    node.receive(0, append(cert1, { previous: onGenesis, blocks: [block] }))
    const shown = { ...createMerkleProof([sound.bytes], 0), bytes: sound.bytes, signer: null }
    const verdict = { kind: 'invalid', reason: 'TRANSACTION', shown } as const
    expect(found(node.on({ kind: 'executed', blockHash: block.hash, verdict }))).toEqual([])
  })
})
