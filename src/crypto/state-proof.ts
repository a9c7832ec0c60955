// Proofs about single state keys under a header's stateRoot: "this key has this value", "this key is not there".
// Checking needs nothing but the root. How the tree is hashed stands here; ledger/state-tree.ts builds it.
// spec/ledger.md, "State tree".
//
//   leaf    SHA-256(0x00 || SHA-256(key) || SHA-256(value))
//   branch  SHA-256(0x01 || uint16 depth || uint8 mask || children...)   depth: the digit in which its keys part;
//                                                                         mask: which of the 8 digits have a child
//   empty   SHA-256(0x02)
//
// A branch commits to its depth, so a key's digits lead to one place only: whoever shows what stands there has shown
// that nothing else does. A leaf found there for another key is shown by hashes: it reveals neither key nor value.

import type { Hash } from '../types/brand.ts'
import { sha256Hex } from './hash.ts'
import { DIGITS, digitAt } from './state-digits.ts'

export interface ProofStep {
  /** Digit of the path that chooses the child. */
  readonly depth: number
  /** Bit d is set where digit d has a child. */
  readonly mask: number
  /** Hashes of the children but the one that the path takes, ascending by digit. */
  readonly siblings: readonly Hash[]
}

export interface ProofLeaf {
  readonly keyHash: Hash
  readonly valueHash: Hash
}

export interface StateProof {
  /** From the root down. */
  readonly steps: readonly ProofStep[]
  /** What stands at the end of the steps: a leaf, or null where the last branch has no child (or the tree is empty). */
  readonly leaf: ProofLeaf | null
}

const DEPTH_MAX = 0xffff

export const EMPTY_STATE_ROOT: Hash = sha256Hex(Uint8Array.of(2))

const leafBytes = new Uint8Array(65)
const leafKey = leafBytes.subarray(1, 33)
const leafValue = leafBytes.subarray(33)

export function hashLeaf(keyHash: Hash, valueHash: Hash): Hash {
  leafKey.setFromHex(keyHash)
  leafValue.setFromHex(valueHash)
  return sha256Hex(leafBytes)
}

// Reused by every call: hashing is synchronous and only the digest leaves.
const branchBytes = new Uint8Array(4 + DIGITS * 32)
branchBytes[0] = 1
const branchSlots = Array.from({ length: DIGITS }, (_, i) => branchBytes.subarray(4 + 32 * i, 36 + 32 * i))
/** By number of children. */
const branchesOf = Array.from({ length: DIGITS + 1 }, (_, count) => branchBytes.subarray(0, 4 + 32 * count))

/** `children` ascend by digit; as many as `mask` has bits. */
export function hashBranch(depth: number, mask: number, children: readonly { readonly hash: Hash }[]): Hash {
  branchBytes[1] = depth >>> 8
  branchBytes[2] = depth & 0xff
  branchBytes[3] = mask
  for (let i = 0; i < children.length; i++) {
    const slot = branchSlots[i] as Uint8Array
    slot.setFromHex((children[i] as { hash: Hash }).hash)
  }
  return sha256Hex(branchesOf[children.length] as Uint8Array)
}

/** How many children stand before digit `digit`. */
export function rankOf(mask: number, digit: number): number {
  return bitsOf(mask & ((1 << digit) - 1))
}

/** Bits set in a byte. */
export function bitsOf(mask: number): number {
  let count = 0
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++
  return count
}

/**
 * Whether `proof` shows, under `root`, that `key` has `value`, or with `value` undefined that the key is not there.
 * A malformed proof shows nothing; foreign bytes go through their codec (types/state-proof.ts) first.
 */
export function verifyStateProof(
  proof: StateProof,
  claim: { readonly root: Hash; readonly key: Uint8Array; readonly value: Uint8Array | undefined },
): boolean {
  const { steps, leaf } = proof
  const keyHash = sha256Hex(claim.key)
  const isThere = leaf !== null && leaf.keyHash === keyHash
  if (claim.value === undefined ? isThere : !isThere || leaf.valueHash !== sha256Hex(claim.value)) return false
  try {
    return rootOf(String.fromCharCode(...claim.key), { steps, leaf }) === claim.root
  } catch (error) {
    if (error instanceof MalformedProof || error instanceof SyntaxError || error instanceof RangeError) return false
    throw error
  }
}

class MalformedProof extends Error {}

function rootOf(key: string, { steps, leaf }: StateProof): Hash {
  let below: Hash | undefined = leaf === null ? undefined : hashLeaf(hexOf(leaf.keyHash), hexOf(leaf.valueHash))
  let deeper = DEPTH_MAX + 1
  for (const { depth, mask, siblings } of steps.toReversed()) {
    if (!isUint(depth, deeper - 1) || !isUint(mask, 0xff)) throw new MalformedProof('depth or mask')
    const digit = digitAt(key, depth)
    const isTaken = (mask & (1 << digit)) !== 0
    if (isTaken !== (below !== undefined)) throw new MalformedProof('path')
    const children = siblings.map((sibling) => ({ hash: hexOf(sibling) }))
    if (below !== undefined) children.splice(rankOf(mask, digit), 0, { hash: below })
    // A branch with one child does not exist; a count that differs from the mask would hash other bytes.
    if (children.length !== bitsOf(mask) || children.length < 2) throw new MalformedProof('children')
    below = hashBranch(depth, mask, children)
    deeper = depth
  }
  return below ?? EMPTY_STATE_ROOT
}

function isUint(value: number, max: number): boolean {
  return Number.isSafeInteger(value) && 0 <= value && value <= max
}

const HASH = /^[0-9a-f]{64}$/

function hexOf(text: Hash): Hash {
  if (!HASH.test(text)) throw new MalformedProof('hash')
  return text
}
