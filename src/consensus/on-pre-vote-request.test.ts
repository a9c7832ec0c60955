import { describe, expect, it } from 'vitest'
import type { Block } from '../types/block.ts'
import type { Seat } from '../types/brand.ts'
import type { PreVoteRequest } from './messages.ts'
import {
  append,
  draft,
  Group,
  genesis,
  Node,
  positionOfBlock,
  preVoteRequest,
  signedHeaders,
  voteRequest,
} from './node.test-support.ts'
import { EMPTY_SIGN_STATE } from './sign-state.ts'

const group = new Group(4)
const cert1 = group.leaderCert(1, { leader: 0, tip: genesis })
const a1 = group.block(cert1, genesis)
const a2 = group.block(cert1, a1)

/** Member 3, which has acked a1 and a2 of term 1, and hears its leader. */
function follower(): Node {
  const node = new Node(group, { self: 3 })
  node.store(0, append(cert1, { previous: positionOfBlock(genesis), blocks: [a1, a2] }), [a1, a2])
  return node
}

function request(term: number, tip: Block, headers: readonly Block[] = []): PreVoteRequest {
  const leaderCert = tip === genesis ? null : cert1
  return preVoteRequest(term, tip, { headers: signedHeaders(...headers), leaderCert })
}

describe('onPreVoteRequest()', () => {
  it('grants what it would vote for, and changes neither term nor sign-state', () => {
    const node = follower()
    node.missLeader()
    const before = node.state.signState
    expect(node.receive(1, request(2, a2, [a1, a2]))).toEqual(['setTimer askers 2000', 'send 1 preVote term 2'])
    expect(node.state.term).toBe(1)
    expect(node.state.signState).toBe(before)
  })

  it('grants several rivals: it binds nobody', () => {
    const node = new Node(group, { self: 3 })
    expect(node.receive(1, request(1, genesis))).toContain('send 1 preVote term 1')
    expect(node.receive(2, request(1, genesis))).toContain('send 2 preVote term 1')
    expect(node.state.signState).toEqual(EMPTY_SIGN_STATE)
  })

  it('says nothing while it hears its leader', () => {
    expect(follower().receive(1, request(2, a2, [a1, a2]))).toEqual(['setTimer askers 2000'])
  })

  it('gives in when more than n-q distinct members have asked within an election timeout', () => {
    const node = follower()
    node.receive(1, request(2, a2, [a1, a2]))
    expect(node.receive(1, request(2, a2, [a1, a2]))).toEqual([])
    expect(node.receive(2, request(2, a2, [a1, a2]))).toEqual(['setTimer askers 2000', 'send 2 preVote term 2'])
    expect(node.receive(1, request(2, a2, [a1, a2]))).toEqual(['send 1 preVote term 2'])
  })

  it('forgets who asked after an election timeout', () => {
    const node = follower()
    node.receive(1, request(2, a2, [a1, a2]))
    node.on({ kind: 'timeout', timer: 'askers' })
    expect(node.receive(2, request(2, a2, [a1, a2]))).toEqual(['setTimer askers 2000'])
  })

  it('is free at once when the connection to its leader closes, and sticky again when the leader is back', () => {
    const node = follower()
    node.on({ kind: 'peerDisconnected', member: 0 as Seat })
    expect(node.receive(1, request(2, a2, [a1, a2]))).toContain('send 1 preVote term 2')
    node.receive(0, append(cert1, { previous: positionOfBlock(a2) }))
    expect(node.receive(1, request(2, a2, [a1, a2]))).toEqual([])
  })

  it('pre-campaigns at once when it refuses because its own tip is higher', () => {
    const node = follower()
    node.missLeader()
    expect(node.receive(1, request(2, a1, [a1]))).toEqual([
      'setTimer askers 2000',
      'setTimer election 1000',
      'setTimer heartbeat 150',
      'send 0 preVoteRequest term 2 tip 1/2 commit none [1/1 1/2] cert 1',
      'send 1 preVoteRequest term 2 tip 1/2 commit none [1/1 1/2] cert 1',
      'send 2 preVoteRequest term 2 tip 1/2 commit none [1/1 1/2] cert 1',
    ])
    // Once is enough.
    expect(node.receive(1, request(2, a1, [a1]))).toEqual([])
  })

  it('gives way to a rival that asks at the same time with a lower seat, once: both would split the votes', () => {
    const node = new Node(group, { self: 1 })
    const rivalAsks = (from: number): string[] => node.receive(from, request(1, genesis))
    node.on({ kind: 'timeout', timer: 'election' })
    expect(rivalAsks(2)).toEqual(['setTimer askers 2000', 'send 2 preVote term 1'])
    expect(rivalAsks(0)).toEqual(['setTimer askers 2000', 'cancelTimer heartbeat', 'send 0 preVote term 1'])
    node.on({ kind: 'timeout', timer: 'election' })
    expect(rivalAsks(0)).toEqual(['send 0 preVote term 1'])
    expect(node.state.liveness.preCampaign?.term).toBe(1)
  })

  it('shows whoever asks for a term that is over the present one', () => {
    expect(follower().receive(1, request(1, genesis))).toEqual(['send 1 staleTerm 1 cert 1'])
  })

  it('promises no vote that it could not give yet', () => {
    const node = new Node(group, { self: 3 })
    node.receive(1, voteRequest(1, genesis))
    expect(node.receive(2, request(2, genesis))).toEqual(['setTimer askers 2000'])
    node.on({ kind: 'timeout', timer: 'vote' })
    expect(node.receive(2, request(2, genesis))).toEqual(['send 2 preVote term 2'])
  })

  it('promises nothing on a tip far in the future: what is opened there would not be taken in', () => {
    const node = new Node(group, { self: 3 })
    const early = group.block(cert1, genesis, { timeMs: node.nowMs + 8_000 })
    expect(node.receive(0, request(2, early, [early]))).toEqual(['setTimer askers 2000'])
    node.nowMs += 1_000
    expect(node.receive(0, request(2, early, [early]))).toEqual(['send 0 preVote term 2'])
  })

  it('names whoever shows a chain that does not hold together', () => {
    const node = follower()
    node.missLeader()
    expect(node.receive(1, request(2, a2, [a2])).at(-1)).toBe('misbehaviour of 1: badChain')
  })

  it('makes a leader show that it is there, once a heartbeat', () => {
    const node = new Node(group, { self: 0 })
    node.stand()
    for (const member of [1, 2])
      node.receive(member, group.signedVote(group.vote(1, { candidate: 0, tip: genesis }), member))
    node.on(draft(genesis, 0))
    expect(node.receive(3, request(2, genesis))).toEqual([
      'setTimer askers 2000',
      'send 3 append term 1 certs [1] on 1 [] commit none',
    ])
    expect(node.receive(3, request(2, genesis))).toEqual([])
  })
})

describe('onPreVote()', () => {
  it('makes a candidate of whom q members would vote for, itself included', () => {
    const node = new Node(group, { self: 3 })
    node.on({ kind: 'timeout', timer: 'election' })
    expect(node.receive(1, { kind: 'preVote', term: group.term(1) })).toEqual([])
    expect(node.receive(1, { kind: 'preVote', term: group.term(1) })).toEqual([])
    expect(node.receive(2, { kind: 'preVote', term: group.term(1) })).toEqual([
      'setTimer election 1000',
      'persistSignState term 1 vote 1 for 3 promise none ack none',
      'roleChanged candidate term 1 leader none',
      'setTimer heartbeat 150',
      'send 0 voteRequest term 1 tip 0/0 commit none [] cert none',
      'send 1 voteRequest term 1 tip 0/0 commit none [] cert none',
      'send 2 voteRequest term 1 tip 0/0 commit none [] cert none',
    ])
  })

  it('counts nothing that was said to another question', () => {
    const node = new Node(group, { self: 3 })
    expect(node.receive(1, { kind: 'preVote', term: group.term(1) })).toEqual([])
    node.on({ kind: 'timeout', timer: 'election' })
    for (const member of [0, 1, 2]) expect(node.receive(member, { kind: 'preVote', term: group.term(2) })).toEqual([])
  })

  it('is asked for again at every heartbeat interval, and at once where a connection opens', () => {
    const node = new Node(group, { self: 3 })
    node.on({ kind: 'timeout', timer: 'election' })
    node.receive(1, { kind: 'preVote', term: group.term(1) })
    expect(node.on({ kind: 'timeout', timer: 'heartbeat' })).toEqual([
      'setTimer heartbeat 150',
      'send 0 preVoteRequest term 1 tip 0/0 commit none [] cert none',
      'send 2 preVoteRequest term 1 tip 0/0 commit none [] cert none',
    ])
    expect(node.on({ kind: 'peerConnected', member: 2 as Seat })).toEqual([
      'send 2 preVoteRequest term 1 tip 0/0 commit none [] cert none',
    ])
  })

  it('is no longer wanted when a leader is heard', () => {
    const node = new Node(group, { self: 3 })
    node.on({ kind: 'timeout', timer: 'election' })
    expect(node.receive(0, append(cert1, { previous: positionOfBlock(genesis) }))).toContain('cancelTimer heartbeat')
    for (const member of [1, 2]) expect(node.receive(member, { kind: 'preVote', term: group.term(1) })).toEqual([])
  })

  it('is asked for in the next term, soon, when its term is over', () => {
    const node = new Node(group, { self: 3 })
    node.on({ kind: 'timeout', timer: 'election' })
    expect(node.receive(1, { kind: 'staleTerm', term: group.term(7), leaderCert: null })).toEqual([
      'cancelTimer heartbeat',
      'roleChanged follower term 7 leader none',
      'setTimer heeded 60000',
      'setTimer election 1',
    ])
  })
})
