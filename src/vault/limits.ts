// Bounds of the vault and of the release protocol, with their reasons. Units last.

/** One FHIR resource version. Larger content (images, documents) belongs into an Attachment that points elsewhere. */
export const RECORD_BYTES_MAX = 4 * 1024 * 1024
/** Records in one release: what one entry on the chain can name (spec/contracts.md, `access.release`). */
export const RELEASE_RECORDS_MAX = 64
/** Ciphertext in one answer; one record always fits. Bounds what a custodian holds in memory per request. */
export const RELEASE_BYTES_MAX = 8 * 1024 * 1024
/** Copies of consents in one answer. A decision stands on few; with more than this, what they must accompany stays. */
export const COPIES_BYTES_MAX = 4 * 1024 * 1024
/** What a requester accepts as one answer: the above, keys and heads included. */
export const REPLY_BYTES_MAX = RELEASE_BYTES_MAX + COPIES_BYTES_MAX + 1024 * 1024
/** A request names at most 64 records of 32 bytes. */
export const REQUEST_BYTES_MAX = 16 * 1024
/** Entries sealed or rewrapped between two looks at the event loop. */
export const BATCH_ENTRIES_MAX = 256
/** What an external command or a file may give as a key. */
export const KEY_SECRET_BYTES_MAX = 4 * 1024
export const KEY_COMMAND_TIMEOUT_MS = 30_000
