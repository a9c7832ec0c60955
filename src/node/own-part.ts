// What this node does about its chain, and when that changes: it signs while one of its consensus keys has a seat in the
// present set, and follows before, between and after. The process goes on meanwhile. spec/consensus.md, "Membership".

import type { Ledger } from '../ledger/ledger.ts'
import type { SignStateFile } from '../ledger/sign-state-file.ts'
import type { SignStateRefusal } from '../ledger/sign-state-refusal.ts'
import { assert, assertNever } from '../types/assert.ts'
import type { IdentityId, PublicKey } from '../types/brand.ts'
import { seatOf } from '../types/validator-set.ts'
import type { Cancel, Timers } from './clock.ts'
import type { SigningKey } from './key-file.ts'
import type { Log } from './log.ts'
import type { Part } from './part.ts'
import type { GrantedRight, SigningRight } from './signing-right.ts'
import type { Standing } from './standing.ts'

/** Who greets in vain for two of these looks whether the others have gone on without it. */
const GREETING_LOOK_MS = 5_000

export interface OwnPartParts {
  readonly institution: IdentityId
  readonly ledger: Pick<Ledger, 'epoch' | 'validators'>
  readonly standing: Standing
  readonly timers: Timers
  readonly log: Log
  /** The key that the node starts with, and what its sign-state allows; null for observers, who never sign. */
  readonly first: { readonly key: SigningKey; readonly right: SigningRight } | null
  readonly later: LaterSeats
  readonly create: {
    /** Follows; says when no peer has more. */
    readonly follow: (onCaughtUp: () => void) => Part
    /** Follows, and leaves the network to whoever else runs with the same keys. */
    readonly yield: () => Part
    readonly sign: (key: SigningKey, on: SigningOptions) => Part
  }
  readonly onFatal: (error: unknown) => void
}

export interface SigningOptions {
  readonly right: GrantedRight
  readonly onSilenced: (refusal: SignStateRefusal) => void
  readonly onRetired: () => void
}

/** Seats that this node may get while it runs. */
export interface LaterSeats {
  /** Every key at hand. Asked when the set names one that is not known yet: the key file may have got it since. */
  readonly consensusKeys: () => readonly SigningKey[]
  /** Of a key that has its seat now. The files of all others are closed: what they hold goes over to it. */
  readonly open: (key: SigningKey) => Promise<SigningRight>
}

type Doing =
  | { readonly kind: 'following' }
  | { readonly kind: 'yielding'; readonly key: SigningKey }
  | { readonly kind: 'signing'; readonly key: SigningKey }

export class OwnPart {
  readonly #parts: OwnPartParts
  readonly #rights = new Map<PublicKey, SigningRight>()
  /** Opened when they had their seat: what was signed under the keys before has gone over to them. */
  readonly #takenUp = new Set<PublicKey>()
  /** Granted, and not closed. */
  readonly #open = new Set<GrantedRight>()
  #keys: readonly SigningKey[]
  #doing: Doing
  #part: Part
  #turning: Promise<void> = Promise.resolve()
  #isCaughtUp = false
  /** Greeted in vain: has to catch up before it signs. */
  #hasToFollow = false
  #wasGreeting = false
  #falling: { readonly right: GrantedRight; readonly refusal: SignStateRefusal } | null = null
  #isStopped = false
  #stopped: Promise<void> | null = null
  #look: Cancel | null = null

  constructor(parts: OwnPartParts) {
    this.#parts = parts
    const { first } = parts
    this.#keys = first === null ? [] : [first.key]
    if (first !== null) {
      this.#keep(first.key, first.right)
      if (seatOf(parts.ledger.validators, first.key.publicKey) !== undefined) this.#takenUp.add(first.key.publicKey)
    }
    // At its start the core itself finds out how far the others are.
    this.#isCaughtUp = true
    this.#doing = this.#due()
    this.#part = this.#create(this.#doing)
  }

  /** That it signs with, else the newest one, for which it may get a seat. */
  get key(): PublicKey | null {
    const { first, later } = this.#parts
    if (this.#doing.kind === 'signing') return this.#doing.key.publicKey
    return first === null ? null : (later.consensusKeys().at(-1) ?? first.key).publicKey
  }

  get part(): Part {
    return this.#part
  }

  start(): void {
    this.#part.start()
    this.#look = this.#parts.timers.every(GREETING_LOOK_MS, () => this.#lookAtGreeting())
  }

  /** After every commit, and when something else has changed that decides about it. */
  review(): void {
    if (this.#isStopped) return
    if (isSame(this.#due(), this.#doing)) {
      if (this.#doing.kind === 'following') this.#parts.standing.signing = this.#whyUnseated()
      return
    }
    this.#turning = this.#turning.then(() => this.#turn()).catch((error: unknown) => this.#parts.onFatal(error))
  }

  /** May be asked for again. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    this.#isStopped = true
    this.#look?.()
    await this.#turning
    await this.#part.stop()
  }

  /** In service. */
  get signStates(): readonly SignStateFile[] {
    return [...this.#open].map(({ file }) => file)
  }

  /** Closes what remembers what was signed. */
  async release(): Promise<void> {
    for (const right of this.#open) await this.#close(right)
  }

  #due(): Doing {
    const { ledger, institution, first } = this.#parts
    if (first === null) return { kind: 'following' }
    const { members } = ledger.validators
    const seat = members.find((member) => member.institution === institution)
    const key = seat === undefined ? undefined : this.#keyOf(seat.consensusKey)
    const isRefused = ({ publicKey }: SigningKey): boolean => this.#rights.get(publicKey)?.kind === 'refused'
    if (isRefused(key ?? first.key)) return { kind: 'yielding', key: key ?? first.key }
    if (key === undefined) return { kind: 'following' }
    const isAlone = members.length === 1
    return (this.#isCaughtUp || isAlone) && !this.#hasToFollow ? { kind: 'signing', key } : { kind: 'following' }
  }

  #keyOf(publicKey: PublicKey): SigningKey | undefined {
    const find = (): SigningKey | undefined => this.#keys.find((key) => key.publicKey === publicKey)
    if (find() === undefined) this.#keys = this.#parts.later.consensusKeys()
    return find()
  }

  /** 1. the part so far ends, on disk where it fell silent; 2. the key of a new seat is taken up; 3. the new part begins. */
  async #turn(): Promise<void> {
    const before = this.#doing
    if (this.#isStopped || isSame(this.#due(), before)) return

    // 1
    await this.#part.stop()
    if (before.kind === 'signing') this.#parts.standing.leaderless()
    if (this.#falling !== null) await this.#falling.right.file.silence(this.#falling.refusal)
    this.#falling = null

    // 2
    const next = this.#due()
    if (next.kind === 'signing') await this.#takeUp(next.key)

    // 3
    this.#doing = this.#due()
    this.#part = this.#create(this.#doing)
    if (!this.#isStopped) this.#part.start()
  }

  async #takeUp(key: SigningKey): Promise<void> {
    const { later, log } = this.#parts
    if (this.#takenUp.has(key.publicKey)) return
    for (const right of this.#open) await this.#close(right)
    this.#keep(key, await later.open(key))
    this.#takenUp.add(key.publicKey)
    log.info({ key: key.publicKey }, 'the key of a new seat is taken up')
  }

  #keep(key: SigningKey, right: SigningRight): void {
    this.#rights.set(key.publicKey, right)
    if (right.kind === 'granted') this.#open.add(right)
  }

  async #close(right: GrantedRight): Promise<void> {
    this.#open.delete(right)
    await right.file.close()
    await right.heard.close()
  }

  #create(doing: Doing): Part {
    const { create, standing } = this.#parts
    switch (doing.kind) {
      case 'following':
        this.#isCaughtUp = false
        standing.signing = this.#whyUnseated()
        return create.follow(() => this.#caughtUp())
      case 'yielding': {
        const right = this.#rights.get(doing.key.publicKey)
        if (right?.kind === 'refused') standing.signing = right
        return create.yield()
      }
      case 'signing':
        standing.signing = { kind: 'greeting' }
        return this.#sign(doing.key)
      default:
        return assertNever(doing)
    }
  }

  #sign(key: SigningKey): Part {
    const { create, standing, ledger, log } = this.#parts
    const right = this.#rights.get(key.publicKey)
    assert(right?.kind === 'granted', 'who signs has the right to')
    // What it learns from here on, the core sees to.
    this.#isCaughtUp = true
    return create.sign(key, {
      right,
      onRetired: () => {
        log.warn({ epoch: ledger.epoch }, 'the seat of this validator has ended: it signs nothing more under this key')
        this.review()
      },
      onSilenced: (refusal) => {
        log.error({ reason: refusal.code }, `this validator signs nothing any more: ${refusal.text}`)
        standing.signing = { kind: 'refused', refusal }
        this.#falling = { right, refusal }
        this.#rights.set(key.publicKey, { kind: 'refused', refusal })
        this.review()
      },
    })
  }

  #caughtUp(): void {
    this.#isCaughtUp = true
    this.#hasToFollow = false
    this.review()
  }

  #whyUnseated(): Standing['signing'] {
    const { first, ledger, institution } = this.#parts
    if (first === null) return { kind: 'none' }
    const seat = ledger.validators.members.find((member) => member.institution === institution)
    if (seat === undefined) return { kind: 'unseated', reason: 'NO_SEAT' }
    return { kind: 'unseated', reason: this.#keyOf(seat.consensusKey) === undefined ? 'KEY_MISSING' : 'CATCHING_UP' }
  }

  #lookAtGreeting(): void {
    const isGreeting = this.#doing.kind === 'signing' && this.#parts.standing.signing.kind === 'greeting'
    if (isGreeting && this.#wasGreeting) {
      this.#isCaughtUp = false
      this.#hasToFollow = true
      this.review()
    }
    this.#wasGreeting = isGreeting
  }
}

function isSame(left: Doing, right: Doing): boolean {
  if (left.kind === 'following' || right.kind === 'following') return left.kind === right.kind
  return left.kind === right.kind && left.key.publicKey === right.key.publicKey
}
