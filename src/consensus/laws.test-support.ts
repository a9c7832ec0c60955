// What must hold in every run, whatever happens. Looks at what honest members store and say.

import type { Block } from '../types/block.ts'
import type { Hash, Seat } from '../types/brand.ts'
import type { Message } from './messages.ts'
import type { SignState } from './sign-state.ts'

export class Laws {
  readonly violations: string[] = []
  private readonly leaders = new Map<number, Seat>()
  private readonly certified = new Map<number, Hash>()
  private readonly proposed = new Map<string, Hash>()
  private readonly ackers = new Map<Hash, { readonly height: number; readonly members: Set<Seat> }>()
  private readonly now: () => string

  /** `now` says where in which run a violation happened. */
  constructor(now: () => string) {
    this.now = now
  }

  violate(what: string): void {
    this.violations.push(`${this.now()}: ${what}`)
  }

  /** Election safety: at most one leader a term. */
  onLeader(member: Seat, term: number): void {
    const other = this.leaders.get(term)
    if (other !== undefined && other !== member) this.violate(`two leaders in term ${term}`)
    this.leaders.set(term, member)
  }

  /** R1 of leaders: one block per (term, height). */
  onProposal({ header, hash }: Block): void {
    const place = `${header.term}/${header.height}`
    const other = this.proposed.get(place)
    if (other !== undefined && other !== hash) this.violate(`two blocks of one proposer at ${place}`)
    this.proposed.set(place, hash)
  }

  /** No two certified blocks at one height; with hash links that is log matching, too. */
  onCommit({ header, hash }: Block): void {
    const other = this.certified.get(header.height)
    if (other !== undefined && other !== hash) this.violate(`two certified blocks at height ${header.height}`)
    this.certified.set(header.height, hash)
  }

  /** From the moment that the ack is durable, it counts, sent or not. */
  onSignState(member: Seat, { lastAck }: SignState): void {
    if (lastAck === null) return
    const entry = this.ackers.get(lastAck.hash) ?? { height: lastAck.height, members: new Set() }
    entry.members.add(member)
    this.ackers.set(lastAck.hash, entry)
  }

  /** What is said is covered by what is on disk. */
  onSend(message: Message, { signState, blocks }: { signState: SignState; blocks: ReadonlyMap<Hash, Block> }): void {
    const { vote, promise, lastAck } = signState
    if (message.kind === 'vote' && vote?.term !== message.vote.term) this.violate('vote before disk')
    if (message.kind === 'promise' && promise?.term !== message.promise.term) this.violate('promise before disk')
    if (message.kind !== 'appendReply') return
    for (const { ack } of message.acks) {
      if (lastAck === null || lastAck.term !== ack.term || lastAck.height < ack.height) this.violate('ack before disk')
      if (ack.term < Math.max(vote?.term ?? 0, promise?.term ?? 0)) this.violate('ack below a vote or promise')
      if (!blocks.has(ack.blockHash)) this.violate('ack of a block that is not on disk')
    }
  }

  /** What a quorum has acked is on every chain that is long enough. */
  checkAckedSurvive(chains: readonly (readonly Block[])[], quorumOn: (hash: Hash) => number): void {
    for (const [hash, { height, members }] of this.ackers) {
      if (members.size < quorumOn(hash)) continue
      for (const chain of chains) {
        const block = chain[height]
        if (block !== undefined && block.hash !== hash) this.violate(`acked by a quorum and lost at height ${height}`)
      }
    }
  }
}
