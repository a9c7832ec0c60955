// Presents this node to members that do not take its channels: they were away, and do not know its transport key yet. Once
// they have seen that it is registered, they fetch from it what they missed. spec/network.md, "Introduction".

import { createIntroduction, type IntroducingLedger } from '../ledger/create-introduction.ts'
import { P2pError } from '../p2p/errors.ts'
import { INTRODUCTION_PROTOCOL, type Transport } from '../p2p/transport.ts'
import type { PublicKey } from '../types/brand.ts'
import { fromBytes, toBytes } from '../types/canonical.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import { type Introduction, introductionCodec, type Reception, receptionCodec } from '../types/introduction.ts'
import type { Log } from './log.ts'

const ANSWER_TIMEOUT_MS = 5_000
const ANSWER_BYTES_MAX = 1_024

export interface IntroducerParts {
  readonly ledger: IntroducingLedger
  readonly transport: Transport
  readonly log: Log
}

export class Introducer {
  readonly #parts: IntroducerParts
  readonly #busyWith = new Set<PublicKey>()

  constructor(parts: IntroducerParts) {
    this.#parts = parts
  }

  listen(): void {
    this.#parts.transport.onUnheard((peer) => void this.present(peer))
  }

  /** Never rejects; one conversation with a peer at a time. */
  async present(peer: PublicKey): Promise<void> {
    if (this.#busyWith.has(peer)) return
    this.#busyWith.add(peer)
    try {
      await this.#converse(peer)
    } catch (error) {
      const isUsual = error instanceof P2pError || error instanceof DecodeError
      this.#parts.log[isUsual ? 'debug' : 'error']({ peer, error }, 'not introduced')
    } finally {
      this.#busyWith.delete(peer)
    }
  }

  /** 1. asks how far the peer is; 2. shows what fits, until all is shown, or it does not get further. */
  async #converse(peer: PublicKey): Promise<void> {
    const { ledger, transport, log } = this.#parts
    // 1
    let to = await this.#say(peer, null)
    let messages = 0
    // 2
    while (!to.isKnown && to.fault === null) {
      const introduction = createIntroduction(ledger, { transportKey: transport.self, to })
      if (introduction === null) return
      const next = await this.#say(peer, introduction)
      messages++
      const isFurther = next.isKnown || next.epoch > to.epoch
      to = next
      if (!isFurther) break
    }
    const { epoch, height, fault } = to
    if (to.isKnown && messages > 0) {
      log.info({ peer, height, messages }, 'introduced to a member that was away: it may fetch what it missed')
    } else if (!to.isKnown)
      log.warn({ peer, epoch, height, fault }, 'a member that was away does not accept who this is')
  }

  async #say(peer: PublicKey, introduction: Introduction | null): Promise<Reception> {
    const options = { timeoutMs: ANSWER_TIMEOUT_MS, maxReplyBytes: ANSWER_BYTES_MAX }
    const message = toBytes(introductionCodec, introduction)
    return fromBytes(receptionCodec, await this.#parts.transport.request(peer, INTRODUCTION_PROTOCOL, message, options))
  }
}
