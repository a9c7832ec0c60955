// What intervals of time are to each other. Half open: the first instant is inside, the last is not; none is no end.

export type Interval = readonly [from: number | null, to: number | null]

export function holds([from, to]: Interval, time: number): boolean {
  return (from === null || from <= time) && (to === null || time < to)
}

/** Every instant of `inner` lies in `outer`. */
export function isWithin(inner: Interval, outer: Interval): boolean {
  const starts = outer[0] === null || (inner[0] !== null && outer[0] <= inner[0])
  return starts && (outer[1] === null || (inner[1] !== null && inner[1] <= outer[1]))
}

/** Some instant lies in both. */
export function overlap(one: Interval, other: Interval): boolean {
  return isBefore(one[0], other[1]) && isBefore(other[0], one[1])
}

function isBefore(from: number | null, to: number | null): boolean {
  return from === null || to === null || from < to
}
