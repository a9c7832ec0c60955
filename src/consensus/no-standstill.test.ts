// What one liar, or a member that comes back, must not be able to do to those who follow the rules: stop them for good,
// fill their memory, or make them forget what they have seen.

import { describe, expect, it } from 'vitest'
import type { Block } from '../types/block.ts'
import type { Hash } from '../types/brand.ts'
import type { LeaderCert } from '../types/certificate.ts'
import { BRANCH_BLOCKS_MAX, LEADER_CERTS_MAX } from './limits.ts'
import { append, draft, Group, genesis, Node, positionOfBlock, reply, voteRequest } from './node.test-support.ts'

const group = new Group(4)
const cert1 = group.leaderCert(1, { leader: 0, tip: genesis })
const a1 = group.block(cert1, genesis)

describe('a leader that shows blocks without end, and no certificate', () => {
  it('fills no follower: its successor still opens, and so certifies all of it', () => {
    const node = new Node(group, { self: 3 })
    let tip = genesis
    for (let count = 0; count < BRANCH_BLOCKS_MAX + 50; count++) {
      const block: Block = group.block(cert1, tip)
      node.store(0, append(cert1, { previous: positionOfBlock(tip), blocks: [block] }), [block])
      tip = block
    }
    const stored = node.state.tree.entries.get(node.state.tipHash)?.block as Block
    expect(stored.header.height).toBe(BRANCH_BLOCKS_MAX + 1)
    const cert2 = group.leaderCert(2, { leader: 1, tip: stored })
    const opening = group.block(cert2, stored)
    node.receive(1, append(cert2, { previous: positionOfBlock(stored), blocks: [opening] }))
    expect(node.executed(opening).join()).toContain(`acks [${stored.header.height + 1}]`)
    const certified = append(cert2, {
      previous: positionOfBlock(opening),
      commitCert: group.commitCert(opening, [0, 1, 2]),
    })
    expect(node.receive(1, certified).join()).toContain('commit [')
    expect(node.state.certifiedHash).toBe(opening.hash)
  })
})

describe('a node that fetches certified blocks', () => {
  it('takes in a term that it has not heard of, whose leader has left the set since', () => {
    const without2 = group.next(1, { without: 2 })
    const m = group.block(cert1, genesis)
    const certified = { block: m, commitCert: group.commitCert(m) }
    const nextSetOf = (hash: Hash) => (hash === m.hash ? without2 : null)
    const node = new Node(group, { self: 3, restored: { certified, leaderCerts: [cert1], nextSetOf } })
    const cert9 = group.leaderCert(9, { leader: 2, tip: m })
    const last = group.block(cert9, m)
    const commitCert = group.commitCert(last)
    expect(node.receive(0, { kind: 'certified', commitCert })).toEqual(['needSync from 0 at 2'])
    node.on({ kind: 'synced', from: group.member(0), blocks: [last], leaderCerts: [cert9], commitCert })
    expect(node.executed(last, without2)).toContain('commit [9/2] dropped 0')
    expect(node.state.term).toBe(9)
  })

  it('takes nothing of a run that does not lead to its certificate', () => {
    const node = new Node(group, { self: 3 })
    const [stray, a2] = [group.block(cert1, genesis, { timeMs: genesis.header.timeMs + 77 }), group.block(cert1, a1)]
    const commitCert = group.commitCert(a2, [0, 1, 2])
    node.receive(0, append(cert1, { previous: positionOfBlock(a2), commitCert }))
    const lines = node.on({ kind: 'synced', from: group.member(1), blocks: [stray, a2], leaderCerts: [], commitCert })
    expect(lines).toEqual(['misbehaviour of 1: badChain'])
    expect(node.state.tree.entries.size).toBe(1)
  })
})

describe('a mere word for a higher term', () => {
  it('takes no follower away from the leader that it hears', () => {
    const node = new Node(group, { self: 3 })
    node.receive(0, append(cert1, { previous: positionOfBlock(genesis) }))
    expect(node.receive(2, { kind: 'staleTerm', term: group.term(700), leaderCert: null })).toEqual([])
    expect(node.state.term).toBe(1)
  })
})

describe('a follower that comes back with less than it had', () => {
  it('is shown the certificate again: the last one need not have been on its disk', () => {
    const node = new Node(group, { self: 0 })
    node.stand()
    const vote = group.vote(1, { candidate: 0, tip: genesis })
    for (const member of [1, 2]) node.receive(member, group.signedVote(vote, member))
    node.on(draft(genesis, 0))
    const opening = node.state.tree.entries.get(node.state.tipHash)?.block as Block
    for (const member of [1, 2]) {
      node.receive(
        member,
        reply(opening, { term: 1, acks: [group.ack(opening, member)], certified: positionOfBlock(opening) }),
      )
    }
    expect(node.state.certifiedHash).toBe(opening.hash)
    const heartbeat = (): string | undefined =>
      node.on({ kind: 'timeout', timer: 'heartbeat' }).find((line) => line.startsWith('send 1 append'))
    node.receive(1, reply(opening, { term: 1, certified: positionOfBlock(opening) }))
    expect(heartbeat()).toContain('commit none')
    node.receive(1, reply(opening, { term: 1, certified: positionOfBlock(genesis) }))
    expect(heartbeat()).toContain('commit 1')
  })
})

describe('a linearizable read', () => {
  it('does not wait for a block of a leader that nobody elected', () => {
    const node = new Node(group, { self: 3 })
    node.on({ kind: 'readIndex', id: 7 })
    const nobody = { ...cert1, term: group.term(900), candidate: group.member(2) }
    const { header, signature } = group.block(nobody, genesis)
    node.receive(2, { kind: 'readIndexAnswer', id: 7, lastAck: { header, signature } })
    node.receive(0, { kind: 'readIndexAnswer', id: 7, lastAck: null })
    expect(node.receive(1, { kind: 'readIndexAnswer', id: 7, lastAck: null })).toEqual(['readReady 7 at 0'])
  })
})

describe('a voter', () => {
  it('takes no term from a CommitCert that is not the one of its block', () => {
    const node = new Node(group, { self: 3 })
    node.store(0, append(cert1, { previous: positionOfBlock(genesis), blocks: [a1] }), [a1])
    node.missLeader()
    const later = { ...a1, header: { ...a1.header, term: group.term(6) } }
    const cert6 = group.leaderCert(6, { leader: 2, tip: genesis })
    const request = voteRequest(7, later, { commitCert: group.commitCert(later), leaderCert: cert6 })
    expect(node.receive(2, request)).toContain('misbehaviour of 2: badChain')
  })
})

describe('what is kept', () => {
  it('of LeaderCerts is bounded, however many are valid', () => {
    const node = new Node(group, { self: 3 })
    for (let term = 1; term <= LEADER_CERTS_MAX + 50; term++) {
      const certificate = group.leaderCert(term, { leader: 0, tip: genesis })
      node.receive(0, append(certificate, { previous: positionOfBlock(genesis) }))
    }
    expect(node.state.leaderCerts.size).toBeLessThanOrEqual(LEADER_CERTS_MAX)
    expect(node.state.leaderCerts.get(node.state.leaderCertHash as Hash)?.term).toBe(LEADER_CERTS_MAX + 50)
  })

  it('of inherited blocks is one chain a leader', () => {
    const node = new Node(group, { self: 3 })
    const twins = Array.from({ length: 40 }, (_, i) =>
      group.block(cert1, genesis, { timeMs: genesis.header.timeMs + 20 + i }),
    )
    const leaderCerts = [cert1, group.leaderCert(2, { leader: 1, tip: twins[0] as Block, signers: [0, 1, 2] })]
    const shown = { ...append(leaderCerts[1] as LeaderCert, { previous: positionOfBlock(genesis) }), leaderCerts }
    for (const block of twins) node.receive(1, { ...shown, blocks: [block] })
    expect(node.state.tree.entries.size).toBe(2)
    expect(node.receive(1, { ...shown, blocks: [twins[1] as Block] })).toContain('misbehaviour of 1: badChain')
    // What goes on from there is taken in.
    const next = group.block(leaderCerts[1] as LeaderCert, twins[0] as Block)
    node.receive(1, { ...shown, previous: positionOfBlock(twins[0] as Block), blocks: [next] })
    expect(node.state.tree.entries.has(next.hash)).toBe(true)
  })

  it('as a witness is not pushed out by words for terms to come', () => {
    const node = new Node(group, { self: 3 })
    for (let count = 0; count < 200; count++) node.receive(2, group.promise(1_000_000_000 + count, 2))
    const twin = group.block(cert1, genesis, { timeMs: genesis.header.timeMs + 77 })
    node.receive(0, append(cert1, { previous: positionOfBlock(genesis), blocks: [a1] }))
    const lines = node.receive(0, append(cert1, { previous: positionOfBlock(genesis), blocks: [twin] }))
    expect(lines).toContain('evidence E1 against 0')
  })
})
