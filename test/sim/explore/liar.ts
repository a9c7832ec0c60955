// The one liar: it sees every packet, whoever it was meant for, and at once says everything that its own key lets it say
// about what it saw. It votes for every candidate, acks every block, stands for election in every term on every tip, and
// where it is elected it builds two blocks at one height and shows both to everybody.

import { createCommitCert, createLeaderCert } from '../../../src/consensus/certificate.ts'
import { CHAIN_ID, signAs } from '../../../src/consensus/fakes.test-support.ts'
import type { Message, VoteRequest } from '../../../src/consensus/messages.ts'
import type { Block, Header } from '../../../src/types/block.ts'
import { type Hash, type Height, type Seat, type Term, ZERO_HASH } from '../../../src/types/brand.ts'
import type { Ack, CommitCert, LeaderCert, Tip, Vote } from '../../../src/types/certificate.ts'
import {
  ackMessage,
  blockHash,
  hashReleases,
  leaderCertHash,
  signHeader,
  voteMessage,
} from '../../../src/types/signing.ts'
import { quorum } from '../../../src/types/validator-set.ts'
import { draftOn, genesis, type Packet, type World } from './world.ts'

/** Everything signed that has been sent so far. It only grows; two explorations of one set of packets know the same. */
interface Known {
  readonly blocks: Map<Hash, Block>
  readonly leaderCerts: Map<Hash, LeaderCert>
  /** Honest members that have acked a block. */
  readonly ackers: Map<Hash, Set<Seat>>
  /** Acks to be had, by block, then by member. */
  readonly acks: Map<Hash, Map<Seat, Uint8Array>>
  /** Votes of honest members, their own candidacies included. */
  readonly wishes: { readonly vote: Pick<Vote, 'term' | 'tip'> }[]
  /** For the liar's own candidacies, by what was signed. */
  readonly votes: Map<string, { readonly vote: Vote; readonly signatures: Map<Seat, Uint8Array> }>
}

export class Liar {
  readonly #world: World
  readonly seat: Seat
  readonly #sign: (message: Uint8Array) => Uint8Array
  readonly #replies: (readonly number[])[] = []
  readonly #initiativesAfter = new Map<string, readonly number[]>()
  readonly #dangers = new Map<string, number>()
  readonly #forks = new Map<string, readonly [Block, Block] | null>()

  constructor(world: World, seat: Seat) {
    this.#world = world
    this.seat = seat
    this.#sign = signAs(world.set, seat)
  }

  /** All that it adds to a set of packets. */
  additions(packets: readonly number[]): readonly number[] {
    const said = new Set<number>()
    for (const packet of packets) for (const reply of this.#repliesTo(packet)) said.add(reply)
    for (const number of this.#initiatives(packets.filter((packet) => this.#teaches(packet)))) said.add(number)
    return [...said]
  }

  /** A vote for every candidate that asks, an ack of every block that it is sent. */
  #repliesTo(number: number): readonly number[] {
    const known = this.#replies[number]
    if (known !== undefined) return known
    const { from, to, message } = this.#world.packets[number] as Packet
    const replies: Message[] = []
    if (to === this.seat && message.kind === 'voteRequest') replies.push(this.#voteFor(from, message))
    if (to === this.seat && message.kind === 'append') replies.push(...this.#acksFor(message.blocks))
    this.#replies[number] = replies.map((reply) => this.#reply(from, reply))
    return this.#replies[number]
  }

  /** What it says unasked depends on blocks, LeaderCerts, acks and votes for itself alone. */
  #teaches(number: number): boolean {
    const { from, message } = this.#world.packets[number] as Packet
    if (message.kind === 'append') return message.blocks.length > 0 || message.leaderCerts.length > 0
    if (message.kind === 'appendReply') return message.acks.length > 0
    return (message.kind === 'vote' || message.kind === 'voteRequest') && from !== this.seat
  }

  #initiatives(lessons: readonly number[]): readonly number[] {
    const name = lessons.join()
    const made = this.#initiativesAfter.get(name)
    if (made !== undefined) return made
    const known = this.#learn(lessons)
    const said = [...this.#candidacies(known), ...this.#leaderships(known)].flatMap((message) => this.#toAll(message))
    this.#initiativesAfter.set(name, said)
    return said
  }

  /** Two blocks that exclude each other and that a quorum has acked, the liar's own acks counted; null for none. */
  forkIn(packets: readonly number[]): readonly [Block, Block] | null {
    const lessons = packets.filter((packet) => this.#teaches(packet))
    const name = lessons.join()
    const found = this.#forks.get(name)
    if (found !== undefined) return found
    const known = this.#learn(lessons)
    const fork = forkAmong(this.#certifiable(known), known)
    this.#forks.set(name, fork)
    return fork
  }

  /** The acks that the weaker one of two conflicting blocks has, at its highest; what both have breaks the tie. */
  dangerIn(packets: readonly number[]): number {
    const lessons = packets.filter((packet) => this.#teaches(packet))
    const name = lessons.join()
    const found = this.#dangers.get(name)
    if (found !== undefined) return found
    const known = this.#learn(lessons)
    const danger = dangerOf(known)
    this.#dangers.set(name, danger)
    return danger
  }

  #certifiable({ blocks, ackers }: Known): readonly Block[] {
    const q = quorum(this.#world.set)
    return [...ackers].flatMap(([hash, signers]) => {
      const block = blocks.get(hash)
      return block !== undefined && signers.size + 1 >= q ? [block] : []
    })
  }

  #learn(packets: readonly number[]): Known {
    const known: Known = {
      blocks: new Map([[genesis.hash, genesis]]),
      leaderCerts: new Map(),
      ackers: new Map(),
      acks: new Map(),
      wishes: [],
      votes: new Map(),
    }
    for (const number of packets) {
      const { from, message } = this.#world.packets[number] as Packet
      if (message.kind === 'append') {
        for (const block of message.blocks) {
          known.blocks.set(block.hash, block)
          // An honest leader acks what it builds, and keeps that ack until it has a certificate.
          if (from !== this.seat && block.header.proposer !== this.seat)
            ackersOf(known, block.hash).add(block.header.proposer)
        }
        for (const certificate of message.leaderCerts) known.leaderCerts.set(leaderCertHash(certificate), certificate)
      } else if (message.kind === 'appendReply') {
        for (const { ack, signature } of message.acks) {
          this.#addAck(known, ack, from, signature)
          if (from !== this.seat) ackersOf(known, ack.blockHash).add(from)
        }
      } else if (message.kind === 'voteRequest') {
        known.wishes.push({ vote: message })
      } else if (message.kind === 'vote') {
        known.wishes.push({ vote: message.vote })
        if (message.vote.candidate !== this.seat) continue
        const name = voteMessage(message.vote).toHex()
        const entry = known.votes.get(name) ?? { vote: message.vote, signatures: new Map() }
        entry.signatures.set(from, message.signature)
        known.votes.set(name, entry)
      }
    }
    return known
  }

  #addAck({ acks }: Known, ack: Ack, from: Seat, signature: Uint8Array): void {
    const signers = acks.get(ack.blockHash) ?? new Map<Seat, Uint8Array>()
    signers.set(from, signature)
    acks.set(ack.blockHash, signers)
  }

  #voteFor(candidate: Seat, { term, tip, releases }: VoteRequest): Message {
    const { epoch } = this.#world.set
    const vote: Vote = { chainId: CHAIN_ID, epoch, term, candidate, tip, releasesHash: hashReleases(releases) }
    return { kind: 'vote', vote, signature: this.#sign(voteMessage(vote)) }
  }

  #acksFor(blocks: readonly Block[]): Message[] {
    return blocks.map(({ header: { term, height }, hash }) => {
      const ack: Ack = { chainId: CHAIN_ID, epoch: this.#world.set.epoch, term, height, blockHash: hash }
      return {
        kind: 'appendReply',
        term,
        status: 'matched',
        match: { height, hash },
        certified: { height: 0 as Height, hash: genesis.hash },
        acks: [{ ack, signature: this.#sign(ackMessage(ack)) }],
        timeRefused: false,
      }
    })
  }

  /** Every term, on every tip: only what it shows must be sound, or nobody would look at it. */
  *#candidacies(known: Known): Generator<Message> {
    for (let term = 1; term <= this.#world.bounds.terms; term++) {
      for (const block of known.blocks.values()) {
        const leaderCert = known.leaderCerts.get(block.header.leaderCertHash) ?? null
        if (block.header.term >= term || (leaderCert === null && block !== genesis)) continue
        const headers = chainTo(known, block)?.map(({ header, signature }) => ({ header, signature }))
        if (headers === undefined) continue
        const tip = tipOf(block)
        yield {
          kind: 'voteRequest',
          epoch: this.#world.set.epoch,
          term: term as Term,
          tip,
          commitCert: null,
          headers,
          leaderCert,
          releases: [],
          transfer: null,
        }
      }
    }
  }

  *#leaderships(known: Known): Generator<Message> {
    const q = quorum(this.#world.set)
    for (const { vote, signatures } of known.votes.values()) {
      const tip = known.blocks.get(vote.tip.hash)
      if (signatures.size < q - 1 || tip === undefined) continue
      const chosen = [...signatures].sort(([left], [right]) => left - right).slice(0, q - 1)
      const certificate = createLeaderCert(vote, new Map([...chosen, [this.seat, this.#sign(voteMessage(vote))]]))
      const below = chainTo(known, tip)
      if (below === undefined) continue
      const leaderCerts = this.#certificatesOf(known, [...below], certificate)
      for (const branch of this.#branches(tip, certificate)) {
        const commitCert = this.#best(known, [...below, ...branch])
        yield {
          kind: 'append',
          term: vote.term,
          leaderCerts,
          previous: { height: 0 as Height, hash: genesis.hash },
          blocks: [...below, ...branch],
          commitCert,
        }
      }
    }
  }

  /** Two chains on one tip, each as high as the bounds allow, block by block. */
  #branches(tip: Block, certificate: LeaderCert): Block[][] {
    return [1, 2].flatMap((variant) => {
      const chains: Block[][] = []
      let chain: Block[] = []
      for (let parent = tip; parent.header.height < this.#world.bounds.heights; ) {
        parent = this.#block(parent, certificate, variant)
        chain = [...chain, parent]
        chains.push(chain)
      }
      return chains
    })
  }

  #block(parent: Block, certificate: LeaderCert, variant: number): Block {
    const { transactions, timeMs, txRoot, receiptRoot, stateRoot, logRoot } = draftOn(parent, [100 + variant])
    const header: Header = {
      ...genesis.header,
      height: (parent.header.height + 1) as Height,
      term: certificate.term,
      parentHash: parent.hash,
      timeMs,
      proposer: this.seat,
      txRoot,
      receiptRoot,
      stateRoot,
      logRoot,
      leaderCertHash: leaderCertHash(certificate),
      commitCertHash: ZERO_HASH,
    }
    return { ...signHeader(header, this.#sign), hash: blockHash(header), transactions, epochCert: null }
  }

  #certificatesOf({ leaderCerts }: Known, blocks: readonly Block[], own: LeaderCert): readonly LeaderCert[] {
    const names = new Set(blocks.map(({ header }) => header.leaderCertHash))
    const found = [...names].flatMap((name) => leaderCerts.get(name) ?? [])
    return [...found, own]
  }

  /** The highest block of the chain that it can prove to be certified. */
  #best({ acks }: Known, chain: readonly Block[]): CommitCert | null {
    const q = quorum(this.#world.set)
    for (const { header, hash } of chain.toReversed()) {
      const signers = new Map(acks.get(hash))
      const ack: Ack = {
        chainId: CHAIN_ID,
        epoch: header.epoch,
        term: header.term,
        height: header.height,
        blockHash: hash,
      }
      signers.set(this.seat, this.#sign(ackMessage(ack)))
      // The fewest that will do: who else signed changes nothing.
      const chosen = [...signers].sort(([left], [right]) => right - left).slice(0, q)
      if (chosen.length === q) return createCommitCert(ack, new Map(chosen))
    }
    return null
  }

  #reply(to: Seat, message: Message): number {
    return this.#world.packet({ from: this.seat, to, message })
  }

  #toAll(message: Message): number[] {
    return this.#world.set.members
      .map(({ seat }) => seat)
      .filter((seat) => seat !== this.seat)
      .map((to) => this.#reply(to, message))
  }
}

/** Above genesis up to the block, oldest first; undefined while one of them is not known. */
function chainTo({ blocks }: Known, block: Block): Block[] | undefined {
  const chain: Block[] = []
  for (let at: Block | undefined = block; at !== genesis; at = blocks.get(at.header.parentHash)) {
    if (at === undefined) return undefined
    chain.push(at)
  }
  return chain.reverse()
}

const tipOf = ({ header, hash }: Block): Tip => ({ term: header.term, height: header.height, hash })

function forkAmong(blocks: readonly Block[], known: Known): readonly [Block, Block] | null {
  for (const [i, left] of blocks.entries()) {
    for (const right of blocks.slice(i + 1)) if (isConflict(known, left, right)) return [left, right]
  }
  return null
}

function isConflict({ blocks }: Known, left: Block, right: Block): boolean {
  const [low, high] = left.header.height <= right.header.height ? [left, right] : [right, left]
  let at: Block | undefined = high
  while (at !== undefined && at.header.height > low.header.height) at = blocks.get(at.header.parentHash)
  return at?.hash !== low.hash
}

function dangerOf(known: Known): number {
  const acked = [...known.ackers].flatMap(([hash, signers]) => {
    const block = known.blocks.get(hash)
    return block === undefined ? [] : [{ block, count: signers.size }]
  })
  let danger = acked.length
  for (const [i, left] of acked.entries()) {
    const rivals = known.wishes.filter(({ vote }) => isRival(known, left.block, vote))
    danger = Math.max(danger, 10 * left.count + rivals.length)
    for (const right of acked.slice(i + 1)) {
      if (!isConflict(known, left.block, right.block)) continue
      const [less, more] = left.count < right.count ? [left.count, right.count] : [right.count, left.count]
      danger = Math.max(danger, 100 * less + 10 * more + rivals.length)
    }
  }
  return danger
}

/** A vote in a later term, for a chain without the block. */
function isRival(known: Known, block: Block, { term, tip }: Pick<Vote, 'term' | 'tip'>): boolean {
  const wanted = known.blocks.get(tip.hash)
  return wanted !== undefined && term > block.header.term && (wanted === genesis || isConflict(known, wanted, block))
}

function ackersOf({ ackers }: Known, hash: Hash): Set<Seat> {
  const signers = ackers.get(hash) ?? new Set()
  ackers.set(hash, signers)
  return signers
}
