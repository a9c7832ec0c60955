// Messages on a byte stream: four bytes of length, big-endian, then the message. The length is checked against the
// bound before a byte is allocated for it.

import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import { P2pError } from './errors.ts'

const HEADER_BYTES = 4

/** A peer announced more than its bound. */
export class FrameTooLargeError extends Error {
  constructor(length: number, max: number) {
    super(`frame of ${length} bytes, at most ${max} accepted`)
    this.name = 'FrameTooLargeError'
  }
}

/** One buffer for header and message: a second small write costs more than the copy. */
export function encodeFrame(message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + message.length)
  new DataView(frame.buffer).setUint32(0, message.length)
  frame.set(message, HEADER_BYTES)
  return frame
}

/**
 * Cuts chunks into messages. A message gets a buffer of its own: a view would keep the whole decrypted chunk (64 kB)
 * alive for as long as somebody holds a 100-byte vote.
 */
export class FrameReader {
  readonly #maxBytes: number
  readonly #header = new Uint8Array(HEADER_BYTES)
  #headerFilled = 0
  #body: Uint8Array | null = null
  #bodyFilled = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Messages completed by this chunk. Throws FrameTooLargeError; the reader is of no use afterwards. */
  push(chunk: Uint8Array | Iterable<Uint8Array>): Uint8Array[] {
    const messages: Uint8Array[] = []
    if (chunk instanceof Uint8Array) this.#take(chunk, messages)
    else for (const part of chunk) this.#take(part, messages)
    return messages
  }

  #take(part: Uint8Array, messages: Uint8Array[]): void {
    let offset = 0
    while (offset < part.length) {
      if (this.#body === null) {
        this.#header[this.#headerFilled++] = part[offset++] as number
        if (this.#headerFilled < HEADER_BYTES) continue
        const length = new DataView(this.#header.buffer).getUint32(0)
        if (length > this.#maxBytes) throw new FrameTooLargeError(length, this.#maxBytes)
        this.#body = new Uint8Array(length)
      }
      const count = Math.min(this.#body.length - this.#bodyFilled, part.length - offset)
      this.#body.set(part.subarray(offset, offset + count), this.#bodyFilled)
      this.#bodyFilled += count
      offset += count
      if (this.#bodyFilled < this.#body.length) continue
      messages.push(this.#body)
      this.#body = null
      this.#bodyFilled = 0
      this.#headerFilled = 0
    }
  }
}

/**
 * The first message of a stream; what follows it is ignored. Rejects with FrameTooLargeError, with P2pError
 * `connection-lost` when the stream ends before, or with the signal's reason.
 */
export function readFrame(stream: Stream, options: { maxBytes: number; signal: AbortSignal }): Promise<Uint8Array> {
  const { maxBytes, signal } = options
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  const reader = new FrameReader(maxBytes)
  const onMessage = (event: StreamMessageEvent): void => {
    try {
      const [message] = reader.push(event.data)
      if (message) resolve(message)
    } catch (error) {
      reject(error)
    }
  }
  const onEnd = (): void => reject(new P2pError('connection-lost', 'the stream ended before the message was complete'))
  const onClose = (event: StreamCloseEvent): void => {
    if (event.error) reject(event.error)
    else onEnd()
  }
  const onAbort = (): void => reject(signal.reason)
  stream.addEventListener('message', onMessage)
  stream.addEventListener('end', onEnd)
  stream.addEventListener('close', onClose)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  else if (stream.readableEnded) onEnd()
  return promise.finally(() => {
    stream.removeEventListener('message', onMessage)
    stream.removeEventListener('end', onEnd)
    stream.removeEventListener('close', onClose)
    signal.removeEventListener('abort', onAbort)
  })
}
