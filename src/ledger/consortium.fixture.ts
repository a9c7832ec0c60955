// A consortium for the tests of the ledger: real keys, real contracts compiled from source (policy, registry, validators),
// two small ones that are easy to talk to, and a hand that makes blocks and certificates as consensus would.

import { readFileSync } from 'node:fs'
import { createCommitCert, createLeaderCert } from '../consensus/certificate.ts'
import { compile } from '../contracts/lang/compile.ts'
import { createSigner, type Signer } from '../crypto/ed25519.ts'
import { sha256, sha256Hex } from '../crypto/hash.ts'
import { assert } from '../types/assert.ts'
import type { Block, Header } from '../types/block.ts'
import {
  type Epoch,
  type Hash,
  type IdentityId,
  type PublicKey,
  type Seat,
  type Term,
  ZERO_HASH,
} from '../types/brand.ts'
import type { CommitCert, LeaderCert, Tip } from '../types/certificate.ts'
import type { Founder, Genesis } from '../types/genesis.ts'
import {
  ackMessage,
  blockHash,
  chainIdOf,
  commitCertHash,
  decodeTransaction,
  leaderCertHash,
  signHeader,
  signTransaction,
  voteMessage,
} from '../types/signing.ts'
import type { Call, SignedTransaction, Transaction } from '../types/transaction.ts'
import { quorum, validatorsOf } from '../types/validator-set.ts'
import type { Ledger } from './ledger.ts'
import { MemoryStore } from './memory-store.ts'
import { openLedger } from './open-ledger.ts'

export const NOTES = `contract notes version 1

record Note { owner: id, count: int }

state notes: map<(owner: id, note: id), Note>
state total: int

event Noted(note: id, owner: id, count: int)

refusal UNKNOWN_NOTE "There is no such note."
refusal NEVER "This is always refused."

action put(note: id) returns int {
  let old = notes[sender, note] else Note(owner: sender, count: 0)
  let next = old with { count: old.count + 1 }
  notes[sender, note] = next
  total = (total else 0) + 1
  emit Noted(note, owner: sender, count: next.count)
  return next.count
}

action remove(note: id) {
  require notes[sender, note] is some else UNKNOWN_NOTE about note
  delete notes[sender, note]
}

action putAndRefuse(note: id) {
  notes[sender, note] = Note(owner: sender, count: 99)
  emit Noted(note, owner: sender, count: 99)
  refuse NEVER
}

view count(owner: id, note: id) returns int {
  let found = notes[owner, note] else Note(owner, count: 0)
  return found.count
}

view notesOf(owner: id) returns int {
  var sum = 0
  for (note) in notes[owner, ...] max 1000 {
    sum = sum + 1
  }
  return sum
}
`

/** In the place of the real one: whoever asks has his way. */
const GOVERNANCE = `contract governance version 1

uses validators

refusal NEVER "Not of a version."

record VersionChange { fromHeight: int, version: int }

action add(institution: id, consensus: key) {
  validators.add(institution, consensus, true, 1)
}

action remove(institution: id) {
  validators.remove(institution, true, 1)
}

genesis action recover(version: int) {
  require version > 0 else NEVER
}

view protocolVersions() returns list<VersionChange, 2> {
  return []
}
`

export const sourceOf = (name: string) => ({
  name,
  text: readFileSync(new URL(`../contracts/builtin/${name}.clause`, import.meta.url), 'utf8'),
})
const modules = compile([
  sourceOf('policy'),
  sourceOf('registry'),
  sourceOf('validators'),
  { name: 'notes', text: NOTES },
  { name: 'governance', text: GOVERNANCE },
  sourceOf('evidence'),
])

export const idOf = (name: string): IdentityId => sha256Hex(new TextEncoder().encode(name)) as string as IdentityId
export const bytesOf = (name: string): Uint8Array => Uint8Array.fromHex(idOf(name))
export const signerNamed = (name: string): Signer => createSigner(sha256(new TextEncoder().encode(`key of ${name}`)))
const keyOf = (signer: Signer): PublicKey => signer.publicKey.toHex() as PublicKey

export const GENESIS_TIME_MS = 1_700_000_000_000
const MINUTE_MS = 60_000

function founder(name: string): Founder {
  return {
    institution: idOf(name),
    kind: 'hospital',
    name,
    signingKey: keyOf(signerNamed(name)),
    encryptionKey: keyOf(signerNamed(`${name}, encryption`)),
    transportKey: keyOf(signerNamed(`${name}, transport`)),
    consensusKey: keyOf(signerNamed(`${name}, consensus`)),
  }
}

export function createGenesis(change: Partial<Genesis> = {}): Genesis {
  return {
    version: 1,
    name: 'test consortium',
    timeMs: GENESIS_TIME_MS,
    b: 1,
    founders: ['Alpha', 'Beta', 'Gamma', 'Delta'].map(founder),
    contracts: modules.map(({ name, bytes }) => ({ name, module: bytes })),
    setup: [{ contract: 'policy', method: 'establish', args: [] }],
    ...change,
  }
}

export const genesis = createGenesis()
export const chainId = chainIdOf(genesis)
export const validators = validatorsOf(genesis)

const consensusSigners = genesis.founders.map(({ name }) => signerNamed(`${name}, consensus`))

export const call = (method: string, ...args: Call['args']): Call => ({ contract: 'notes', method, args })

let salts = 0

/** Signed by the founder `by`; valid in the first minutes of the chain. */
export function transaction(
  calls: readonly Call[],
  { by = 'Alpha', key = by, ...change }: Partial<Transaction> & { by?: string; key?: string } = {},
): SignedTransaction {
  const salt = new Uint8Array(16)
  new DataView(salt.buffer).setUint32(0, ++salts)
  const body: Transaction = {
    version: 1,
    chainId,
    sender: idOf(by),
    keyId: 0,
    calls,
    atomic: false,
    gasLimit: 10_000_000,
    expiresAtMs: GENESIS_TIME_MS + 5 * MINUTE_MS,
    salt,
    ...change,
  }
  const signer = signerNamed(key)
  const signed = signTransaction(body, (message) => signer.sign(message))
  return decodeTransaction(signed.bytes)
}

export const put = (note: string, options: Parameters<typeof transaction>[1] = {}): SignedTransaction =>
  transaction([call('put', bytesOf(note))], options)

/** Makes blocks on a ledger as the leader of a term would. */
export class Proposer {
  readonly ledger: Ledger
  term = 1 as Term
  leaderCert: LeaderCert
  leaderCerts: LeaderCert[] = []

  constructor(ledger: Ledger) {
    this.ledger = ledger
    this.leaderCert = this.elect(1, ledger.head)
  }

  /** Elections are of the epoch that the chain began with. */
  private get chain(): { chainId: Hash; epoch: Epoch } {
    return { chainId: this.ledger.chainId, epoch: this.ledger.genesisBlock.header.epoch }
  }

  /** The next block is the first of this term, on `tip`. */
  elect(term: number, { hash, header }: { hash: Hash; header: Header }): LeaderCert {
    this.term = term as Term
    const tip: Tip = { term: header.term, height: header.height, hash }
    const candidate = 0 as Seat
    const vote = { ...this.chain, term: this.term, candidate, tip, releasesHash: ZERO_HASH }
    this.leaderCert = createLeaderCert(vote, signaturesOf(voteMessage(vote), this.ledger.genesis))
    this.leaderCerts.push(this.leaderCert)
    void this.ledger.persist({ leaderCerts: [this.leaderCert] })
    return this.leaderCert
  }

  /** Executes, signs and adopts. */
  propose(
    transactions: readonly SignedTransaction[],
    {
      parent = this.ledger.head,
      timeMs = parent.header.timeMs + 1_000,
      epoch = parent.header.epoch,
    }: { parent?: { hash: Hash; header: Header }; timeMs?: number; epoch?: Epoch } = {},
  ): Block {
    const execution = this.ledger.execute({ parentHash: parent.hash, epoch, timeMs, transactions })
    assert(execution.ok, `draft refused: ${execution.ok ? '' : JSON.stringify(execution.refusal)}`)
    const { txRoot, receiptRoot, stateRoot, logRoot, height } = execution.executed
    const { commitCert } = this.ledger.head
    const header: Header = {
      version: 1,
      chainId: this.ledger.chainId,
      epoch,
      height,
      term: this.term,
      parentHash: parent.hash,
      timeMs,
      proposer: 0 as Seat,
      txRoot,
      receiptRoot,
      stateRoot,
      logRoot,
      leaderCertHash: leaderCertHash(this.leaderCert),
      commitCertHash: commitCert === null ? ZERO_HASH : commitCertHash(commitCert),
    }
    const signed = signHeader(header, (message) => (consensusSigners[0] as Signer).sign(message))
    const block = {
      ...signed,
      hash: blockHash(header),
      transactions,
      epochCert: epoch > parent.header.epoch ? commitCert : null,
    }
    this.ledger.adopt(block, execution.executed)
    return block
  }

  /** Proposes, stores and commits. */
  async commit(
    transactions: readonly SignedTransaction[],
    options: { timeMs?: number; epoch?: Epoch } = {},
  ): Promise<Block> {
    const block = this.propose(transactions, options)
    await this.ledger.persist({ blocks: [block], leaderCerts: [this.leaderCert] })
    await this.ledger.commit(certify(block, this.ledger.genesis))
    return block
  }
}

export function certify({ header, hash }: Pick<Block, 'header' | 'hash'>, of: Genesis = genesis): CommitCert {
  const { epoch, term, height } = header
  const ack = { chainId: header.chainId, epoch, term, height, blockHash: hash }
  return createCommitCert(ack, signaturesOf(ackMessage(ack), of))
}

/** Of a quorum of its first validators. */
function signaturesOf(message: Uint8Array, of: Genesis): Map<Seat, Uint8Array> {
  const { members, ...set } = validatorsOf(of)
  const signing = members.slice(0, quorum({ ...set, members }))
  return new Map(signing.map(({ seat }) => [seat, (consensusSigners[seat] as Signer).sign(message)]))
}

export async function createLedger(
  store: MemoryStore = new MemoryStore(),
): Promise<{ ledger: Ledger; store: MemoryStore; proposer: Proposer }> {
  const ledger = await openLedger({ store, genesis })
  return { ledger, store, proposer: new Proposer(ledger) }
}

/** Decides that a founder validates no more, or somebody again. */
export const removal = (name: string): SignedTransaction =>
  transaction([{ contract: 'governance', method: 'remove', args: [bytesOf(name)] }])
export const addition = (name: string, key: string): SignedTransaction =>
  transaction([{ contract: 'governance', method: 'add', args: [bytesOf(name), signerNamed(key).publicKey] }])
