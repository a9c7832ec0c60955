import { beforeEach, describe, expect, it } from 'vitest'
import type { Block } from '../types/block.ts'
import { draft, Group, genesis, Node, positionOfBlock, reply } from './node.test-support.ts'

const group = new Group(4)
let node: Node
let a1: Block
let a2: Block

const propose = (parent: Block, transactionCount: number): Block => {
  node.on(draft(parent, transactionCount))
  const block = node.state.tree.entries.get(node.state.tipHash)?.block
  if (block === undefined) throw new Error('no block')
  return block
}

beforeEach(() => {
  // Member 0 leads term 1, and has proposed two blocks.
  node = new Node(group, { self: 0 })
  node.stand()
  for (const member of [1, 2]) {
    node.receive(member, group.signedVote(group.vote(1, { candidate: 0, tip: genesis }), member))
  }
  a1 = propose(genesis, 0)
  a2 = propose(a1, 1)
})

describe('onAppendReply()', () => {
  it('certifies with q acks, and sends the certificate to everybody at once', () => {
    expect(node.receive(1, reply(a1, { term: 1, acks: [group.ack(a1, 1)] }))).toEqual([])
    expect(node.receive(2, reply(a1, { term: 1, acks: [group.ack(a1, 2)] }))).toEqual([
      'commit [1/1] dropped 0',
      'send 1 append term 1 certs [] on 2 [] commit 1',
      'send 2 append term 1 certs [] on 2 [] commit 1',
      'send 3 append term 1 certs [1] on 2 [] commit 1',
    ])
  })

  it('certifies the highest block that q members have acked, and its ancestors with it', () => {
    node.receive(1, reply(a2, { term: 1, acks: [group.ack(a1, 1), group.ack(a2, 1)] }))
    expect(node.receive(2, reply(a2, { term: 1, acks: [group.ack(a1, 2), group.ack(a2, 2)] }))[0]).toBe(
      'commit [1/1 1/2] dropped 0',
    )
  })

  it('counts one member once', () => {
    node.receive(1, reply(a1, { term: 1, acks: [group.ack(a1, 1)] }))
    expect(node.receive(1, reply(a1, { term: 1, acks: [group.ack(a1, 1)] }))).toEqual([])
  })

  it("does not count an ack that is signed with another member's key", () => {
    expect(node.receive(1, reply(a1, { term: 1, acks: [group.ack(a1, 2)] }))).toEqual([
      'misbehaviour of 1: badSignature',
    ])
  })

  it('does not take a position for an ack', () => {
    node.receive(1, reply(a2, { term: 1 }))
    expect(node.receive(2, reply(a2, { term: 1 }))).toEqual([])
  })

  it('goes on from the tip of a follower that misses blocks', () => {
    expect(node.receive(1, reply(a1, { term: 1, status: 'missing' }))).toEqual([
      'send 1 append term 1 certs [] on 1 [1/2] commit none',
    ])
  })

  it('goes on from the certified head of a follower whose tip is on another branch', () => {
    const cert = group.leaderCert(1, { leader: 2, tip: genesis })
    const stray = group.block(cert, genesis)
    expect(node.receive(1, reply(stray, { term: 1, status: 'missing' }))).toEqual([
      'send 1 append term 1 certs [1] on 0 [1/1 1/2] commit none',
    ])
  })

  it('repeats itself once for a burst of complaints', () => {
    node.receive(1, reply(a1, { term: 1, status: 'missing' }))
    expect(node.receive(1, reply(a1, { term: 1, status: 'missing' }))).toEqual([])
    node.on({ kind: 'timeout', timer: 'heartbeat' })
    expect(node.receive(1, reply(a1, { term: 1, status: 'missing' }))).toHaveLength(1)
  })

  it('shows its certified head to a follower that nothing here reaches back to', () => {
    const cert = group.leaderCert(1, { leader: 2, tip: genesis })
    const stray = group.block(cert, genesis)
    const lost = reply(stray, { term: 1, status: 'missing', certified: positionOfBlock(stray) })
    expect(node.receive(1, lost)).toEqual([])
    expect(node.on({ kind: 'timeout', timer: 'heartbeat' })).toContain(
      'send 1 append term 1 certs [] on 0 [] commit none',
    )
  })

  it('shows the LeaderCert again to a follower that has not seen it', () => {
    node.receive(1, reply(a1, { term: 1 }))
    expect(node.receive(1, reply(genesis, { term: 1, status: 'unknownLeader' }))).toEqual([
      'send 1 append term 1 certs [1] on 2 [] commit none',
    ])
  })

  it('ignores what was said to another term', () => {
    expect(node.receive(1, reply(a1, { term: 2, acks: [group.ack(a1, 1)] }))).toEqual([])
  })
})
