// A chain without a network: blocks of real signed transactions with real certificates, executed and stored by the real ledger,
// as fast as one process can make them. For questions about a large state or a long chain.

import { createCommitCert, createLeaderCert } from '../../src/consensus/certificate.ts'
import { argumentsFromJson, type Json } from '../../src/contracts/abi.ts'
import { createSigner, type Signer as KeySigner } from '../../src/crypto/ed25519.ts'
import { randomBytes } from '../../src/crypto/random.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLevelStore } from '../../src/ledger/level-store.ts'
import { openLedger } from '../../src/ledger/open-ledger.ts'
import { BUILT_IN_SETUP, compileBuiltInContracts } from '../../src/node/built-in-contracts.ts'
import { assert } from '../../src/types/assert.ts'
import type { Block, Header } from '../../src/types/block.ts'
import type { IdentityId, PublicKey, Seat, Term } from '../../src/types/brand.ts'
import { ZERO_HASH } from '../../src/types/brand.ts'
import type { LeaderCert } from '../../src/types/certificate.ts'
import type { Founder, Genesis } from '../../src/types/genesis.ts'
import { CALLS_MAX, TRANSACTION_GAS_MAX } from '../../src/types/limits.ts'
import {
  ackMessage,
  blockHash,
  commitCertHash,
  decodeTransaction,
  leaderCertHash,
  signHeader,
  signTransaction,
  voteMessage,
} from '../../src/types/signing.ts'
import type { Call, SignedTransaction } from '../../src/types/transaction.ts'

export interface LocalCall {
  readonly contract: string
  readonly method: string
  readonly args: { readonly [parameter: string]: Json }
}

/** Block time: no clock decides how old such a chain is. */
const BLOCK_MS = 1_000
const LIFETIME_MS = 300_000
const SEAT = 0 as Seat
const TERM = 1 as Term

/** One institution that validates alone, keeps the records and asks for them. */
export class LocalChain {
  readonly ledger: Ledger
  readonly institution: IdentityId
  readonly #keys: Founding
  readonly #leaderCert: LeaderCert

  private constructor(ledger: Ledger, keys: Founding) {
    this.ledger = ledger
    this.#keys = keys
    this.institution = keys.institution
    this.#leaderCert = ledger.leaderCert(TERM) ?? this.#elect()
  }

  /** In an empty folder. */
  static async create(folder: string, founding: Founding = oneHospital()): Promise<LocalChain> {
    const store = await openLevelStore(folder)
    const chain = new LocalChain(await openLedger({ store, genesis: founding.genesis }), founding)
    await chain.ledger.persist({ leaderCerts: [chain.#leaderCert] })
    return chain
  }

  /** One that was made before. */
  static async open(folder: string, founding: Founding): Promise<LocalChain> {
    const store = await openLevelStore(folder)
    return new LocalChain(await openLedger({ store, genesis: founding.genesis }), founding)
  }

  get genesis(): Genesis {
    return this.ledger.genesis
  }

  get nowMs(): number {
    return this.ledger.head.header.timeMs + BLOCK_MS
  }

  /** Signed by the institution, as many calls a transaction as fit. */
  transactions(calls: readonly LocalCall[], callsPerTransaction = CALLS_MAX): readonly SignedTransaction[] {
    const encoded = calls.map((call) => this.encode(call))
    const signed: SignedTransaction[] = []
    for (let at = 0; at < encoded.length; at += callsPerTransaction) {
      const transaction = {
        version: 1 as const,
        chainId: this.ledger.chainId,
        sender: this.institution,
        keyId: 0,
        calls: encoded.slice(at, at + callsPerTransaction),
        atomic: false,
        gasLimit: TRANSACTION_GAS_MAX,
        expiresAtMs: this.nowMs + LIFETIME_MS,
        salt: randomBytes(16),
      }
      const { bytes } = signTransaction(transaction, (message) => this.#keys.signing.sign(message))
      signed.push(decodeTransaction(bytes))
    }
    return signed
  }

  encode({ contract, method, args }: LocalCall): Call {
    const abi = this.ledger.contracts().find(({ name }) => name === contract)?.abi
    assert(abi !== undefined, `there is a contract ${contract}`)
    return { contract, method, args: argumentsFromJson(abi, method, args) }
  }

  /** One block. Throws when a call is refused. */
  async commit(transactions: readonly SignedTransaction[]): Promise<Block> {
    const { ledger } = this
    const parent = ledger.head
    const draft = { parentHash: parent.hash, epoch: parent.header.epoch, timeMs: this.nowMs, transactions }
    const execution = ledger.execute(draft)
    assert(execution.ok, execution.ok ? '' : execution.refusal.message)
    const { executed } = execution
    const refused = executed.receipts.flatMap(({ calls }) => calls).find(({ status }) => status === 'refused')
    assert(refused === undefined, `a call was refused: ${refused?.code}`)
    const header: Header = {
      version: 1,
      chainId: ledger.chainId,
      epoch: executed.epoch,
      height: executed.height,
      term: TERM,
      parentHash: parent.hash,
      timeMs: executed.timeMs,
      proposer: SEAT,
      txRoot: executed.txRoot,
      receiptRoot: executed.receiptRoot,
      stateRoot: executed.stateRoot,
      logRoot: executed.logRoot,
      leaderCertHash: leaderCertHash(this.#leaderCert),
      commitCertHash: parent.commitCert === null ? ZERO_HASH : commitCertHash(parent.commitCert),
    }
    const signed = signHeader(header, (message) => this.#keys.consensus.sign(message))
    const block: Block = { ...signed, hash: blockHash(header), transactions, epochCert: null }
    ledger.adopt(block, executed)
    await ledger.persist({ blocks: [block] })
    const { chainId, epoch, term, height } = header
    const ack = { chainId, epoch, term, height, blockHash: block.hash }
    await ledger.commit(createCommitCert(ack, new Map([[SEAT, this.#keys.consensus.sign(ackMessage(ack))]])))
    return block
  }

  #elect(): LeaderCert {
    const { header, hash } = this.ledger.head
    const tip = { term: header.term, height: header.height, hash }
    const { chainId } = this.ledger
    const vote = { chainId, epoch: header.epoch, term: TERM, candidate: SEAT, tip, releasesHash: ZERO_HASH }
    return createLeaderCert(vote, new Map([[SEAT, this.#keys.consensus.sign(voteMessage(vote))]]))
  }
}

/** A genesis with one validator, who it is, and what it signs with. */
export interface Founding {
  readonly genesis: Genesis
  readonly institution: IdentityId
  readonly signing: Pick<KeySigner, 'sign'>
  readonly consensus: Pick<KeySigner, 'sign'>
}

function oneHospital(): Founding {
  const signing = createSigner(randomBytes(32))
  const consensus = createSigner(randomBytes(32))
  const institution = randomBytes(32).toHex() as IdentityId
  const keyOf = ({ publicKey }: KeySigner) => publicKey.toHex() as PublicKey
  const founder: Founder = {
    institution,
    kind: 'hospital',
    name: 'Hospital',
    signingKey: keyOf(signing),
    encryptionKey: randomBytes(32).toHex() as PublicKey,
    transportKey: keyOf(createSigner(randomBytes(32))),
    consensusKey: keyOf(consensus),
  }
  const genesis: Genesis = {
    version: 1,
    name: 'One hospital',
    timeMs: 1_750_000_000_000,
    b: 0,
    founders: [founder],
    contracts: compileBuiltInContracts(),
    setup: BUILT_IN_SETUP,
  }
  return { genesis, institution, signing, consensus }
}
