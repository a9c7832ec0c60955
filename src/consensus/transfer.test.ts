import { describe, expect, it } from 'vitest'
import type { Block } from '../types/block.ts'
import type { Seat } from '../types/brand.ts'
import { canPropose } from './can-propose.ts'
import type { Transfer } from './events.ts'
import {
  append,
  draft,
  Group,
  genesis,
  Node,
  positionOfBlock,
  reply,
  signedHeaders,
  voteRequest,
} from './node.test-support.ts'

const group = new Group(4)
const cert1 = group.leaderCert(1, { leader: 0, tip: genesis })
const a1 = group.block(cert1, genesis)
const to = (target: number | null): Transfer => ({ kind: 'transfer', target: target as Seat | null })

/** Member 0 leads term 1; member 2 has its opening block, the others have said nothing yet. */
function leader(): { node: Node; opening: Block } {
  const node = new Node(group, { self: 0 })
  node.stand()
  const vote = group.vote(1, { candidate: 0, tip: genesis })
  for (const member of [1, 2]) node.receive(member, group.signedVote(vote, member))
  node.on(draft(genesis, 0))
  const opening = node.state.tree.entries.get(node.state.tipHash)?.block as Block
  node.receive(2, reply(opening, { term: 1 }))
  return { node, opening }
}

/** Member 3, which follows member 0 and hears it. */
function follower(): Node {
  const node = new Node(group, { self: 3 })
  node.store(0, append(cert1, { previous: positionOfBlock(genesis), blocks: [a1] }), [a1])
  return node
}

describe('onTransfer()', () => {
  it('tells a member that has the whole chain to stand at once, and again at every heartbeat', () => {
    const { node } = leader()
    expect(node.on(to(2))).toEqual(['setTimer transfer 1000', 'send 2 timeoutNow term 1 to 2'])
    expect(node.on({ kind: 'timeout', timer: 'heartbeat' }).at(-1)).toBe('send 2 timeoutNow term 1 to 2')
  })

  it('brings the target up to date first, and proposes nothing meanwhile', () => {
    const { node, opening } = leader()
    expect(node.on(to(1))).toEqual(['setTimer transfer 1000'])
    expect(canPropose(node.state)).toBeNull()
    expect(node.on(draft(opening, 1))).toEqual(['returned 1'])
    expect(node.receive(1, reply(opening, { term: 1 }))).toEqual(['send 1 timeoutNow term 1 to 1'])
  })

  it('goes on as leader when the target has not taken over within a minimum election timeout', () => {
    const { node, opening } = leader()
    node.on(to(2))
    expect(node.on({ kind: 'timeout', timer: 'transfer' })).toEqual(['transferFailed timeout'])
    expect(canPropose(node.state)?.parentHash).toBe(opening.hash)
  })

  it('goes on as leader when the connection to the target closes', () => {
    const { node } = leader()
    node.on(to(2))
    expect(node.on({ kind: 'peerDisconnected', member: 2 as Seat })).toEqual(['transferFailed disconnected'])
    expect(canPropose(node.state)).not.toBeNull()
  })

  it('takes whoever has most of the chain and is connected, when nobody is named', () => {
    const { node, opening } = leader()
    node.receive(1, reply(genesis, { term: 1 }))
    node.receive(3, reply(opening, { term: 1 }))
    node.on({ kind: 'peerDisconnected', member: 2 as Seat })
    expect(node.on(to(null))).toContain('send 3 timeoutNow term 1 to 3')
  })

  it('says why it cannot', () => {
    expect(follower().on(to(1))).toEqual(['transferFailed notLeader'])
    const { node } = leader()
    expect(node.on(to(9))).toEqual(['transferFailed noTarget'])
    expect(node.on(to(0))).toEqual(['transferFailed noTarget'])
  })

  it('gives its own vote to the target, although it leads', () => {
    const { node, opening } = leader()
    node.on(to(2))
    const request = voteRequest(2, opening, {
      headers: signedHeaders(opening),
      leaderCert: [...node.state.leaderCerts.values()][0] ?? null,
      transfer: group.transferNotice(1, { by: 0, target: 2 }),
    })
    expect(node.receive(2, request)).toContain('send 2 vote term 2 for 2')
  })
})

describe('onTimeoutNow()', () => {
  const notice = group.transferNotice(1, { by: 0, target: 3 })

  it('stands for election at once, without pre-votes, and shows the notice', () => {
    expect(follower().receive(0, { kind: 'timeoutNow', transfer: notice })).toEqual([
      'setTimer election 1000',
      'persistSignState term 2 vote 2 for 3 promise none ack 1/1',
      'roleChanged candidate term 2 leader none',
      'setTimer heartbeat 150',
      'send 0 voteRequest term 2 tip 1/1 commit none [1/1] cert 1 handed over',
      'send 1 voteRequest term 2 tip 1/1 commit none [1/1] cert 1 handed over',
      'send 2 voteRequest term 2 tip 1/1 commit none [1/1] cert 1 handed over',
    ])
  })

  it('believes the present leader alone, about itself and the present term', () => {
    const toAnother = group.transferNotice(1, { by: 0, target: 2 })
    const forged = group.transferNotice(1, { by: 1, target: 3 })
    const late = group.transferNotice(0, { by: 0, target: 3 })
    expect(follower().receive(1, { kind: 'timeoutNow', transfer: forged })).toEqual([])
    expect(follower().receive(0, { kind: 'timeoutNow', transfer: late })).toEqual([])
    for (const transfer of [toAnother, forged]) {
      expect(follower().receive(0, { kind: 'timeoutNow', transfer })).toEqual(['misbehaviour of 0: badSignature'])
    }
  })
})

describe('a vote request with a notice', () => {
  const ask = (transfer: ReturnType<Group['transferNotice']>): string[] =>
    follower().receive(2, voteRequest(2, a1, { headers: signedHeaders(a1), leaderCert: cert1, transfer }))

  it('is granted by who hears the leader that signed it', () => {
    expect(ask(group.transferNotice(1, { by: 0, target: 2 }))).toContain('send 2 vote term 2 for 2')
  })

  it('is as good as none when it is of another leader, term or target', () => {
    for (const [term, by, target] of [
      [1, 1, 2],
      [0, 0, 2],
      [1, 0, 1],
    ] as const) {
      expect(ask(group.transferNotice(term, { by, target }))).toEqual([])
    }
  })
})
