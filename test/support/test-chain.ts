// A small chain with real keys, roots and certificates, for tests of what reads chains: no consensus, no execution.

import { createSigner, type Signer as KeySigner } from '../../src/crypto/ed25519.ts'
import { createMerkleProof, merkleRoot } from '../../src/crypto/merkle.ts'
import {
  appendLeaf,
  createRangeProof,
  EMPTY_RANGE,
  type MountainRange,
  rangeRoot,
} from '../../src/crypto/mountain-range.ts'
import type { Block, Header } from '../../src/types/block.ts'
import type { Epoch, Hash, Height, IdentityId, PublicKey, Seat, Term } from '../../src/types/brand.ts'
import { ZERO_HASH } from '../../src/types/brand.ts'
import { toBytes } from '../../src/types/canonical.ts'
import type { CommitCert } from '../../src/types/certificate.ts'
import type { ContractModule, Founder, SignedGenesis } from '../../src/types/genesis.ts'
import { type Receipt, receiptCodec } from '../../src/types/receipt.ts'
import type { ReceiptProof } from '../../src/types/receipt-proof.ts'
import { ackMessage, blockHash, chainIdOf, genesisMessage, headerMessage } from '../../src/types/signing.ts'
import type { SignedTransaction } from '../../src/types/transaction.ts'
import { defaultLiars, quorum, validatorsOf } from '../../src/types/validator-set.ts'

export const idOf = (n: number): IdentityId => n.toString(16).padStart(64, '0') as IdentityId
export const keyOf = (n: number): KeySigner => createSigner(new Uint8Array(32).fill(n))

export interface TestBlock {
  readonly block: Block
  readonly receipts: readonly Receipt[]
  readonly commitCert: CommitCert | null
}

export const GENESIS_TIME_MS = 1_750_000_000_000

export class TestChain {
  readonly genesis: SignedGenesis
  readonly chainId: Hash
  readonly blocks: TestBlock[] = []
  readonly #keys: readonly KeySigner[]
  readonly #nodes = new Map<number, Hash>()
  #range: MountainRange = EMPTY_RANGE

  constructor({ validators = 4, contracts = [] }: { validators?: number; contracts?: readonly ContractModule[] } = {}) {
    this.#keys = Array.from({ length: validators }, (_, i) => keyOf(i + 1))
    const genesis = {
      version: 1 as const,
      name: 'Test consortium',
      timeMs: GENESIS_TIME_MS,
      b: defaultLiars(validators),
      founders: this.#keys.map((key, i) => founder(key, i)),
      contracts,
      setup: [],
    }
    const signatures = this.#keys.map((key, i) => ({
      institution: idOf(i + 1),
      signature: key.sign(genesisMessage(genesis)),
    }))
    this.genesis = { genesis, signatures }
    this.chainId = chainIdOf(genesis)
    this.commit([], { certified: false })
  }

  get head(): TestBlock {
    return this.blocks.at(-1) as TestBlock
  }

  /** A block with these transactions and what they did. Without a certificate of its own, a descendant's covers it. */
  commit(
    executed: readonly { readonly transaction: SignedTransaction; readonly receipt: Receipt }[],
    { certified = true }: { certified?: boolean } = {},
  ): TestBlock {
    const height = this.blocks.length as Height
    const transactions = executed.map(({ transaction }) => transaction)
    const receipts = executed.map(({ receipt }) => receipt)
    const header: Header = {
      version: 1,
      chainId: this.chainId,
      epoch: 0 as Epoch,
      height,
      term: (height === 0 ? 0 : 1) as Term,
      parentHash: this.blocks.at(-1)?.block.hash ?? ZERO_HASH,
      timeMs: GENESIS_TIME_MS + height * 1_000,
      proposer: 0 as Seat,
      txRoot: merkleRoot(transactions.map(({ bytes }) => bytes)),
      receiptRoot: merkleRoot(receipts.map((receipt) => toBytes(receiptCodec, receipt))),
      stateRoot: ZERO_HASH,
      logRoot: rangeRoot(this.#range),
      leaderCertHash: ZERO_HASH,
      commitCertHash: ZERO_HASH,
    }
    const hash = blockHash(header)
    const signature = (this.#keys[0] as KeySigner).sign(headerMessage(header))
    const block = { header, signature, hash, transactions, epochCert: null }
    const { range, newNodes } = appendLeaf(this.#range, hash)
    this.#range = range
    for (const node of newNodes) this.#nodes.set(node.position, node.hash)
    const made = { block, receipts, commitCert: certified ? this.#certify(header, hash) : null }
    this.blocks.push(made)
    return made
  }

  /** By the first q validators. */
  #certify({ epoch, term, height }: Header, hash: Hash): CommitCert {
    const ack = { chainId: this.chainId, epoch, term, height, blockHash: hash }
    const signers = this.#keys.slice(0, quorum(validatorsOf(this.genesis.genesis)))
    const signatures = signers.map((key, i) => ({ member: i as Seat, signature: key.sign(ackMessage(ack)) }))
    return { ...ack, signatures }
  }

  locate(transactionId: Hash): { height: Height; index: number } | undefined {
    for (const { block } of this.blocks) {
      const index = block.transactions.findIndex(({ id }) => id === transactionId)
      if (index >= 0) return { height: block.header.height, index }
    }
    return undefined
  }

  /** Under the certificate of the block itself, else of its first certified descendant. */
  prove(transactionId: Hash): ReceiptProof | null {
    const at = this.locate(transactionId)
    if (at === undefined) return null
    const { block, receipts, commitCert } = this.blocks[at.height] as TestBlock
    const leaves = receipts.map((receipt) => toBytes(receiptCodec, receipt))
    const receipt = leaves[at.index] as Uint8Array
    const base = { receipt, ...createMerkleProof(leaves, at.index), header: block.header, epochs: [] }
    if (commitCert) return { ...base, commitCert, ancestry: null }
    const covering = this.blocks.slice(at.height).find((candidate) => candidate.commitCert !== null)
    if (covering?.commitCert == null) return null
    const descendant = covering.block.header
    const range = createRangeProof(at.height, {
      size: descendant.height,
      readNode: (position) => this.#nodes.get(position) as Hash,
    })
    return { ...base, commitCert: covering.commitCert, ancestry: { descendant, ...range } }
  }
}

function founder(key: KeySigner, i: number): Founder {
  const publicKey = key.publicKey.toHex() as PublicKey
  return {
    institution: idOf(i + 1),
    kind: 'hospital',
    name: `Hospital ${i + 1}`,
    signingKey: publicKey,
    encryptionKey: publicKey,
    transportKey: publicKey,
    consensusKey: publicKey,
  }
}
