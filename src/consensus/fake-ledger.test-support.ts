// A ledger that only chains roots, and one contract: validators join, leave and get new keys. What every state holds is
// looked up by its root, so all ledgers of a test share one memory.

import type { Block } from '../types/block.ts'
import type { Epoch, Hash, Height, IdentityId, Seat } from '../types/brand.ts'
import type { SignedTransaction } from '../types/transaction.ts'
import { defaultLiars, type NextSet, type Validator, type ValidatorSet } from '../types/validator-set.ts'
import { epochFault } from './epoch-rules.ts'
import type { Propose } from './events.ts'
import { createMember, execute, transactionOf } from './fakes.test-support.ts'

/** Of the validator of one institution, by its number. */
export interface Change {
  readonly kind: 'add' | 'remove' | 'replace'
  readonly institution: number
}

/** A change that somebody wants, told apart from the same one wanted before. */
export interface Wish extends Change {
  readonly id: number
}

interface World {
  /** By epoch, the one to come included. */
  readonly sets: readonly NextSet[]
  readonly seatCount: number
  /** What the newest set came of. */
  readonly wishId: number
}

export function createChange(number: number, { kind, institution, id }: Wish): SignedTransaction {
  return transactionOf(number, { contract: 'validators', method: kind, args: [institution, id] })
}

export class FakeLedger {
  private readonly worlds = new Map<Hash, World>()
  /** Whose every seat is, or was. */
  readonly owners = new Map<Seat, IdentityId>()

  constructor(genesis: Block, set: ValidatorSet) {
    const first: NextSet = { ...set, decidedAt: 0 as Height }
    this.worlds.set(genesis.header.stateRoot, { sets: [first], seatCount: set.members.length, wishId: 0 })
    for (const member of set.members) this.owners.set(member.seat, member.institution)
  }

  execute(
    parent: Block,
    { epoch, timeMs, transactions }: { epoch: Epoch; timeMs: number; transactions: readonly SignedTransaction[] },
  ): Omit<Propose, 'kind'> {
    const executed = execute(parent, { epoch, timeMs, transactions })
    let world = this.worldAfter(parent)
    for (const { transaction } of transactions) {
      for (const { contract, method, args } of transaction.calls) {
        if (contract !== 'validators' || newestOf(world).epoch > epoch) continue
        const [institution, id] = args as readonly [number, number]
        const wish: Wish = { kind: method as Change['kind'], institution, id }
        world = this.decide(world, { wish, decidedAt: (parent.header.height + 1) as Height })
      }
    }
    this.worlds.set(executed.stateRoot, world)
    return { ...executed, nextSet: nextOf(world, epoch) }
  }

  /** Null: the block does not follow from its parent. */
  check(block: Block, parent: Block): { readonly nextSet: NextSet | null } | null {
    if (epochFault(block, { parent: parent.header, nextSet: this.nextSetAfter(parent) }) !== null) return null
    const { epoch, timeMs, txRoot, stateRoot, logRoot } = block.header
    const executed = this.execute(parent, { epoch, timeMs, transactions: block.transactions })
    const isSame = executed.txRoot === txRoot && executed.stateRoot === stateRoot && executed.logRoot === logRoot
    return isSame ? executed : null
  }

  /** Pending after a block. */
  nextSetAfter(block: Block): NextSet | null {
    return nextOf(this.worldAfter(block), block.header.epoch)
  }

  /** Of the newest set there is after a block. */
  wishIdAfter(block: Block): number {
    return this.worldAfter(block).wishId
  }

  /** Who votes on the block after a certified one. */
  presentSet(head: Block): ValidatorSet {
    return newestOf(this.worldAfter(head))
  }

  setOf(block: Block, epoch: Epoch): ValidatorSet | undefined {
    return this.worldAfter(block).sets[epoch]
  }

  private worldAfter({ header }: Block): World {
    const world = this.worlds.get(header.stateRoot)
    if (world === undefined) throw new RangeError('a state that no execution gave')
    return world
  }

  private decide(world: World, { wish, decidedAt }: { wish: Wish; decidedAt: Height }): World {
    const { epoch, members } = newestOf(world)
    const seat = world.seatCount as Seat
    const made = createMember(seat, wish.institution)
    const others = members.filter(({ institution }) => institution !== made.institution)
    const isMember = others.length < members.length
    if (isMember === (wish.kind === 'add') || (wish.kind === 'remove' && others.length === 0)) return world
    const next: readonly Validator[] = wish.kind === 'remove' ? others : [...others, made]
    this.owners.set(seat, made.institution)
    const set: NextSet = {
      epoch: (epoch + 1) as Epoch,
      // As many liars as the smaller of the two bears: b itself changes by decisions of its own.
      b: Math.min(newestOf(world).b, defaultLiars(next.length)),
      members: next,
      decidedAt,
    }
    const seatCount = world.seatCount + (wish.kind === 'remove' ? 0 : 1)
    return { sets: [...world.sets, set], seatCount, wishId: wish.id }
  }
}

const newestOf = ({ sets }: World): NextSet => sets.at(-1) as NextSet

function nextOf(world: World, epoch: Epoch): NextSet | null {
  const newest = newestOf(world)
  return newest.epoch > epoch ? newest : null
}
