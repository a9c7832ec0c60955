// Where a script plays: cores under virtual time, with links that can be cut and slowed down, disks that keep what was
// persisted and can stall, clocks that can be wrong. Without chance but for the seeded bits that every event carries, so a
// script has one trace. What happens is written down as lines.

import { canPropose } from '../../../src/consensus/can-propose.ts'
import { step } from '../../../src/consensus/core.ts'
import { createState } from '../../../src/consensus/create-state.ts'
import type { Effect, Timer } from '../../../src/consensus/effects.ts'
import type { Occurrence } from '../../../src/consensus/events.ts'
import { createLineage } from '../../../src/consensus/evidence/create-lineage.ts'
import {
  createGenesisBlock,
  createSet,
  createSettings,
  createTransaction,
  execute,
  isExecutionOf,
  rangeBefore,
} from '../../../src/consensus/fakes.test-support.ts'
import { decodeMessage, encodeMessage, type Message } from '../../../src/consensus/messages.ts'
import { EMPTY_SIGN_STATE, type SignState } from '../../../src/consensus/sign-state.ts'
import type { State } from '../../../src/consensus/state.ts'
import { VirtualTime } from '../../../src/consensus/virtual-time.test-support.ts'
import { EMPTY_RANGE } from '../../../src/crypto/mountain-range.ts'
import type { Block } from '../../../src/types/block.ts'
import type { Epoch, Hash, Height, Seat } from '../../../src/types/brand.ts'
import type { CommitCert, LeaderCert } from '../../../src/types/certificate.ts'
import { leaderCertHash } from '../../../src/types/signing.ts'
import type { SignedTransaction } from '../../../src/types/transaction.ts'
import { defaultLiars, type NextSet, type ValidatorSet } from '../../../src/types/validator-set.ts'
import { describeEffect } from './describe-effect.ts'

/** What a member has on disk. */
export interface Disk {
  readonly blocks: Map<Hash, Block>
  readonly leaderCerts: Map<Hash, LeaderCert>
  readonly chain: Block[]
  readonly commitCerts: Map<Hash, CommitCert>
  signState: SignState
}

interface Player {
  readonly seat: Seat
  disk: Disk
  backup: Disk | null
  /** Null while it is down. */
  state: State | null
  /** Rises with every start and crash: what was under way before is void. */
  life: number
  readonly timers: Map<Timer, number>
  skewMs: number
  /** Occurrences that wait while it is paused. */
  paused: Occurrence[] | null
  /** Effects that wait for the disk. */
  stalled: Effect[] | null
  isDrafting: boolean
}

/** A decision on the validators, as a contract would leave it in the state. */
export type Change = (set: ValidatorSet) => ValidatorSet

const LINK_MS = 1
const DRAFT_MS = 10
const SEATS = 16

export class Stage {
  readonly lines: string[] = []
  readonly genesis = createGenesisBlock()
  readonly #time = new VirtualTime(1)
  readonly #players = new Map<Seat, Player>()
  readonly #cut = new Set<string>()
  readonly #delays = new Map<string, number>()
  readonly #changes = new Map<Hash, Change>()
  /** By block: see `nextSet` of the core's events. */
  readonly #nextSets = new Map<Hash, NextSet | null>()
  readonly #sets: ValidatorSet[]
  #pool: SignedTransaction[] = []
  #made = 0

  constructor({ members, b = defaultLiars(members) }: { members: number; b?: number }) {
    const set = createSet(members, b)
    this.#sets = [set]
    for (const { seat } of set.members) this.#players.set(seat, this.#newPlayer(seat))
    for (const seat of this.#players.keys()) this.start(seat)
  }

  get nowMs(): number {
    return this.#time.nowMs
  }

  player(seat: Seat): Player {
    const player = this.#players.get(seat)
    if (player === undefined) throw new Error(`there is no member ${seat}`)
    return player
  }

  get players(): readonly Player[] {
    return [...this.#players.values()]
  }

  say(line: string): void {
    this.lines.push(`${String(this.#time.nowMs).padStart(6)}  ${line}`)
  }

  wait(durationMs: number): void {
    this.#time.run(durationMs)
  }

  // ── work ──

  submit(count: number): void {
    for (let i = 0; i < count; i++) this.#pool.push(createTransaction(this.#made++))
    this.#draftAll()
  }

  decide(change: Change): void {
    const transaction = createTransaction(this.#made++)
    this.#changes.set(transaction.id, change)
    this.#pool.push(transaction)
    this.#draftAll()
  }

  // ── members ──

  start(seat: Seat): void {
    const player = this.player(seat)
    const { disk } = player
    const head = disk.chain.at(-1) as Block
    player.life++
    player.timers.clear()
    player.isDrafting = false
    player.state = createState(
      { ...createSettings(createSet(SEATS), seat), restoredSetOf: (epoch) => this.#sets[epoch] },
      {
        certified: { block: head, commitCert: disk.commitCerts.get(head.hash) ?? null, ancestors: rangeBefore(head) },
        uncommitted: uncommittedBlocks(disk, head),
        leaderCerts: [...disk.leaderCerts.values()],
        signState: disk.signState,
        certifiedHashAt: (height) => disk.chain[height]?.hash,
        nextSetOf: (hash) => this.#nextSets.get(hash) ?? null,
        lineageAt(height) {
          const since = disk.chain.slice(0, -1).map(({ hash }) => hash)
          return createLineage(head.header, { height, base: EMPTY_RANGE, since })
        },
      },
    )
    this.act(seat, { kind: 'start' })
    this.#tellOthers(seat, 'peerConnected')
  }

  crash(seat: Seat): void {
    const player = this.player(seat)
    player.state = null
    player.paused = null
    player.stalled = null
    player.life++
    this.#tellOthers(seat, 'peerDisconnected')
  }

  pause(seat: Seat): void {
    this.player(seat).paused = []
  }

  resume(seat: Seat): void {
    const player = this.player(seat)
    const waiting = player.paused ?? []
    player.paused = null
    for (const occurrence of waiting) this.act(seat, occurrence)
  }

  stall(seat: Seat): void {
    this.player(seat).stalled = []
  }

  unstall(seat: Seat): void {
    const player = this.player(seat)
    const waiting = player.stalled ?? []
    player.stalled = null
    for (const effect of waiting) this.#perform(player, effect)
  }

  setClock(seat: Seat, skewMs: number): void {
    this.player(seat).skewMs = skewMs
  }

  backUp(seat: Seat): void {
    const player = this.player(seat)
    player.backup = copyOf(player.disk)
  }

  restore(seat: Seat): void {
    const player = this.player(seat)
    if (player.backup === null) throw new Error(`there is no backup of member ${seat}`)
    player.disk = copyOf(player.backup)
  }

  // ── links ──

  cut(from: Seat, to: Seat): void {
    this.#cut.add(`${from}>${to}`)
  }

  heal(): void {
    this.#cut.clear()
    this.#delays.clear()
  }

  delay(from: Seat, to: Seat, delayMs: number): void {
    this.#delays.set(`${from}>${to}`, delayMs)
  }

  /** Puts a message on the link, whoever made it. */
  carry(from: Seat, to: Seat, message: Message): void {
    const link = `${from}>${to}`
    const bytes = encodeMessage(message)
    this.#time.later(LINK_MS + (this.#delays.get(link) ?? 0), () => {
      if (!this.#cut.has(link)) this.act(to, { kind: 'received', from, message: decodeMessage(bytes) })
    })
  }

  // ── what a runtime does ──

  act(seat: Seat, occurrence: Occurrence): void {
    const player = this.#players.get(seat)
    if (player === undefined || player.state === null) return
    if (player.paused !== null) {
      player.paused.push(occurrence)
      return
    }
    const random = this.#time.below(2 ** 32)
    for (const effect of step(player.state, { ...occurrence, nowMs: this.clockOf(player), random })) {
      const isHeld = player.stalled !== null && effect.kind !== 'execute' && effect.kind !== 'setTimer'
      if (isHeld) player.stalled?.push(effect)
      else this.#perform(player, effect)
    }
    this.#maybeDraft(player)
  }

  clockOf({ skewMs }: Player): number {
    return this.genesis.header.timeMs + 1_000 + this.#time.nowMs + skewMs
  }

  #perform(player: Player, effect: Effect): void {
    const { disk, seat } = player
    const line = describeEffect(effect)
    if (line !== null) this.say(`${seat} ${line}`)
    switch (effect.kind) {
      case 'persistBlock':
        disk.blocks.set(effect.block.hash, effect.block)
        this.#nextSetAfter(effect.block)
        break
      case 'persistLeaderCert':
        disk.leaderCerts.set(leaderCertHash(effect.certificate), effect.certificate)
        break
      case 'persistSignState':
        disk.signState = effect.signState
        break
      case 'send':
        this.carry(seat, effect.to, effect.message)
        break
      case 'execute':
        this.act(seat, {
          kind: 'executed',
          blockHash: effect.block.hash,
          verdict: this.#verdictOn(effect.block, player),
        })
        break
      case 'commit':
        disk.chain.push(...effect.blocks)
        for (const block of effect.blocks) this.#beginEpoch(block)
        disk.commitCerts.set(effect.certificate.blockHash, effect.certificate)
        for (const hash of effect.dropped) disk.blocks.delete(hash)
        break
      case 'setTimer':
        this.#setTimer(player, effect)
        break
      case 'cancelTimer':
        player.timers.delete(effect.timer)
        break
      case 'needSync':
        this.#later(player, 2 * LINK_MS, () => this.#sync(player, effect))
        break
      case 'returned':
        this.#pool.push(...effect.transactions)
        break
      case 'retired':
        player.state = null
        player.life++
        break
      default:
        break
    }
  }

  #setTimer(player: Player, { timer, delayMs }: { timer: Timer; delayMs: number }): void {
    const ticket = this.#time.jobCount
    player.timers.set(timer, ticket)
    this.#later(player, delayMs, () => {
      if (player.timers.get(timer) === ticket)
        this.act(player.seat, { kind: 'timeout', timer, isWorkWaiting: this.#pool.length > 0 })
    })
  }

  #verdictOn(block: Block, { disk, state }: Player) {
    const { parentHash } = block.header
    const parent = disk.blocks.get(parentHash) ?? state?.tree.entries.get(parentHash)?.block
    const isValid = parent !== undefined && isExecutionOf(block, parent)
    return isValid
      ? ({ kind: 'valid', nextSet: this.#nextSetAfter(block) } as const)
      : ({ kind: 'invalid', reason: 'roots' } as const)
  }

  #draftAll(): void {
    for (const player of this.#players.values()) this.#maybeDraft(player)
  }

  #maybeDraft(player: Player): void {
    if (player.state === null || player.isDrafting) return
    const chance = canPropose(player.state)
    if (chance === null || (!chance.opening && this.#pool.length === 0)) return
    player.isDrafting = true
    this.#later(player, chance.opening ? 0 : DRAFT_MS, () => {
      player.isDrafting = false
      this.#draft(player)
    })
  }

  #draft(player: Player): void {
    const { state, disk, seat } = player
    const chance = state === null ? null : canPropose(state)
    const parent = chance === null ? undefined : disk.blocks.get(chance.parentHash)
    if (chance === null || parent === undefined || player.paused !== null) return
    const timeMs = Math.max(this.clockOf(player), chance.parentTimeMs + 1)
    const transactions = chance.bytesMax > 0 ? this.#pool.splice(0) : []
    if (transactions.length === 0 && !chance.opening) return
    const { epoch } = chance
    const draft = execute(parent, { epoch, timeMs, transactions })
    const height = (parent.header.height + 1) as Height
    const nextSet = this.#nextSet(transactions, { epoch, height, parentHash: parent.hash })
    this.act(seat, { kind: 'propose', ...draft, nextSet })
  }

  // ── sets ──

  /** What the state after a block says of the next epoch: the block's own decision, or one that waits below it. */
  #nextSetAfter(block: Block): NextSet | null {
    const known = this.#nextSets.get(block.hash)
    if (known !== undefined) return known
    const { epoch, height, parentHash } = block.header
    const next = this.#nextSet(block.transactions, { epoch, height, parentHash })
    this.#nextSets.set(block.hash, next)
    return next
  }

  #nextSet(
    transactions: readonly SignedTransaction[],
    { epoch, height, parentHash }: Pick<Block['header'], 'epoch' | 'height' | 'parentHash'>,
  ): NextSet | null {
    const pending = this.#nextSets.get(parentHash)
    if (pending && pending.epoch === epoch + 1) return pending
    const change = transactions.map(({ id }) => this.#changes.get(id)).find((found) => found !== undefined)
    const set = this.#sets[epoch]
    if (change === undefined || set === undefined) return null
    return { ...change(set), epoch: (epoch + 1) as Epoch, decidedAt: height }
  }

  /** Whoever has a seat in a new set, and was not there before, starts with what the others have certified. */
  #beginEpoch(block: Block): void {
    const next = this.#nextSetAfter(block)
    if (next === null || this.#sets[next.epoch] !== undefined) return
    this.#sets[next.epoch] = next
    for (const { seat } of next.members) {
      if (this.#players.has(seat)) continue
      const source = this.players.find(({ disk }) => disk.chain.includes(block))
      if (source === undefined) continue
      this.#time.later(5, () => {
        this.#players.set(seat, {
          ...this.#newPlayer(seat),
          disk: { ...copyOf(source.disk), signState: EMPTY_SIGN_STATE },
        })
        this.start(seat)
      })
    }
  }

  // ── help ──

  #sync(player: Player, { from, fromHeight }: Extract<Effect, { kind: 'needSync' }>): void {
    const peer = this.#players.get(from)
    const isCut = this.#cut.has(`${from}>${player.seat}`) || this.#cut.has(`${player.seat}>${from}`)
    const above = peer?.disk.chain.slice(fromHeight) ?? []
    // A run ends where the next set becomes known.
    const blocks = above.filter(({ header }) => header.epoch === above[0]?.header.epoch)
    const last = blocks.findLastIndex(({ hash }) => peer?.disk.commitCerts.has(hash))
    const commitCert = peer?.disk.commitCerts.get(blocks[last]?.hash as Hash)
    if (peer === undefined || peer.state === null || isCut || commitCert === undefined) {
      this.act(player.seat, { kind: 'syncFailed', from })
      return
    }
    const run = blocks.slice(0, last + 1)
    const terms = new Set(run.map(({ header }) => header.term))
    const leaderCerts = [...peer.disk.leaderCerts.values()].filter(({ term }) => terms.has(term))
    this.act(player.seat, { kind: 'synced', from, blocks: run, leaderCerts, commitCert })
  }

  #later(player: Player, delayMs: number, run: () => void): void {
    const { life } = player
    this.#time.later(delayMs, () => {
      if (player.life === life) run()
    })
  }

  #tellOthers(seat: Seat, kind: 'peerConnected' | 'peerDisconnected'): void {
    for (const other of this.#players.keys()) {
      if (other === seat) continue
      this.#time.later(LINK_MS, () => {
        if (!this.#cut.has(`${seat}>${other}`)) this.act(other, { kind, member: seat })
      })
    }
  }

  #newPlayer(seat: Seat): Player {
    return {
      seat,
      disk: {
        blocks: new Map([[this.genesis.hash, this.genesis]]),
        leaderCerts: new Map(),
        chain: [this.genesis],
        commitCerts: new Map(),
        signState: EMPTY_SIGN_STATE,
      },
      backup: null,
      state: null,
      life: 0,
      timers: new Map(),
      skewMs: 0,
      paused: null,
      stalled: null,
      isDrafting: false,
    }
  }
}

function copyOf({ blocks, leaderCerts, chain, commitCerts, signState }: Disk): Disk {
  return {
    blocks: new Map(blocks),
    leaderCerts: new Map(leaderCerts),
    chain: [...chain],
    commitCerts: new Map(commitCerts),
    signState,
  }
}

/** Stored blocks that stand on the head, parents first. */
function uncommittedBlocks({ blocks }: Disk, head: Block): Block[] {
  const kept = new Set([head.hash])
  const above = [...blocks.values()].sort((left, right) => left.header.height - right.header.height)
  return above.filter(({ header, hash }) => {
    const stands = header.height > head.header.height && kept.has(header.parentHash)
    if (stands) kept.add(hash)
    return stands
  })
}
