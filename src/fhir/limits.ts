// Bounds of what the FHIR side reads, with their reasons. Units last.

/** One JSON file: a Synthea bundle of a long life has 20 to 40 MB. */
export const FILE_BYTES_MAX = 64 * 1024 * 1024
/** Files in an imported folder, its subfolders included. */
export const FILES_MAX = 100_000
/** Entries in one Bundle. */
export const BUNDLE_ENTRIES_MAX = 100_000
/** Problems kept and shown of one import: the first ones say what is wrong with the rest. */
export const PROBLEMS_MAX = 1_000
/** A root clause and its exceptions (spec/contracts.md, `consent.register`). */
export const CLAUSES_MAX = 17
/** Recipients of one clause (spec/contracts.md, record Clause). */
export const RECIPIENTS_MAX = 32
/** Purposes of one clause (spec/contracts.md, record Clause). */
export const PURPOSES_MAX = 16
/** Organizations that one Consent may name as custodians: each becomes a registration of its own. */
export const CUSTODIANS_MAX = 16
/** One Consent as text, narrative and contained resources included. */
export const CONSENT_BYTES_MAX = 1024 * 1024
/** Security labels of one clause (spec/contracts.md, record Limits). */
export const LABELS_MAX = 32
/** Classes, codes, and selected data of one clause (spec/contracts.md, record Limits). */
export const SELECTED_MAX = 64
