// Every bound of the protocol, with its reason. Units last. Changing one of those marked (consensus) forks the chain.

/** Calls under one signature (consensus): a gateway signs a round's worth of requests at once. */
export const CALLS_MAX = 256
/** Canonical bytes of one signed transaction (consensus): 256 calls of about 1 kB. */
export const TRANSACTION_BYTES_MAX = 256 * 1024
/** Transaction bytes in a block (consensus): an append stays far below the stream's frame bound. */
export const BLOCK_BYTES_MAX = 2 * 1024 * 1024
/** A block as it travels and lies on disk: its transactions, their lengths, the header. */
export const BLOCK_ENVELOPE_BYTES_MAX = BLOCK_BYTES_MAX + 64 * 1024
/** Transactions in a block (consensus): bounds the time of one execution. */
export const BLOCK_TRANSACTIONS_MAX = 2_000
/** How far ahead a transaction may expire (consensus): the window in which ids are remembered. */
export const EXPIRY_WINDOW_MS = 600_000
/** Gas that one transaction may ask for (consensus). */
export const TRANSACTION_GAS_MAX = 200_000_000
/** Validators in a set (consensus). */
export const VALIDATORS_MAX = 25
/** Nesting of a canonical value (consensus): contracts' deepest argument is five levels. */
export const VALUE_DEPTH_MAX = 16
/** Items in one canonical list or map (consensus). */
export const VALUE_ITEMS_MAX = 4_096
/** Bytes of one canonical byte or text string inside a value (consensus). */
export const VALUE_BYTES_MAX = 256 * 1024
/** Characters of contract, method, event and refusal names (consensus). */
export const NAME_LENGTH_MAX = 64
/** A compiled contract (consensus). */
export const MODULE_BYTES_MAX = 256 * 1024
/** A Release carried by a certificate (consensus). */
export const RELEASES_MAX = 8
export const RELEASE_BYTES_MAX = 12 * 1024
/** Validator sets of a past chain that a genesis names; chains before it; institutions with a vote. */
export const EPOCHS_MAX = 4_096
export const PAST_CHAINS_MAX = 16
export const VOTERS_MAX = 256
/** Founding institutions in a genesis. */
export const FOUNDERS_MAX = 64
/** Transactions waiting in one node's mempool, and their bytes. */
export const MEMPOOL_TRANSACTIONS_MAX = 20_000
export const MEMPOOL_BYTES_MAX = 64 * 1024 * 1024
/** A custodian that had neither a new certified head nor the word of a quorum for this long releases nothing. */
export const RELEASE_STALE_MS = 5_000
