// Time and chance of a simulated group: jobs in the order of their time, random numbers from a seed.

export interface Job {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

export class VirtualTime {
  nowMs = 0
  /** Jobs made so far; unique while time goes on. */
  jobCount = 0
  private readonly jobs: Job[] = []
  private random: number

  constructor(seed: number) {
    this.random = seed * 2_654_435_761 + 1
  }

  /** Does what is due within the next `durationMs`. */
  run(durationMs: number): void {
    const endMs = this.nowMs + durationMs
    for (let job = this.jobs[0]; job !== undefined && job.atMs <= endMs; job = this.jobs[0]) {
      this.removeFirst()
      this.nowMs = job.atMs
      job.run()
    }
    this.nowMs = endMs
  }

  /** Binary heap by time, then by order. */
  later(delayMs: number, run: () => void): void {
    const job = { atMs: this.nowMs + delayMs, order: this.jobCount++, run }
    const { jobs } = this
    let at = jobs.length
    while (at > 0) {
      const parent = jobs[(at - 1) >> 1] as Job
      if (!isBefore(job, parent)) break
      jobs[at] = parent
      at = (at - 1) >> 1
    }
    jobs[at] = job
  }

  /** With this probability. */
  chance(part: number): boolean {
    return part > 0 && this.below(1_000_000) < part * 1_000_000
  }

  /** 0 to limit - 1. mulberry32. */
  below(limit: number): number {
    this.random = (this.random + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.random ^ (this.random >>> 15), 1 | this.random)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }

  private removeFirst(): void {
    const { jobs } = this
    const last = jobs.pop() as Job
    if (jobs.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= jobs.length) break
      if (child + 1 < jobs.length && isBefore(jobs[child + 1] as Job, jobs[child] as Job)) child++
      if (!isBefore(jobs[child] as Job, last)) break
      jobs[at] = jobs[child] as Job
      at = child
    }
    jobs[at] = last
  }
}

const isBefore = (left: Job, right: Job): boolean =>
  left.atMs !== right.atMs ? left.atMs < right.atMs : left.order < right.order
