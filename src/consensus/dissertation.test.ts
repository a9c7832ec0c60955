// Sentences of Ongaro's dissertation ("Consensus: Bridging Theory and Practice") about leadership and reads that are kept,
// one test each, named by the sentence and its section. Those of the paper about logs and votes are in rules.test.ts.

import { describe, expect, it } from 'vitest'
import type { Block } from '../types/block.ts'
import type { Seat } from '../types/brand.ts'
import { canPropose } from './can-propose.ts'
import {
  append,
  draft,
  Group,
  genesis,
  Node,
  positionOfBlock,
  preVoteRequest,
  reply,
  signedHeaders,
  voteRequest,
} from './node.test-support.ts'
import { EMPTY_SIGN_STATE } from './sign-state.ts'

const group = new Group(4)
const cert1 = group.leaderCert(1, { leader: 0, tip: genesis })
const a1 = group.block(cert1, genesis)

/** Member 3, which follows member 0 of term 1 and hears it. */
function follower(): Node {
  const node = new Node(group, { self: 3 })
  node.store(0, append(cert1, { previous: positionOfBlock(genesis), blocks: [a1] }), [a1])
  return node
}

/** Member 0 leads term 1 with its opening block. */
function leader(): { node: Node; opening: Block } {
  const node = new Node(group, { self: 0 })
  node.stand()
  for (const member of [1, 2])
    node.receive(member, group.signedVote(group.vote(1, { candidate: 0, tip: genesis }), member))
  node.on(draft(genesis, 0))
  return { node, opening: node.state.tree.entries.get(node.state.tipHash)?.block as Block }
}

const shown = { headers: signedHeaders(a1), leaderCert: cert1 }

describe('Leader election (3.4)', () => {
  it('a server remains in follower state as long as it receives valid RPCs from a leader', () => {
    const node = follower()
    for (let heartbeat = 0; heartbeat < 3; heartbeat++) {
      expect(node.receive(0, append(cert1, { previous: positionOfBlock(a1) }))[0]).toBe('setTimer election 1000')
    }
    expect(node.state.role.kind).toBe('follower')
  })

  it('election timeouts are chosen randomly from a fixed interval', () => {
    const node = new Node(group, { self: 3 })
    for (const random of [0, 5, 999]) {
      node.random = random
      expect(node.on({ kind: 'timeout', timer: 'election' })).toContain(`setTimer election ${1_000 + random}`)
    }
  })

  it('each candidate restarts its randomized election timeout at the start of an election', () => {
    const node = new Node(group, { self: 3 })
    node.random = 321
    expect(node.stand()[0]).toBe('setTimer election 1321')
  })

  it('if many followers become candidates at the same time, votes could be split: each starts a new election', () => {
    const node = new Node(group, { self: 3 })
    node.stand()
    node.receive(1, voteRequest(1, genesis))
    expect(node.stand()).toContain('roleChanged candidate term 2 leader none')
  })

  it('once a candidate wins, it sends heartbeats to all of the other servers to prevent new elections', () => {
    const node = new Node(group, { self: 0 })
    node.stand()
    const vote = group.vote(1, { candidate: 0, tip: genesis })
    node.receive(1, group.signedVote(vote, 1))
    const lines = node.receive(2, group.signedVote(vote, 2))
    expect(lines.filter((line) => line.includes('append term 1')).length).toBe(3)
  })
})

describe('Leadership transfer extension (3.10)', () => {
  it('the prior leader stops accepting new client requests', () => {
    const { node, opening } = leader()
    node.on({ kind: 'transfer', target: 2 as Seat })
    expect(canPropose(node.state)).toBeNull()
    expect(node.on(draft(opening, 1))).toEqual(['returned 1'])
  })

  it("the prior leader fully updates the target server's log to match its own", () => {
    const { node, opening } = leader()
    expect(node.on({ kind: 'transfer', target: 2 as Seat }).join()).not.toContain('timeoutNow')
    expect(node.receive(2, reply(opening, { term: 1 }))).toContain('send 2 timeoutNow term 1 to 2')
  })

  it("TimeoutNow has the same effect as the target server's election timer firing: it starts a new election", () => {
    const transfer = group.transferNotice(1, { by: 0, target: 3 })
    expect(follower().receive(0, { kind: 'timeoutNow', transfer })).toContain(
      'roleChanged candidate term 2 leader none',
    )
  })

  it("the target's next message will include its new term number, causing the prior leader to step down", () => {
    const { node, opening } = leader()
    node.on({ kind: 'transfer', target: 2 as Seat })
    const request = voteRequest(2, opening, {
      headers: signedHeaders(opening),
      leaderCert: [...node.state.leaderCerts.values()][0] ?? null,
      transfer: group.transferNotice(1, { by: 0, target: 2 }),
    })
    expect(node.receive(2, request)[0]).toBe('roleChanged follower term 2 leader none')
  })

  it('if it does not complete after about an election timeout, the prior leader aborts and resumes', () => {
    const { node } = leader()
    node.on({ kind: 'transfer', target: 2 as Seat })
    expect(node.on({ kind: 'timeout', timer: 'transfer' })).toEqual(['transferFailed timeout'])
    expect(canPropose(node.state)).not.toBeNull()
  })
})

describe('Disruptive servers (4.2.3)', () => {
  it('if a server receives a RequestVote within the minimum election timeout of hearing from a leader, it does not update its term or grant its vote', () => {
    const node = follower()
    expect(node.receive(1, voteRequest(9, a1, shown))).toEqual([])
    expect(node.state.term).toBe(1)
  })

  it('the transfer mechanism conveys a flag that permits to disrupt the leader', () => {
    const transfer = group.transferNotice(1, { by: 0, target: 1 })
    expect(follower().receive(1, voteRequest(2, a1, { ...shown, transfer }))).toContain('send 1 vote term 2 for 1')
  })
})

describe('Routing requests to the leader (6.2)', () => {
  it('a leader steps down if an election timeout elapses without a successful round of heartbeats to a majority', () => {
    const { node } = leader()
    node.on({ kind: 'timeout', timer: 'quorum' })
    expect(node.on({ kind: 'timeout', timer: 'quorum' })[0]).toBe('roleChanged follower term 1 leader none')
  })

  it('clients of a deposed leader retry elsewhere: what it can no longer propose is given back', () => {
    const { node, opening } = leader()
    node.on({ kind: 'timeout', timer: 'quorum' })
    node.on({ kind: 'timeout', timer: 'quorum' })
    expect(node.on(draft(opening, 2))).toEqual(['returned 2'])
  })
})

describe('Processing read-only queries more efficiently (6.4)', () => {
  it('a read needs a round of messages with a quorum that begins after the read', () => {
    const node = follower()
    expect(node.on({ kind: 'readIndex', id: 1 }).filter((line) => line.startsWith('send')).length).toBe(3)
    const answer = { kind: 'readIndexAnswer', id: 0, lastAck: null } as const
    for (const member of [0, 1, 2]) expect(node.receive(member, answer)).toEqual([])
  })

  it('the state machine must advance at least as far as the read index', () => {
    const node = follower()
    node.on({ kind: 'readIndex', id: 1 })
    const lastAck = signedHeaders(a1)[0] ?? null
    for (const member of [1, 2]) node.receive(member, { kind: 'readIndexAnswer', id: 1, lastAck })
    const commit = append(cert1, { previous: positionOfBlock(a1), commitCert: group.commitCert(a1) })
    expect(node.receive(0, commit)).toContain('readReady 1 at 1')
  })

  it('followers can help to serve reads without stale data', () => {
    const node = follower()
    node.receive(0, append(cert1, { previous: positionOfBlock(a1), commitCert: group.commitCert(a1) }))
    node.on({ kind: 'readIndex', id: 1 })
    node.receive(1, { kind: 'readIndexAnswer', id: 1, lastAck: null })
    expect(node.receive(2, { kind: 'readIndexAnswer', id: 1, lastAck: null })).toEqual(['readReady 1 at 1'])
  })
})

describe('Preventing disruptions when a server rejoins the cluster (9.6)', () => {
  it('in PreVote a candidate only increments its term if it first learns that a quorum would grant their votes', () => {
    const node = new Node(group, { self: 3 })
    for (let timeout = 0; timeout < 50; timeout++) node.on({ kind: 'timeout', timer: 'election' })
    expect(node.state.term).toBe(0)
    expect(node.state.signState).toEqual(EMPTY_SIGN_STATE)
    expect(node.stand()).toContain('roleChanged candidate term 1 leader none')
  })

  it('servers would grant it only if its log is sufficiently up to date', () => {
    const node = follower()
    node.missLeader()
    expect(node.receive(1, preVoteRequest(2, genesis)).join()).not.toContain('preVote term')
    expect(node.receive(1, preVoteRequest(2, a1, shown))).toContain('send 1 preVote term 2')
  })

  it('and only if they have not received heartbeats from a valid leader for at least a baseline election timeout', () => {
    const node = follower()
    expect(node.receive(1, preVoteRequest(2, a1, shown))).toEqual(['setTimer askers 2000'])
    node.missLeader()
    expect(node.receive(1, preVoteRequest(2, a1, shown))).toEqual(['send 1 preVote term 2'])
  })
})
