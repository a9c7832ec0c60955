// What is worked out once of a value that never changes, for as long as the value lives.

export function remembered<T extends object, R>(of: (value: T) => R): (value: T) => R {
  const known = new WeakMap<T, R>()
  return (value) => {
    const kept = known.get(value)
    if (kept !== undefined) return kept
    const result = of(value)
    known.set(value, result)
    return result
  }
}
