// One method of the RPC: a row of the table that dispatch, validation and rpc.discover all read.

import type * as z from 'zod'
import { RpcError, type RpcErrorCode } from './errors.ts'
import type { Subscriber } from './subscriptions.ts'

/** Who asks. */
export interface Caller {
  /** Null over plain HTTP. */
  readonly subscriber: Subscriber | null
  /** The bearer token that came with the request; null over a WebSocket. */
  readonly credential: string | null
  /** Runs once the answer is on its way, so that no notification overtakes it. */
  afterReply(action: () => void): void
}

export interface Method {
  readonly name: string
  readonly summary: string
  readonly params: z.ZodObject
  readonly result: z.ZodType
  /** Own errors, besides INVALID_PARAMS and INTERNAL_ERROR. */
  readonly errors: readonly RpcErrorCode[]
  readonly needsSocket: boolean
  call(params: unknown, caller: Caller): Promise<unknown>
}

interface MethodDefinition<P extends z.ZodObject, R extends z.ZodType> {
  readonly name: string
  readonly summary: string
  readonly params: P
  readonly result: R
  readonly errors: readonly RpcErrorCode[]
  readonly needsSocket?: boolean
  run(params: z.output<P>, caller: Caller): z.input<R> | Promise<z.input<R>>
}

export function defineMethod<P extends z.ZodObject, R extends z.ZodType>(definition: MethodDefinition<P, R>): Method {
  const { run, needsSocket = false, ...rest } = definition
  return {
    ...rest,
    needsSocket,
    call: async (params, caller) => run(parseParams(definition.params, params), caller),
  }
}

/** Named parameters of the schema's shape. Throws INVALID_PARAMS naming the first field at fault, never its value. */
function parseParams<P extends z.ZodObject>(schema: P, params: unknown): z.output<P> {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    throw new RpcError('INVALID_PARAMS', { field: 'params', accepted: 'an object with named members' })
  }
  const parsed = schema.safeParse(params)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0] as z.core.$ZodIssue
  const field = ['params', ...issue.path.map(String)].join('.')
  if (issue.code !== 'unrecognized_keys') throw new RpcError('INVALID_PARAMS', { field, accepted: issue.message })
  const accepted = issue.path.length === 0 ? Object.keys(schema.shape).join(', ') || 'no members' : 'known members only'
  throw new RpcError('INVALID_PARAMS', { field, accepted })
}
