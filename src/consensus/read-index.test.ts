import { describe, expect, it } from 'vitest'
import type { Block } from '../types/block.ts'
import { READS_PENDING_MAX } from './limits.ts'
import type { Message } from './messages.ts'
import { append, Group, genesis, Node, positionOfBlock, signedHeaders } from './node.test-support.ts'

const group = new Group(4)
const cert1 = group.leaderCert(1, { leader: 0, tip: genesis })
const a1 = group.block(cert1, genesis)
const a2 = group.block(cert1, a1)

/** Member 3, with `certified` as its certified head and `acked` acked above it. */
function member(certified: Block | null = a1, acked: readonly Block[] = [a1]): Node {
  const node = new Node(group, { self: 3 })
  node.store(0, append(cert1, { previous: positionOfBlock(genesis), blocks: acked }), acked)
  const commitCert = certified === null ? null : group.commitCert(certified)
  if (commitCert !== null)
    node.receive(0, append(cert1, { previous: positionOfBlock(acked.at(-1) ?? genesis), commitCert }))
  return node
}

const read = (node: Node, id = 1): string[] => node.on({ kind: 'readIndex', id })
const answer = (block: Block | null, id = 1): Message => ({
  kind: 'readIndexAnswer',
  id,
  lastAck: block === null ? null : (signedHeaders(block)[0] ?? null),
})

describe('a linearizable read', () => {
  it('asks everybody, and is ready when q members, itself included, named nothing above its certified head', () => {
    const node = member()
    expect(read(node)).toEqual([
      'setTimer read 150',
      'send 0 readIndexRequest 1',
      'send 1 readIndexRequest 1',
      'send 2 readIndexRequest 1',
    ])
    expect(node.receive(1, answer(a1))).toEqual([])
    expect(node.receive(1, answer(a1))).toEqual([])
    expect(node.receive(2, answer(null))).toEqual(['readReady 1 at 1'])
  })

  it('waits until its certified head contains the latest block that was named', () => {
    const node = member()
    read(node)
    node.receive(1, answer(a2))
    expect(node.receive(2, answer(a1))).toEqual([])
    node.store(0, append(cert1, { previous: positionOfBlock(a1), blocks: [a2] }), [a2])
    const lines = node.receive(0, append(cert1, { previous: positionOfBlock(a2), commitCert: group.commitCert(a2) }))
    expect(lines.slice(1, 3)).toEqual(['commit [1/2] dropped 0', 'readReady 1 at 2'])
  })

  it('is ready, too, when a later term has replaced that block, be it lower', () => {
    const node = member(genesis, [])
    read(node)
    node.receive(1, answer(a2))
    node.receive(2, answer(null))
    const cert2 = group.leaderCert(2, { leader: 1, tip: genesis })
    const b1 = group.block(cert2, genesis)
    node.store(1, append(cert2, { previous: positionOfBlock(genesis), blocks: [b1] }), [b1])
    const lines = node.receive(1, append(cert2, { previous: positionOfBlock(b1), commitCert: group.commitCert(b1) }))
    expect(lines).toContain('readReady 1 at 1')
  })

  it('counts its own last ack, which may be above its certified head', () => {
    const node = member(a1, [a1, a2])
    read(node)
    node.receive(1, answer(a1))
    expect(node.receive(2, answer(a1))).toEqual([])
  })

  it('asks again who has not answered, and fails after an election timeout', () => {
    const node = member()
    read(node)
    node.receive(1, answer(a1))
    const again = ['send 0 readIndexRequest 1', 'send 2 readIndexRequest 1', 'setTimer read 150']
    for (let round = 1; round < 14; round++) expect(node.on({ kind: 'timeout', timer: 'read' })).toEqual(again)
    expect(node.on({ kind: 'timeout', timer: 'read' })).toEqual(['readFailed 1 timeout'])
    expect(node.receive(2, answer(a1))).toEqual([])
  })

  it('names a member that shows a header which nobody signed, and does not count it', () => {
    const node = member()
    read(node)
    const [{ header, signature }] = signedHeaders(a2) as [ReturnType<typeof signedHeaders>[number]]
    const forged = { header: { ...header, height: group.height(9_999) }, signature }
    expect(node.receive(1, { kind: 'readIndexAnswer', id: 1, lastAck: forged })).toEqual([
      'misbehaviour of 1: badSignature',
    ])
    node.receive(2, answer(a1))
    expect(node.receive(0, answer(a1))).toEqual(['readReady 1 at 1'])
  })

  it('is ready at once where one member is the quorum', () => {
    expect(read(new Node(new Group(1), { self: 0 }))).toContain('readReady 1 at 0')
  })

  it('is refused when too many wait', () => {
    const node = member()
    for (let id = 1; id <= READS_PENDING_MAX; id++) read(node, id)
    expect(read(node, 999)).toEqual(['readFailed 999 busy'])
    expect(node.state.reads.size).toBe(READS_PENDING_MAX)
  })
})

describe('onReadIndexRequest()', () => {
  const ask = (node: Node): string[] => node.receive(2, { kind: 'readIndexRequest', id: 7 })

  it('shows the header of the last ack', () => {
    expect(ask(member(a1, [a1, a2]))).toEqual(['send 2 readIndexAnswer 7 1/2'])
  })

  it('shows the certified head where that is later than the last ack, and says so when it is genesis', () => {
    expect(ask(member(a2, [a1, a2]))).toEqual(['send 2 readIndexAnswer 7 1/2'])
    expect(ask(new Node(group, { self: 3 }))).toEqual(['send 2 readIndexAnswer 7 genesis'])
  })

  it('changes nothing', () => {
    const node = member()
    const { term, signState } = node.state
    ask(node)
    expect([node.state.term, node.state.signState]).toEqual([term, signState])
  })
})
