// The latest start that was accepted of every other seat, on disk: whoever restores an old validator often restarts the
// others, too, and what a validator has welcomed it must not forget.

import type { DurableNote } from '../../ledger/durable-note.ts'
import type { Seat } from '../../types/brand.ts'
import { fromBytes, list, toBytes } from '../../types/canonical.ts'
import { VALIDATORS_MAX } from '../../types/limits.ts'
import { isRivalOf, type SignedHello, signedHelloCodec } from './messages.ts'

/** Seats are never given out again; those that are gone make room. */
const KEPT_MAX = 2 * VALIDATORS_MAX
const codec = list(signedHelloCodec, KEPT_MAX)

export class HeardStarts {
  readonly #note: DurableNote
  readonly #bySeat: Map<Seat, SignedHello>
  #writing: Promise<void> = Promise.resolve()

  constructor(note: DurableNote) {
    this.#note = note
    const kept = note.content === undefined ? [] : fromBytes(codec, note.content)
    this.#bySeat = new Map(kept.map((signed) => [signed.hello.seat, signed]))
  }

  of(seat: Seat): SignedHello | null {
    return this.#bySeat.get(seat) ?? null
  }

  /** On disk when it resolves. False, and nothing kept, where a rival of it is known. */
  async accept(signed: SignedHello): Promise<boolean> {
    const { hello } = signed
    const known = this.#bySeat.get(hello.seat)
    if (known !== undefined && isRivalOf(known.hello, hello)) return false
    if (known?.hello.session === hello.session) {
      await this.#writing
      return true
    }
    // Latest last: when there are too many, the one that was heard of longest ago goes.
    this.#bySeat.delete(hello.seat)
    this.#bySeat.set(hello.seat, signed)
    const [oldest] = this.#bySeat.keys()
    if (this.#bySeat.size > KEPT_MAX && oldest !== undefined) this.#bySeat.delete(oldest)
    const content = toBytes(codec, [...this.#bySeat.values()])
    this.#writing = this.#writing.then(() => this.#note.write(content))
    await this.#writing
    return true
  }
}
