import { describe, expect, it } from 'vitest'
import { AssertionError } from '../types/assert.ts'
import { ownReleases } from './lock.ts'
import { append, draft, Group, genesis, Node, positionOfBlock, tipOfBlock } from './node.test-support.ts'
import { branchOf } from './release.ts'
import { decodeSignState, EMPTY_SIGN_STATE, encodeSignState } from './sign-state.ts'

const group = new Group(4)
const cert1 = group.leaderCert(1, { leader: 0, tip: genesis })
const a1 = group.block(cert1, genesis)
const a2 = group.block(cert1, a1)
const a3 = group.block(cert1, a2)
const acked2 = { ...EMPTY_SIGN_STATE, term: group.term(1), lastAck: tipOfBlock(a2) }
const certified1 = { block: a1, commitCert: group.commitCert(a1) }

describe('a restart', () => {
  it('builds on its best stored block, and shows what belongs to it', () => {
    const restored = { certified: certified1, uncommitted: [a2], leaderCerts: [cert1], signState: acked2 }
    const node = new Node(group, { self: 3, restored })
    expect(node.stand().at(-1)).toBe('send 2 voteRequest term 2 tip 1/2 commit 1 [1/2] cert 1')
  })

  it('does not build on a longer branch that excludes its last ack', () => {
    const twin2 = group.block(cert1, a1, { timeMs: a1.header.timeMs + 5 })
    const twin3 = group.block(cert1, twin2)
    const uncommitted = [a2, twin2, twin3]
    const restored = { certified: certified1, uncommitted, leaderCerts: [cert1], signState: acked2 }
    expect(new Node(group, { self: 3, restored }).state.tipHash).toBe(a2.hash)
  })

  it('stands above the term of every block on disk, acked or not', () => {
    const cert5 = group.leaderCert(5, { leader: 1, tip: a1 })
    const b2 = group.block(cert5, a1)
    const restored = { certified: certified1, uncommitted: [b2], leaderCerts: [cert1, cert5] }
    expect(new Node(group, { self: 3, restored }).stand()[1]).toBe(
      'persistSignState term 6 vote 6 for 3 promise none ack none',
    )
  })

  it('acks again in the same term what it had acked, then goes on', () => {
    const restored = { certified: certified1, uncommitted: [a2], leaderCerts: [cert1], signState: acked2 }
    const node = new Node(group, { self: 3, restored })
    // Its time no longer counts: the ack is as old as the block.
    node.nowMs += 60_000
    expect(node.receive(0, append(cert1, { previous: positionOfBlock(a2) }))).toEqual([
      'roleChanged follower term 1 leader 0',
      'setTimer election 1000',
      'persistSignState term 1 vote none promise none ack 1/2',
      'send 0 appendReply term 1 matched 2 certified 1 acks [2]',
    ])
  })

  it('does not resume leadership', () => {
    const before = new Node(group, { self: 0 })
    before.stand()
    const vote = group.vote(1, { candidate: 0, tip: genesis })
    for (const member of [1, 2]) before.receive(member, group.signedVote(vote, member))
    before.on(draft(genesis, 0))
    const stored = before.state.tree.entries.get(before.state.tipHash)?.block ?? genesis
    const leaderCerts = [...before.state.leaderCerts.values()]
    const restored = { uncommitted: [stored], leaderCerts, signState: before.state.signState }
    const node = new Node(group, { self: 0, restored })
    expect(node.on(draft(stored, 1))).toEqual(['returned 1'])
    expect(node.stand()[1]).toBe('persistSignState term 2 vote 2 for 0 promise none ack 1/1')
  })

  it('acks nothing more in a term in which another block was certified in the place of its last ack', () => {
    const cert2 = group.leaderCert(1, { leader: 0, tip: genesis, signers: [0, 1, 2] })
    const twin2 = group.block(cert2, a1, { timeMs: a1.header.timeMs + 5 })
    const twin3 = group.block(cert2, twin2)
    const restored = {
      certified: { block: twin2, commitCert: group.commitCert(twin2) },
      leaderCerts: [cert2],
      signState: acked2,
      certifiedHashAt: () => twin2.hash,
    }
    const node = new Node(group, { self: 3, restored })
    node.receive(0, append(cert2, { previous: positionOfBlock(twin2), blocks: [twin3] }))
    expect(node.executed(twin3).at(-1)).toBe('send 0 appendReply term 1 matched 3 certified 2 acks []')
  })

  it('makes its Release, where a chain that came again was certified past its ack in its own term', () => {
    const twin1 = group.block(cert1, genesis, { timeMs: a1.header.timeMs + 5 })
    const twin2 = group.block(cert1, twin1)
    const restored = {
      certified: certified1,
      leaderCerts: [cert1],
      signState: { ...acked2, lastAck: tipOfBlock(twin2), ackedPath: [twin1, twin2].map(tipOfBlock) },
      certifiedHashAt: (height: number) => [genesis, a1][height]?.hash,
    }
    const { state } = new Node(group, { self: 3, restored })
    expect(state.ackStanding).toBe('superseded')
    expect(ownReleases(state).map(branchOf)).toEqual([tipOfBlock(twin1)])
  })

  it('goes on acking in its term when its last ack was certified, however far below', () => {
    const restored = {
      certified: { block: a2, commitCert: group.commitCert(a2) },
      leaderCerts: [cert1],
      signState: { ...acked2, lastAck: tipOfBlock(a1) },
      certifiedHashAt: () => a1.hash,
    }
    const node = new Node(group, { self: 3, restored })
    node.receive(0, append(cert1, { previous: positionOfBlock(a2), blocks: [a3] }))
    expect(node.executed(a3).at(-1)).toBe('send 0 appendReply term 1 matched 3 certified 2 acks [3]')
  })

  it('stops on a disk whose block lacks its LeaderCert', () => {
    expect(() => new Node(group, { self: 3, restored: { uncommitted: [a1] } })).toThrow(AssertionError)
  })

  it('stops on a disk whose head lacks its CommitCert', () => {
    const restored = { certified: { block: a1, commitCert: null }, leaderCerts: [cert1] }
    expect(() => new Node(group, { self: 3, restored })).toThrow(AssertionError)
  })
})

describe('the sign-state', () => {
  it('is the same after its bytes', () => {
    const promise = { chainId: genesis.hash, epoch: group.set.epoch, term: group.term(3), lastAck: tipOfBlock(a2) }
    const signState = { ...acked2, vote: group.vote(2, { candidate: 1, tip: a1 }), promise }
    expect(decodeSignState(encodeSignState(signState))).toEqual(signState)
    expect(decodeSignState(encodeSignState(EMPTY_SIGN_STATE))).toEqual(EMPTY_SIGN_STATE)
  })
})
