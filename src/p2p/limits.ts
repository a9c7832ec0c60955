// Bounds of the wire, with their reasons. Believed before a byte is allocated or kept.

import type { Channel } from './transport.ts'

/** Largest message of a channel. consensus: an append with several full blocks (2 MiB each); forward: one batch. */
export const FRAME_BYTES_MAX: Readonly<Record<Channel, number>> = {
  consensus: 8 * 1024 * 1024,
  forward: 4 * 1024 * 1024,
}
/** Bytes waiting for one peer on one channel before send() says no: 24 stalled peers must not cost more than 400 MB. */
export const SEND_QUEUE_BYTES_MAX = 8 * 1024 * 1024
/**
 * A gossip message, and the RPC that carries several. The largest transaction (256 KiB) in a batch that was not full must
 * fit; the usual should be far smaller: 30 kB over 4 nodes cost 6-11 ms of CPU.
 */
export const GOSSIP_MESSAGE_BYTES_MAX = 640 * 1024
export const GOSSIP_RPC_BYTES_MAX = 2 * 1024 * 1024

/** 25 validators, their observers, and reconnections that overlap. */
export const CONNECTIONS_MAX = 200
/** New connections per second from one host. A whole devnet, or institutions behind one NAT, share one host. */
export const INBOUND_CONNECTIONS_PER_HOST_PER_SECOND = 50
/** Handshakes in progress: each costs a few X25519 operations before its key is known. */
export const INBOUND_HANDSHAKES_MAX = 50
export const HANDSHAKE_TIMEOUT_MS = 5_000
/**
 * Keys that nobody knows are listened to while this node is out of touch: so many at once, each for so long. What they say
 * is checked in 20 ms.
 */
export const STRANGERS_MAX = 8
export const STRANGER_MS = 5_000
/** ... so often from one host, and once more after each such time: a whole devnet shares one host. */
export const STRANGER_KNOCKS_MAX = 12
export const STRANGER_REFILL_MS = 5_000
/** Hosts that are counted. Beyond that nobody new is listened to until old ones are forgotten. */
export const STRANGER_HOSTS_MAX = 1_024
/** Long-lived streams per channel and connection: one, and one that replaces it before its end was noticed. */
export const CHANNEL_STREAMS_MAX = 2
/** stop() waits this long for queued messages to leave. */
export const FLUSH_TIMEOUT_MS = 500
/** A requester has this long to write its request. */
export const REQUEST_READ_TIMEOUT_MS = 10_000
/** ... and this long to read the reply, before its slot goes to somebody else. */
export const REPLY_WRITE_TIMEOUT_MS = 30_000

/** What one stream may have in flight: 40 MB/s at a round trip of 100 ms. */
export const STREAM_WINDOW_BYTES_MAX = 4 * 1024 * 1024
/** Silent connections are found by a ping. Generous: a machine under full load answers late, and consensus has its own clock. */
export const PING_INTERVAL_MS = 10_000
export const PING_TIMEOUT_MS = 20_000

/** Redial: first retry, and the longest pause between two. Both shrink by up to half, at random. */
export const REDIAL_FIRST_MS = 100
export const REDIAL_MAX_MS = 5_000
/** Two connections younger than this to each other are one simultaneous dial; see duplicates.ts. */
export const SIMULTANEOUS_DIAL_MS = 5_000
