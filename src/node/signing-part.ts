// A validator that may sign: first the exchange of hellos, then consensus, gated by it member for member.

import type { Message } from '../consensus/messages.ts'
import { latestStatementsOf } from '../consensus/shown-statements.ts'
import { behind, type SignStateRefusal } from '../ledger/sign-state-refusal.ts'
import type { Transport } from '../p2p/transport.ts'
import { assert } from '../types/assert.ts'
import type { Epoch, PublicKey, Seat } from '../types/brand.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import { memberAt, seatOf } from '../types/validator-set.ts'
import type { Timers } from './clock.ts'
import { HeardStarts } from './hello/heard-starts.ts'
import { HelloExchange } from './hello/hello-exchange.ts'
import { isHelloMessage } from './hello/messages.ts'
import { sessionOf } from './hello/session.ts'
import type { Part } from './part.ts'
import type { GrantedRight } from './signing-right.ts'
import { createRuntime, type ValidatorParts } from './validator.ts'

export interface SigningPartParts extends Omit<ValidatorParts, 'signStateFile' | 'send' | 'onSilenced'> {
  readonly transport: Transport
  readonly right: GrantedRight
  readonly timers: Timers
  /** Enough members listen: this validator may sign. */
  readonly onCleared: () => void
  /** For good. Nothing is signed any more; the part has still to be stopped. */
  readonly onSilenced: (refusal: SignStateRefusal) => void
}

export interface SigningPart extends Part {
  transactionsArrived(): void
}

/** Former seats are known for as long as anybody may speak of them. */
const EPOCHS_BACK = 100

export function createSigningPart(parts: SigningPartParts): SigningPart {
  const { right, ledger, seats, transport, verifier, consensusKey, clock, log, timers } = parts
  const { onCleared, onSilenced, onFatal } = parts
  const self = seatOf(ledger.validators, consensusKey.publicKey)
  assert(self !== undefined, 'a validator is a member of the set')
  let isCleared = false

  const send = (seat: Seat, message: Uint8Array): boolean => {
    const peer = seats.peerOf(seat)
    return peer !== null && transport.send(peer, 'consensus', message)
  }
  const { runtime, state } = createRuntime({
    ...parts,
    /** Nobody hears a word of consensus who has not been told which start speaks. The last one goes to a seat that has ended. */
    send: (to, message) => exchange.isOpen(to) && send(to, message),
    signStateFile: right.file,
    onSilenced(statement) {
      exchange.stop()
      log.error({ statement }, 'this validator falls silent')
      onSilenced(behind(`a member shows a ${statement.kind} of this validator that its sign-state does not know`))
    },
  })

  const keyOf = (seat: Seat): PublicKey | null => {
    for (let epoch = ledger.epoch; epoch >= Math.max(0, ledger.epoch - EPOCHS_BACK); epoch--) {
      const set = ledger.setOf(epoch as Epoch)
      const member = set && memberAt(set, seat)
      if (member !== undefined) return member.consensusKey
    }
    return null
  }
  const exchange = new HelloExchange({
    validators: () => ledger.validators,
    keyOf,
    hello: {
      chainId: ledger.chainId,
      seat: self,
      incarnation: right.file.incarnation,
      session: sessionOf(right, clock),
    },
    sign: consensusKey.sign,
    verifier,
    heard: new HeardStarts(right.heard),
    signState: () => state.signState,
    statementsOf: (seat) => latestStatementsOf(state, seat),
    send,
    timers,
    log,
    onCleared() {
      isCleared = true
      runtime.start()
      onCleared()
    },
    onOpen(seat) {
      const peer = seats.peerOf(seat)
      if (peer !== null) runtime.peerChanged(peer, 'connected')
    },
    onSilenced(refusal) {
      runtime.fallSilent()
      onSilenced(refusal)
    },
  })

  /** Of a peer that may take part, now or until lately. */
  const other = (peer: PublicKey): Seat | null => {
    const seat = seats.seatOf(peer)
    return seat === self ? null : seat
  }
  const reconcile = (): void => exchange.reconcile(transport.connectedPeers().flatMap((peer) => other(peer) ?? []))

  return {
    start() {
      reconcile()
      exchange.start()
    },
    async stop() {
      await runtime.stop()
      exchange.stop()
    },
    validating: {
      transfer: async (target) => (isCleared ? runtime.transfer(target) : { failure: 'stopping' }),
      readIndex: async () => (isCleared ? runtime.readIndex() : 'stopping'),
      evidenceLearned: (evidence) => runtime.evidenceLearned(evidence),
      standstill: () => (isCleared ? runtime.standstill() : null),
      releaseDecided: async (release) => (isCleared ? runtime.releaseDecided(release) : 'stopping'),
      describe: () => runtime.describe(),
      lastHeardOf: (seat) => runtime.lastHeardOf(seat),
    },
    receive(peer, message) {
      const seat = other(peer)
      if (seat === null) return undefined
      if (isHelloMessage(message)) {
        reconcile()
        // What a hello makes durable and cannot: the disk has failed.
        return exchange.receive(seat, message).catch(onFatal)
      }
      if (exchange.isOpen(seat)) return runtime.receive(peer, message)
      // A certificate is its own witness: who left with the last epoch greets nobody, and may be the only one who has it.
      const isCertificate = kindOf(message, { ...parts, seat }) === 'certified'
      return isCertificate && isCleared ? runtime.receive(peer, message) : undefined
    },
    peerChanged(peer, change) {
      const seat = other(peer)
      if (seat === null) return
      if (change === 'connected') exchange.connected(seat)
      else if (exchange.disconnected(seat)) runtime.peerChanged(peer, 'disconnected')
    },
    heardHeader: () => undefined,
    transactionsArrived() {
      if (isCleared) runtime.transactionsArrived()
    },
  }
}

/** Before the hello nothing else is acted on, but who sends nonsense is named. */
function kindOf(
  message: Uint8Array,
  { seat, wire, log }: { seat: Seat } & Pick<SigningPartParts, 'wire' | 'log'>,
): Message['kind'] | null {
  try {
    return wire.decode(message).kind
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    log.warn({ member: seat, field: error.path, reason: error.reason }, 'malformed consensus message')
    return null
  }
}
