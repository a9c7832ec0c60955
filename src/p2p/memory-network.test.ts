import { describe, expect, it } from 'vitest'
import { sha256Hex } from '../crypto/hash.ts'
import type { PublicKey } from '../types/brand.ts'
import { MemoryNetwork } from './memory-network.ts'
import { MemoryTransport } from './memory-transport.ts'
import { bytesOf, type CreateTransport, TestNode } from './transport-suite.ts'

async function fullMesh(count: number): Promise<{ network: MemoryNetwork; nodes: TestNode[] }> {
  const network = new MemoryNetwork({ manual: true })
  const create: CreateTransport = (number, options) => {
    const transportKey = sha256Hex(Uint8Array.of(number)) as string as PublicKey
    return new MemoryTransport({ ...options, network, transportKey })
  }
  const nodes = Array.from({ length: count }, (_, number) => new TestNode(create, number))
  for (const node of nodes) await node.transport.start()
  for (const node of nodes) node.knows(...nodes)
  network.deliver()
  return { network, nodes }
}

describe('MemoryNetwork', () => {
  it('moves nothing by itself when it is manual', async () => {
    const { network, nodes } = await fullMesh(2)
    const [a, b] = nodes as [TestNode, TestNode]
    a.transport.send(b.self, 'consensus', bytesOf('one'))
    a.transport.send(b.self, 'consensus', bytesOf('two'))
    await Promise.resolve()
    expect(b.messages).toEqual([])
    expect(network.deliver(1)).toBe(1)
    expect(b.messages).toEqual(['consensus one'])
    network.deliver()
    expect(b.messages).toEqual(['consensus one', 'consensus two'])
  })

  it('delivers in the same order every time', async () => {
    const run = async (): Promise<string[]> => {
      const { network, nodes } = await fullMesh(3)
      const target = nodes[2] as TestNode
      for (const text of ['1', '2', '3']) {
        for (const node of nodes.slice(0, 2)) node.transport.send(target.self, 'consensus', bytesOf(node.self + text))
      }
      network.deliver()
      return target.messages
    }
    expect(await run()).toEqual(await run())
    expect(await run()).toHaveLength(6)
  })

  it('a partition separates the groups and nothing else; heal() joins them again', async () => {
    const { network, nodes } = await fullMesh(4)
    const [a, b, c, d] = nodes as [TestNode, TestNode, TestNode, TestNode]
    network.partition([a.self, b.self], [c.self, d.self])
    expect(a.transport.connectedPeers()).toEqual([b.self])
    expect(d.transport.connectedPeers()).toEqual([c.self])
    expect(a.transport.send(c.self, 'consensus', bytesOf('x'))).toBe(false)
    network.heal()
    network.deliver()
    expect(new Set(a.transport.connectedPeers())).toEqual(new Set([b.self, c.self, d.self]))
  })

  it('what was on its way when the link was cut is lost, also after it healed', async () => {
    const { network, nodes } = await fullMesh(2)
    const [a, b] = nodes as [TestNode, TestNode]
    a.transport.send(b.self, 'consensus', bytesOf('lost'))
    network.cut(a.self, b.self)
    network.heal()
    network.deliver()
    a.transport.send(b.self, 'consensus', bytesOf('heard'))
    network.deliver()
    expect(b.messages).toEqual(['consensus heard'])
  })
})
