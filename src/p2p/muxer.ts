// yamux, except that a write to a connection that has just gone ends the connection instead of throwing. yamux 8.0.3
// writes a new stream's first frame in a microtask that nobody catches (muxer.js, onCreateStream): a peer that hangs up
// in that instant would stop the process. Same kind of leak as libp2p/js-libp2p#3512.

import { yamux } from '@libp2p/yamux'
import { STREAM_WINDOW_BYTES_MAX } from './limits.ts'

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
    muxer.send = (data) => {
      try {
        return send(data)
      } catch (error) {
        connection.abort(error instanceof Error ? error : new Error('write failed'))
        return false
      }
    }
    return muxer
  }
  return factory
}
