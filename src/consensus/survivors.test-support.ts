// What an equivocating leader leaves behind: the cores of the honest members, each with what it was given. Messages are
// passed until nobody has more to say; liars say nothing.

import type { Block } from '../types/block.ts'
import type { Seat, Term } from '../types/brand.ts'
import type { CommitCert, LeaderCert } from '../types/certificate.ts'
import type { Verifier } from './certificate.ts'
import type { Effect, Timer } from './effects.ts'
import type { Occurrence } from './events.ts'
import { createTransaction } from './fakes.test-support.ts'
import { append, Group, genesis, Node, positionOfBlock } from './node.test-support.ts'
import { EMPTY_SIGN_STATE } from './sign-state.ts'

export class Survivors {
  readonly group: Group
  readonly nodes: Map<number, Node>
  /** By it the first of the liars led term 1. */
  readonly cert: LeaderCert
  readonly effects: { readonly seat: number; readonly effect: Effect }[] = []
  /** What block sync brings. */
  certified: { readonly blocks: readonly Block[]; readonly commitCert: CommitCert } | null = null
  private readonly due: { readonly seat: number; readonly occurrence: Occurrence }[] = []
  private readonly leader: number

  constructor(members: number, { liars = [0] }: { liars?: readonly number[] } = {}) {
    const group = new Group(members)
    this.group = group
    this.leader = liars[0] as number
    this.cert = group.leaderCert(1, { leader: this.leader, tip: genesis })
    // They elected it.
    const vote = group.vote(1, { candidate: this.leader, tip: genesis })
    const signState = { ...EMPTY_SIGN_STATE, term: 1 as Term, vote }
    const honest = group.set.members.flatMap(({ seat }) => (liars.includes(seat) ? [] : [seat]))
    this.nodes = new Map(honest.map((seat) => [seat, new Node(group, { self: seat, restored: { signState } })]))
  }

  node(seat: number): Node {
    return this.nodes.get(seat) as Node
  }

  /** Blocks that the leader makes; `first` tells one branch from the other. */
  branch(first: number, length: number): Block[] {
    const blocks: Block[] = []
    for (let i = 0; i < length; i++) {
      const transactions = [createTransaction(first + i)]
      blocks.push(this.group.block(this.cert, blocks.at(-1) ?? genesis, { transactions }))
    }
    return blocks
  }

  /** The member takes in these blocks of the liar, and acks them. */
  lock(seat: number, blocks: readonly Block[]): void {
    const shown = append(this.cert, { previous: positionOfBlock(genesis), blocks })
    this.node(seat).store(this.leader, shown, blocks)
    this.loseLeader(seat)
  }

  /** It starts again with an empty ledger; what it signed is not lost. */
  loseLedger(seat: number): void {
    const { signState } = this.node(seat).state
    this.nodes.set(seat, new Node(this.group, { self: seat, restored: { signState } }))
    this.loseLeader(seat)
  }

  /** The leader certified these blocks with those that acked them, and all but the others hear of it. */
  certify(blocks: readonly Block[], { by }: { by: readonly number[] }): void {
    const end = blocks.at(-1) as Block
    const commitCert = this.group.commitCert(end, [this.leader, ...by])
    this.certified = { blocks, commitCert }
    const news = append(this.cert, { previous: positionOfBlock(genesis), blocks, commitCert })
    for (const seat of by) {
      this.node(seat).receive(this.leader as Seat, news)
      this.loseLeader(seat)
    }
  }

  loseLeader(seat: number): void {
    this.node(seat).missLeader()
    this.node(seat).on({ kind: 'peerDisconnected', member: this.leader as Seat })
  }

  timeout(seat: number, timer: Timer): void {
    this.run(seat, { kind: 'timeout', timer })
  }

  run(seat: number, occurrence: Occurrence): void {
    this.due.push({ seat, occurrence })
    for (let next = this.due.shift(); next !== undefined; next = this.due.shift()) this.step(next.seat, next.occurrence)
  }

  /** One after the other stands until somebody leads, `rounds` times each; the vote timer is out each time. */
  elect(rounds = 4): number | undefined {
    for (let round = 0; round < rounds; round++) {
      for (const seat of this.nodes.keys()) {
        for (const other of this.nodes.keys()) this.timeout(other, 'vote')
        this.timeout(seat, 'election')
        const leader = [...this.nodes.keys()].find((member) => this.node(member).state.role.kind === 'leader')
        if (leader !== undefined) return leader
      }
    }
    return undefined
  }

  evidence(): { readonly kind: string; readonly accused: readonly number[] }[] {
    return this.effects.flatMap(({ effect }) =>
      effect.kind === 'evidence' ? [{ kind: effect.evidence.kind, accused: effect.accused }] : [],
    )
  }

  leaderCertOf(leader: number): LeaderCert {
    const { leaderCertHash, leaderCerts } = this.node(leader).state
    return leaderCerts.get(leaderCertHash as NonNullable<typeof leaderCertHash>) as LeaderCert
  }

  get verifier(): Verifier {
    const [node] = this.nodes.values()
    const { settings } = (node as Node).state
    return { ...settings, setOf: settings.restoredSetOf }
  }

  private step(seat: number, occurrence: Occurrence): void {
    for (const effect of this.node(seat).effects(occurrence)) {
      this.effects.push({ seat, effect })
      if (effect.kind === 'send' && this.nodes.has(effect.to)) {
        this.due.push({
          seat: effect.to,
          occurrence: { kind: 'received', from: seat as Seat, message: effect.message },
        })
      }
      if (effect.kind === 'needSync' && this.certified !== null) {
        const { blocks, commitCert } = this.certified
        const run = { blocks, leaderCerts: [this.cert], commitCert }
        this.due.push({ seat, occurrence: { kind: 'synced', from: effect.from, ...run } })
      }
      if (effect.kind === 'execute') {
        const { hash } = effect.block
        this.due.push({
          seat,
          occurrence: { kind: 'executed', blockHash: hash, verdict: { kind: 'valid', nextSet: null } },
        })
      }
    }
  }
}
