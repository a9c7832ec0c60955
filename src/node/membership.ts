// Who may connect, from the committed registry: every unrevoked transport key of a member, the configured bootstrap peers,
// and who has shown to be registered further up the chain. Read again after each commit that touched the registry.

import type { Ledger } from '../ledger/ledger.ts'
import type { PeerClass } from '../p2p/transport.ts'
import { assert } from '../types/assert.ts'
import type { Block } from '../types/block.ts'
import type { Height, IdentityId, PublicKey } from '../types/brand.ts'
import type { Value } from '../types/canonical-value.ts'
import type { Clock } from './clock.ts'
import { queryView } from './query.ts'

const PAGE = 256
/**
 * The nodes of an institution that was expelled stay connected for so long: they hear of it by the block that says so, and
 * stop. They are nobody's meanwhile: nothing is released to them, and nothing that they say counts.
 */
export const LEAVING_MS = 5_000
/** Enough to catch up from, whoever of them goes away. */
const INTRODUCED_MAX = 16

export class Membership {
  readonly #ledger: Ledger
  readonly #clock: Clock
  readonly #bootstrap: ReadonlySet<PublicKey>
  /** By the height of the state in which they are registered. From there on the own registry knows. */
  readonly #introduced = new Map<PublicKey, Height>()
  /** Whether unknown keys may present themselves: while the node is out of touch. */
  isOpenToStrangers: () => boolean = () => false
  #institutionOf: ReadonlyMap<PublicKey, IdentityId> = new Map()
  /** When the keys of an institution that was expelled were gone. */
  readonly #left = new Map<PublicKey, number>()
  #keysOf: ReadonlyMap<IdentityId, readonly PublicKey[]> = new Map()

  constructor(options: { ledger: Ledger; clock: Clock; bootstrap: readonly PublicKey[] }) {
    this.#ledger = options.ledger
    this.#clock = options.clock
    this.#bootstrap = new Set(options.bootstrap)
    this.refresh()
  }

  classify = (transportKey: PublicKey): PeerClass => {
    if (this.#institutionOf.has(transportKey)) return 'member'
    const leftMs = this.#left.get(transportKey)
    if (leftMs !== undefined && this.#clock.nowMs() - leftMs < LEAVING_MS) return 'member'
    if (this.#bootstrap.has(transportKey) || this.#isIntroduced(transportKey)) return 'bootstrap'
    return this.isOpenToStrangers() ? 'stranger' : 'refused'
  }

  /** Somebody has shown that the registry has its key in the state of this height. Who is furthest along stays. */
  introduce(transportKey: PublicKey, registeredAt: Height): void {
    for (const key of this.#introduced.keys()) if (!this.#isIntroduced(key)) this.#introduced.delete(key)
    this.#introduced.set(transportKey, registeredAt)
    if (this.#introduced.size <= INTRODUCED_MAX) return
    const [lowest] = [...this.#introduced].toSorted(([, a], [, b]) => a - b)
    if (lowest !== undefined) this.#introduced.delete(lowest[0])
  }

  /** How many keys count by their word, until the own chain is there. */
  get introduced(): number {
    return [...this.#introduced.keys()].filter((key) => this.#isIntroduced(key)).length
  }

  #isIntroduced(transportKey: PublicKey): boolean {
    const registeredAt = this.#introduced.get(transportKey)
    return registeredAt !== undefined && this.#ledger.head.header.height < registeredAt
  }

  institutionOf(transportKey: PublicKey): IdentityId | null {
    return this.#institutionOf.get(transportKey) ?? null
  }

  transportKeysOf(institution: IdentityId): readonly PublicKey[] {
    return this.#keysOf.get(institution) ?? []
  }

  get members(): readonly PublicKey[] {
    return [...this.#institutionOf.keys()]
  }

  #noteLeaving(members: ReadonlyMap<PublicKey, IdentityId>): void {
    const nowMs = this.#clock.nowMs()
    for (const [key, leftMs] of this.#left) if (nowMs - leftMs >= LEAVING_MS) this.#left.delete(key)
    for (const [key, institution] of this.#institutionOf) {
      if (!members.has(key) && !this.#isMember(institution)) this.#left.set(key, nowMs)
    }
  }

  #isMember(institution: IdentityId): boolean {
    const view = { contract: 'registry', method: 'isMember', args: [Uint8Array.fromHex(institution)] }
    return queryView(this.#ledger, view, this.#clock.nowMs()) === true
  }

  refresh(): void {
    const members = new Map<PublicKey, IdentityId>()
    let after: Value = null
    for (;;) {
      const page = queryView(
        this.#ledger,
        { contract: 'registry', method: 'transportKeys', args: [after] },
        this.#clock.nowMs(),
      )
      assert(Array.isArray(page), 'registry.transportKeys answers a list')
      for (const entry of page as readonly { identity: Uint8Array; key: Uint8Array }[]) {
        members.set(entry.key.toHex() as PublicKey, entry.identity.toHex() as IdentityId)
      }
      if (page.length < PAGE) break
      after = (page.at(-1) as unknown as { key: Uint8Array }).key
    }
    this.#noteLeaving(members)
    this.#institutionOf = members
    this.#keysOf = Map.groupBy(members.keys(), (key) => members.get(key) as IdentityId)
  }
}

/** Calls of the registry after which somebody else may be a member; a vote of governance may decide it, too. */
const MEMBERSHIP_METHODS = new Set(['addKey', 'revokeKey', 'suspend', 'reinstate'])

export function touchesMembership(blocks: readonly Block[]): boolean {
  return blocks.some(({ transactions }) =>
    transactions.some(({ transaction: { calls } }) =>
      calls.some(
        ({ contract, method }) =>
          contract === 'governance' || (contract === 'registry' && MEMBERSHIP_METHODS.has(method)),
      ),
    ),
  )
}
