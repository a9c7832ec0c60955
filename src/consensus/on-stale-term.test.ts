import { describe, expect, it } from 'vitest'
import { Group, genesis, Node } from './node.test-support.ts'

const group = new Group(4)

function leader(): Node {
  const node = new Node(group, { self: 0 })
  lead(node)
  return node
}

/** Stands, and is voted for by everybody. */
function lead(node: Node): void {
  node.on({ kind: 'timeout', timer: 'vote' })
  node.stand()
  const { role } = node.state
  if (role.kind !== 'candidate') throw new Error('does not stand')
  for (const seat of [1, 2, 3]) node.receive(seat, group.signedVote(role.vote, seat))
  if (node.state.role.kind !== 'leader') throw new Error('does not lead')
}

const above = (node: Node) => ({ kind: 'staleTerm' as const, term: group.term(node.state.term + 1), leaderCert: null })

describe('a member that speaks of a higher term', () => {
  it('is believed twice by who leads, then only with a certificate', () => {
    const node = leader()
    for (let i = 0; i < 2; i++) {
      node.receive(1, above(node))
      expect(node.state.role.kind).toBe('follower')
      lead(node)
    }
    expect(node.receive(1, above(node))).toEqual([])
    expect(node.state.role.kind).toBe('leader')
    const term = node.state.term + 1
    const leaderCert = group.leaderCert(term, { leader: 2, tip: genesis, signers: [1, 2, 3] })
    node.receive(1, { kind: 'staleTerm', term: group.term(term), leaderCert })
    expect(node.state).toMatchObject({ term, role: { kind: 'follower' } })
  })

  it('does not use up what others may say', () => {
    const node = leader()
    for (const member of [1, 2, 3]) {
      for (let i = 0; i < 2; i++) {
        node.receive(member, above(node))
        expect(node.state.role.kind).toBe('follower')
        lead(node)
      }
    }
  })

  it('is believed again after a while', () => {
    const node = leader()
    for (let i = 0; i < 2; i++) {
      node.receive(1, above(node))
      lead(node)
    }
    expect(node.receive(1, above(node))).toEqual([])
    node.on({ kind: 'timeout', timer: 'heeded' })
    node.receive(1, above(node))
    expect(node.state.role.kind).toBe('follower')
  })

  it('ends eight candidacies at most', () => {
    const node = new Node(group, { self: 0 })
    let ended = 0
    for (let i = 0; i < 20; i++) {
      node.on({ kind: 'timeout', timer: 'vote' })
      node.stand()
      node.receive(1, above(node))
      if (node.state.role.kind === 'follower') ended++
    }
    expect(ended).toBe(8)
  })
})
