// What an invariant is told, and how it says that it was broken. One property a file, fed with facts as they happen; each looks
// at what is new and never at everything again. Used by the simulator (test/sim), free of it. Members have numbers that they
// keep; what they sign names the seat that they had then: `memberOf` leads from the one to the other.

import type { Verifier } from '../../src/consensus/certificate.ts'
import type { StoredStatements } from '../../src/consensus/evidence/investigate.ts'
import type { Message } from '../../src/consensus/messages.ts'
import type { SignState } from '../../src/consensus/sign-state.ts'
import type { Block } from '../../src/types/block.ts'
import type { Epoch, Hash, Height, Seat } from '../../src/types/brand.ts'
import type { CommitCert } from '../../src/types/certificate.ts'
import type { Receipt } from '../../src/types/receipt.ts'
import type { ValidatorSet } from '../../src/types/validator-set.ts'
import type { BlockIndex } from './block-index.ts'

export interface Place {
  readonly height: number
  readonly index: number
}

/** Facts about honest members, unless it says otherwise. */
export interface Invariant {
  readonly name: string
  /** Said to at least one other member; it may get lost. */
  onSend?(from: Seat, message: Message): void
  /** Certified at this member, oldest first, the certificate on the last. */
  onCommit?(by: Seat, blocks: readonly Block[], certificate: CommitCert): void
  /** What it is about to make durable, or what a start found on disk. */
  onSignState?(member: Seat, signState: SignState, from: { readonly isRestored: boolean }): void
  /** Its process runs (again), on what its disk kept. */
  onStart?(
    member: Seat,
    head: { readonly height: number; readonly hash: Hash },
    /** Uncertified blocks on its disk. */
    disk: { readonly stored: ReadonlySet<Hash>; readonly hasLostLedger: boolean },
  ): void
  /** It is back after it had no seat, under a new key: what it signed before does not bind it. */
  onNewVoice?(member: Seat): void
  /** It has found this block of that member invalid. */
  onRefusal?(by: Seat, block: { readonly blockHash: Hash; readonly member: Seat; readonly reason: string }): void
  /** This member takes it for proof. */
  onEvidence?(by: Seat, evidence: { readonly kind: string; readonly accused: readonly Seat[] }): void
  /** A client was told that a transaction is certified there. */
  onAcknowledged?(transactionId: Hash, place: Place): void
  /** A client was told that a transaction is in no block and will be in none. */
  onDenied?(transactionId: Hash): void
  /** Faults have ended, everybody had time. Certified chains of the honest members. */
  onEnd?(): void
}

export type Fact = Exclude<keyof Invariant, 'name'>

/** By fact: those who want to hear of it. Most want to hear of few. */
export type Hearers = { readonly [F in Fact]: readonly NonNullable<Invariant[F]>[] }

export function hearersOf(invariants: readonly Invariant[]): Hearers {
  const of = <F extends Fact>(fact: F): Hearers[F] =>
    invariants.flatMap((invariant) => invariant[fact] ?? []) as unknown as Hearers[F]
  return {
    onSend: of('onSend'),
    onCommit: of('onCommit'),
    onSignState: of('onSignState'),
    onStart: of('onStart'),
    onNewVoice: of('onNewVoice'),
    onRefusal: of('onRefusal'),
    onEvidence: of('onEvidence'),
    onAcknowledged: of('onAcknowledged'),
    onDenied: of('onDenied'),
    onEnd: of('onEnd'),
  }
}

export interface InvariantContext {
  /** As far as any member has come. */
  readonly setOf: (epoch: Epoch) => ValidatorSet | undefined
  readonly honestMembers: () => readonly Seat[]
  /** Whose seat that is or was. */
  readonly memberOf: (seat: Seat) => Seat | undefined
  /** Is it the seat of somebody honest? */
  readonly isHonest: (seat: Seat) => boolean
  /** Every block that anybody honest has sent or committed, and those of liars that arrived. */
  readonly blocks: BlockIndex
  /** What a member's own clock says. */
  readonly clockMs: (member: Seat) => number
  readonly receiptsOf: (member: Seat, height: Height) => readonly Receipt[] | undefined
  /** Is the member's state at its certified head the one of this block? Undefined when the head is another block. */
  readonly isStateOf: (member: Seat, block: Block) => boolean | undefined
  /** Checks signatures. */
  readonly verifier: Pick<Verifier, 'chainId' | 'verify'>
  readonly genesisBlock: Block
  /** What its ledger holds of the certified chain, also when its process has ended. */
  readonly keptBy: (member: Seat) => StoredStatements
  /** Something remarkable, for the report. */
  readonly count: (name: string) => void
  readonly violate: (text: string) => void
}

export type CreateInvariant = (context: InvariantContext) => Invariant

export const short = (hash: Hash): string => hash.slice(0, 8)
