// yamux, except that a write to a connection that has just gone ends the connection instead of throwing. yamux 8.0.3
// writes a new stream's first frame in a microtask that nobody catches (muxer.js, onCreateStream): a peer that hangs up
// in that instant would stop the process. Same kind of leak as libp2p/js-libp2p#3512. And except for window-updates.ts.

import { yamux } from '@libp2p/yamux'
import { STREAM_WINDOW_BYTES_MAX } from './limits.ts'
import { WindowUpdates } from './window-updates.ts'

type MuxerFactory = ReturnType<ReturnType<typeof yamux>>

export function createMuxerFactory(): MuxerFactory {
  const factory = yamux({
    streamOptions: {
      maxStreamWindowSize: STREAM_WINDOW_BYTES_MAX,
      // A paused stream keeps what its window still allowed the peer to send.
      maxReadBufferLength: 2 * STREAM_WINDOW_BYTES_MAX,
    },
  })()
  const create = factory.createStreamMuxer.bind(factory)
  factory.createStreamMuxer = (connection) => {
    const muxer = create(connection)
    const send = muxer.send.bind(muxer)
    const windowUpdates = new WindowUpdates()
    muxer.send = (data) => {
      // Data frames are lists; only bare headers are single arrays.
      const frame = data instanceof Uint8Array ? windowUpdates.next(data) : data
      if (frame === null) return true
      try {
        return send(frame)
      } catch (error) {
        connection.abort(error instanceof Error ? error : new Error('write failed'))
        return false
      }
    }
    return muxer
  }
  return factory
}
