import { describe, expect, it } from 'vitest'
import type { Seat } from '../types/brand.ts'
import { promiseMessage } from '../types/signing.ts'
import { createSettings, signAs } from './fakes.test-support.ts'
import { append, Group, genesis, Node, positionOfBlock, tipOfBlock } from './node.test-support.ts'
import { ackIn, isCovered, type SignedStatement, statementsBeyond, voteIn } from './own-statements.ts'
import { EMPTY_SIGN_STATE, type SignState } from './sign-state.ts'

const group = new Group(4)
const self = 3 as Seat
const cert1 = group.leaderCert(1, { leader: 3, tip: genesis, signers: [1, 2, 3] })
const a1 = group.block(cert1, genesis)
const a2 = group.block(cert1, a1)
const cert2 = group.leaderCert(2, { leader: 0, tip: a1, signers: [0, 1, 3] })
const b2 = group.block(cert2, a1)

const header = (block: typeof a1): SignedStatement => ({
  kind: 'header',
  header: block.header,
  signature: block.signature,
})
const ack = (block: typeof a1): SignedStatement => ({ kind: 'ack', member: self, ...group.ack(block, self) })
const [vote1] = voteIn(cert1, self) as [SignedStatement & { kind: 'vote' }]
const [vote2] = voteIn(cert2, self) as [SignedStatement & { kind: 'vote' }]
const promiseOf = (lastAck: typeof a1 | null): SignedStatement & { kind: 'promise' } => {
  const promise = { ...vote1.vote, term: group.term(2), lastAck: lastAck === null ? null : tipOfBlock(lastAck) }
  const { chainId, epoch, term } = promise
  const said = { chainId, epoch, term, lastAck: promise.lastAck }
  return { kind: 'promise', member: self, promise: said, signature: signAs(group.set, self)(promiseMessage(said)) }
}

const led: SignState = {
  ...EMPTY_SIGN_STATE,
  term: group.term(1),
  vote: vote1.vote,
  promise: null,
  lastAck: tipOfBlock(a2),
}

describe('isCovered()', () => {
  it('nothing is covered by a sign-state that knows nothing', () => {
    for (const statement of [header(a1), ack(a1), vote1, promiseOf(null)]) {
      expect(isCovered(EMPTY_SIGN_STATE, statement)).toBe(false)
    }
  })

  it('an ack is covered by the last one, by any later height of its term, and by any later term', () => {
    expect(isCovered(led, ack(a2))).toBe(true)
    expect(isCovered(led, ack(a1))).toBe(true)
    expect(isCovered({ ...led, lastAck: tipOfBlock(b2) }, ack(a2))).toBe(true)
    expect(isCovered({ ...led, lastAck: tipOfBlock(a1) }, ack(a2))).toBe(false)
    expect(isCovered(led, ack(b2))).toBe(false)
  })

  it('an ack of another block in the same place is not', () => {
    const twin = group.block(cert1, a1, { timeMs: a2.header.timeMs + 1 })
    expect(isCovered(led, ack(twin))).toBe(false)
  })

  it("a leader's own header counts as its ack", () => {
    expect(isCovered(led, header(a2))).toBe(true)
    expect(isCovered({ ...led, lastAck: tipOfBlock(a1) }, header(a2))).toBe(false)
    expect(isCovered(led, header(group.block(cert1, a1, { timeMs: a2.header.timeMs + 1 })))).toBe(false)
  })

  it('of votes there is one text a term', () => {
    expect(isCovered(led, vote1)).toBe(true)
    expect(isCovered(led, vote2)).toBe(false)
    expect(isCovered({ ...led, vote: vote2.vote }, vote1)).toBe(true)
    const other = { ...vote1, vote: { ...vote1.vote, candidate: 0 as Seat } }
    expect(isCovered(led, other)).toBe(false)
  })

  it('of promises too', () => {
    const made = promiseOf(a2)
    expect(isCovered({ ...led, promise: made.promise }, made)).toBe(true)
    expect(isCovered({ ...led, promise: made.promise }, promiseOf(null))).toBe(false)
    expect(isCovered({ ...led, promise: { ...made.promise, term: group.term(3) } }, promiseOf(null))).toBe(true)
  })
})

describe('statementsBeyond()', () => {
  const verifier = { ...createSettings(group.set, self), setOf: () => group.set }
  const beyond = (...statements: SignedStatement[]) =>
    statementsBeyond(EMPTY_SIGN_STATE, { seat: self, statements, verifier })

  it('finds what the sign-state does not cover, in whatever order it comes', () => {
    const { signState } = new Node(group, { self }).state
    expect(signState).toEqual(EMPTY_SIGN_STATE)
    expect(beyond(header(a1), ack(b2), vote2, promiseOf(a1))).toHaveLength(4)
    expect(statementsBeyond(led, { seat: self, statements: [ack(a1), vote2, header(a2)], verifier })).toEqual([vote2])
  })

  it('takes nothing from others for its own, and nothing that its key has not signed', () => {
    const forged = Uint8Array.from(vote1.signature)
    forged[0] = (forged[0] as number) ^ 1
    expect(beyond({ ...vote1, signature: forged })).toEqual([])
    expect(beyond({ ...vote1, member: 1 as Seat })).toEqual([])
    expect(beyond(header(b2))).toEqual([])
    const elsewhere = { ...vote1, vote: { ...vote1.vote, chainId: vote1.vote.tip.hash } }
    expect(beyond(elsewhere)).toEqual([])
  })

  it('reads acks and votes out of certificates', () => {
    expect(beyond(...ackIn(group.commitCert(b2, [0, 1, 3]), self))).toEqual([ack(b2)])
    expect(ackIn(group.commitCert(b2, [0, 1, 2]), self)).toEqual([])
    expect(voteIn(group.leaderCert(1, { leader: 0, tip: genesis }), self)).toEqual([])
  })
})

describe('a core', () => {
  it('falls silent for good when a member shows what it does not know to have signed', () => {
    const node = new Node(group, { self })
    const shown = append(cert2, {
      previous: positionOfBlock(genesis),
      blocks: [a1, b2],
      leaderCerts: [cert1, cert2],
    })
    expect(node.receive(0, shown)).toEqual(['silenced by a header'])
    expect(node.receive(0, shown)).toEqual([])
    expect(node.on({ kind: 'timeout', timer: 'election', isWorkWaiting: true })).toEqual([])
    expect(node.state.signState).toEqual(EMPTY_SIGN_STATE)
  })

  it('goes on when all that is shown is its own, and known', () => {
    const node = new Node(group, { self, restored: { signState: { ...led, vote: vote2.vote, term: group.term(2) } } })
    const shown = append(cert2, {
      previous: positionOfBlock(genesis),
      blocks: [a1, b2],
      leaderCerts: [cert1, cert2],
    })
    expect(node.receive(0, shown)).toContain('execute 1/1')
  })

  it('is not silenced by forgeries', () => {
    const node = new Node(group, { self })
    const forged = {
      ...cert2,
      signatures: cert2.signatures.map((each) => ({ ...each, signature: new Uint8Array(64) })),
    }
    const shown = append(forged, { previous: positionOfBlock(genesis), leaderCerts: [forged] })
    expect(node.receive(0, shown)).toEqual(['misbehaviour of 0: badCertificate'])
  })
})
