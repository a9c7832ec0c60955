// JSON-RPC 2.0 by the book: parse, single or batch, notifications, ids. https://www.jsonrpc.org/specification

import { type ErrorBody, errorBody, RpcError } from './errors.ts'
import { BATCH_MAX, ID_LENGTH_MAX } from './limits.ts'
import type { Caller, Method } from './method.ts'
import type { RpcMetrics } from './metrics.ts'
import type { RpcLog } from './services.ts'

type Id = string | number | null

interface Request {
  readonly method: string
  readonly params: unknown
  /** Undefined in a notification, which gets no answer. */
  readonly id: Id | undefined
}

type Response =
  | { readonly jsonrpc: '2.0'; readonly id: Id; readonly result: unknown }
  | { readonly jsonrpc: '2.0'; readonly id: Id; readonly error: ErrorBody }

export interface DispatcherOptions {
  readonly methods: readonly Method[]
  readonly metrics: RpcMetrics
  readonly log: RpcLog
}

export class Dispatcher {
  private readonly methods: ReadonlyMap<string, Method>
  private readonly metrics: RpcMetrics
  private readonly log: RpcLog

  constructor({ methods, metrics, log }: DispatcherOptions) {
    this.methods = new Map(methods.map((method) => [method.name, method]))
    this.metrics = metrics
    this.log = log
  }

  /** The text of the answer; null where there is none (notifications only). Never throws for what the bytes contain. */
  async answer(body: Uint8Array, caller: Caller): Promise<string | null> {
    let message: unknown
    try {
      message = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    } catch {
      // The parser's message quotes the body; the caller knows what it sent.
      return JSON.stringify(failure(null, new RpcError('PARSE_ERROR')))
    }
    if (!Array.isArray(message)) {
      const response = await this.respond(message, caller)
      return response && JSON.stringify(response)
    }
    if (message.length === 0 || message.length > BATCH_MAX) {
      const refusal = new RpcError('INVALID_REQUEST', { field: 'batch', accepted: `1 to ${BATCH_MAX} requests` })
      return JSON.stringify(failure(null, refusal))
    }
    const responses = await Promise.all(message.map((item) => this.respond(item, caller)))
    const answered = responses.filter((response) => response !== null)
    return answered.length === 0 ? null : JSON.stringify(answered)
  }

  private async respond(message: unknown, caller: Caller): Promise<Response | null> {
    let request: Request
    try {
      request = parseRequest(message)
    } catch (error) {
      return failure(idOf(message) ?? null, error as RpcError)
    }
    const response = await this.run(request, caller)
    return request.id === undefined ? null : response
  }

  private async run({ method: name, params, id = null }: Request, caller: Caller): Promise<Response> {
    const method = this.methods.get(name)
    if (method === undefined) {
      this.metrics.requests.inc({ method: 'unknown', outcome: 'METHOD_NOT_FOUND' })
      return failure(id, new RpcError('METHOD_NOT_FOUND', { accepted: 'the methods that rpc.discover lists' }))
    }
    const stopTimer = this.metrics.seconds.startTimer({ method: name })
    try {
      if (method.needsSocket && caller.subscriber === null) {
        throw new RpcError('METHOD_NOT_FOUND', { accepted: 'this method over a WebSocket' })
      }
      const result = await method.call(params, caller)
      this.metrics.requests.inc({ method: name, outcome: 'ok' })
      return { jsonrpc: '2.0', id, result }
    } catch (error) {
      const refusal = this.toRefusal(error, name)
      this.metrics.requests.inc({ method: name, outcome: refusal.code })
      return failure(id, refusal)
    } finally {
      stopTimer()
    }
  }

  private toRefusal(error: unknown, method: string): RpcError {
    if (error instanceof RpcError) return error
    this.log.error({ err: error, method }, 'rpc method failed')
    return new RpcError('INTERNAL_ERROR')
  }
}

function parseRequest(message: unknown): Request {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    throw new RpcError('INVALID_REQUEST', { accepted: 'an object' })
  }
  const { jsonrpc, method, params = {} } = message as { readonly [member: string]: unknown }
  if (jsonrpc !== '2.0') throw new RpcError('INVALID_REQUEST', { field: 'jsonrpc', accepted: '"2.0"' })
  if (typeof method !== 'string') throw new RpcError('INVALID_REQUEST', { field: 'method', accepted: 'a string' })
  if (typeof params !== 'object' || params === null) {
    throw new RpcError('INVALID_REQUEST', { field: 'params', accepted: 'an object with named members' })
  }
  const id = idOf(message)
  if (id === undefined && Object.hasOwn(message, 'id')) {
    const accepted = `an integer, null, or a string of at most ${ID_LENGTH_MAX} characters`
    throw new RpcError('INVALID_REQUEST', { field: 'id', accepted })
  }
  return { method, params, id }
}

/** Undefined where there is no acceptable id. */
function idOf(message: unknown): Id | undefined {
  if (typeof message !== 'object' || message === null || !Object.hasOwn(message, 'id')) return undefined
  const { id } = message as { readonly id: unknown }
  if (id === null || Number.isSafeInteger(id)) return id as Id
  return typeof id === 'string' && id.length <= ID_LENGTH_MAX ? id : undefined
}

function failure(id: Id, error: RpcError): Response {
  return { jsonrpc: '2.0', id, error: errorBody(error) }
}
