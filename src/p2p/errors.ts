// Everything that can go wrong between two nodes, as one closed union. Codes are metric labels and test names.

import type { PublicKey } from '../types/brand.ts'

export type P2pErrorCode =
  | 'address-invalid' // an address is not a TCP multiaddr, or names another key
  | 'listen-failed' // an address cannot be listened on: busy port, foreign address
  | 'key-invalid' // a transport seed or peer id is not Ed25519
  | 'not-started' // the transport is not started, or stopped
  | 'not-connected' // no live connection to the peer
  | 'not-permitted' // the class of the peer does not allow the protocol
  | 'protocol-unsupported' // the peer does not serve the protocol, or refuses it to us
  | 'timeout' // no reply in time
  | 'cancelled' // the caller's signal fired
  | 'connection-lost' // the stream ended before the reply was complete
  | 'message-too-large' // our own message is above the bound
  | 'reply-too-large' // the peer's reply is above the bound of the request
  | 'reply-malformed' // the peer's reply cannot be read
  | 'busy' // the peer serves as many requests as it allows
  | 'failed' // the peer could not serve the request
  | 'topic-unbounded' // a subscription asks for more than gossip carries

export class P2pError extends Error {
  readonly code: P2pErrorCode
  readonly peer: PublicKey | undefined
  constructor(code: P2pErrorCode, message: string, options: { peer?: PublicKey; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'P2pError'
    this.code = code
    this.peer = options.peer
  }
}
