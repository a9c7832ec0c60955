// What liars arrange so that an honest node would sign something that convicts it, or stop for good.

import { describe, expect, it } from 'vitest'
import type { Epoch, Seat } from '../types/brand.ts'
import type { LeaderCert } from '../types/certificate.ts'
import { hashReleases, voteMessage } from '../types/signing.ts'
import { canPropose } from './can-propose.ts'
import { convictE4 } from './evidence/e4.ts'
import { createSet, createSettings, signAsSeat } from './fakes.test-support.ts'
import {
  append,
  Group,
  genesis,
  Node,
  positionOfBlock,
  signedHeaders,
  tipOfBlock,
  voteRequest,
} from './node.test-support.ts'
import { encodeRelease } from './release.ts'

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

describe('a Release by the certificate of validators of long ago', () => {
  const later = new Group({ ...createSet(4), epoch: 2 as Epoch })
  const cert = later.leaderCert(1, { leader: 0, tip: genesis })
  const head = later.block(cert, genesis)
  const commitCert = later.commitCert(head)
  const [acked, twin] = [later.block(cert, head), later.block(cert, head, { timeMs: head.header.timeMs + 77 })]
  // Alone it was a quorum once, and still certifies what it likes.
  const founder = new Group(1)
  const forged = founder.commitCert({ ...twin, header: { ...twin.header, epoch: 0 as Epoch } })
  const releases = [encodeRelease({ kind: 'conflict', branch: tipOfBlock(acked), commitCert: forged, lineage: null })]

  it('frees no voter from its ack', () => {
    const node = new Node(later, { self: 3, restored: { certified: { block: head, commitCert }, leaderCerts: [cert] } })
    node.state.epochs.set(0 as Epoch, createSet(1))
    node.store(0, append(cert, { previous: positionOfBlock(head), blocks: [acked] }), [acked])
    node.missLeader()
    const shown = { epoch: 2 as Epoch, commitCert, headers: signedHeaders(twin), leaderCert: cert, releases }
    const lines = node.receive(1, voteRequest(2, twin, shown))
    expect(lines.some((line) => line.startsWith('send 1 promise term 2'))).toBe(true)
    expect(node.state.signState.vote).toBeNull()
  })

  it('excuses nobody who let go of an ack (E4)', () => {
    const member = 2 as Seat
    const { verify } = createSettings(later.set, 3)
    const setOf = (epoch: number) => (epoch === 2 ? later.set : createSet(1))
    const vote = { ...later.vote(2, { candidate: 1, tip: twin }), releasesHash: hashReleases(releases) }
    const word = { kind: 'vote', member, vote, signature: signAsSeat(2)(voteMessage(vote)) } as const
    const shown = releases.map((bytes) => ({ bytes, lineage: null }))
    const evidence = { ack: { member, ...later.ack(acked, 2) }, word, releases: shown, lineage: null }
    expect(convictE4(evidence, { chainId: vote.chainId, verify, setOf })).toEqual([2])
  })
})
