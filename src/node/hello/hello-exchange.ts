// Who a validator is, settled with each other member before a message of consensus goes either way. So a validator that
// was restored, rolled back or started twice learns it before it signs, and of two that run with one key one falls
// silent. spec/consensus.md, section 5, has the argument.
//
//   on a connection    each tells the other what it knows of it:  known {latest start, statements}
//   from q-1 members   nothing in it that I do not know of myself: my signed hello, to all of them
//   each of them       keeps it, if it knows no later start:       welcome; else rival {that start}
//   q-1 welcomes       I sign
//
// Later connections go the same way, one by one.

import type { Verifier } from '../../consensus/certificate.ts'
import { type SignedStatement, statementsBeyond } from '../../consensus/own-statements.ts'
import type { SignState } from '../../consensus/sign-state.ts'
import { behind, rival, type SignStateRefusal } from '../../ledger/sign-state-refusal.ts'
import { assertNever } from '../../types/assert.ts'
import type { PublicKey, Seat } from '../../types/brand.ts'
import { DecodeError } from '../../types/canonical-bytes.ts'
import type { Sign } from '../../types/signing.ts'
import { memberAt, quorum, type ValidatorSet } from '../../types/validator-set.ts'
import type { Cancel, Timers } from '../clock.ts'
import type { Log } from '../log.ts'
import type { HeardStarts } from './heard-starts.ts'
import {
  decodeHelloMessage,
  encodeHelloMessage,
  type Hello,
  type HelloMessage,
  helloMessage,
  isRivalOf,
  type Known,
  type SignedHello,
  signHello,
} from './messages.ts'

/** Who has not got through is asked again; messages get lost. */
const RETRY_MS = 1_000

export interface HelloParts {
  /** Of the present epoch. */
  readonly validators: () => ValidatorSet
  /** Of a seat, present or former. */
  readonly keyOf: (seat: Seat) => PublicKey | null
  /** This start. */
  readonly hello: Hello
  readonly sign: Sign
  readonly verifier: Verifier
  readonly heard: HeardStarts
  /** The core's, as it is now. */
  readonly signState: () => SignState
  /** The latest statements of a seat that this node has seen. */
  readonly statementsOf: (seat: Seat) => readonly SignedStatement[]
  readonly send: (seat: Seat, bytes: Uint8Array) => boolean
  readonly timers: Timers
  readonly log: Log
  /** Enough members listen to this start: from now on it may sign. */
  readonly onCleared: () => void
  /** Messages of consensus may go both ways. Again, after the connection was lost. */
  readonly onOpen: (seat: Seat) => void
  /** Not this start. For good. */
  readonly onSilenced: (refusal: SignStateRefusal) => void
}

interface Peer {
  /** It has told what it knows of us, and that is nothing new. */
  isChecked: boolean
  /** It listens to us. */
  hasWelcomed: boolean
  /** We listen to it. */
  isAccepted: boolean
  isOpen: boolean
  /** It was told our hello. */
  isGreeted: boolean
  /** Since the last retry: an answer was given, a start was kept. What costs us something comes once a second. */
  wasAnswered: boolean
  wasKept: boolean
}

export class HelloExchange {
  readonly #parts: HelloParts
  readonly #own: SignedHello
  readonly #peers = new Map<Seat, Peer>()
  #phase: 'greeting' | 'claiming' | 'cleared' | 'over' = 'greeting'
  #retry: Cancel | null = null

  constructor(parts: HelloParts) {
    this.#parts = parts
    this.#own = signHello(parts.hello, parts.sign)
  }

  /** Who is connected by now. A member may have got its seat since it connected, or another one. */
  reconcile(connected: readonly Seat[]): void {
    for (const seat of this.#peers.keys()) if (!connected.includes(seat)) this.#peers.delete(seat)
    for (const seat of connected) if (!this.#peers.has(seat)) this.connected(seat)
  }

  start(): void {
    this.#retry = this.#parts.timers.every(RETRY_MS, () => this.#askAgain())
    this.#advance()
  }

  stop(): void {
    this.#phase = 'over'
    this.#retry?.()
    this.#peers.clear()
  }

  connected(seat: Seat): void {
    if (this.#phase === 'over') return
    this.#peers.set(seat, {
      isChecked: false,
      hasWelcomed: false,
      isAccepted: false,
      isOpen: false,
      isGreeted: false,
      wasAnswered: false,
      wasKept: false,
    })
    this.#tell(seat, true)
  }

  /** Was the way open? */
  disconnected(seat: Seat): boolean {
    const wasOpen = this.isOpen(seat)
    this.#peers.delete(seat)
    return wasOpen
  }

  isOpen(seat: Seat): boolean {
    return this.#peers.get(seat)?.isOpen ?? false
  }

  /** A message of this exchange. The promise holds back what the member sends behind it. */
  async receive(from: Seat, bytes: Uint8Array): Promise<void> {
    // Its stream may be up before ours is.
    const peer = this.#peers.get(from)
    if (peer === undefined || this.#phase === 'over') return
    try {
      await this.#take(decodeHelloMessage(bytes), { from, peer })
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.#parts.log.warn({ member: from, field: error.path, reason: error.reason }, 'malformed consensus message')
    }
  }

  async #take(message: HelloMessage, { from, peer }: { from: Seat; peer: Peer }): Promise<void> {
    switch (message.kind) {
      case 'known':
        this.#check(message, { from, peer })
        break
      case 'rival':
        this.#meet(message, from)
        break
      case 'hello':
        await this.#judge(message, { from, peer })
        break
      case 'welcome':
        if (message.session === this.#own.hello.session) peer.hasWelcomed = true
        break
      default:
        assertNever(message)
    }
    // The connection may be another one by now.
    if (this.#peers.get(from) === peer) this.#advance()
  }

  /** What a member knows of this validator. Whatever it does not know itself silences it. */
  #check({ latest, statements, asks }: Known, { from, peer }: { from: Seat; peer: Peer }): void {
    const { verifier, signState, hello } = this.#parts
    if (latest !== null && this.#meet(latest, from)) return
    const [proof] = statementsBeyond(signState(), { seat: hello.seat, statements, verifier })
    if (proof !== undefined) {
      this.#silence(
        behind(`seat ${from} shows a ${proof.kind} of this validator that its sign-state does not know`),
        proof,
      )
      return
    }
    peer.isChecked = true
    if (!asks || peer.wasAnswered) return
    peer.wasAnswered = true
    this.#tell(from, false)
    peer.isGreeted = false
  }

  /** A start of this validator that a member has heard of. True when it leaves no room for this one. */
  #meet(signed: SignedHello, from: Seat): boolean {
    const { hello } = this.#parts
    const isRival = signed.hello.seat === hello.seat && isRivalOf(signed.hello, hello)
    if (!isRival || !this.#isGenuine(signed)) return false
    const { incarnation } = signed.hello
    this.#silence(
      rival(
        `seat ${from} knows start ${incarnation} of this validator in another session; this one is start ${hello.incarnation}`,
      ),
      signed,
    )
    return true
  }

  async #judge(signed: SignedHello, { from, peer }: { from: Seat; peer: Peer }): Promise<void> {
    const { heard, log } = this.#parts
    if (signed.hello.seat !== from || !this.#isGenuine(signed)) {
      log.warn({ member: from }, 'a hello that is not by its sender')
      return
    }
    const known = heard.of(from)
    const isKnown = known?.hello.session === signed.hello.session
    if (!isKnown && peer.wasKept) return
    peer.wasKept ||= !isKnown
    if (await heard.accept(signed)) {
      if (this.#peers.get(from) !== peer) return
      peer.isAccepted = true
      this.#send(from, { kind: 'welcome', session: signed.hello.session })
      return
    }
    const later = heard.of(from)
    log.warn(
      { member: from, incarnation: signed.hello.incarnation, known: later?.hello.incarnation },
      'an earlier start of a member speaks',
    )
    if (later !== null) this.#send(from, { kind: 'rival', ...later })
  }

  /** 1. enough members know nothing new: hello; 2. enough of them listen: sign; 3. what is settled both ways is open. */
  #advance(): void {
    const { validators, onCleared, onOpen } = this.#parts
    const set = validators()
    const needed = quorum(set) - 1
    const count = (holds: (peer: Peer) => boolean): number =>
      [...this.#peers].filter(([seat, peer]) => holds(peer) && memberAt(set, seat) !== undefined).length

    // 1
    if (this.#phase === 'greeting' && count(({ isChecked }) => isChecked) >= needed) {
      this.#phase = 'claiming'
    }
    if (this.#phase === 'greeting') return
    for (const [seat, peer] of this.#peers) if (peer.isChecked && !peer.isGreeted) this.#greet(seat, peer)

    // 2
    if (this.#phase === 'claiming' && count(({ hasWelcomed }) => hasWelcomed) >= needed) {
      this.#phase = 'cleared'
      onCleared()
    }

    // 3
    if (this.#phase !== 'cleared') return
    for (const [seat, peer] of this.#peers) {
      if (peer.isOpen || !peer.isChecked || !peer.isAccepted || !peer.hasWelcomed) continue
      peer.isOpen = true
      onOpen(seat)
    }
  }

  #askAgain(): void {
    for (const [seat, peer] of this.#peers) {
      peer.wasAnswered = false
      peer.wasKept = false
      if (peer.isOpen) continue
      this.#tell(seat, true)
      if (!peer.hasWelcomed) peer.isGreeted = false
    }
    this.#advance()
  }

  #tell(seat: Seat, asks: boolean): void {
    const { heard, statementsOf } = this.#parts
    this.#send(seat, { kind: 'known', latest: heard.of(seat), statements: statementsOf(seat), asks })
  }

  #greet(seat: Seat, peer: Peer): void {
    peer.isGreeted = true
    this.#send(seat, { kind: 'hello', ...this.#own })
  }

  #send(seat: Seat, message: HelloMessage): void {
    this.#parts.send(seat, encodeHelloMessage(message))
  }

  #isGenuine({ hello, signature }: SignedHello): boolean {
    const { keyOf, verifier } = this.#parts
    const key = keyOf(hello.seat)
    return key !== null && hello.chainId === verifier.chainId && verifier.verify(key, helloMessage(hello), signature)
  }

  #silence(refusal: SignStateRefusal, proof: SignedHello | SignedStatement): void {
    this.stop()
    this.#parts.log.error({ reason: refusal.code, proof }, 'this validator falls silent')
    this.#parts.onSilenced(refusal)
  }
}
