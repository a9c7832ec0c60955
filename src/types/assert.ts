// Assertions stay on in production: a broken invariant stops the node before it can sign or store nonsense.

export class AssertionError extends Error {
  override name = 'AssertionError'
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}

/** Ends every switch over a closed union: a new member fails the type check, a foreign value stops the node. */
export function assertNever(value: never): never {
  throw new AssertionError(`unexpected value: ${String((value as { kind?: unknown })?.kind ?? value)}`)
}
