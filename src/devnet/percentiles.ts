// Latencies as people compare them.

export interface Percentiles {
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

/** Nearest rank, in the unit of the samples, rounded to a tenth. Zero without samples. */
export function percentiles(samples: readonly number[]): Percentiles {
  const sorted = [...samples].sort((a, b) => a - b)
  const at = (share: number): number => {
    const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
    return Math.round(value * 10) / 10
  }
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}
