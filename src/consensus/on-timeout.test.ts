import { describe, expect, it } from 'vitest'
import type { Block } from '../types/block.ts'
import type { Seat } from '../types/brand.ts'
import { append, draft, Group, genesis, Node, positionOfBlock, reply, tipOfBlock } from './node.test-support.ts'
import { EMPTY_SIGN_STATE } from './sign-state.ts'

const group = new Group(4)
const cert1 = group.leaderCert(1, { leader: 0, tip: genesis })
const a1 = group.block(cert1, genesis)

/** Member 0 leads term 1 with a1 proposed. */
function leader(): { node: Node; opening: Block } {
  const node = new Node(group, { self: 0 })
  node.stand()
  const vote = group.vote(1, { candidate: 0, tip: genesis })
  for (const member of [1, 2]) node.receive(member, group.signedVote(vote, member))
  node.on(draft(genesis, 0))
  return { node, opening: node.state.tree.entries.get(node.state.tipHash)?.block as Block }
}

describe('the election timer', () => {
  it('asks for pre-votes first, and changes neither term nor sign-state', () => {
    const node = new Node(group, { self: 3 })
    expect(node.on({ kind: 'timeout', timer: 'election' })).toEqual([
      'setTimer election 1000',
      'setTimer heartbeat 150',
      'send 0 preVoteRequest term 1 tip 0/0 commit none [] cert none',
      'send 1 preVoteRequest term 1 tip 0/0 commit none [] cert none',
      'send 2 preVoteRequest term 1 tip 0/0 commit none [] cert none',
    ])
    expect(node.state.term).toBe(0)
    expect(node.state.signState).toEqual(EMPTY_SIGN_STATE)
  })

  it('first ends stickiness where a leader was heard, and waits a random time for others to notice', () => {
    const node = new Node(group, { self: 3 })
    node.store(0, append(cert1, { previous: positionOfBlock(genesis), blocks: [a1] }), [a1])
    node.random = 700
    expect(node.on({ kind: 'timeout', timer: 'election' })).toEqual(['setTimer election 700'])
    expect(node.on({ kind: 'timeout', timer: 'election' })).toContain(
      'send 1 preVoteRequest term 2 tip 1/1 commit none [1/1] cert 1',
    )
  })

  it('makes a candidate in vain a follower of its term that asks again', () => {
    const node = new Node(group, { self: 3 })
    node.stand()
    expect(node.on({ kind: 'timeout', timer: 'election' })).toEqual([
      'roleChanged follower term 1 leader none',
      'cancelTimer heartbeat',
      'cancelTimer quorum',
      'setTimer election 1000',
      'setTimer election 1000',
      'setTimer heartbeat 150',
      'send 0 preVoteRequest term 2 tip 0/0 commit none [] cert none',
      'send 1 preVoteRequest term 2 tip 0/0 commit none [] cert none',
      'send 2 preVoteRequest term 2 tip 0/0 commit none [] cert none',
    ])
  })

  it('backs off after candidacies in vain: the random part doubles, twice at most, until a leader is heard', () => {
    const node = new Node(group, { self: 3 })
    node.random = 3_999
    const waits = [1, 2, 3, 4].map(() => {
      node.stand()
      return node.on({ kind: 'timeout', timer: 'election' })[4]
    })
    // 3,999 within a spread of 2,001; then of 4,001.
    expect(waits).toEqual([
      'setTimer election 2998',
      'setTimer election 4999',
      'setTimer election 4999',
      'setTimer election 4999',
    ])
    const cert9 = group.leaderCert(9, { leader: 0, tip: genesis })
    node.receive(0, append(cert9, { previous: positionOfBlock(genesis) }))
    node.missLeader()
    expect(node.on({ kind: 'timeout', timer: 'election' })[0]).toBe('setTimer election 1996')
  })

  it('shows CommitCert, headers and LeaderCert with the request', () => {
    const node = new Node(group, { self: 3 })
    const a2 = group.block(cert1, a1)
    const commitCert = group.commitCert(a1)
    node.store(0, append(cert1, { previous: positionOfBlock(genesis), blocks: [a1, a2], commitCert }), [a1, a2])
    expect(node.stand().at(-1)).toBe('send 2 voteRequest term 2 tip 1/2 commit 1 [1/2] cert 1')
  })

  it('makes no candidate of a node whose tip is below its own last ack', () => {
    const signState = { ...EMPTY_SIGN_STATE, term: a1.header.term, lastAck: tipOfBlock(a1) }
    const node = new Node(group, { self: 3, restored: { signState } })
    expect(node.on({ kind: 'timeout', timer: 'election' })).toEqual(['setTimer election 1000'])
  })

  it('waits 1 to 2 s, at random', () => {
    const node = new Node(group, { self: 3 })
    const waits = [0, 1, 1_000, 1_001, 2 ** 32 - 1].map((random) => {
      node.random = random
      return node.on({ kind: 'start' })[1]
    })
    const delays = [1_000, 1_001, 2_000, 1_000, 1_000 + ((2 ** 32 - 1) % 1_001)]
    expect(waits).toEqual(delays.map((delayMs) => `setTimer election ${delayMs}`))
  })
})

describe('the heartbeat timer', () => {
  it("repeats the leader's news to everybody", () => {
    const { node } = leader()
    expect(node.on({ kind: 'timeout', timer: 'heartbeat' })).toEqual([
      'setTimer heartbeat 150',
      'send 1 append term 1 certs [1] on 1 [] commit none',
      'send 2 append term 1 certs [1] on 1 [] commit none',
      'send 3 append term 1 certs [1] on 1 [] commit none',
    ])
  })

  it("repeats a candidate's request to those who have not voted for it", () => {
    const node = new Node(group, { self: 3 })
    node.stand()
    node.receive(1, group.signedVote(group.vote(1, { candidate: 3, tip: genesis }), 1))
    expect(node.on({ kind: 'timeout', timer: 'heartbeat' })).toEqual([
      'setTimer heartbeat 150',
      'send 0 voteRequest term 1 tip 0/0 commit none [] cert none',
      'send 2 voteRequest term 1 tip 0/0 commit none [] cert none',
    ])
  })
})

describe('the progress timer', () => {
  const look = (node: Node, isWorkWaiting: boolean): string[] =>
    node.on({ kind: 'timeout', timer: 'progress', isWorkWaiting })

  function follower(): Node {
    const node = new Node(group, { self: 3 })
    node.store(0, append(cert1, { previous: positionOfBlock(genesis), blocks: [a1] }), [a1])
    return node
  }

  it('makes a follower look for another leader when work waited for an election timeout and nothing was certified', () => {
    const node = follower()
    expect(look(node, true)).toEqual(['setTimer progress 2000'])
    expect(look(node, true)).toEqual([
      'setTimer progress 2000',
      'setTimer heartbeat 150',
      'send 0 preVoteRequest term 2 tip 1/1 commit none [1/1] cert 1',
      'send 1 preVoteRequest term 2 tip 1/1 commit none [1/1] cert 1',
      'send 2 preVoteRequest term 2 tip 1/1 commit none [1/1] cert 1',
    ])
    // Heartbeats do not end the search; a new certificate does.
    node.receive(0, append(cert1, { previous: positionOfBlock(a1) }))
    expect(node.on({ kind: 'timeout', timer: 'heartbeat' })).toContain(
      'send 1 preVoteRequest term 2 tip 1/1 commit none [1/1] cert 1',
    )
    const lines = node.receive(0, append(cert1, { previous: positionOfBlock(a1), commitCert: group.commitCert(a1) }))
    expect(lines).toContain('cancelTimer heartbeat')
    expect(node.on({ kind: 'timeout', timer: 'heartbeat' })).toEqual([])
  })

  it('leaves a leader alone that had nothing to certify, or certified something', () => {
    const idle = follower()
    look(idle, false)
    expect(look(idle, true)).toEqual(['setTimer progress 2000'])
    const busy = follower()
    look(busy, true)
    busy.receive(0, append(cert1, { previous: positionOfBlock(a1), commitCert: group.commitCert(a1) }))
    expect(look(busy, true)).toEqual(['setTimer progress 2000'])
  })
})

const STEPS_DOWN = ['roleChanged follower term 1 leader none', 'cancelTimer heartbeat', 'cancelTimer quorum']

describe('the quorum timer', () => {
  it('ends the leadership of who hears from fewer than q members', () => {
    const { node } = leader()
    node.on({ kind: 'timeout', timer: 'quorum' })
    expect(node.on({ kind: 'timeout', timer: 'quorum' })).toEqual([...STEPS_DOWN, 'setTimer election 1000'])
  })

  it('leaves a leader alone that hears a quorum and certifies', () => {
    const { node, opening } = leader()
    node.on({ kind: 'timeout', timer: 'quorum' })
    for (const member of [1, 2]) node.receive(member, reply(opening, { term: 1, acks: [group.ack(opening, member)] }))
    expect(node.on({ kind: 'timeout', timer: 'quorum' })).toEqual(['setTimer quorum 2000'])
  })

  it('makes a leader sit out a round whose blocks wait and are not certified', () => {
    const { node, opening } = leader()
    node.on({ kind: 'timeout', timer: 'quorum' })
    for (const member of [1, 2]) node.receive(member, reply(opening, { term: 1 }))
    expect(node.on({ kind: 'timeout', timer: 'quorum' })).toEqual([...STEPS_DOWN, 'setTimer election 3000'])
  })

  it('makes a leader sit out a round whose time more than n-q members refuse', () => {
    const { node, opening } = leader()
    for (const member of [1, 2]) node.receive(member, reply(opening, { term: 1, timeRefused: true }))
    expect(node.on({ kind: 'timeout', timer: 'quorum' })).toEqual([...STEPS_DOWN, 'setTimer election 3000'])
  })
})

describe('connections', () => {
  it('let a follower stand early when that to its leader closes', () => {
    const node = new Node(group, { self: 3 })
    node.store(0, append(cert1, { previous: positionOfBlock(genesis), blocks: [a1] }), [a1])
    expect(node.on({ kind: 'peerDisconnected', member: 1 as Seat })).toEqual([])
    expect(node.on({ kind: 'peerDisconnected', member: 0 as Seat })).toEqual(['setTimer election 1'])
  })

  it('make a leader go on from what the member is known to have', () => {
    const { node, opening } = leader()
    expect(node.on({ kind: 'peerConnected', member: 2 as Seat })).toEqual([
      'send 2 append term 1 certs [1] on 0 [1/1] commit none',
    ])
    node.receive(2, reply(opening, { term: 1 }))
    expect(node.on({ kind: 'peerConnected', member: 2 as Seat })).toEqual([
      'send 2 append term 1 certs [] on 1 [] commit none',
    ])
  })
})

describe('a single validator', () => {
  it('leads as soon as it starts', () => {
    const alone = new Node(new Group(1), { self: 0 })
    expect(alone.on({ kind: 'start' })).toEqual([
      'setTimer progress 2000',
      'setTimer election 1000',
      'setTimer election 1000',
      'persistSignState term 1 vote 1 for 0 promise none ack none',
      'roleChanged candidate term 1 leader none',
      'setTimer heartbeat 150',
      'persistLeaderCert term 1 of 0',
      'roleChanged leader term 1 leader 0',
      'cancelTimer election',
      'setTimer heartbeat 150',
      'setTimer quorum 2000',
    ])
  })
})
