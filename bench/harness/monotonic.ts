/** Milliseconds of the machine's monotonic clock: the same in every process, and in a CPU profile. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6
