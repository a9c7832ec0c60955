import { describe, expect, it } from 'vitest'
import { Group, genesis, Node } from './node.test-support.ts'

const group = new Group(4)
const vote = group.vote(1, { candidate: 0, tip: genesis })

function candidate(): Node {
  const node = new Node(group, { self: 0 })
  node.stand()
  return node
}

describe('onVote()', () => {
  it("does not count a vote signed with another member's key", () => {
    const node = candidate()
    expect(node.receive(1, group.signedVote(vote, 2))).toEqual(['misbehaviour of 1: badSignature'])
    expect(node.receive(3, group.signedVote(vote, 3))).toEqual([])
  })

  it('names a voter whose vote is for another tip than it was shown', () => {
    const block = group.block(group.leaderCert(1, { leader: 0, tip: genesis }), genesis)
    const other = group.vote(1, { candidate: 0, tip: block })
    expect(candidate().receive(1, group.signedVote(other, 1))).toEqual(['misbehaviour of 1: foreignStatement'])
  })

  it('ignores votes of another term, and votes that come when it leads or follows', () => {
    const late = group.signedVote(group.vote(7, { candidate: 0, tip: genesis }), 1)
    expect(candidate().receive(1, late)).toEqual([])
    expect(new Node(group, { self: 0 }).receive(1, group.signedVote(vote, 1))).toEqual([])
  })
})

describe('onPromise()', () => {
  it('checks whose it is', () => {
    expect(candidate().receive(1, group.promise(1, 1))).toEqual([])
    expect(candidate().receive(1, group.promise(1, 2))).toEqual(['misbehaviour of 1: badSignature'])
  })
})

describe('onReceived()', () => {
  it('ignores who is not in the set, and itself', () => {
    expect(candidate().receive(9, group.signedVote(vote, 1))).toEqual([])
    expect(candidate().receive(0, group.signedVote(vote, 0))).toEqual([])
  })
})
