import { beforeEach, describe, expect, it } from 'vitest'
import type { CommitCert } from '../types/certificate.ts'
import type { Synced } from './events.ts'
import { append, Group, genesis, Node, positionOfBlock } from './node.test-support.ts'

const group = new Group(4)
const cert1 = group.leaderCert(1, { leader: 0, tip: genesis })
const a1 = group.block(cert1, genesis)
const a2 = group.block(cert1, a1)
const cert2 = group.leaderCert(2, { leader: 1, tip: a2 })
const b3 = group.block(cert2, a2)
const b4 = group.block(cert2, b3)

let node: Node

const run = (fields: Partial<Synced> = {}): Synced => ({
  kind: 'synced',
  from: group.member(1),
  blocks: [a1, a2, b3],
  leaderCerts: [cert1, cert2],
  commitCert: group.commitCert(b3),
  ...fields,
})

beforeEach(() => {
  // At genesis, told by the leader of term 2 of a certificate at height 4.
  node = new Node(group, { self: 3 })
  const lines = node.receive(1, append(cert2, { previous: positionOfBlock(b4), commitCert: group.commitCert(b4) }))
  expect(lines).toContain('needSync from 1 at 1')
})

describe('onSynced()', () => {
  it('executes the run, commits it, and asks for the next one', () => {
    expect(node.on(run())).toEqual(['execute 1/1', 'execute 1/2', 'execute 2/3'])
    expect(node.executed(a1).slice(0, 2)).toEqual(['persistLeaderCert term 1 of 0', 'persistBlock 1/1'])
    node.executed(a2)
    expect(node.executed(b3)).toEqual([
      'persistBlock 2/3',
      'moveTip 3',
      'commit [1/1 1/2 2/3] dropped 0',
      'needSync from 1 at 4',
      'send 1 appendReply term 2 matched 3 certified 3 acks []',
    ])
    node.on(run({ blocks: [b4], leaderCerts: [], commitCert: group.commitCert(b4) }))
    expect(node.executed(b4)).toContain('commit [2/4] dropped 0')
    expect(node.state.sync).toBeNull()
  })

  it('starts over with the next certificate after a failure', () => {
    expect(node.on({ kind: 'syncFailed', from: group.member(1) })).toEqual([])
    const message = append(cert2, { previous: positionOfBlock(b4), commitCert: group.commitCert(b4) })
    expect(node.receive(2, { ...message, leaderCerts: [] })).toContain('misbehaviour of 2: foreignStatement')
    expect(node.receive(1, message)).toContain('needSync from 1 at 1')
  })

  it('takes in the branch that a quorum certified beside the one that it has', () => {
    const stray = group.block(cert1, genesis, { timeMs: genesis.header.timeMs + 77 })
    node.receive(1, append(cert2, { previous: positionOfBlock(genesis), leaderCerts: [cert1], blocks: [stray] }))
    node.executed(stray)
    expect(node.on(run())).toContain('execute 1/1')
    for (const block of [a1, a2]) node.executed(block)
    expect(node.executed(b3)).toContain('commit [1/1 1/2 2/3] dropped 1')
  })

  const short = (certificate: CommitCert): CommitCert => ({
    ...certificate,
    signatures: certificate.signatures.slice(1),
  })
  const lies: [string, Partial<Synced>, string][] = [
    ['a certificate short of a signature', { commitCert: short(group.commitCert(b3)) }, 'badCertificate'],
    [
      'a LeaderCert short of a signature',
      { leaderCerts: [{ ...cert1, signatures: cert1.signatures.slice(1) }] },
      'badCertificate',
    ],
    ['a term without its LeaderCert', { leaderCerts: [] }, 'badChain'],
    ['a gap', { blocks: [a1, b3] }, 'badChain'],
    ['a run that does not reach its certificate', { blocks: [a1, a2] }, 'badChain'],
  ]
  for (const [what, fields, accusation] of lies) {
    it(`names a member that sends ${what}, and commits nothing`, () => {
      expect(node.on(run(fields))).toContain(`misbehaviour of 1: ${accusation}`)
      for (const block of [a1, a2, b3]) node.executed(block)
      expect(node.state.certifiedHash).toBe(genesis.hash)
    })
  }

  it('ignores a run that nobody asked for', () => {
    expect(new Node(group, { self: 3 }).on(run())).toEqual([])
  })
})
