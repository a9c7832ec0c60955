import { describe, expect, it } from 'vitest'
import { createTransaction } from './fakes.test-support.ts'
import { append, Group, genesis, Node, positionOfBlock, voteRequest } from './node.test-support.ts'

const group = new Group(4)
const cert1 = group.leaderCert(1, { leader: 0, tip: genesis })
const a1 = group.block(cert1, genesis)
const a2 = group.block(cert1, a1)
const a3 = group.block(cert1, a2)
const onGenesis = positionOfBlock(genesis)

/** Follows member 0 in term 1, with a1 stored and acked. */
function follower(): Node {
  const node = new Node(group, { self: 3 })
  node.store(0, append(cert1, { previous: onGenesis, blocks: [a1] }), [a1])
  return node
}

describe('onAppend()', () => {
  it('follows whoever shows a LeaderCert of a higher term, and answers its heartbeat', () => {
    expect(new Node(group, { self: 3 }).receive(0, append(cert1, { previous: onGenesis }))).toEqual([
      'persistLeaderCert term 1 of 0',
      'roleChanged follower term 1 leader 0',
      'setTimer election 1000',
      'send 0 appendReply term 1 matched 0 certified 0 acks []',
    ])
  })

  it('asks for the execution of new blocks in order, and answers when it is done', () => {
    const node = new Node(group, { self: 3 })
    expect(node.receive(0, append(cert1, { previous: onGenesis, blocks: [a1, a2] }))).toEqual([
      'persistLeaderCert term 1 of 0',
      'roleChanged follower term 1 leader 0',
      'setTimer election 1000',
      'execute 1/1',
      'execute 1/2',
    ])
    expect(node.executed(a1)).toEqual([
      'persistBlock 1/1',
      'moveTip 1',
      'persistSignState term 1 vote none promise none ack 1/1',
      'send 0 appendReply term 1 matched 1 certified 0 acks [1]',
    ])
    expect(node.executed(a2)).toEqual([
      'persistBlock 1/2',
      'moveTip 2',
      'persistSignState term 1 vote none promise none ack 1/2',
      'send 0 appendReply term 1 matched 2 certified 0 acks [2]',
    ])
  })

  it('repeats its standing acks in answer to a heartbeat', () => {
    expect(follower().receive(0, append(cert1, { previous: positionOfBlock(a1) }))).toEqual([
      'setTimer election 1000',
      'send 0 appendReply term 1 matched 1 certified 0 acks [1]',
    ])
  })

  it('says what it has when the previous block is missing', () => {
    expect(follower().receive(0, append(cert1, { previous: positionOfBlock(a2), blocks: [a3] }))).toEqual([
      'setTimer election 1000',
      'send 0 appendReply term 1 missing 1 certified 0 acks []',
    ])
  })

  it('does not follow a leader without LeaderCert', () => {
    const node = new Node(group, { self: 3 })
    const message = append(cert1, { previous: onGenesis, leaderCerts: [], blocks: [a1] })
    expect(node.receive(0, message)).toEqual(['send 0 appendReply term 1 unknownLeader 0 certified 0 acks []'])
  })

  it('does not follow a leader whose LeaderCert has one signature too few', () => {
    const short = { ...cert1, signatures: cert1.signatures.slice(1) }
    const message = append(short, { previous: onGenesis })
    expect(new Node(group, { self: 3 }).receive(0, message)).toEqual(['misbehaviour of 0: badCertificate'])
  })

  it("names a member that speaks under another member's LeaderCert", () => {
    const message = append(cert1, { previous: onGenesis })
    expect(new Node(group, { self: 3 }).receive(1, message).at(-1)).toBe('misbehaviour of 1: foreignStatement')
  })

  it('tells a leader of an old term the present one', () => {
    const node = follower()
    node.missLeader()
    node.receive(1, voteRequest(2, genesis))
    expect(node.receive(0, append(cert1, { previous: onGenesis }))).toEqual(['send 0 staleTerm 2 cert none'])
  })

  it('commits by certificate', () => {
    const message = append(cert1, { previous: positionOfBlock(a1), commitCert: group.commitCert(a1) })
    expect(follower().receive(0, message)).toEqual([
      'setTimer election 1000',
      'commit [1/1] dropped 0',
      'send 0 appendReply term 1 matched 1 certified 1 acks []',
    ])
  })

  it('commits nothing by a certificate with one signature too few', () => {
    const commitCert = group.commitCert(a1, [0, 1])
    expect(follower().receive(0, append(cert1, { previous: positionOfBlock(a1), commitCert }))).toEqual([
      'setTimer election 1000',
      'misbehaviour of 0: badCertificate',
      'send 0 appendReply term 1 matched 1 certified 0 acks [1]',
    ])
  })

  it('keeps a certificate until its block is executed', () => {
    const node = follower()
    const message = append(cert1, { previous: positionOfBlock(a1), blocks: [a2], commitCert: group.commitCert(a2) })
    expect(node.receive(0, message)).toEqual(['setTimer election 1000', 'execute 1/2'])
    expect(node.executed(a2)).toEqual([
      'persistBlock 1/2',
      'moveTip 2',
      'commit [1/1 1/2] dropped 0',
      'send 0 appendReply term 1 matched 2 certified 2 acks []',
    ])
  })

  it('asks for block sync, once, when a certificate is on a block that it does not have', () => {
    const node = follower()
    const message = append(cert1, { previous: positionOfBlock(a3), commitCert: group.commitCert(a3) })
    expect(node.receive(0, message)).toEqual([
      'setTimer election 1000',
      'needSync from 0 at 1',
      'send 0 appendReply term 1 missing 1 certified 0 acks []',
    ])
    expect(node.receive(0, message)).not.toContain('needSync from 0 at 1')
  })

  it('acks nothing of a block that execution refuses, nor of what stands on it', () => {
    const node = new Node(group, { self: 3 })
    node.receive(0, append(cert1, { previous: onGenesis, blocks: [a1, a2] }))
    const verdict = { kind: 'invalid', reason: 'STATE_ROOT' } as const
    expect(node.on({ kind: 'executed', blockHash: a1.hash, verdict })).toEqual(['invalidBlock 1 of 0: STATE_ROOT'])
    expect(node.executed(a2)).toEqual([])
    expect(node.receive(0, append(cert1, { previous: positionOfBlock(a2), blocks: [a3] }))).toEqual([
      'setTimer election 1000',
      'send 0 appendReply term 1 matched 0 certified 0 acks []',
    ])
  })

  it('stops for good when a quorum has certified what execution refuses here', () => {
    const node = new Node(group, { self: 3 })
    node.receive(0, append(cert1, { previous: onGenesis, blocks: [a1] }))
    node.on({ kind: 'executed', blockHash: a1.hash, verdict: { kind: 'invalid', reason: 'STATE_ROOT' } })
    const lines = node.receive(0, append(cert1, { previous: onGenesis, commitCert: group.commitCert(a1) }))
    expect(lines.at(-1)).toBe('diverged at 1: a certified block fails execution here')
    expect(node.on({ kind: 'timeout', timer: 'election' })).toEqual([])
  })

  it('names an equivocating leader, and keeps its first block', () => {
    const node = follower()
    const twin = group.block(cert1, genesis, { timeMs: a1.header.timeMs + 1 })
    expect(node.receive(0, append(cert1, { previous: onGenesis, blocks: [twin] }))).toEqual([
      'setTimer election 1000',
      'evidence E1 against 0',
      'misbehaviour of 0: equivocation',
      'send 0 appendReply term 1 matched 1 certified 0 acks [1]',
    ])
  })

  it('takes in no empty block but the first of its term: it proves its leader guilty', () => {
    const node = follower()
    const empty = group.block(cert1, a1, { transactions: [] })
    expect(node.receive(0, append(cert1, { previous: positionOfBlock(a1), blocks: [empty] }))).toEqual([
      'setTimer election 1000',
      'evidence E7 against 0',
      'misbehaviour of 0: badChain',
      'send 0 appendReply term 1 matched 1 certified 0 acks [1]',
    ])
    expect(node.state.tree.entries.has(empty.hash)).toBe(false)
    const cert2 = group.leaderCert(2, { leader: 1, tip: a1 })
    const opening = group.block(cert2, a1, { transactions: [] })
    const message = append(cert2, { previous: positionOfBlock(a1), leaderCerts: [cert1, cert2], blocks: [opening] })
    expect(node.receive(1, message)).toContain('execute 2/2')
  })

  it('blames the sender for transactions that are not those of the header, and takes the true ones later', () => {
    const node = follower()
    const full = group.block(cert1, a1, { transactions: [createTransaction(7)] })
    const emptied = { ...full, transactions: [] }
    const previous = positionOfBlock(a1)
    expect(node.receive(0, append(cert1, { previous, blocks: [emptied] }))[1]).toBe('misbehaviour of 0: badBody')
    expect(node.receive(0, append(cert1, { previous, blocks: [full] }))).toContain('execute 1/2')
  })
})

describe('time', () => {
  it('does not take in a block further ahead than anybody will wait: nobody is to inherit it', () => {
    const node = new Node(group, { self: 3 })
    const farAhead = group.block(cert1, genesis, { timeMs: node.nowMs + 7_001 })
    expect(node.receive(0, append(cert1, { previous: onGenesis, blocks: [farAhead] })).at(-1)).toBe(
      'send 0 appendReply term 1 matched 0 certified 0 acks [] time refused',
    )
    expect(node.state.tree.entries.has(farAhead.hash)).toBe(false)
    node.nowMs += 2
    node.store(0, append(cert1, { previous: onGenesis, blocks: [farAhead] }), [farAhead])
    expect(node.state.tipHash).toBe(farAhead.hash)
  })

  it('holds the ack of a block from the future until it is due', () => {
    const node = new Node(group, { self: 3 })
    const early = group.block(cert1, genesis, { timeMs: node.nowMs + 6_000 })
    node.receive(0, append(cert1, { previous: onGenesis, blocks: [early] }))
    expect(node.executed(early)).toEqual([
      'persistBlock 1/1',
      'moveTip 1',
      'setTimer ack 1000',
      'send 0 appendReply term 1 matched 1 certified 0 acks []',
    ])
    node.nowMs += 1_000
    expect(node.on({ kind: 'timeout', timer: 'ack' })).toEqual([
      'persistSignState term 1 vote none promise none ack 1/1',
      'send 0 appendReply term 1 matched 1 certified 0 acks [1]',
    ])
  })

  it('stores a block that is too far in the past, does not ack it, and tells the leader', () => {
    const node = new Node(group, { self: 3 })
    node.nowMs += 10_000
    node.receive(0, append(cert1, { previous: onGenesis, blocks: [a1] }))
    expect(node.executed(a1)).toEqual([
      'persistBlock 1/1',
      'moveTip 1',
      'send 0 appendReply term 1 matched 1 certified 0 acks [] time refused',
    ])
  })

  it('does not look at the time of an inherited block', () => {
    const node = new Node(group, { self: 3 })
    node.nowMs += 10_000
    const cert2 = group.leaderCert(2, { leader: 1, tip: a1 })
    const b2 = group.block(cert2, a1, { timeMs: node.nowMs })
    const message = append(cert2, { previous: onGenesis, leaderCerts: [cert1, cert2], blocks: [a1, b2] })
    node.receive(1, message)
    expect(node.executed(a1)).toEqual([
      'persistBlock 1/1',
      'moveTip 1',
      'send 1 appendReply term 2 matched 1 certified 0 acks []',
    ])
    expect(node.executed(b2).at(-1)).toBe('send 1 appendReply term 2 matched 2 certified 0 acks [2]')
  })
})
