// Every bound of the RPC, with its reason. Units last.

/** A request, or a batch of them: three full transactions. */
export const BODY_BYTES_MAX = 1024 * 1024
/** Requests in one batch. */
export const BATCH_MAX = 100
/** Characters of a request id given as text. */
export const ID_LENGTH_MAX = 128
/** TCP connections at a time. */
export const CONNECTIONS_MAX = 1_024
/** WebSocket messages of one connection that are worked on at a time; beyond it, the socket is not read. */
export const MESSAGES_IN_FLIGHT_MAX = 64
/** Subscriptions of one connection. */
export const SUBSCRIPTIONS_MAX = 16
/** Events in one answer or notification. */
export const EVENTS_MAX = 1_000
export const EVENTS_DEFAULT = 100
/** Unsent bytes of one connection beyond which its subscriptions wait. */
export const UNSENT_BYTES_MAX = 1024 * 1024
/** A connection that stays above UNSENT_BYTES_MAX for this long is closed with SLOW_SUBSCRIBER. */
export const SLOW_SUBSCRIBER_MS = 10_000
/** A WebSocket that has not answered a ping for this long is dropped. */
export const PING_INTERVAL_MS = 30_000
/** A client gets this long to send its request. */
export const REQUEST_TIMEOUT_MS = 30_000
/** How long `transaction.submit` waits for the commit, by default and at most. */
export const COMMIT_WAIT_MS = 30_000
export const COMMIT_WAIT_MS_MAX = 120_000
/** Submissions waiting for their commit at a time. */
export const WAITERS_MAX = 10_000
/** Signed reads remembered against replay, until they expire. */
export const READS_REMEMBERED_MAX = 100_000
/** Open sockets get this long to take leave when the node stops. */
export const CLOSE_GRACE_MS = 100
