import { describe, expect, it } from 'vitest'
import type { Block } from '../types/block.ts'
import { headerOf } from './block-tree.ts'
import { canPropose } from './can-propose.ts'
import { draft, Group, genesis, Node, reply } from './node.test-support.ts'
import type { State } from './state.ts'

const tipBlock = (state: State): Block => state.tree.entries.get(state.tipHash)?.block ?? genesis

/** Member 0 leads term 1. */
function leader(memberCount: number): { node: Node; group: Group } {
  const group = new Group(memberCount)
  const node = new Node(group, { self: 0 })
  node.stand()
  for (let member = 1; member < memberCount; member++) {
    node.receive(member, group.signedVote(group.vote(1, { candidate: 0, tip: genesis }), member))
  }
  return { node, group }
}

describe('canPropose()', () => {
  it('asks for the opening block, on the tip of the LeaderCert, before anything else', () => {
    expect(canPropose(leader(3).node.state)).toMatchObject({ parentHash: genesis.hash, opening: true })
  })

  it('asks a follower and a candidate for nothing', () => {
    const node = new Node(new Group(3), { self: 0 })
    expect(canPropose(node.state)).toBeNull()
    node.stand()
    expect(canPropose(node.state)).toBeNull()
  })

  it('closes at k uncertified blocks, and opens with the next certificate', () => {
    const { node, group } = leader(3)
    node.on(draft(genesis, 0))
    const opening = tipBlock(node.state)
    for (let count = 1; count < 8; count++) node.on(draft(tipBlock(node.state), 1))
    expect(headerOf(node.state.tree, node.state.tipHash).height).toBe(8)
    expect(canPropose(node.state)).toBeNull()
    node.receive(1, reply(opening, { term: 1, acks: [group.ack(opening, 1)] }))
    expect(canPropose(node.state)).toMatchObject({ opening: false })
  })
})

describe('onPropose()', () => {
  it('stores the block, then the sign-state, before anybody sees it', () => {
    expect(leader(3).node.on(draft(genesis, 0))).toEqual([
      'persistBlock 1/1',
      'persistSignState term 1 vote 1 for 0 promise none ack 1/1',
      'moveTip 1',
      'send 1 append term 1 certs [1] on 0 [1/1] commit none',
      'send 2 append term 1 certs [1] on 0 [1/1] commit none',
    ])
  })

  it('sends further blocks without waiting for acks', () => {
    const { node } = leader(3)
    node.on(draft(genesis, 0))
    expect(node.on(draft(tipBlock(node.state), 1))).toContain('send 1 append term 1 certs [1] on 1 [1/2] commit none')
  })

  it('certifies at once where it is alone', () => {
    expect(leader(1).node.on(draft(genesis, 0))).toEqual([
      'persistBlock 1/1',
      'persistSignState term 1 vote 1 for 0 promise none ack 1/1',
      'moveTip 1',
      'commit [1/1] dropped 0',
    ])
  })

  it('returns the transactions of a draft on another block than the tip', () => {
    const { node } = leader(3)
    node.on(draft(genesis, 0))
    expect(node.on(draft(genesis, 2))).toEqual(['returned 2'])
  })

  it('returns the transactions of a draft that comes when it no longer leads', () => {
    expect(new Node(new Group(3), { self: 0 }).on(draft(genesis, 2))).toEqual(['returned 2'])
  })

  it('makes no empty block but the opening one', () => {
    const { node } = leader(3)
    node.on(draft(genesis, 0))
    expect(node.on(draft(tipBlock(node.state), 0))).toEqual([])
  })

  it('makes no block whose time is not above its parent', () => {
    expect(leader(3).node.on({ ...draft(genesis, 1), timeMs: genesis.header.timeMs })).toEqual(['returned 1'])
  })
})
