// The rules of an honest validator, one test each: what a node does that is pushed to break them.

import { describe, expect, it } from 'vitest'
import type { Block } from '../types/block.ts'
import {
  append,
  draft,
  Group,
  genesis,
  Node,
  positionOfBlock,
  reply,
  signedHeaders,
  voteRequest,
} from './node.test-support.ts'

const group = new Group(4)
const cert1 = group.leaderCert(1, { leader: 0, tip: genesis })
const a1 = group.block(cert1, genesis)
const a2 = group.block(cert1, a1)

/** Member 3, which has acked a1 and a2 of term 1, and misses its leader since. */
function follower(): Node {
  const node = new Node(group, { self: 3 })
  node.store(0, append(cert1, { previous: positionOfBlock(genesis), blocks: [a1, a2] }), [a1, a2])
  node.missLeader()
  return node
}

const saysAck = (lines: readonly string[]): boolean => lines.some((line) => /acks \[\d/.test(line))

describe('R1: one block per (term, height); the acks of a term form one chain', () => {
  it('a leader makes no second block on the same parent', () => {
    const node = new Node(new Group(1), { self: 0 })
    node.on({ kind: 'start' })
    node.on(draft(genesis, 1))
    expect(node.on(draft(genesis, 2))).toEqual(['returned 2'])
  })

  it('a follower that acked one branch of a term acks nothing on another, even inherited and certified', () => {
    const node = follower()
    const twin2 = group.block(cert1, a1, { timeMs: a1.header.timeMs + 5 })
    const twin3 = group.block(cert1, twin2)
    const run = { blocks: [a1, twin2], leaderCerts: [cert1], commitCert: group.commitCert(twin2, [0, 1, 2]) }
    node.receive(0, append(cert1, { previous: positionOfBlock(twin2), commitCert: run.commitCert }))
    node.on({ kind: 'synced', from: group.member(1), ...run })
    expect(node.executed(twin2)).toContain('commit [1/1 1/2] dropped 1')
    node.receive(0, append(cert1, { previous: positionOfBlock(twin2), blocks: [twin3] }))
    expect(saysAck(node.executed(twin3))).toBe(false)
    expect(node.state.signState.lastAck?.hash).toBe(a2.hash)
  })
})

describe("R2: an ack's term is the block's and the present one, on the tip that the LeaderCert names", () => {
  it('nothing is acked before the LeaderCert has been seen', () => {
    const node = new Node(group, { self: 3 })
    const lines = node.receive(0, append(cert1, { previous: positionOfBlock(genesis), leaderCerts: [], blocks: [a1] }))
    expect(lines).toEqual(['send 0 appendReply term 1 unknownLeader 0 certified 0 acks []'])
  })

  it('inherited blocks are stored and reported, not acked', () => {
    const cert2 = group.leaderCert(2, { leader: 1, tip: a2 })
    const node = new Node(group, { self: 3 })
    const blocks = [a1, a2]
    node.receive(1, append(cert2, { previous: positionOfBlock(genesis), leaderCerts: [cert1, cert2], blocks }))
    node.executed(a1)
    expect(node.executed(a2)).toEqual([
      'persistBlock 1/2',
      'moveTip 2',
      'send 1 appendReply term 2 matched 2 certified 0 acks []',
    ])
  })

  it('a term that opens on another block than its LeaderCert names is refused', () => {
    const cert2 = group.leaderCert(2, { leader: 1, tip: a2 })
    const stray = group.block(cert2, a1)
    const lines = follower().receive(1, append(cert2, { previous: positionOfBlock(a1), blocks: [stray] }))
    expect(lines).toContain('misbehaviour of 1: badChain')
    expect(lines).not.toContain('execute 2/2')
  })

  it('a block of the term by somebody else than its leader is refused', () => {
    const cert2 = group.leaderCert(2, { leader: 1, tip: a2 })
    const foreign = group.block({ ...cert2, candidate: group.member(2) }, a2)
    const lines = follower().receive(1, append(cert2, { previous: positionOfBlock(a2), blocks: [foreign] }))
    expect(lines).toContain('misbehaviour of 1: badChain')
  })
})

describe('R3: a vote never gives up what the voter has acked', () => {
  it('a tip that is less up to date is refused', () => {
    const request = voteRequest(2, a1, { headers: signedHeaders(a1), leaderCert: cert1 })
    expect(follower().receive(1, request)).toContain('send 1 promise term 2 ack 1/2')
  })

  it('a longer tip of the same term without the acked block is refused', () => {
    const twin2 = group.block(cert1, a1, { timeMs: a1.header.timeMs + 5 })
    const twin3 = group.block(cert1, twin2)
    const request = voteRequest(2, twin3, { headers: signedHeaders(a1, twin2, twin3), leaderCert: cert1 })
    expect(follower().receive(1, request)).toContain('send 1 promise term 2 ack 1/2')
  })
})

describe('R4: no ack below a vote or promise, no vote at or below an ack', () => {
  it('a follower that voted in term 2 acks nothing more of term 1', () => {
    const node = follower()
    node.receive(1, voteRequest(2, a2, { headers: signedHeaders(a1, a2), leaderCert: cert1 }))
    const a3 = group.block(cert1, a2)
    const lines = node.receive(0, append(cert1, { previous: positionOfBlock(a2), blocks: [a3] }))
    expect(lines).toEqual(['send 0 staleTerm 2 cert none'])
  })

  it('a follower that promised in term 2 acks nothing more of term 1', () => {
    const node = follower()
    node.receive(1, voteRequest(2, a1, { headers: signedHeaders(a1), leaderCert: cert1 }))
    expect(node.receive(0, append(cert1, { previous: positionOfBlock(a2) }))).toEqual(['send 0 staleTerm 2 cert none'])
  })

  it('a follower that acked in term 1 votes for nobody in term 1', () => {
    expect(follower().receive(1, voteRequest(1, genesis))).toEqual([])
  })

  it('the same holds after a restart', () => {
    const before = follower()
    before.receive(1, voteRequest(2, a2, { headers: signedHeaders(a1, a2), leaderCert: cert1 }))
    const { signState } = before.state
    const node = new Node(group, { self: 3, restored: { uncommitted: [a1, a2], leaderCerts: [cert1], signState } })
    expect(node.receive(0, append(cert1, { previous: positionOfBlock(a2) }))).toEqual(['send 0 staleTerm 2 cert none'])
    expect(node.receive(2, voteRequest(2, a2, { headers: signedHeaders(a1, a2), leaderCert: cert1 }))).toEqual([])
  })
})

describe('R5: a certified block is never let go', () => {
  const cert2 = group.leaderCert(2, { leader: 1, tip: genesis })
  const b1 = group.block(cert2, genesis)
  const b2 = group.block(cert2, b1)

  it("the leader's word commits nothing", () => {
    const node = follower()
    expect(node.receive(0, append(cert1, { previous: positionOfBlock(a2) })).join()).not.toContain('commit [')
    expect(node.state.certifiedHash).toBe(genesis.hash)
  })

  it('a branch below the certified head is not taken in, whoever leads', () => {
    const node = follower()
    node.receive(0, append(cert1, { previous: positionOfBlock(a2), commitCert: group.commitCert(a2) }))
    const lines = node.receive(1, append(cert2, { previous: positionOfBlock(genesis), blocks: [b1, b2] }))
    expect(lines.filter((line) => line.startsWith('execute'))).toEqual([])
    expect(node.state.certifiedHash).toBe(a2.hash)
  })

  it('a new leader with another branch moves the tip, and deletes nothing before its own is certified', () => {
    const node = follower()
    node.receive(1, append(cert2, { previous: positionOfBlock(genesis), blocks: [b1, b2] }))
    expect(node.executed(b1)).toContain('moveTip 1')
    node.executed(b2)
    expect(node.state.tree.entries.has(a2.hash)).toBe(true)
    expect(node.receive(1, append(cert2, { previous: positionOfBlock(b2), commitCert: group.commitCert(b2) }))).toEqual(
      [
        'setTimer election 1000',
        'commit [2/1 2/2] dropped 2',
        'returned 1',
        'send 1 appendReply term 2 matched 2 certified 2 acks []',
      ],
    )
    expect(node.state.tree.entries.has(a2.hash)).toBe(false)
  })

  it('the transactions of a branch that lost are returned', () => {
    const node = new Node(group, { self: 3 })
    const full = group.block(cert1, genesis, { transactions: draft(genesis, 2).transactions })
    node.store(0, append(cert1, { previous: positionOfBlock(genesis), blocks: [full] }), [full])
    node.store(1, append(cert2, { previous: positionOfBlock(genesis), blocks: [b1] }), [b1])
    const message = append(cert2, { previous: positionOfBlock(b1), commitCert: group.commitCert(b1) })
    expect(node.receive(1, message)).toContain('returned 2')
  })

  it('a second certified block at the height of the first stops the node', () => {
    const node = follower()
    node.receive(0, append(cert1, { previous: positionOfBlock(a2), commitCert: group.commitCert(a2) }))
    const lines = node.receive(1, append(cert2, { previous: positionOfBlock(b2), commitCert: group.commitCert(b2) }))
    expect(lines.at(-1)).toBe('diverged at 2: another block is certified at this height')
    expect(node.receive(1, voteRequest(9, genesis))).toEqual([])
  })
})

describe('Raft, sentences that are kept', () => {
  /** Member 0 leads term 2, on a tip with two blocks of term 1 that are not certified. */
  function heir(): Node {
    const node = new Node(group, { self: 0, restored: { uncommitted: [a1, a2], leaderCerts: [cert1] } })
    node.stand()
    for (const member of [1, 2]) {
      node.receive(member, group.signedVote(group.vote(2, { candidate: 0, tip: a2 }), member))
    }
    return node
  }
  const tipBlock = (node: Node): Block => node.state.tree.entries.get(node.state.tipHash)?.block ?? genesis

  it('if a server receives a request with a stale term number, it rejects the request (5.1)', () => {
    const node = follower()
    node.receive(1, voteRequest(2, a2, { headers: signedHeaders(a1, a2), leaderCert: cert1 }))
    expect(node.receive(2, voteRequest(1, a2))).toEqual(['send 2 staleTerm 2 cert none'])
  })

  it('if a candidate or leader discovers that its term is out of date, it immediately reverts to follower (5.1)', () => {
    const node = new Node(group, { self: 3 })
    node.stand()
    expect(node.receive(1, { kind: 'staleTerm', term: a1.header.term, leaderCert: null })).toEqual([])
    expect(node.receive(1, { kind: 'staleTerm', term: group.term(7), leaderCert: null })[0]).toBe(
      'roleChanged follower term 7 leader none',
    )
  })

  it('a candidate that sees the leader of its own term returns to follower state (5.2)', () => {
    const node = new Node(group, { self: 3 })
    node.stand()
    expect(node.receive(0, append(cert1, { previous: positionOfBlock(genesis) }))).toEqual([
      'persistLeaderCert term 1 of 0',
      'roleChanged follower term 1 leader 0',
      'cancelTimer heartbeat',
      'cancelTimer quorum',
      'setTimer election 1000',
      'setTimer election 1000',
      'send 0 appendReply term 1 matched 0 certified 0 acks []',
    ])
  })

  it('each server will vote for at most one candidate in a given term, first come first served (5.2)', () => {
    const node = new Node(group, { self: 3 })
    expect(node.receive(1, voteRequest(1, genesis))).toContain('send 1 vote term 1 for 1')
    expect(node.receive(2, voteRequest(1, genesis))).toEqual([])
  })

  it('a candidate wins with votes from a quorum for the same term, and not before (5.2)', () => {
    const node = new Node(group, { self: 0 })
    node.stand()
    const vote = group.vote(1, { candidate: 0, tip: genesis })
    expect(node.receive(1, group.signedVote(vote, 1))).toEqual([])
    expect(node.receive(1, group.signedVote(vote, 1))).toEqual([])
    expect(node.receive(2, group.signedVote(vote, 2))).toEqual([
      'persistLeaderCert term 1 of 0',
      'roleChanged leader term 1 leader 0',
      'cancelTimer election',
      'setTimer heartbeat 150',
      'setTimer quorum 2000',
      'send 1 append term 1 certs [1] on 0 [] commit none',
      'send 2 append term 1 certs [1] on 0 [] commit none',
      'send 3 append term 1 certs [1] on 0 [] commit none',
    ])
  })

  it('a leader never overwrites entries in its log (5.3)', () => {
    const node = heir()
    node.on(draft(a2, 0))
    const block = tipBlock(node)
    expect(block.header.parentHash).toBe(a2.hash)
    expect(node.on(draft(a2, 1))).toEqual(['returned 1'])
    expect(tipBlock(node)).toBe(block)
  })

  it('entries from previous terms are not committed by counting replicas (5.4.2)', () => {
    const node = heir()
    for (const member of [1, 2, 3]) node.receive(member, reply(a2, { term: 2 }))
    expect(node.state.certifiedHash).toBe(genesis.hash)
  })

  it("once an entry of the leader's term is committed, all prior entries are committed indirectly (5.4.2)", () => {
    const node = heir()
    node.on(draft(a2, 0))
    const opening = tipBlock(node)
    node.receive(1, reply(opening, { term: 2, acks: [group.ack(opening, 1)] }))
    expect(node.receive(2, reply(opening, { term: 2, acks: [group.ack(opening, 2)] }))[0]).toBe(
      'commit [1/1 1/2 2/3] dropped 0',
    )
  })
})
