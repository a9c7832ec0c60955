// Nodes that are connected and nothing else: the memory twin of the transport, each node knowing all the others.

import { chainId, idOf } from '../ledger/consortium.fixture.ts'
import { MemoryNetwork } from '../p2p/memory-network.ts'
import { MemoryTransport } from '../p2p/memory-transport.ts'
import type { PublicKey } from '../types/brand.ts'
import type { Log } from './log.ts'

const silent = () => undefined
export const quietLog = { fatal: silent, error: silent, warn: silent, info: silent, debug: silent } as unknown as Log

export class Wire {
  readonly network = new MemoryNetwork()
  readonly transports: MemoryTransport[] = []

  add(name: string): MemoryTransport {
    const transport = new MemoryTransport({
      network: this.network,
      transportKey: idOf(name) as unknown as PublicKey,
      chainId,
      allow: () => 'member',
      logger: { debug: silent, info: silent, warn: silent },
    })
    this.transports.push(transport)
    return transport
  }

  /** After everybody's handlers are set. */
  async connect(): Promise<void> {
    const peers = this.transports.map(({ self }) => ({ transportKey: self, addresses: ['memory'] }))
    for (const transport of this.transports) await transport.start()
    for (const transport of this.transports) transport.setPeers(peers)
    await this.settle()
  }

  /** Deliveries run in microtasks: behind a macrotask, all of them have run. */
  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve))
  }
}
