// The nodes that a client talks to: JSON-RPC calls over fetch, moving on to the next URL when one does not answer.

import * as z from 'zod'
import { backoffMs, sleep, throwIfAborted } from './backoff.ts'
import { ClientError, isRefusal } from './errors.ts'

export interface EndpointOptions {
  /** Tried in turn; the first is preferred only until it fails. */
  readonly urls: readonly string[]
  /** Replaces the global fetch, for example with one that shows a client certificate. */
  readonly fetch?: typeof fetch
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** Of one attempt. */
  readonly timeoutMs?: number
  /** Attempts over all URLs before giving up. */
  readonly attempts?: number
  /** False for a call whose effect would double: it is not sent again when no answer came. Default true. */
  readonly mayRepeat?: boolean
}

const CALL_TIMEOUT_MS = 10_000

const answerSchema = z.union([
  z.object({ jsonrpc: z.literal('2.0'), result: z.unknown() }),
  z.object({
    jsonrpc: z.literal('2.0'),
    error: z.object({
      message: z.string(),
      data: z.object({
        code: z.string(),
        field: z.string().optional(),
        accepted: z.string().optional(),
        reason: z.string().optional(),
        retryAfterMs: z.number().optional(),
        action: z.string().optional(),
        transactionId: z.string().optional(),
        problems: z.array(z.object({ path: z.string(), reason: z.string(), accepted: z.string() })).optional(),
      }),
    }),
  }),
])

export class Endpoint {
  private readonly urls: readonly URL[]
  private readonly fetch: typeof fetch
  private current = 0
  private nextId = 1

  constructor({ urls, fetch }: EndpointOptions) {
    if (urls.length === 0) throw new ClientError('BAD_ARGUMENT', 'urls: expected at least one', { field: 'urls' })
    this.urls = urls.map(parseUrl)
    this.fetch = fetch ?? globalThis.fetch.bind(globalThis)
  }

  /** Of the node in use. */
  get url(): URL {
    return this.urls[this.current % this.urls.length] as URL
  }

  /** Uses the next URL from now on. */
  moveOn(): void {
    this.current++
  }

  /**
   * The result, checked. Moves on when a node is unreachable or NOT_READY, and waits where it says RETRY_LATER. Throws
   * UNREACHABLE, REFUSED, BAD_ANSWER, ABORTED.
   */
  async call<T>(method: string, params: object, result: z.ZodType<T>, options: CallOptions = {}): Promise<T> {
    const attempts = options.attempts ?? this.urls.length + 2
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.callOnce(method, params, result, options)
      } catch (error) {
        throwIfAborted(options.signal)
        const isLost = isUnreachable(error) && options.mayRepeat !== false
        const isPassing = isLost || isRefusal(error, 'NOT_READY', 'RETRY_LATER')
        if (!isPassing || attempt >= attempts) throw error
        if (!isRefusal(error, 'RETRY_LATER')) this.moveOn()
        await sleep(Math.max(backoffMs(attempt), retryAfterMs(error)), options.signal)
      }
    }
  }

  private async callOnce<T>(method: string, params: object, result: z.ZodType<T>, options: CallOptions): Promise<T> {
    const { signal, timeoutMs = CALL_TIMEOUT_MS } = options
    const { url } = this
    const timeout = AbortSignal.timeout(timeoutMs)
    let answer: unknown
    try {
      const response = await this.fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: this.nextId++, method, params }),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      })
      answer = await response.json()
    } catch (error) {
      throwIfAborted(signal)
      if (error instanceof SyntaxError) throw new ClientError('BAD_ANSWER', `${url.host}: not JSON`, { cause: error })
      throw new ClientError('UNREACHABLE', `${url.host}: no answer to ${method}`, { cause: error })
    }
    return parseAnswer(answer, { result, what: `${url.host}: ${method}` })
  }
}

export function parseAnswer<T>(answer: unknown, { result, what }: { result: z.ZodType<T>; what: string }): T {
  const parsed = answerSchema.safeParse(answer)
  if (!parsed.success) throw new ClientError('BAD_ANSWER', `${what}: not a JSON-RPC 2.0 answer`)
  if ('error' in parsed.data) {
    const { message, data } = parsed.data.error
    throw new ClientError('REFUSED', `${what}: ${data.code}: ${message}`, { refusal: data })
  }
  const checked = result.safeParse(parsed.data.result)
  if (checked.success) return checked.data
  const field = ['result', ...(checked.error.issues[0]?.path ?? []).map(String)].join('.')
  throw new ClientError('BAD_ANSWER', `${what}: ${field} is not as documented`, { field })
}

export const isUnreachable = (error: unknown): boolean => error instanceof ClientError && error.code === 'UNREACHABLE'

export const retryAfterMs = (error: unknown): number =>
  error instanceof ClientError ? (error.refusal?.retryAfterMs ?? 0) : 0

function parseUrl(text: string): URL {
  const url = URL.parse(text)
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return url
  throw new ClientError('BAD_ARGUMENT', 'urls: expected http:// or https:// URLs', { field: 'urls' })
}
