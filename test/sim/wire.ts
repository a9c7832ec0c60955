// Consensus messages between simulated nodes. Most runs hand the message itself over: it is plain data that nobody changes.
// One run in ten sends canonical bytes, so that what they carry is the same.

import { canonicalWire, type Message, type MessageWire } from '../../src/consensus/messages.ts'

export class SimulatedWire implements MessageWire {
  readonly #isCanonical: boolean
  readonly #carried = new WeakMap<Uint8Array, Message>()

  constructor({ isCanonical }: { isCanonical: boolean }) {
    this.#isCanonical = isCanonical
  }

  encode(message: Message): Uint8Array {
    if (this.#isCanonical) return canonicalWire.encode(message)
    // Its name: empty, and itself only.
    const token = new Uint8Array()
    this.#carried.set(token, message)
    return token
  }

  decode(bytes: Uint8Array): Message {
    return this.#carried.get(bytes) ?? canonicalWire.decode(bytes)
  }
}
