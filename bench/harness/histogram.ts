// How samples are spread, for people: a line for each class of values, a bar for how many.

const CLASSES_MAX = 16
const BAR_MAX = 40

/** Classes of equal width, a round number; those at the ends are not empty. */
export function histogram(samples: readonly number[]): readonly string[] {
  if (samples.length === 0) return []
  const [least, most] = [Math.min(...samples), Math.max(...samples)]
  const width = roundUp((most - least) / CLASSES_MAX || 1)
  const first = Math.floor(least / width)
  const counts = Array<number>(Math.floor(most / width) - first + 1).fill(0)
  for (const sample of samples) {
    const place = Math.floor(sample / width) - first
    counts[place] = (counts[place] ?? 0) + 1
  }
  const highest = Math.max(...counts)
  const digits = String((first + counts.length) * width).length
  return counts.map((count, i) => {
    const from = String((first + i) * width).padStart(digits)
    const bar = '█'.repeat(count === 0 ? 0 : Math.max(1, Math.round((count / highest) * BAR_MAX)))
    return `${from}  ${bar.padEnd(BAR_MAX)}  ${count}`.trimEnd()
  })
}

/** 1, 2 or 5 times a power of ten, not below `value`. */
function roundUp(value: number): number {
  const power = 10 ** Math.max(0, Math.floor(Math.log10(value)))
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10)
}
