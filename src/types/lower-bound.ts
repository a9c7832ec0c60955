// Where a key stands, or would, in a list in ascending order.

/** Position of the first key that is not below `key`; the length where all are. O(log n). */
export function lowerBound<K extends string>(ordered: readonly K[], key: K): number {
  let low = 0
  let high = ordered.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ordered[middle] as K) < key) low = middle + 1
    else high = middle
  }
  return low
}
