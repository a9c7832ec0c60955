// Statements for tests of evidence: a chain that forks where the test wants it, and words about its blocks by anybody.

import type { Block, Header, SignedHeader } from '../../types/block.ts'
import type { Hash, Height, Seat, Term } from '../../types/brand.ts'
import { toBytes } from '../../types/canonical.ts'
import { bareLeaderCertCodec, type LeaderCert, type Tip, type Vote } from '../../types/certificate.ts'
import { blockHash, promiseMessage, signHeader, voteMessage, withoutReleases } from '../../types/signing.ts'
import { onlyEpoch } from '../../types/validator-set.ts'
import type { Verifier } from '../certificate.ts'
import { CHAIN_ID, createSettings, createTransaction, rangeBefore, signAs } from '../fakes.test-support.ts'
import { Group, genesis, tipOfBlock } from '../node.test-support.ts'
import { createLineage } from './create-lineage.ts'
import type { Lineage } from './lineage.ts'
import type { OpenedLeaderCert } from './opened-certificate.ts'
import type { AckBy, PromiseBy, VoteBy } from './statements.ts'

export class Scene {
  readonly group: Group
  readonly verifier: Verifier
  private readonly blocks = new Map<Hash, Block>([[genesis.hash, genesis]])
  private transactions = 0

  constructor(memberCount = 4) {
    this.group = new Group(memberCount)
    this.verifier = { ...createSettings(this.group.set, 0), setOf: onlyEpoch(this.group.set) }
  }

  leaderCert(term: number, leader: number, tip: Block): LeaderCert {
    return this.group.leaderCert(term, { leader, tip })
  }

  /** A block that honest members would take in; a new one at each call. */
  block(leaderCert: LeaderCert, parent: Block): Block {
    return this.keep(this.group.block(leaderCert, parent, { transactions: [createTransaction(this.transactions++)] }))
  }

  chain(leaderCert: LeaderCert, parent: Block, length: number): Block[] {
    const blocks: Block[] = []
    for (let i = 0; i < length; i++) blocks.push(this.block(leaderCert, blocks.at(-1) ?? parent))
    return blocks
  }

  /** The same block with other fields, signed by its proposer. */
  altered(block: Block, fields: Partial<Header>): Block {
    const header = { ...block.header, ...fields }
    return this.keep({
      ...signHeader(header, signAs(this.group.set, header.proposer)),
      hash: blockHash(header),
      transactions: block.transactions,
      epochCert: block.epochCert,
    })
  }

  ack(member: number, block: Block): AckBy {
    return { member: member as Seat, ...this.group.ack(block, member) }
  }

  vote(member: number, term: number, tip: Block, fields: Partial<Vote> = {}): VoteBy {
    const vote = { ...this.group.vote(term, { candidate: 0, tip }), ...fields }
    return { member: member as Seat, vote, signature: signAs(this.group.set, member)(voteMessage(vote)) }
  }

  promise(member: number, term: number, lastAck: Block | null): PromiseBy {
    const promise = {
      chainId: CHAIN_ID,
      epoch: this.group.set.epoch,
      term: term as Term,
      lastAck: lastAck === null ? null : tipOfBlock(lastAck),
    }
    return { member: member as Seat, promise, signature: signAs(this.group.set, member)(promiseMessage(promise)) }
  }

  tip(block: Block): Tip {
    return tipOfBlock(block)
  }

  /** Which block the chain that ends in `end` holds at `height`. */
  lineage(end: Block, height: number): Lineage {
    const path: Block[] = []
    for (let at = end; at.header.height > 0; ) {
      at = this.blocks.get(at.header.parentHash) as Block
      path.unshift(at)
    }
    const base = rangeBefore(path[0] as Block)
    return createLineage(end.header, { height: height as Height, base, since: path.map(({ hash }) => hash) })
  }

  private keep(block: Block): Block {
    this.blocks.set(block.hash, block)
    return block
  }
}

export const signed = ({ header, signature }: SignedHeader): SignedHeader => ({ header, signature })

export function opened(certificate: LeaderCert): OpenedLeaderCert {
  return { bytes: toBytes(bareLeaderCertCodec, withoutReleases(certificate)), releases: certificate.releases }
}
