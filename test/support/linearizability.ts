// Is what clients saw the history of one object that does one operation at a time? Wing and Gong's search with Lowe's memo
// ("Testing for linearizability", 2017): take a pending operation, apply it to the model, go on; on a dead end take it back.
// Owns the search only; what an operation does is the model's to say.

/** One request of a client. Times are of one monotonic clock. */
export interface Operation<Input, Output> {
  readonly input: Input
  /** Null: nobody knows what came of it. It took effect once after its start, even much later, or never. */
  readonly output: Output | null
  readonly startMs: number
  /**
   * When the client had its answer. `Infinity` with an output: it took effect, which was learned by other means, so it may
   * have done so at any time after its start. Of no meaning without an output.
   */
  readonly endMs: number
}

export interface Model<State, Input, Output> {
  readonly initial: State
  /** The state after it, or null where this output cannot come of this state. Any output is fine when it is null. */
  step(state: State, input: Input, output: Output | null): State | null
  /** Equal for equal states. */
  nameOf(state: State): string
}

export type Judgement<Input, Output> =
  | { readonly linearizable: true }
  | {
      readonly linearizable: false
      /** The longest order that works so far. */
      readonly longest: readonly Operation<Input, Output>[]
      /** The operation that had ended and fits nowhere behind it. */
      readonly stuckAt: Operation<Input, Output>
    }

/** A start or an end in the list of what happened; an operation without an output has no end. */
interface Entry {
  readonly index: number
  readonly isEnd: boolean
  previous: Entry | null
  next: Entry | null
}

/** One object. A history over several is linearizable when each object's is: `byKey`. */
export function judge<State, Input, Output>(
  history: readonly Operation<Input, Output>[],
  model: Model<State, Input, Output>,
): Judgement<Input, Output> {
  // By end: what is left to do is then nearly a suffix, and short to name.
  const operations = [...history].sort((a, b) => endOf(a) - endOf(b))
  const head: Entry = { index: -1, isEnd: false, previous: null, next: null }
  const ends = link(head, operations)
  const order: { readonly entry: Entry; readonly before: State }[] = []
  const done = new Done(operations.length)
  const seen = new Set<string>()
  let state = model.initial
  let left = operations.filter(({ output }) => output !== null).length
  let longest: readonly Operation<Input, Output>[] = []
  let stuckAt = operations[0]
  let entry = head.next
  while (left > 0) {
    if (entry === null || entry.isEnd) {
      // It ended, and every order tried so far left it out. Without an end in sight only effects of unknown ones are left.
      if (entry !== null && (order.length >= longest.length || stuckAt === undefined)) {
        longest = order.map(({ entry: { index } }) => operations[index] as Operation<Input, Output>)
        stuckAt = operations[entry.index]
      }
      const last = order.pop()
      if (last === undefined) {
        return { linearizable: false, longest, stuckAt: stuckAt as Operation<Input, Output> }
      }
      state = last.before
      done.remove(last.entry.index)
      if (operations[last.entry.index]?.output !== null) left++
      unlift(last.entry, ends)
      entry = last.entry.next
      continue
    }
    const { input, output } = operations[entry.index] as Operation<Input, Output>
    const after = model.step(state, input, output)
    if (after !== null) {
      done.add(entry.index)
      const place = `${done.name()} ${model.nameOf(after)}`
      if (!seen.has(place)) {
        seen.add(place)
        order.push({ entry, before: state })
        state = after
        if (output !== null) left--
        lift(entry, ends)
        entry = head.next
        continue
      }
      done.remove(entry.index)
    }
    entry = entry.next
  }
  return { linearizable: true }
}

/** The parts of a history, by the object that each operation is on. */
export function byKey<Input, Output>(
  history: readonly Operation<Input, Output>[],
  keyOf: (input: Input) => string,
): ReadonlyMap<string, readonly Operation<Input, Output>[]> {
  return Map.groupBy(history, ({ input }) => keyOf(input))
}

const endOf = ({ output, endMs }: Operation<unknown, unknown>): number =>
  output === null ? Number.POSITIVE_INFINITY : endMs

/** All starts and ends in the order of time behind `head`. Answers the ends by operation. */
function link(head: Entry, operations: readonly Operation<unknown, unknown>[]): ReadonlyMap<number, Entry> {
  const moments = operations.flatMap(({ output, startMs }, index) => {
    const endMs = endOf(operations[index] as Operation<unknown, unknown>)
    return [{ index, atMs: startMs, isEnd: false }, ...(output === null ? [] : [{ index, atMs: endMs, isEnd: true }])]
  })
  // At one time a start comes first: the two overlap, which allows more orders and accuses nobody wrongly.
  moments.sort((a, b) => a.atMs - b.atMs || Number(a.isEnd) - Number(b.isEnd))
  const ends = new Map<number, Entry>()
  let previous = head
  for (const { index, isEnd } of moments) {
    const entry: Entry = { index, isEnd, previous, next: null }
    previous.next = entry
    previous = entry
    if (isEnd) ends.set(index, entry)
  }
  return ends
}

/** Takes an operation out of the list. */
function lift(start: Entry, ends: ReadonlyMap<number, Entry>): void {
  for (const entry of [start, ends.get(start.index)]) {
    if (entry === undefined) continue
    if (entry.previous !== null) entry.previous.next = entry.next
    if (entry.next !== null) entry.next.previous = entry.previous
  }
}

/** Puts it back where it was: in the opposite order of `lift`. */
function unlift(start: Entry, ends: ReadonlyMap<number, Entry>): void {
  for (const entry of [ends.get(start.index), start]) {
    if (entry === undefined) continue
    if (entry.previous !== null) entry.previous.next = entry
    if (entry.next !== null) entry.next.previous = entry
  }
}

/** The operations that were applied: all below a mark, and a few above it. */
class Done {
  readonly #flags: Uint8Array
  readonly #above = new Set<number>()
  #mark = 0

  constructor(count: number) {
    this.#flags = new Uint8Array(count)
  }

  add(index: number): void {
    this.#flags[index] = 1
    if (index > this.#mark) this.#above.add(index)
    if (index !== this.#mark) return
    while (this.#flags[this.#mark] === 1) this.#above.delete(this.#mark++)
  }

  remove(index: number): void {
    this.#flags[index] = 0
    if (index >= this.#mark) {
      this.#above.delete(index)
      return
    }
    for (let each = index + 1; each < this.#mark; each++) this.#above.add(each)
    this.#mark = index
  }

  name(): string {
    return `${this.#mark}:${[...this.#above].sort((a, b) => a - b).join(',')}`
  }
}
