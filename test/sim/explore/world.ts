// What the explorer walks over: honest cores, everything that was ever sent, and one liar that knows all of it. A packet
// stays where it is after delivery, so loss, delay, reordering and repetition are all just ways to walk.
//
// The state of one node and every packet are numbered as they turn up; a state of the world is then a short list of
// numbers, and a step of a node in a given state is computed once, however many worlds it happens in.

import { createHash } from 'node:crypto'
import { headerOf } from '../../../src/consensus/block-tree.ts'
import { canPropose } from '../../../src/consensus/can-propose.ts'
import { step } from '../../../src/consensus/core.ts'
import { createState, type Restored } from '../../../src/consensus/create-state.ts'
import type { Occurrence } from '../../../src/consensus/events.ts'
import {
  createGenesisBlock,
  createSettings,
  createTransaction,
  execute,
  GENESIS_TIME_MS,
} from '../../../src/consensus/fakes.test-support.ts'
import { createLiveness } from '../../../src/consensus/liveness.ts'
import { encodeMessage, type Message } from '../../../src/consensus/messages.ts'
import { createProgress } from '../../../src/consensus/replicate.ts'
import { EMPTY_SIGN_STATE } from '../../../src/consensus/sign-state.ts'
import type { State } from '../../../src/consensus/state.ts'
import { createWitness } from '../../../src/consensus/witness.ts'
import { EMPTY_RANGE } from '../../../src/crypto/mountain-range.ts'
import type { Block } from '../../../src/types/block.ts'
import type { Seat } from '../../../src/types/brand.ts'
import type { ValidatorSet } from '../../../src/types/validator-set.ts'
import { canonicalText, copyOf } from './structure.ts'

export const genesis = createGenesisBlock()

/** A first start. */
const START: Restored = {
  certified: { block: genesis, commitCert: null, ancestors: EMPTY_RANGE },
  uncommitted: [],
  leaderCerts: [],
  signState: EMPTY_SIGN_STATE,
  certifiedHashAt: () => undefined,
  nextSetOf: () => null,
  lineageAt: () => null,
}

export interface Packet {
  readonly from: Seat
  readonly to: Seat
  readonly message: Message
}

/** What a node can do next: take a packet, let a timer run out, or make a block. */
export type Action =
  | { readonly kind: 'deliver'; readonly packet: number }
  | { readonly kind: 'campaign' | 'heartbeat' | 'propose' }

export interface Outcome {
  readonly local: number
  /** Numbers of the packets that it sends. */
  readonly sent: readonly number[]
  readonly diverged: boolean
}

export interface Bounds {
  /** Nobody campaigns beyond this term. */
  readonly terms: number
  /** Nobody builds above this height. */
  readonly heights: number
}

interface Local {
  readonly state: State
  /** Outcomes by action, as far as they were asked for. */
  readonly outcomes: Map<string, Outcome>
}

/** The honest cores' possible states and all packets, numbered. */
export class World {
  readonly packets: Packet[] = []
  readonly #packetNumbers = new Map<string, number>()
  readonly #locals: Local[] = []
  readonly #localNumbers = new Map<string, number>()
  readonly set: ValidatorSet
  readonly bounds: Bounds

  constructor(set: ValidatorSet, bounds: Bounds) {
    this.set = set
    this.bounds = bounds
  }

  get localCount(): number {
    return this.#locals.length
  }

  /** The number of an honest node at its first start. */
  start(self: Seat): number {
    const state = createState(createSettings(this.set, self), START)
    return this.#numberLocal(state)
  }

  stateOf(local: number): State {
    return this.#at(local).state
  }

  packet(packet: Packet): number {
    const { from, to, message } = packet
    const text = `${from} ${to} ${encodeMessage(message).toHex()}`
    const name = createHash('sha256').update(text).digest('base64')
    const known = this.#packetNumbers.get(name)
    if (known !== undefined) return known
    this.packets.push(packet)
    this.#packetNumbers.set(name, this.packets.length - 1)
    return this.packets.length - 1
  }

  /** What a node of its own accord may do; packets come on top. */
  choices(local: number): readonly Action[] {
    const { state } = this.#at(local)
    if (state.halted) return []
    const choices: Action[] = []
    if (state.role.kind !== 'leader' && state.term < this.bounds.terms) choices.push({ kind: 'campaign' })
    if (state.role.kind === 'leader') choices.push({ kind: 'heartbeat' })
    if (this.#opportunity(state) !== null) choices.push({ kind: 'propose' })
    return choices
  }

  /** Null when the action changes nothing and says nothing. */
  act(local: number, action: Action): Outcome | null {
    const at = this.#at(local)
    const name = action.kind === 'deliver' ? `d${action.packet}` : action.kind
    let outcome = at.outcomes.get(name)
    if (outcome === undefined) {
      outcome = this.#compute(at.state, action)
      at.outcomes.set(name, outcome)
    }
    return outcome.local === local && outcome.sent.length === 0 ? null : outcome
  }

  #compute(before: State, action: Action): Outcome {
    // Nobody looks for evidence here, and what was seen decides nothing.
    const state = { ...copyOf(before), witness: createWitness(START) }
    const sent = new Set<number>()
    let diverged = false
    const perform = (occurrence: Occurrence): void => {
      // The clock stands still: every block is of its time.
      for (const effect of step(state, { ...occurrence, nowMs: GENESIS_TIME_MS, random: 0 })) {
        if (effect.kind === 'send' && matters(effect.message)) {
          sent.add(this.packet({ from: state.settings.self, to: effect.to, message: effect.message }))
        } else if (effect.kind === 'execute') {
          perform({ kind: 'executed', blockHash: effect.block.hash, verdict: { kind: 'valid', nextSet: null } })
        } else if (effect.kind === 'diverged') diverged = true
      }
    }
    for (const occurrence of this.#occurrences(state, action)) perform(occurrence)
    forgetProgress(state)
    forgetLiveness(state)
    return { local: this.#numberLocal({ ...state, witness: createWitness(START) }), sent: [...sent], diverged }
  }

  *#occurrences(state: State, action: Action): Generator<Occurrence> {
    switch (action.kind) {
      case 'deliver': {
        const { from, message } = this.packets[action.packet] as Packet
        yield { kind: 'received', from, message }
        return
      }
      case 'campaign':
        // Pre-votes bind nobody, so everybody gives one.
        yield { kind: 'timeout', timer: 'election' }
        for (const { seat } of this.set.members) {
          const { preCampaign } = state.liveness
          if (preCampaign === null) return
          yield { kind: 'received', from: seat, message: { kind: 'preVote', term: preCampaign.term } }
        }
        return
      case 'heartbeat':
        yield { kind: 'timeout', timer: 'heartbeat' }
        return
      case 'propose': {
        const opportunity = this.#opportunity(state)
        if (opportunity === null) return
        const parent = state.tree.entries.get(opportunity.parentHash)?.block as Block
        yield { kind: 'propose', ...draftOn(parent, opportunity.opening ? [] : [state.settings.self]) }
      }
    }
  }

  #opportunity(state: State) {
    const opportunity = canPropose(state)
    if (opportunity === null) return null
    const parent = state.tree.entries.get(opportunity.parentHash)?.block as Block
    return parent.header.height < this.bounds.heights ? opportunity : null
  }

  #numberLocal(state: State): number {
    const name = createHash('sha256').update(canonicalText(state)).digest('base64')
    const known = this.#localNumbers.get(name)
    if (known !== undefined) return known
    this.#locals.push({ state, outcomes: new Map() })
    this.#localNumbers.set(name, this.#locals.length - 1)
    return this.#locals.length - 1
  }

  #at(local: number): Local {
    return this.#locals[local] as Local
  }
}

/** An executed draft with one transaction for each of the given numbers. */
export function draftOn(parent: Block, numbers: readonly number[]) {
  return execute(parent, { timeMs: parent.header.timeMs + 1, transactions: numbers.map(createTransaction) })
}

/** Does it carry a signature, or lead to one? The rest spares time: here everybody has enough of it. */
function matters(message: Message): boolean {
  switch (message.kind) {
    case 'append':
    case 'voteRequest':
    case 'vote':
    case 'promise':
      return true
    case 'appendReply':
      return message.acks.length > 0
    default:
      return false
  }
}

/**
 * What a node remembers to leave a good leader alone is forgotten after every step: whoever may campaign, may campaign
 * now. Nothing of it decides what is safe.
 */
function forgetLiveness(state: State): void {
  Object.assign(state.liveness, createLiveness())
}

/**
 * What a leader knows about its followers only spares repetition. Without it there are far fewer states, and more
 * repetition: whatever followers could be sent, they are sent.
 */
function forgetProgress({ role, tree, certifiedHash }: State): void {
  if (role.kind !== 'leader') return
  const { height } = headerOf(tree, certifiedHash)
  for (const member of role.progress.keys()) role.progress.set(member, createProgress(height))
}
