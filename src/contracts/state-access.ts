// The port through which contracts reach the state. The ledger implements it with a journaled overlay: a call's writes
// are visible to what follows in that call, and the ledger drops them when the call is refused.

/** A key that is passed is good for the call alone: who implements this takes what it needs of it. */
export interface StateAccess {
  get(key: Uint8Array): Uint8Array | undefined
  put(key: Uint8Array, value: Uint8Array): void
  delete(key: Uint8Array): void
  /**
   * Entries whose key starts with `prefix` and, with `after`, is greater than it, ascending by key bytes; at most
   * `limit`. `after` always starts with `prefix`.
   */
  range(
    prefix: Uint8Array,
    options: { readonly after?: Uint8Array; readonly limit: number },
  ): Iterable<readonly [key: Uint8Array, value: Uint8Array]>
}

/** What a query may do. */
export type StateReader = Pick<StateAccess, 'get' | 'range'>
