// The node's door for clients: JSON-RPC 2.0 by POST / and by WebSocket at / and /ws, GET /livez, /readyz, /metrics.
// Owns the sockets; what the methods mean stands in methods-*.ts, what they need in services.ts. spec/rpc.md

import type { AddressInfo } from 'node:net'
import websocket from '@fastify/websocket'
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify'
import { chainIdOf } from '../types/signing.ts'
import { type ConnectionServices, serveConnection } from './connection.ts'
import { Dispatcher } from './dispatch.ts'
import { errorBody, RpcError } from './errors.ts'
import { BODY_BYTES_MAX, CLOSE_GRACE_MS, CONNECTIONS_MAX, REQUEST_TIMEOUT_MS } from './limits.ts'
import { asPem, assertMayListen, DoorPolicy, explainListenFailure, type ListenOptions } from './listen-policy.ts'
import type { Method } from './method.ts'
import { chainMethods } from './methods-chain.ts'
import { consensusMethods } from './methods-consensus.ts'
import { contractMethods } from './methods-contract.ts'
import { eventMethods } from './methods-event.ts'
import { evidenceMethods } from './methods-evidence.ts'
import { institutionMethods } from './methods-institution.ts'
import { transactionMethods } from './methods-transaction.ts'
import { createRpcMetrics, type RpcMetrics } from './metrics.ts'
import { discoverMethod } from './open-rpc.ts'
import { CLOSE, type OutboxOptions } from './outbox.ts'
import type { RpcServices } from './services.ts'
import { ReadGuard } from './signed-reads.ts'
import { CommitSignal } from './subscriptions.ts'

export interface RpcServerOptions {
  readonly listen: ListenOptions
  readonly services: RpcServices
  /** Of the program, for rpc.discover. */
  readonly version: string
  /** Bounds of what a slow subscriber may leave unread. */
  readonly outbox?: OutboxOptions
}

export interface RpcServer {
  /** With the port that was bound: `http://127.0.0.1:7001`. */
  readonly url: string
  readonly port: number
  /** Stops listening, ends waits and sockets with NOT_READY. */
  close(): Promise<void>
}

/** The one method table. `stopping` ends what waits. */
export function createMethods(
  services: RpcServices,
  { version, stopping }: { version: string; stopping: AbortSignal },
): readonly Method[] {
  const guard = new ReadGuard({
    chainId: chainIdOf(services.genesis.genesis),
    reads: services.reads,
    nowMs: services.nowMs,
  })
  const methods = [
    ...chainMethods(services, guard),
    ...transactionMethods(services, stopping),
    ...contractMethods(services, guard),
    ...eventMethods(services, guard),
    ...institutionMethods(services.institution),
    ...consensusMethods(services.consensus, services.institution),
    ...evidenceMethods(services.evidence, services.institution),
  ]
  return [...methods, discoverMethod(methods, version)]
}

/** Listens. Throws ListenError where it may not or cannot. */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const { listen, services, version, outbox = {} } = options
  assertMayListen(listen)
  const stop = new AbortController()
  const metrics = createRpcMetrics(services.metrics)
  const methods = createMethods(services, { version, stopping: stop.signal })
  const dispatcher = new Dispatcher({ methods, metrics, log: services.log })
  const commits = new CommitSignal(services.events)

  const app = createApp(listen)
  // First: its hook knows an upgrade, so that a refused one is hung up on.
  await addWebSocket(app, stop.signal)
  addDoor(app, new DoorPolicy(listen))
  addHealth(app, services)
  const { events, log, nowMs } = services
  const connection = { dispatcher, outbox, events, commits, log, active: metrics.subscriptions, nowMs }
  addRpc(app, { connection, metrics })

  try {
    await app.listen({ host: listen.host, port: listen.port })
  } catch (error) {
    commits.close()
    throw explainListenFailure(error, listen)
  }
  const { port } = app.server.address() as AddressInfo
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host
  return {
    url: `${listen.tls ? 'https' : 'http'}://${host}:${port}`,
    port,
    async close() {
      stop.abort()
      commits.close()
      await app.close()
    },
  }
}

function createApp({ tls }: ListenOptions): FastifyInstance {
  const limits = {
    logger: false as const,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
  }
  if (tls === undefined) return Fastify(limits)
  const https = {
    cert: asPem(tls.certificate),
    key: asPem(tls.key),
    ca: asPem(tls.clientAuthority),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3' as const,
  }
  return Fastify({ ...limits, https }) as unknown as FastifyInstance
}

/** Host, Origin, content type; and every failure before the dispatcher as a JSON-RPC error. */
function addDoor(app: FastifyInstance, door: DoorPolicy): void {
  app.server.maxConnections = CONNECTIONS_MAX
  app.addHook('onRequest', async ({ headers }, reply) => {
    try {
      door.check(headers)
    } catch (error) {
      return refuse(reply, { status: 403, error: error as RpcError })
    }
    if (!door.isForeignPage(headers.origin)) return
    reply.headers({
      'access-control-allow-origin': headers.origin,
      'access-control-allow-headers': 'content-type',
      vary: 'origin',
    })
  })
  app.options('/', async (_request, reply) => reply.code(204).send())
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => body)
  app.setNotFoundHandler(async (_request, reply) => {
    const error = new RpcError('NOT_FOUND', { accepted: 'POST /, GET /livez, /readyz, /metrics, WebSocket / or /ws' })
    return refuse(reply, { status: 404, error })
  })
  app.setErrorHandler(async (error: FastifyError, _request, reply) => {
    switch (error.statusCode) {
      case 413: {
        const tooLarge = new RpcError('TOO_LARGE', { field: 'body', accepted: `${BODY_BYTES_MAX} bytes` })
        return refuse(reply, { status: 413, error: tooLarge })
      }
      case 415: {
        const accepted = 'application/json'
        return refuse(reply, {
          status: 415,
          error: new RpcError('INVALID_REQUEST', { field: 'Content-Type', accepted }),
        })
      }
      case 400:
        return refuse(reply, { status: 400, error: new RpcError('INVALID_REQUEST', { field: 'body' }) })
      default:
        return refuse(reply, { status: 500, error: new RpcError('INTERNAL_ERROR') })
    }
  })
}

function refuse(reply: FastifyReply, { status, error }: { status: number; error: RpcError }): FastifyReply {
  return reply.code(status).send({ jsonrpc: '2.0', id: null, error: errorBody(error) })
}

function addHealth(app: FastifyInstance, { health, metrics }: RpcServices): void {
  app.get('/livez', async (_request, reply) => {
    const live = health.live()
    return reply.code(live ? 200 : 503).send({ live })
  })
  app.get('/readyz', async (_request, reply) => {
    const { ready, reasons } = health.ready()
    return reply.code(ready ? 200 : 503).send({ ready, reasons })
  })
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()))
}

async function addWebSocket(app: FastifyInstance, stopping: AbortSignal): Promise<void> {
  // A client that reconnects while the node stops would keep the server open for ever: nobody closes upgraded sockets.
  app.server.on('upgrade', (_request, socket) => {
    if (stopping.aborted) socket.destroy()
  })
  await app.register(websocket, {
    options: { maxPayload: BODY_BYTES_MAX, perMessageDeflate: false },
    // A protocol error of the peer: ws has closed the socket with the code that says which.
    errorHandler: (_error, socket) => socket.close(),
    preClose(done) {
      const { clients } = app.websocketServer
      if (clients.size === 0) return done()
      for (const socket of clients) socket.close(CLOSE.stopping.code, CLOSE.stopping.reason)
      // A peer that does not answer the close frame must not keep the node from stopping.
      setTimeout(() => {
        for (const socket of clients) socket.terminate()
        done()
      }, CLOSE_GRACE_MS)
    },
  })
}

function addRpc(
  app: FastifyInstance,
  { connection, metrics }: { connection: ConnectionServices; metrics: RpcMetrics },
): void {
  app.post('/', async ({ body, headers }, reply) => {
    const bytes = body instanceof Uint8Array ? body : new Uint8Array()
    const credential = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? null
    const caller = { subscriber: null, credential, afterReply: (action: () => void) => action() }
    const answer = await connection.dispatcher.answer(bytes, caller)
    return answer === null ? reply.code(204).send() : reply.type('application/json').send(answer)
  })
  for (const path of ['/', '/ws']) {
    app.get(path, { websocket: true }, (socket) => {
      metrics.sockets.inc()
      serveConnection(socket, connection, () => metrics.sockets.dec())
    })
  }
}
