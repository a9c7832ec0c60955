// Listens to peers whose transport key the own registry does not know, while this node is out of touch: they may have been
// registered since. What they show is checked from the validators known here on; who has shown all of it serves as a
// bootstrap peer until the own chain is there. spec/network.md, "Introduction".

import type { Verifier } from '../consensus/certificate.ts'
import { followIntroduction } from '../consensus/introduction.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { STRANGER_MS, STRANGERS_MAX } from '../p2p/limits.ts'
import { INTRODUCTION_PROTOCOL, type Transport } from '../p2p/transport.ts'
import type { PublicKey } from '../types/brand.ts'
import { fromBytes, toBytes } from '../types/canonical.ts'
import {
  INTRODUCTION_BYTES_MAX,
  type Introduction,
  introductionCodec,
  type Reception,
  receptionCodec,
} from '../types/introduction.ts'
import type { ValidatorSet } from '../types/validator-set.ts'
import type { Timers } from './clock.ts'
import type { Log } from './log.ts'
import type { Membership } from './membership.ts'

/** What one peer has shown on its present connection. */
interface Audience {
  set: ValidatorSet
  fault: string | null
}

export interface ReceptionParts {
  readonly ledger: Pick<Ledger, 'validators' | 'head'>
  readonly membership: Pick<Membership, 'classify' | 'introduce'>
  readonly transport: Pick<Transport, 'handleRequests' | 'recheck'>
  readonly verifier: Verifier
  readonly timers: Timers
  readonly log: Log
}

export class ReceptionDesk {
  readonly #parts: ReceptionParts
  /** An audience is no longer than a connection may be. */
  readonly #audiences = new Map<PublicKey, Audience>()

  constructor(parts: ReceptionParts) {
    this.#parts = parts
  }

  listen(): void {
    const limits = { maxRequestBytes: INTRODUCTION_BYTES_MAX, concurrency: STRANGERS_MAX }
    this.#parts.transport.handleRequests(
      INTRODUCTION_PROTOCOL,
      async (peer, message) => toBytes(receptionCodec, this.answer(peer, message)),
      limits,
    )
  }

  /** Throws DecodeError. */
  answer(peer: PublicKey, message: Uint8Array): Reception {
    const { membership, ledger } = this.#parts
    const introduction = fromBytes(introductionCodec, message)
    const { height } = ledger.head.header
    const isKnown = (): boolean => membership.classify(peer) !== 'stranger'
    if (isKnown() || introduction === null) {
      const { set, fault } = this.#audiences.get(peer) ?? { set: ledger.validators, fault: null }
      return { isKnown: isKnown(), epoch: set.epoch, height, fault }
    }
    const audience = this.#audienceOf(peer)
    if (audience === null) {
      return { isKnown: false, epoch: ledger.validators.epoch, height, fault: 'too many introduce themselves' }
    }
    if (audience.fault === null) this.#listenTo(peer, { introduction, audience })
    return { isKnown: isKnown(), epoch: audience.set.epoch, height, fault: audience.fault }
  }

  #listenTo(peer: PublicKey, { introduction, audience }: { introduction: Introduction; audience: Audience }): void {
    const { verifier, ledger, membership, transport, log } = this.#parts
    const { height } = ledger.head.header
    const { chainId, verify } = verifier
    const shown = followIntroduction(introduction, { chainId, verify, set: audience.set, height, transportKey: peer })
    if (shown.fault !== null) {
      audience.fault = shown.fault
      log.warn({ peer, fault: shown.fault }, 'refused an introduction')
      return
    }
    audience.set = shown.set
    if (shown.registeredAt === null) return
    membership.introduce(peer, shown.registeredAt)
    log.info(
      { peer, height, registeredAt: shown.registeredAt },
      'a peer has shown that it is registered since: syncing with it',
    )
    transport.recheck()
  }

  /** Null where there are as many as may be. The own chain may have overtaken what was shown. */
  #audienceOf(peer: PublicKey): Audience | null {
    const { ledger, timers } = this.#parts
    const { validators } = ledger
    const known = this.#audiences.get(peer)
    if (known !== undefined) {
      if (known.set.epoch < validators.epoch) known.set = validators
      return known
    }
    if (this.#audiences.size >= STRANGERS_MAX) return null
    const audience: Audience = { set: validators, fault: null }
    this.#audiences.set(peer, audience)
    timers.after(STRANGER_MS, () => this.#audiences.delete(peer))
    return audience
  }
}
