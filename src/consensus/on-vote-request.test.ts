import { describe, expect, it } from 'vitest'
import type { Block } from '../types/block.ts'
import type { LeaderCert } from '../types/certificate.ts'
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
import { EMPTY_SIGN_STATE } from './sign-state.ts'

const group = new Group(4)
const cert1 = group.leaderCert(1, { leader: 0, tip: genesis })
const a1 = group.block(cert1, genesis)
const a2 = group.block(cert1, a1)
const twin2 = group.block(cert1, a1, { timeMs: a1.header.timeMs + 99 })

/** Member 3, which has acked a1 and a2 of term 1, and misses its leader since. */
function follower(): Node {
  const node = new Node(group, { self: 3 })
  node.store(0, append(cert1, { previous: positionOfBlock(genesis), blocks: [a1, a2] }), [a1, a2])
  node.missLeader()
  return node
}

const shown = (blocks: readonly Block[], leaderCert: LeaderCert = cert1) => ({
  headers: signedHeaders(...blocks),
  leaderCert,
})

describe('onVoteRequest()', () => {
  it('writes its vote to the sign-state before it sends it, and waits again', () => {
    expect(new Node(group, { self: 3 }).receive(1, voteRequest(1, genesis))).toEqual([
      'roleChanged follower term 1 leader none',
      'persistSignState term 1 vote 1 for 1 promise none ack none',
      'send 1 vote term 1 for 1',
      'setTimer election 1000',
      'setTimer vote 1000',
    ])
  })

  it('votes for the chain that it has acked', () => {
    expect(follower().receive(1, voteRequest(2, a2, shown([a1, a2])))).toEqual([
      'roleChanged follower term 2 leader none',
      'persistSignState term 2 vote 2 for 1 promise none ack 1/2',
      'send 1 vote term 2 for 1',
      'setTimer election 1000',
      'setTimer vote 1000',
    ])
  })

  it('neither votes nor joins the term while it hears its leader', () => {
    const node = new Node(group, { self: 3 })
    node.store(0, append(cert1, { previous: positionOfBlock(genesis), blocks: [a1, a2] }), [a1, a2])
    expect(node.receive(1, voteRequest(2, a2, shown([a1, a2])))).toEqual([])
    expect(node.state.term).toBe(1)
  })

  it('grants one vote a minimum election timeout, and joins no term for the rest', () => {
    const node = new Node(group, { self: 3 })
    node.receive(1, voteRequest(1, genesis))
    expect(node.receive(2, voteRequest(2, genesis))).toEqual([])
    expect(node.state.term).toBe(1)
    node.on({ kind: 'timeout', timer: 'vote' })
    expect(node.receive(2, voteRequest(2, genesis))).toContain('send 2 vote term 2 for 2')
  })

  it('repeats the same vote without writing it again', () => {
    const node = new Node(group, { self: 3 })
    node.receive(1, voteRequest(1, genesis))
    expect(node.receive(1, voteRequest(1, genesis))).toEqual(['send 1 vote term 1 for 1'])
  })

  it('says nothing to a second candidate of the term', () => {
    const node = new Node(group, { self: 3 })
    node.receive(1, voteRequest(1, genesis))
    expect(node.receive(2, voteRequest(1, genesis))).toEqual([])
  })

  it('promises, and votes for nobody, when the tip is lower than its last ack', () => {
    const node = follower()
    expect(node.receive(1, voteRequest(2, a1, shown([a1])))).toEqual([
      'roleChanged follower term 2 leader none',
      'persistSignState term 2 vote none promise 2 ack 1/2',
      'send 1 promise term 2 ack 1/2',
    ])
    expect(node.receive(1, voteRequest(2, a1, shown([a1])))).toEqual(['send 1 promise term 2 ack 1/2'])
  })

  it('may vote for another candidate after a promise', () => {
    const node = follower()
    node.receive(1, voteRequest(2, a1, shown([a1])))
    expect(node.receive(2, voteRequest(2, a2, shown([a1, a2])))).toContain('send 2 vote term 2 for 2')
  })

  it('refuses a tip of the term of its last ack that excludes the acked block', () => {
    const twin3 = group.block(cert1, twin2)
    const request = voteRequest(2, twin3, shown([a1, twin2, twin3]))
    expect(follower().receive(1, request)).toContain('send 1 promise term 2 ack 1/2')
  })

  it('votes for a later term than that of its last ack, whatever its height', () => {
    const cert2 = group.leaderCert(2, { leader: 1, tip: a1, signers: [0, 1, 2] })
    const b2 = group.block(cert2, a1)
    expect(follower().receive(1, voteRequest(3, b2, shown([a1, b2], cert2)))).toContain('send 1 vote term 3 for 1')
  })

  it('refuses a chain that lacks its certified head', () => {
    const node = follower()
    node.receive(0, append(cert1, { previous: positionOfBlock(a2), commitCert: group.commitCert(a2) }))
    node.missLeader()
    const cert2 = group.leaderCert(2, { leader: 1, tip: a1 })
    const b2 = group.block(cert2, a1)
    const b3 = group.block(cert2, b2)
    const request = voteRequest(3, b3, shown([a1, b2, b3], cert2))
    expect(node.receive(1, request)).toContain('send 1 promise term 3 ack 1/2')
  })

  it('commits by the certificate that the candidate shows, then votes', () => {
    const request = voteRequest(2, a2, { commitCert: group.commitCert(a2), headers: [], leaderCert: cert1 })
    expect(follower().receive(1, request)).toEqual([
      'roleChanged follower term 2 leader none',
      'commit [1/1 1/2] dropped 0',
      'persistSignState term 2 vote 2 for 1 promise none ack 1/2',
      'send 1 vote term 2 for 1',
      'setTimer election 1000',
      'setTimer vote 1000',
    ])
  })

  it('catches up before it votes when the shown certificate is beyond its blocks', () => {
    const request = voteRequest(2, a2, { commitCert: group.commitCert(a2), headers: [], leaderCert: cert1 })
    expect(new Node(group, { self: 3 }).receive(1, request)).toEqual([
      'roleChanged follower term 2 leader none',
      'needSync from 1 at 1',
    ])
  })

  it('tells a candidate of an old term the present one, with its LeaderCert', () => {
    expect(follower().receive(1, voteRequest(0, genesis))).toEqual(['send 1 staleTerm 1 cert 1'])
  })

  it('joins a term that is far ahead in strides of 1,000', () => {
    const node = new Node(group, { self: 3 })
    expect(node.receive(1, voteRequest(1_500, genesis))).toEqual(['roleChanged follower term 1000 leader none'])
    expect(node.receive(1, voteRequest(1_500, genesis))).toContain('send 1 vote term 1500 for 1')
  })

  it('votes for nobody who shows a Release that is none, and names him', () => {
    const request = voteRequest(1, genesis, { releases: [new Uint8Array(3)] })
    expect(new Node(group, { self: 3 }).receive(1, request)).toEqual([
      'roleChanged follower term 1 leader none',
      'misbehaviour of 1: badChain',
    ])
  })

  const cert2 = group.leaderCert(2, { leader: 1, tip: a1 })
  const b2 = group.block(cert2, a1)
  const emptyA2 = group.block(cert1, a1, { transactions: [] })
  const lies: [string, ReturnType<typeof voteRequest>][] = [
    [
      'a certificate with too few signatures',
      voteRequest(3, a2, { ...shown([a1, a2]), leaderCert: { ...cert1, signatures: cert1.signatures.slice(1) } }),
    ],
    [
      'a CommitCert on another block than it says',
      voteRequest(3, a2, { commitCert: { ...group.commitCert(a1), blockHash: a2.hash }, leaderCert: cert1 }),
    ],
    ['headers with a gap', voteRequest(3, a2, shown([a2]))],
    ['headers that do not end in its tip', voteRequest(3, a2, shown([a1]))],
    ['a tip of no earlier term', voteRequest(2, b2, shown([a1, b2], cert2))],
    ['an empty block that opens no term', voteRequest(3, emptyA2, shown([a1, emptyA2]))],
    ['no LeaderCert for its tip', voteRequest(3, a2, { headers: signedHeaders(a1, a2) })],
    ['the LeaderCert of another term', voteRequest(3, b2, shown([a1, b2], cert1))],
    [
      'a term that does not start at the tip of its LeaderCert',
      voteRequest(4, b2, shown([a1, b2], group.leaderCert(2, { leader: 1, tip: genesis }))),
    ],
    [
      'a header that its proposer has not signed',
      voteRequest(3, a2, {
        headers: [...signedHeaders(a1), { header: a2.header, signature: a1.signature }],
        leaderCert: cert1,
      }),
    ],
  ]
  for (const [what, request] of lies) {
    it(`names a candidate that shows ${what}`, () => {
      const node = new Node(group, { self: 3 })
      const lines = node.receive(1, request)
      expect(lines.at(-1)).toBe('misbehaviour of 1: badChain')
      expect(lines.filter((line) => line.startsWith('send'))).toEqual([])
      expect(node.state.signState).toEqual(EMPTY_SIGN_STATE)
    })
  }

  it('retries a split vote early, once', () => {
    const node = new Node(group, { self: 3 })
    node.stand()
    expect(node.receive(1, voteRequest(1, genesis))).toEqual(['setTimer election 1'])
    expect(node.receive(2, voteRequest(1, genesis))).toEqual([])
  })

  const certifiedAt2 = (lastAck: Block): Node =>
    new Node(group, {
      self: 3,
      restored: {
        certified: { block: a2, commitCert: group.commitCert(a2) },
        leaderCerts: [cert1],
        signState: { ...EMPTY_SIGN_STATE, term: lastAck.header.term, lastAck: tipOfBlock(lastAck) },
        certifiedHashAt: () => a2.hash,
      },
    })

  it('no longer counts an ack that was certified', () => {
    const request = voteRequest(2, a2, { commitCert: group.commitCert(a2), leaderCert: cert1 })
    expect(certifiedAt2(a2).receive(1, request)).toContain('send 1 vote term 2 for 1')
  })

  it('does not let go of a superseded ack for a tip of its term, but follows a later one', () => {
    const request = voteRequest(2, a2, { commitCert: group.commitCert(a2), leaderCert: cert1 })
    expect(certifiedAt2(twin2).receive(1, request)).toContain('send 1 promise term 2 ack 1/2')
    const cert2 = group.leaderCert(2, { leader: 1, tip: a2 })
    const b3 = group.block(cert2, a2)
    const later = { ...shown([b3], cert2), commitCert: group.commitCert(a2) }
    expect(certifiedAt2(twin2).receive(1, voteRequest(3, b3, later))).toContain('send 1 vote term 3 for 1')
  })
})
