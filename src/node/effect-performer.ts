// Performs what the core has asked for, strictly in order. What reaches the disk is grouped: a group's persists go first, one
// sync for all of them, and everything that relies on them after. Persisting early is always safe.

import type { Effect } from '../consensus/effects.ts'
import type { Occurrence } from '../consensus/events.ts'
import { encodeSignState, type SignState } from '../consensus/sign-state.ts'
import { assertNever } from '../types/assert.ts'
import type { Block } from '../types/block.ts'
import type { Seat } from '../types/brand.ts'
import type { CommitCert, LeaderCert } from '../types/certificate.ts'
import type { CoreQuestions } from './core-questions.ts'
import type { CoreTimers } from './core-timers.ts'
import type { RuntimeParts } from './runtime-parts.ts'

export interface EffectPerformerParts extends RuntimeParts {
  readonly coreTimers: CoreTimers
  readonly questions: CoreQuestions
  /** What an effect brings about goes back into the core. */
  readonly post: (occurrence: Occurrence) => void
  /** No step, and with it no signature, from now on. */
  readonly halt: () => void
  /** There is work for a leader. */
  readonly onWork: () => void
}

interface Durable {
  readonly blocks: readonly Block[]
  readonly leaderCerts: readonly LeaderCert[]
  /** The latest; null where the group changes none. */
  readonly signState: SignState | null
}

export class EffectPerformer {
  readonly #parts: EffectPerformerParts
  /** Of the present term, as the core has said last. */
  leader: Seat | null = null

  constructor(parts: EffectPerformerParts) {
    this.#parts = parts
  }

  async perform(effects: readonly Effect[]): Promise<void> {
    const silenced = effects.find((effect) => effect.kind === 'silenced')
    if (silenced !== undefined) {
      // Nothing of what was signed in the same group may leave.
      this.#parts.halt()
      this.#parts.onSilenced(silenced.statement)
      return
    }
    const persisted = this.#persist(effects)
    if (persisted !== undefined) await persisted
    for (const effect of effects) {
      const written = this.#performOne(effect)
      // One commit after the other: two writes under way at once may reach the store in either order.
      if (written !== undefined) await written
    }
  }

  /** Undefined where a group has nothing for the disk, as most have: then nothing waits. */
  #persist(effects: readonly Effect[]): undefined | Promise<void> {
    const blocks: Block[] = []
    const leaderCerts: LeaderCert[] = []
    let signState: SignState | null = null
    for (const effect of effects) {
      if (effect.kind === 'persistBlock') blocks.push(effect.block)
      else if (effect.kind === 'persistLeaderCert') leaderCerts.push(effect.certificate)
      else if (effect.kind === 'persistSignState') signState = effect.signState
    }
    const isNothing = blocks.length === 0 && leaderCerts.length === 0 && signState === null
    return isNothing ? undefined : this.#write({ blocks, leaderCerts, signState })
  }

  /** Blocks and LeaderCerts first, then the sign-state that speaks of them: one sync each for the whole group. */
  async #write({ blocks, leaderCerts, signState }: Durable): Promise<void> {
    const { ledger, signStateFile } = this.#parts
    if (blocks.length > 0 || leaderCerts.length > 0) await ledger.persist({ blocks, leaderCerts })
    if (signState !== null) await signStateFile.write(encodeSignState(signState))
  }

  #performOne(effect: Effect): undefined | Promise<unknown> {
    const { send, wire, alarms, coreTimers, questions } = this.#parts
    switch (effect.kind) {
      case 'persistBlock':
      case 'persistLeaderCert':
      case 'persistSignState':
      case 'execute':
      case 'moveTip':
      case 'silenced':
        return undefined
      case 'send':
        send(effect.to, wire.encode(effect.message))
        return undefined
      case 'commit':
        return this.#commit(effect.certificate)
      case 'setTimer':
        coreTimers.set(effect.timer, effect.delayMs)
        return undefined
      case 'cancelTimer':
        coreTimers.cancel(effect.timer)
        return undefined
      case 'needSync':
        this.#sync(effect.from, effect.fromHeight)
        return undefined
      case 'roleChanged':
        this.leader = effect.leader
        questions.onLeader(effect.leader)
        this.#parts.onRole(effect.role, effect.term, effect.leader)
        if (effect.role === 'leader') this.#parts.onWork()
        return undefined
      case 'transferFailed':
        questions.onTransferFailed(effect.reason)
        return undefined
      case 'readReady':
        questions.onRead(effect.id, 'ready')
        return undefined
      case 'readFailed':
        questions.onRead(effect.id, effect.reason)
        return undefined
      case 'returned':
        // They never left the mempool: taking does not remove.
        this.#parts.onWork()
        return undefined
      case 'invalidBlock': {
        const { blockHash, height, proposer, reason } = effect
        alarms.raise('invalidBlock', proposer, { blockHash, height, reason })
        return undefined
      }
      case 'misbehaviour':
        alarms.raise(effect.what, effect.member)
        return undefined
      case 'evidence':
        this.#parts.onEvidence(effect.evidence)
        return undefined
      case 'retired':
        this.#parts.halt()
        this.#parts.onRetired(effect)
        return undefined
      case 'diverged':
        throw new Error(`execution diverged from the certified chain at height ${effect.height}: ${effect.reason}`)
      default:
        return assertNever(effect)
    }
  }

  async #commit(certificate: CommitCert): Promise<void> {
    const { ledger, onCommit } = this.#parts
    onCommit(await ledger.commit(certificate), certificate)
  }

  #sync(from: Seat, fromHeight: number): void {
    const { seats, fetchRun, post, log } = this.#parts
    const peer = seats.peerOf(from)
    if (peer === null) {
      post({ kind: 'syncFailed', from })
      return
    }
    fetchRun(peer, fromHeight).then(
      (run) => post(run === null ? { kind: 'syncFailed', from } : { kind: 'synced', from, ...run }),
      (error: unknown) => {
        log.debug({ member: from, fromHeight, reason: (error as Error).message }, 'block sync failed')
        post({ kind: 'syncFailed', from })
      },
    )
  }
}
