import { describe, expect, it } from 'vitest'
import type { Epoch, Seat } from '../types/brand.ts'
import { canPropose } from './can-propose.ts'
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
import { EMPTY_SIGN_STATE } from './sign-state.ts'

const old = new Group(4)
const cert1 = old.leaderCert(1, { leader: 0, tip: genesis })
/** Decides the next set. */
const m = old.block(cert1, genesis, { transactions: draft(genesis, 1).transactions })
const certOnM = old.commitCert(m)
const [joined, left] = [old.next(1), old.next(1, { without: 3 })]
const after = new Group(joined)
const onGenesis = { previous: positionOfBlock(genesis) }
const onM = { previous: positionOfBlock(m) }

/** A follower that has acked m, and knows what it decides. */
function follower(self: number, nextSet = joined): Node {
  const node = new Node(old, { self })
  node.receive(0, append(cert1, { ...onGenesis, blocks: [m] }))
  node.executed(m, nextSet)
  return node
}

describe('a change of the validators', () => {
  it('begins an epoch when its block is certified, and not before', () => {
    const node = follower(3)
    expect(node.state.epoch).toBe(0)
    expect(node.receive(0, append(cert1, { ...onM, commitCert: certOnM }))).toEqual([
      'setTimer election 1000',
      'commit [1/1] dropped 0',
      'send 0 appendReply term 1 matched 1 certified 1 acks []',
    ])
    expect(node.state.epoch).toBe(1)
    expect(node.state.epochs.get(1 as Epoch)).toEqual(joined)
  })

  it('lets nothing but opening blocks without transactions follow in the old epoch', () => {
    const second = old.block(cert1, m, { transactions: draft(genesis, 1).transactions })
    const empty = old.block(cert1, m)
    for (const block of [second, empty]) {
      const node = follower(3)
      node.receive(0, append(cert1, { ...onM, blocks: [block] }))
      expect(node.executed(block)).toEqual([
        'invalidBlock 2 of 0: more than an opening block while a change of the validators is pending',
      ])
    }
    const cert2 = old.leaderCert(2, { leader: 2, tip: m })
    const opening = old.block(cert2, m)
    const full = old.block(cert2, m, { transactions: draft(genesis, 2).transactions })
    const node = follower(3)
    node.receive(2, append(cert2, { ...onM, blocks: [opening] }))
    expect(node.executed(opening, joined)).toEqual([
      'persistBlock 2/2',
      'moveTip 2',
      'persistSignState term 2 vote none promise none ack 2/2',
      'send 2 appendReply term 2 matched 2 certified 0 acks [2]',
    ])
    const other = follower(3)
    other.receive(2, append(cert2, { ...onM, blocks: [full] }))
    expect(other.executed(full, joined)[0]).toMatch(/^invalidBlock 2 of 2/)
  })

  it('is certified by the first block of the next epoch, which is then acked', () => {
    const node = follower(3)
    const first = after.block(cert1, m, { epochCert: certOnM })
    expect(node.receive(0, append(cert1, { ...onM, blocks: [first] }))).toEqual([
      'setTimer election 1000',
      'commit [1/1] dropped 0',
      'execute 1/2',
    ])
    expect(node.executed(first)).toEqual([
      'persistBlock 1/2',
      'moveTip 2',
      'persistSignState term 1 vote none promise none ack 1/2',
      'send 0 appendReply term 1 matched 2 certified 1 acks [2]',
    ])
  })

  it('is not begun by a block whose certificate is missing, false, or does not cover the decision', () => {
    const without = { ...after.block(cert1, m, { commitCert: certOnM }), epochCert: null }
    const few = { ...certOnM, signatures: certOnM.signatures.slice(1) }
    const forged = after.block(cert1, m, { epochCert: few })
    const other = { ...after.block(cert1, m, { epochCert: certOnM }), epochCert: few }
    for (const block of [without, forged, other]) {
      const node = follower(3)
      const lines = node.receive(0, append(cert1, { ...onM, blocks: [block] }))
      expect(lines.filter((line) => line.startsWith('execute') || line.startsWith('commit'))).toEqual([])
      expect(node.state.epoch).toBe(0)
    }
    // Here m is certified by another certificate before.
    const early = old.commitCert(old.block(cert1, genesis))
    const uncovered = after.block(cert1, m, { epochCert: { ...early, height: 0 as never } })
    const node = follower(3)
    node.receive(0, append(cert1, { ...onM, commitCert: certOnM }))
    expect(node.receive(0, append(cert1, { ...onM, blocks: [uncovered] }))).toContain(
      'misbehaviour of 0: badCertificate',
    )
  })

  it('gives a voice to the new seat, from its epoch on', () => {
    const newcomer = new Node(after, {
      self: 4,
      restored: {
        certified: { block: m, commitCert: certOnM },
        leaderCerts: [cert1],
        nextSetOf: () => joined,
        signState: EMPTY_SIGN_STATE,
      },
    })
    const cert2 = old.leaderCert(2, { leader: 1, tip: m })
    const opening = old.block(cert2, m)
    const first = after.block(cert2, opening, { epochCert: certOnM })
    newcomer.state.epochs.set(0 as Epoch, old.set)
    newcomer.receive(1, append(cert2, { ...onM, blocks: [opening, first] }))
    expect(newcomer.executed(opening, joined)).toEqual([
      'persistBlock 2/2',
      'moveTip 2',
      'send 1 appendReply term 2 matched 2 certified 1 acks []',
    ])
    expect(newcomer.executed(first).at(-1)).toBe('send 1 appendReply term 2 matched 3 certified 1 acks [3]')
  })
})

describe('a leader', () => {
  /** Has proposed m. */
  const leading = (nextSet = joined): { node: Node; block: typeof m } => {
    const node = new Node(old, { self: 0 })
    node.stand()
    for (const by of [1, 2]) node.receive(by, old.signedVote(old.vote(1, { candidate: 0, tip: genesis }), by))
    node.on({ ...draft(genesis, 1), nextSet })
    const block = node.state.tree.entries.get(node.state.tipHash)?.block
    if (block === undefined) throw new Error('no block')
    return { node, block }
  }

  const acked = ({ node, block }: ReturnType<typeof leading>): string[] => {
    const answer = (by: number) => reply(block, { term: 1, acks: [old.ack(block, by)] })
    node.receive(1, answer(1))
    return node.receive(2, answer(2))
  }

  it('proposes nothing on top of a change until it is certified, then in the new epoch', () => {
    const { node, block } = leading()
    expect(canPropose(node.state)).toBeNull()
    expect(node.on(draft(block, 1))).toEqual(['returned 1'])
    const lines = acked({ node, block })
    expect(lines[0]).toBe('commit [1/1] dropped 0')
    expect(canPropose(node.state)).toMatchObject({ epoch: 1, opening: false })
    const proposed = node.on({ ...draft(block, 1), epoch: 1 as Epoch })
    expect(proposed[0]).toBe('persistBlock 1/2')
    const made = node.state.tree.entries.get(node.state.tipHash)?.block
    expect(made?.header.epoch).toBe(1)
    expect(made?.epochCert).toEqual(node.state.commitCert)
    expect(proposed.filter((line) => line.startsWith('send 4'))).toHaveLength(1)
  })

  it('that is removed tells everybody, and is done', () => {
    const without: ReturnType<typeof old.next> = old.next(1, { without: 0 })
    const { node, block } = leading(without)
    expect(acked({ node, block })).toEqual([
      'commit [1/1] dropped 0',
      'send 1 append term 1 certs [] on 1 [] commit 1',
      'send 2 append term 1 certs [] on 1 [] commit 1',
      'send 3 append term 1 certs [1] on 1 [] commit 1',
      'retired in epoch 1 at 1',
    ])
    expect(canPropose(node.state)).toBeNull()
    expect(node.on({ kind: 'timeout', timer: 'heartbeat' })).toEqual([])
  })
})

describe('a member that is removed', () => {
  it('says how far it has come, and signs nothing more', () => {
    const node = follower(3, left)
    expect(node.receive(0, append(cert1, { ...onM, commitCert: certOnM }))).toEqual([
      'setTimer election 1000',
      'commit [1/1] dropped 0',
      'send 0 appendReply term 1 matched 1 certified 1 acks []',
      'retired in epoch 1 at 1',
    ])
    expect(node.missLeader()).toEqual([])
  })

  it('is retired from the start where its chain says so', () => {
    const certified = { block: m, commitCert: certOnM }
    const node = new Node(old, { self: 3, restored: { certified, leaderCerts: [cert1], nextSetOf: () => left } })
    expect(node.on({ kind: 'start' })).toEqual(['retired in epoch 1 at 1'])
  })

  it('is not waited for: whoever has lost its leader by the change stands soon', () => {
    const node = follower(3, old.next(1, { without: 0 }))
    expect(node.receive(0, append(cert1, { ...onM, commitCert: certOnM }))).toContain('setTimer election 1')
  })
})

describe('members of different epochs', () => {
  const ahead = (): Node => {
    const node = follower(3)
    node.receive(0, append(cert1, { ...onM, commitCert: certOnM }))
    node.missLeader()
    return node
  }
  const shown = { headers: signedHeaders(m), leaderCert: cert1 }

  it('help each other: who is ahead answers with its certificate', () => {
    expect(ahead().receive(2, voteRequest(2, m, shown))).toEqual(['send 2 certified 1 of epoch 0'])
  })

  it('help each other: who is behind commits what it is shown, and votes', () => {
    const node = follower(3)
    node.missLeader()
    const request = voteRequest(2, m, { epoch: 1 as Epoch, commitCert: certOnM, leaderCert: cert1 })
    const lines = node.receive(2, request)
    expect(lines[0]).toBe('commit [1/1] dropped 0')
    expect(lines).toContain('send 2 vote term 2 for 2')
    expect(node.state.signState.vote?.epoch).toBe(1)
  })

  it('help each other: who does not know the epoch at all fetches first, and joins no term', () => {
    const node = follower(3)
    const unknown = { ...certOnM, epoch: 4 as Epoch, height: 90 as never }
    expect(node.receive(2, voteRequest(9, m, { epoch: 5 as Epoch, commitCert: unknown, leaderCert: cert1 }))).toEqual([
      'needSync from 2 at 1',
    ])
    expect(node.state.term).toBe(1)
  })

  it('take the certificate that ends their epoch from anybody', () => {
    const node = follower(3)
    expect(node.receive(2, { kind: 'certified', commitCert: certOnM })[0]).toBe('commit [1/1] dropped 0')
  })

  it('are led by nobody whom only validators of long ago have elected', () => {
    const node = ahead()
    node.state.epoch = 2 as Epoch
    node.state.epochs.set(2 as Epoch, { ...joined, epoch: 2 as Epoch })
    const forged = old.leaderCert(900, { leader: 2 as Seat, tip: m })
    node.receive(2, append(forged, onM))
    expect(node.state.term).toBe(1)
  })
})
