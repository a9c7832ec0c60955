// What liars arrange so that an honest node would sign something that convicts it, or stop for good.

import { describe, expect, it } from 'vitest'
import type { Epoch } from '../types/brand.ts'
import type { LeaderCert } from '../types/certificate.ts'
import { canPropose } from './can-propose.ts'
import { createSet } from './fakes.test-support.ts'
import { append, Group, genesis, Node, positionOfBlock, signedHeaders, voteRequest } from './node.test-support.ts'

const group = new Group(4)
const cert1 = group.leaderCert(1, { leader: 0, tip: genesis })
const a1 = group.block(cert1, genesis)
const a2 = group.block(cert1, a1)
const a3 = group.block(cert1, a2)

describe('whoever stands for election', () => {
  /** Member 3 with a1 and a2; a3 arrived, and is executed only while it stands. */
  function candidate(): Node {
    const node = new Node(group, { self: 3 })
    node.store(0, append(cert1, { previous: positionOfBlock(genesis), blocks: [a1, a2] }), [a1, a2])
    node.receive(0, append(cert1, { previous: positionOfBlock(a2), blocks: [a3] }))
    node.stand()
    expect(node.state.role.kind).toBe('candidate')
    node.executed(a3)
    return node
  }
  it('opens its term on the tip that its votes are for, whatever is executed and certified meanwhile (E5)', () => {
    const node = candidate()
    node.receive(1, { kind: 'certified', commitCert: group.commitCert(a1) })
    expect(node.state.certifiedHash).toBe(a1.hash)
    const vote = group.vote(2, { candidate: 3, tip: a2 })
    for (const member of [1, 2]) node.receive(member, group.signedVote(vote, member))
    expect(canPropose(node.state)?.parentHash).toBe(a2.hash)
  })

  it('keeps that tip as a leader that has not opened its term yet', () => {
    const node = candidate()
    const vote = group.vote(2, { candidate: 3, tip: a2 })
    for (const member of [1, 2]) node.receive(member, group.signedVote(vote, member))
    node.receive(1, { kind: 'certified', commitCert: group.commitCert(a1) })
    expect(node.state.certifiedHash).toBe(a1.hash)
    expect(canPropose(node.state)?.parentHash).toBe(a2.hash)
  })
})

describe('a voter', () => {
  it('elects nobody on a term that validators of long ago have opened (E5)', () => {
    const later = new Group({ ...createSet(4), epoch: 2 as Epoch })
    const before = later.leaderCert(1, { leader: 0, tip: genesis })
    const head = later.block(before, genesis)
    const commitCert = later.commitCert(head)
    const restored = { certified: { block: head, commitCert }, leaderCerts: [before] }
    const node = new Node(later, { self: 3, restored })
    node.state.epochs.set(0 as Epoch, createSet(1))
    // Alone it was a quorum once.
    const founder = new Group(1).leaderCert(5, { leader: 0, tip: head })
    const stray = later.block(founder, head)
    const shown = { epoch: 2 as Epoch, commitCert, headers: signedHeaders(stray), leaderCert: founder }
    expect(node.receive(0, voteRequest(6, stray, shown))).toContain('misbehaviour of 0: badChain')
    const lawful = later.leaderCert(5, { leader: 0, tip: head })
    const block = later.block(lawful, head)
    const request = voteRequest(7, block, { ...shown, headers: signedHeaders(block), leaderCert: lawful })
    expect(node.receive(0, request)).toContain('send 0 vote term 7 for 0')
  })

  const misnamed: [string, Partial<LeaderCert['tip']>][] = [
    ['height', { height: group.height(7) }],
    ['term', { term: group.term(0) }],
  ]
  for (const [field, change] of misnamed) {
    it(`elects nobody on a term whose LeaderCert names another ${field} than that of the parent (E5)`, () => {
      const strange = group.leaderCert(2, { leader: 1, tip: { ...a1, header: { ...a1.header, ...change } } })
      const b2 = group.block(strange, a1)
      const request = voteRequest(3, b2, { headers: signedHeaders(a1, b2), leaderCert: strange })
      expect(new Node(group, { self: 3 }).receive(1, request)).toContain('misbehaviour of 1: badChain')
    })
  }
})
