// Well-formed consensus messages that a member may sign and no honest one would send: far terms, statements that contradict
// each other, chains that hang in the air, answers to nothing, and as much of everything as a message holds. Made by chance
// from a seed, around what is really on the chain, so that they get past the first look.

import { ACKS_MAX, APPEND_BLOCKS_MAX, UNCERTIFIED_BLOCKS_MAX } from '../../src/consensus/limits.ts'
import type { Append, Message, Position, SignedAck } from '../../src/consensus/messages.ts'
import { randomBytes } from '../../src/crypto/random.ts'
import { SeededRandom } from '../../src/fhir/seeded-random.ts'
import type { CertifiedRun } from '../../src/node/certified-run.ts'
import { assert } from '../../src/types/assert.ts'
import type { Block, Header, SignedHeader } from '../../src/types/block.ts'
import { asHash, type Epoch, type Hash, type Height, type Seat, type Term } from '../../src/types/brand.ts'
import type { Tip } from '../../src/types/certificate.ts'
import {
  ackMessage,
  blockHash,
  hashReleases,
  promiseMessage,
  signHeader,
  transferNoticeMessage,
  voteMessage,
} from '../../src/types/signing.ts'

export interface Member {
  readonly seat: Seat
  readonly sign: (message: Uint8Array) => Uint8Array
}

const FARTHEST = Number.MAX_SAFE_INTEGER

export class NastyMessages {
  readonly #random: SeededRandom
  readonly #member: Member
  /** Certified blocks with their certificates: what a member knows anyway. */
  #known: CertifiedRun

  constructor(seed: number, { member, known }: { member: Member; known: CertifiedRun }) {
    this.#random = new SeededRandom(seed)
    this.#member = member
    this.#known = known
  }

  /** The chain went on. */
  learn(known: CertifiedRun): void {
    this.#known = known
  }

  next(): Message {
    switch (this.#random.between(0, 10)) {
      case 0:
        return { kind: 'staleTerm', term: this.#term(), leaderCert: this.#maybe(() => this.#leaderCert()) }
      case 1:
        return { kind: 'voteRequest', ...this.#candidacy(), transfer: this.#maybe(() => this.#transfer()) }
      case 2:
        return { kind: 'preVoteRequest', ...this.#candidacy() }
      case 3:
        return { kind: 'preVote', term: this.#term() }
      case 4:
        return { kind: 'appendReply', ...this.#reply() }
      case 5:
        return this.#vote()
      case 6:
        return this.#promise()
      case 7:
        return { kind: 'timeoutNow', transfer: this.#transfer() }
      case 8:
        return { kind: 'readIndexRequest', id: this.#random.next() }
      case 9:
        return { kind: 'readIndexAnswer', id: this.#random.next() % 64, lastAck: this.#maybe(() => this.#ownHeader()) }
      default:
        return this.#append()
    }
  }

  /** Near the present term as a rule, so that it counts for something. */
  #term(): Term {
    const random = this.#random
    const present = this.#tipBlock().header.term
    const far = random.pick([present + 1_000, present + 1_000_000, FARTHEST])
    return (random.between(0, 3) === 0 ? far : Math.max(1, present + random.between(-1, 3))) as Term
  }

  #candidacy() {
    const { commitCert, blocks } = this.#known
    const copies = this.#random.pick([0, 1, UNCERTIFIED_BLOCKS_MAX])
    const header = this.#random.between(0, 1) === 0 ? this.#ownHeader() : signedHeader(this.#tipBlock())
    const certified = { term: commitCert.term, height: commitCert.height, hash: commitCert.blockHash }
    const { epoch } = this.#tipBlock().header
    return {
      epoch: this.#random.pick([epoch, epoch, epoch + 1, FARTHEST]) as Epoch,
      term: this.#term(),
      tip: this.#random.pick<Tip>([certified, { ...certified, height: FARTHEST as Height }, this.#anyTip()]),
      commitCert: this.#maybe(() => commitCert),
      headers: this.#random.between(0, 2) === 0 ? Array<SignedHeader>(copies).fill(header) : [],
      leaderCert: this.#maybe(() => this.#leaderCert(blocks.at(-1)?.header.term)),
      releases: this.#random.between(0, 9) === 0 ? Array.from({ length: 8 }, () => randomBytes(60_000)) : [],
    }
  }

  #reply() {
    const count = this.#random.pick([0, 1, 10, 50, 50, ACKS_MAX])
    return {
      term: this.#term(),
      status: this.#random.pick(['matched', 'missing', 'unknownLeader'] as const),
      match: this.#position(),
      certified: this.#position(),
      acks: Array.from({ length: count }, () => this.#ack()),
      timeRefused: this.#random.between(0, 1) === 0,
    }
  }

  /** Each of another block: no two of them are on one chain. */
  #ack(): SignedAck {
    const { header } = this.#tipBlock()
    const { chainId, epoch } = header
    const height = (header.height + this.#random.between(0, 5)) as Height
    const ack = { chainId, epoch, term: this.#term(), height, blockHash: anyHash() }
    return { ack, signature: this.#member.sign(ackMessage(ack)) }
  }

  #append(): Append {
    const parent = this.#tipBlock()
    const term = this.#term()
    const blocks: Block[] = []
    const count = this.#random.pick([0, 1, 3, APPEND_BLOCKS_MAX])
    for (let i = 0; i < count; i++) {
      const { height, timeMs } = blocks.at(-1)?.header ?? parent.header
      const parentHash = blocks.at(-1)?.hash ?? this.#random.pick([parent.hash, anyHash()])
      const next = { height: (height + 1) as Height, term, parentHash, timeMs: timeMs + 1 }
      blocks.push(this.#ownBlock({ ...parent.header, ...next }))
    }
    return {
      kind: 'append',
      term,
      leaderCerts: this.#random.between(0, 1) === 0 ? [] : this.#known.leaderCerts,
      previous: this.#random.pick([{ height: parent.header.height, hash: parent.hash }, this.#position()]),
      blocks,
      commitCert: this.#maybe(() => this.#known.commitCert),
    }
  }

  #vote(): Message {
    const { chainId, epoch } = this.#tipBlock().header
    const candidate = this.#random.between(0, 3) as Seat
    const tip = this.#anyTip()
    const vote = { chainId, epoch, term: this.#term(), candidate, tip, releasesHash: hashReleases([]) }
    return { kind: 'vote', vote, signature: this.#member.sign(voteMessage(vote)) }
  }

  #promise(): Message {
    const { chainId, epoch } = this.#tipBlock().header
    const promise = { chainId, epoch, term: this.#term(), lastAck: this.#maybe(() => this.#anyTip()) }
    return { kind: 'promise', promise, signature: this.#member.sign(promiseMessage(promise)), release: null }
  }

  #transfer() {
    const { chainId } = this.#tipBlock().header
    const notice = { chainId, term: this.#term(), target: this.#random.between(0, 3) as Seat }
    return { notice, signature: this.#member.sign(transferNoticeMessage(notice)) }
  }

  #ownHeader(): SignedHeader {
    return signedHeader(this.#ownBlock({ ...this.#tipBlock().header, term: this.#term(), stateRoot: anyHash() }))
  }

  #ownBlock(header: Header): Block {
    const own = { ...header, proposer: this.#member.seat }
    return { ...signHeader(own, this.#member.sign), hash: blockHash(own), transactions: [], epochCert: null }
  }

  #position(): Position {
    return { height: this.#random.between(0, 2_000) as Height, hash: anyHash() }
  }

  #anyTip(): Tip {
    return { term: this.#term(), ...this.#position() }
  }

  #tipBlock(): Block {
    const block = this.#known.blocks.at(-1)
    assert(block !== undefined, 'a run has a block')
    return block
  }

  #leaderCert(term?: number) {
    const { leaderCerts } = this.#known
    return leaderCerts.find((each) => each.term === term) ?? leaderCerts.at(-1) ?? null
  }

  #maybe<T>(make: () => T): T | null {
    return this.#random.between(0, 1) === 0 ? make() : null
  }
}

const anyHash = (): Hash => asHash(randomBytes(32).toHex(), 'hash')
const signedHeader = ({ header, signature }: Block): SignedHeader => ({ header, signature })
