import { sha256Hex } from '../crypto/hash.ts'
import type { PublicKey } from '../types/brand.ts'
import { MemoryNetwork } from './memory-network.ts'
import { MemoryTransport } from './memory-transport.ts'
import { type CreateTransport, describeTransport } from './transport-suite.ts'

function createMemoryWorld(network = new MemoryNetwork()): CreateTransport {
  return (number, options) => {
    const transportKey = sha256Hex(Uint8Array.of(number)) as string as PublicKey
    return new MemoryTransport({ ...options, network, transportKey })
  }
}

describeTransport('memory transport', () => createMemoryWorld())
