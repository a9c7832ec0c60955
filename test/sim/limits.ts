// What a run has to reach to say anything.

/** A run with fewer certified blocks does not count. */
export const BLOCKS_MIN = 20
/** "Commits resume within 10 election timeouts." */
export const RESUME_TIMEOUTS = 10
