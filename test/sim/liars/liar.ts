// A liar: a whole node whose outgoing and incoming consensus messages a script controls. It has its own keys and nobody
// else's, sees what its node sees, and can send anything to anyone.

import type { Message } from '../../../src/consensus/messages.ts'
import type { PublicKey, Seat } from '../../../src/types/brand.ts'
import type { Sign } from '../../../src/types/signing.ts'
import type { SimulatedNode } from '../node.ts'
import type { Random } from '../random.ts'

/** Members by their number: transport key and present seat. */
export interface Directory {
  keyOf(member: Seat): PublicKey
  seatOf(member: Seat): Seat
}

export interface LiarParts {
  readonly node: SimulatedNode
  readonly random: Random
  readonly directory: Directory
  /** The other liars of the run. */
  readonly accomplices: ReadonlySet<Seat>
  readonly onLie: (what: string) => void
}

/** What a script is built on. */
export class Liar {
  readonly node: SimulatedNode
  readonly random: Random
  /** By its own consensus key. */
  readonly sign: Sign
  readonly accomplices: ReadonlySet<Seat>
  readonly #parts: LiarParts

  constructor(parts: LiarParts) {
    this.node = parts.node
    this.random = parts.random
    this.accomplices = parts.accomplices
    this.#parts = parts
    const { consensus } = parts.node.keys
    if (consensus === null) throw new Error('a liar is a validator')
    this.sign = consensus.sign
  }

  get seat(): Seat {
    return this.node.seat
  }

  get peers(): readonly Seat[] {
    const { members } = this.node.parts.consortium.validators
    return members.map(({ seat }) => seat).filter((seat) => seat !== this.seat)
  }

  seatOf(member: Seat): Seat {
    return this.#parts.directory.seatOf(member)
  }

  /** Past its own node. */
  send(to: Seat, message: Message): void {
    const { directory } = this.#parts
    this.node.running?.transport.push(directory.keyOf(to), 'consensus', this.node.parts.wire.encode(message))
  }

  /** Has its node hear this, as if it had come from there. */
  hear(from: Seat, message: Message): void {
    this.node.hear(this.#parts.directory.keyOf(from), this.node.parts.wire.encode(message))
  }

  /** Says that it has just lied, for trace and coverage. */
  lied(what: string): void {
    this.#parts.onLie(what)
  }
}

export interface LiarScript {
  /** What its node wants to send: false keeps it back. Send something else with `liar.send`. */
  outgoing?(to: Seat, message: Message): boolean
  /** What has arrived: false keeps it from its node. */
  incoming?(from: Seat, message: Message): boolean
  /** What its node answers to a request: something else instead. */
  serves?(protocol: string, reply: Uint8Array): Uint8Array
}

export type CreateLiar = (liar: Liar) => LiarScript
