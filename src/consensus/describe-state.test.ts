import { describe, expect, it } from 'vitest'
import type { Block } from '../types/block.ts'
import { describeState } from './describe-state.ts'
import { append, draft, Group, genesis, Node, positionOfBlock, reply } from './node.test-support.ts'

const group = new Group(4)

function leader(): { node: Node; propose: (parent: Block) => Block } {
  const node = new Node(group, { self: 0 })
  node.stand()
  node.receive(1, group.signedVote(group.vote(1, { candidate: 0, tip: genesis }), 1))
  node.receive(3, group.signedVote(group.vote(1, { candidate: 0, tip: genesis }), 3))
  const propose = (parent: Block): Block => {
    node.on(draft(parent, 1))
    return node.state.tree.entries.get(node.state.tipHash)?.block as Block
  }
  return { node, propose }
}

describe('describeState()', () => {
  it('names who elected the leader, and who is not in the certificate', () => {
    const { node } = leader()
    expect(describeState(node.state)).toMatchObject({
      role: 'leader',
      term: 1,
      leader: 0,
      election: { term: 1, winner: 0, signed: [0, 1, 3], missing: [2], tip: { height: 0 } },
      commitCert: null,
    })
  })

  it('shows a candidate who has voted for it so far', () => {
    const node = new Node(group, { self: 2 })
    node.stand()
    node.receive(1, group.signedVote(group.vote(1, { candidate: 2, tip: genesis }), 1))
    expect(describeState(node.state)).toMatchObject({
      role: 'candidate',
      leader: null,
      election: null,
      candidacy: { signed: [1, 2], missing: [0, 3] },
      signState: { vote: { term: 1, candidate: 2 } },
    })
  })

  it('shows the leader whose ack a block waits for, and whose signature the certificate lacks', () => {
    const { node, propose } = leader()
    const first = propose(genesis)
    const second = propose(first)
    node.receive(1, reply(first, { term: 1, acks: [group.ack(first, 1)] }))
    expect(describeState(node.state).waiting).toMatchObject([
      { height: 1, transactions: 1, acks: { signed: [0, 1], missing: [2, 3] } },
      { height: 2, hash: second.hash, acks: { signed: [0], missing: [1, 2, 3] } },
    ])
    node.receive(3, reply(first, { term: 1, acks: [group.ack(first, 3)] }))
    expect(describeState(node.state)).toMatchObject({
      certified: { height: 1 },
      commitCert: { height: 1, signed: [0, 1, 3], missing: [2] },
      waiting: [{ height: 2 }],
    })
  })

  it('shows the leader how far each follower is, and what is wrong with it', () => {
    const { node, propose } = leader()
    const first = propose(genesis)
    const stray = group.block(group.leaderCert(1, { leader: 2, tip: genesis }), genesis)
    node.receive(1, reply(first, { term: 1, timeRefused: true }))
    node.receive(2, reply(stray, { term: 1, status: 'missing', certified: positionOfBlock(stray) }))
    node.on({ kind: 'peerDisconnected', member: node.state.settings.self })
    node.on({ kind: 'peerDisconnected', member: group.member(3) })
    expect(describeState(node.state).followers).toMatchObject([
      { seat: 1, matchHeight: 1, timeRefused: true, behind: false, connected: true, hasAnswered: true },
      { seat: 2, behind: true, hasAnswered: true },
      { seat: 3, matchHeight: 0, connected: false, hasAnswered: false },
    ])
  })

  it('knows on a follower of no acks but its own', () => {
    const node = new Node(group, { self: 1 })
    const certificate = group.leaderCert(1, { leader: 0, tip: genesis, signers: [0, 2, 3] })
    const block = group.block(certificate, genesis)
    node.store(0, append(certificate, { previous: positionOfBlock(genesis), blocks: [block] }), [block])
    expect(describeState(node.state)).toMatchObject({
      role: 'follower',
      leader: 0,
      followers: null,
      waiting: [{ height: 1, acks: null }],
      signState: { lastAck: { height: 1, hash: block.hash } },
      ackStanding: 'binding',
    })
  })

  it('is a copy: what happens later does not change it', () => {
    const { node, propose } = leader()
    const first = propose(genesis)
    const before = describeState(node.state)
    const text = JSON.stringify(before)
    node.receive(1, reply(first, { term: 1, acks: [group.ack(first, 1)] }))
    propose(first)
    expect(JSON.stringify(before)).toBe(text)
  })
})
