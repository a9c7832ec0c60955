// A served MemoryNode; several servers may share one node, as doors to one chain.

import { Registry } from 'prom-client'
import { type RpcServer, startRpcServer } from '../../src/rpc/server.ts'
import type { MemoryNode } from './memory-node.ts'

export function serve(node: MemoryNode, port = 0): Promise<RpcServer> {
  const services = { ...node.services, metrics: new Registry() }
  return startRpcServer({ listen: { host: '127.0.0.1', port }, services, version: '0.1.0' })
}
