// What the RPC counts. Labels are method names and error codes: closed sets, so no caller can make series.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

export interface RpcMetrics {
  readonly requests: Counter<'method' | 'outcome'>
  readonly seconds: Histogram<'method'>
  readonly sockets: Gauge
  readonly subscriptions: Gauge
}

const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export function createRpcMetrics(registry: Registry): RpcMetrics {
  const registers = [registry]
  return {
    requests: new Counter({
      name: 'assent_rpc_requests_total',
      help: 'RPC requests by method and outcome (ok or error code).',
      labelNames: ['method', 'outcome'],
      registers,
    }),
    seconds: new Histogram({
      name: 'assent_rpc_request_seconds',
      help: 'Time to answer, waiting for a commit included.',
      labelNames: ['method'],
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    sockets: new Gauge({ name: 'assent_rpc_websockets', help: 'Open WebSocket connections.', registers }),
    subscriptions: new Gauge({ name: 'assent_rpc_subscriptions', help: 'Open event subscriptions.', registers }),
  }
}
