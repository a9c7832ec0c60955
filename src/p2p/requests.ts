// Request and response, one stream each. Request: one frame. Reply: one frame, a status byte and the payload.

import type { Connection, Stream } from '@libp2p/interface'
import { assertNever } from '../types/assert.ts'
import type { Hash, PublicKey } from '../types/brand.ts'
import type { Counters } from './counters.ts'
import { P2pError, type P2pErrorCode } from './errors.ts'
import { encodeFrame, FrameTooLargeError, readFrame } from './frame.ts'
import type { ReportHandlerFailure } from './handler-failure.ts'
import { REPLY_WRITE_TIMEOUT_MS, REQUEST_READ_TIMEOUT_MS } from './limits.ts'
import type { P2pLogger, RequestHandler, RequestLimits, RequestOptions } from './transport.ts'
import { protocolId } from './wire-names.ts'

const STATUS_OK = 0
const STATUS_BUSY = 1
const STATUS_FAILED = 2
const STATUS_BYTES = 1

export interface AskOptions extends RequestOptions {
  readonly peer: PublicKey
  readonly chainId: Hash
  readonly protocol: string
}

/** Asks over an open connection. Rejects with P2pError only; the connection stays. */
export async function ask(connection: Connection, message: Uint8Array, options: AskOptions): Promise<Uint8Array> {
  const { peer, protocol, timeoutMs, maxReplyBytes } = options
  const timeout = AbortSignal.timeout(timeoutMs)
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout
  let stream: Stream | null = null
  try {
    // The protocol's name travels with the request: one round trip instead of two.
    stream = await connection.newStream(protocolId(options.chainId, protocol), { signal, negotiateFully: false })
    stream.send(encodeFrame(message))
    const reply = await readFrame(stream, { maxBytes: STATUS_BYTES + maxReplyBytes, signal })
    stream.close({ signal }).catch((error: Error) => stream?.abort(error))
    return payloadOf(reply, options)
  } catch (error) {
    stream?.abort(error instanceof Error ? error : new Error('request given up'))
    if (error instanceof P2pError) throw error
    const code = codeOf(error, { timeout, caller: options.signal })
    throw new P2pError(code, `request ${protocol}: ${REASONS[code]}`, { peer, cause: error })
  }
}

type Failure = Extract<
  P2pErrorCode,
  'timeout' | 'cancelled' | 'reply-too-large' | 'protocol-unsupported' | 'connection-lost'
>
const REASONS: Readonly<Record<Failure, string>> = {
  timeout: 'no reply in time',
  cancelled: 'cancelled by the caller',
  'reply-too-large': 'the reply is larger than asked for',
  'protocol-unsupported': 'the peer does not serve it',
  'connection-lost': 'the connection or stream ended before the reply',
}

function codeOf(error: unknown, signals: { timeout: AbortSignal; caller: AbortSignal | undefined }): Failure {
  if (signals.caller?.aborted) return 'cancelled'
  if (signals.timeout.aborted) return 'timeout'
  if (error instanceof FrameTooLargeError) return 'reply-too-large'
  if (error instanceof Error && error.name === 'UnsupportedProtocolError') return 'protocol-unsupported'
  return 'connection-lost'
}

function payloadOf(reply: Uint8Array, options: AskOptions): Uint8Array {
  const { peer, protocol } = options
  switch (reply[0]) {
    case STATUS_OK:
      return reply.subarray(STATUS_BYTES)
    case STATUS_BUSY:
      throw new P2pError('busy', `request ${protocol}: the peer is busy`, { peer })
    case STATUS_FAILED:
      throw new P2pError('failed', `request ${protocol}: the peer could not serve it`, { peer })
    default:
      throw new P2pError('reply-malformed', `request ${protocol}: unknown status of the reply`, { peer })
  }
}

type Outcome = { kind: 'ok'; payload: Uint8Array } | { kind: 'busy' } | { kind: 'failed' }

function encodeReply(outcome: Outcome): Uint8Array {
  switch (outcome.kind) {
    case 'ok': {
      const reply = new Uint8Array(STATUS_BYTES + outcome.payload.length)
      reply[0] = STATUS_OK
      reply.set(outcome.payload, STATUS_BYTES)
      return encodeFrame(reply)
    }
    case 'busy':
      return encodeFrame(Uint8Array.of(STATUS_BUSY))
    case 'failed':
      return encodeFrame(Uint8Array.of(STATUS_FAILED))
    default:
      return assertNever(outcome)
  }
}

export interface RequestServerOptions extends RequestLimits {
  readonly protocol: string
  readonly handler: RequestHandler
  readonly counters: Counters
  readonly logger: P2pLogger
  readonly onHandlerFailure: ReportHandlerFailure
  readonly onRequestTooLarge: (peer: PublicKey) => void
}

/** Serves one protocol to all peers. Whoever may ask has been decided before serve(). */
export class RequestServer {
  readonly #options: RequestServerOptions
  #active = 0

  constructor(options: RequestServerOptions) {
    this.#options = options
  }

  /** Streams that one peer may hold open: as many again as are served, so that the surplus hears `busy`. */
  get streamsMax(): number {
    return 2 * this.#options.concurrency
  }

  /** Never rejects. A slot is held until the reply has left: a peer that does not read cannot make us hold more replies. */
  async serve(stream: Stream, peer: PublicKey): Promise<void> {
    const { maxRequestBytes, concurrency, counters, logger, protocol } = this.#options
    const isBusy = this.#active >= concurrency
    if (!isBusy) this.#active++
    try {
      const signal = AbortSignal.timeout(REQUEST_READ_TIMEOUT_MS)
      const request = await readFrame(stream, { maxBytes: maxRequestBytes, signal })
      const outcome: Outcome = isBusy ? { kind: 'busy' } : await this.#answer(peer, request)
      if (isBusy) counters.requestsBusy++
      else counters.requestsServed++
      stream.send(encodeReply(outcome))
      await stream.close({ signal: AbortSignal.timeout(REPLY_WRITE_TIMEOUT_MS) })
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error('request given up'))
      if (error instanceof FrameTooLargeError) this.#options.onRequestTooLarge(peer)
      else logger.debug({ peer, protocol, error }, 'request not completed')
    } finally {
      if (!isBusy) this.#active--
    }
  }

  async #answer(peer: PublicKey, request: Uint8Array): Promise<Outcome> {
    const { handler, onHandlerFailure, protocol } = this.#options
    try {
      return { kind: 'ok', payload: await handler(peer, request) }
    } catch (error) {
      onHandlerFailure(error, { peer, protocol })
      return { kind: 'failed' }
    }
  }
}
