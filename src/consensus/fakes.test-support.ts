// What tests of the core share: validators whose signatures are keyed hashes, a genesis, a ledger that only chains roots.

import { sha256, taggedHash } from '../crypto/hash.ts'
import { merkleRoot } from '../crypto/merkle.ts'
import { appendLeaf, EMPTY_RANGE, type MountainRange, rangeRoot } from '../crypto/mountain-range.ts'
import type { Block, Header } from '../types/block.ts'
import {
  asHash,
  asIdentityId,
  asPublicKey,
  type Epoch,
  type Hash,
  type Height,
  type PublicKey,
  type Seat,
  type Term,
  ZERO_HASH,
} from '../types/brand.ts'
import { blockHash, signTransaction } from '../types/signing.ts'
import type { Call, SignedTransaction } from '../types/transaction.ts'
import { defaultLiars, memberAt, onlyEpoch, type Validator, type ValidatorSet } from '../types/validator-set.ts'
import type { Propose } from './events.ts'
import { DEFAULT_TIMING, type Timing } from './limits.ts'
import type { Settings } from './settings.ts'

export const CHAIN_ID = asHash('c1'.repeat(32))
export const GENESIS_TIME_MS = 1_700_000_000_000

const numbered = (prefix: string, index: number): string =>
  prefix + index.toString(16).padStart(64 - prefix.length, '0')

/** 64 bytes that only the holder of `key` makes: SHA-256 of key and message, twice. */
function keyedHash(key: Uint8Array, message: Uint8Array): Uint8Array {
  const keyed = new Uint8Array(key.length + message.length)
  keyed.set(key)
  keyed.set(message, key.length)
  const digest = sha256(keyed)
  const signature = new Uint8Array(64)
  signature.set(digest)
  signature.set(digest, 32)
  return signature
}

const keys = new Map<PublicKey, Uint8Array>()

function keyOf(publicKey: PublicKey): Uint8Array {
  const key = keys.get(publicKey) ?? Uint8Array.fromHex(publicKey).reverse()
  keys.set(publicKey, key)
  return key
}

const isSame = (left: Uint8Array, right: Uint8Array): boolean =>
  left.length === right.length && left.every((byte, index) => byte === right[index])

export function createSet(memberCount: number, b = defaultLiars(memberCount)): ValidatorSet {
  return {
    epoch: 0 as Epoch,
    b,
    members: Array.from({ length: memberCount }, (_, index) => createMember(index, index)),
  }
}

export function createMember(seat: number, institution: number): Validator {
  return {
    seat: seat as Seat,
    institution: asIdentityId(numbered('aa', institution)),
    consensusKey: asPublicKey(numbered('bb', seat)),
    governanceKey: asPublicKey(numbered('ee', institution)),
  }
}

export function signAs(set: ValidatorSet, member: number): (message: Uint8Array) => Uint8Array {
  if (memberAt(set, member as Seat) === undefined) throw new RangeError('no such member')
  return signAsSeat(member)
}

export function signAsSeat(seat: number): (message: Uint8Array) => Uint8Array {
  const publicKey = asPublicKey(numbered('bb', seat))
  return (message) => keyedHash(keyOf(publicKey), message)
}

/** By the institution's governance key. */
export function signAsInstitution(institution: number): (message: Uint8Array) => Uint8Array {
  const publicKey = asPublicKey(numbered('ee', institution))
  return (message) => keyedHash(keyOf(publicKey), message)
}

export function createSettings(set: ValidatorSet, self: number, timing: Partial<Timing> = {}): Settings {
  return {
    chainId: CHAIN_ID,
    restoredSetOf: onlyEpoch(set),
    self: self as Seat,
    sign: signAs(set, self),
    verify: (publicKey, message, signature) => isSame(keyedHash(keyOf(publicKey), message), signature),
    timing: { ...DEFAULT_TIMING, ...timing },
  }
}

export function createGenesisBlock(): Block {
  const header: Header = {
    version: 1,
    chainId: CHAIN_ID,
    epoch: 0 as Epoch,
    height: 0 as Height,
    term: 0 as Term,
    parentHash: ZERO_HASH,
    timeMs: GENESIS_TIME_MS,
    proposer: 0 as Seat,
    txRoot: merkleRoot([]),
    receiptRoot: ZERO_HASH,
    stateRoot: ZERO_HASH,
    logRoot: rangeRoot(EMPTY_RANGE),
    leaderCertHash: ZERO_HASH,
    commitCertHash: ZERO_HASH,
  }
  return { header, signature: new Uint8Array(64), hash: blockHash(header), transactions: [], epochCert: null }
}

/** The n-th transaction of a test: real in form, so that it survives the wire. */
export function createTransaction(number: number): SignedTransaction {
  return transactionOf(number, { contract: 'log', method: 'add', args: [number] })
}

/** Told apart from others by its number. */
export function transactionOf(number: number, call: Call): SignedTransaction {
  const salt = new Uint8Array(16)
  new DataView(salt.buffer).setUint32(0, number)
  const sign = (message: Uint8Array): Uint8Array => keyedHash(new Uint8Array(1), message)
  return signTransaction(
    {
      version: 1,
      chainId: CHAIN_ID,
      sender: asIdentityId(numbered('dd', 0)),
      keyId: 0,
      calls: [call],
      atomic: false,
      gasLimit: 1,
      expiresAtMs: GENESIS_TIME_MS + 600_000,
      salt,
    },
    sign,
  )
}

/** By logRoot; with the genesis in it, that of every block made in a test. */
const ranges = new Map<Hash, MountainRange>([[rangeRoot(EMPTY_RANGE), EMPTY_RANGE]])

/** The blocks before this one, as its logRoot has them. */
export function rangeBefore({ header }: Pick<Block, 'header'>): MountainRange {
  const range = ranges.get(header.logRoot)
  if (range === undefined) throw new RangeError('a logRoot that no execution gave')
  return range
}

function logRootAfter(parent: Block): Hash {
  const { range } = appendLeaf(rangeBefore(parent), parent.hash)
  const root = rangeRoot(range)
  ranges.set(root, range)
  return root
}

/** Execution: the state is the hash of everything that led to it. */
export function execute(
  parent: Block,
  {
    epoch = parent.header.epoch,
    timeMs,
    transactions,
  }: { epoch?: Epoch; timeMs: number; transactions: readonly SignedTransaction[] },
): Omit<Propose, 'kind'> {
  const txRoot = merkleRoot(transactions.map(({ bytes }) => bytes))
  const stateRoot: Hash = taggedHash('test/state', new TextEncoder().encode(parent.header.stateRoot + epoch + txRoot))
  return {
    version: 1,
    epoch,
    parentHash: parent.hash,
    timeMs,
    txRoot,
    receiptRoot: ZERO_HASH,
    stateRoot,
    logRoot: logRootAfter(parent),
    transactions,
    nextSet: null,
  }
}

/** Has the block the roots that its execution gives? */
export function isExecutionOf(block: Block, parent: Block): boolean {
  const { txRoot, stateRoot, logRoot } = execute(parent, {
    epoch: block.header.epoch,
    timeMs: block.header.timeMs,
    transactions: block.transactions,
  })
  const { header } = block
  return header.txRoot === txRoot && header.stateRoot === stateRoot && header.logRoot === logRoot
}
