import { describe, expect, it } from 'vitest'
import { idOf, keyOf, type TestBlock, TestChain } from '../../test/support/test-chain.ts'
import type { Epoch, Hash } from '../types/brand.ts'
import { toBytes } from '../types/canonical.ts'
import type { Value } from '../types/canonical-value.ts'
import type { Genesis } from '../types/genesis.ts'
import { type Receipt, receiptCodec } from '../types/receipt.ts'
import { type ReceiptProof, receiptProofCodec } from '../types/receipt-proof.ts'
import { signTransaction } from '../types/signing.ts'
import { validatorsOf } from '../types/validator-set.ts'
import { ClientError } from './errors.ts'
import { verifyReceipt } from './verify-receipt.ts'

function executed(chain: TestChain, n: number) {
  const transaction = signTransaction(
    {
      version: 1,
      chainId: chain.chainId,
      sender: idOf(1),
      keyId: 0,
      calls: [{ contract: 'ward', method: 'open', args: [n] }],
      atomic: false,
      gasLimit: 1_000,
      expiresAtMs: 1_750_000_600_000,
      salt: new Uint8Array(16).fill(n),
    },
    keyOf(1).sign,
  )
  const call = { status: 'ok' as const, code: 'OK', value: n, events: [], gas: 7 }
  return { transaction, receipt: { transactionId: transaction.id, calls: [call] } }
}

/** Three blocks of 5, 1 and 0 transactions; only the last is certified, or every one. */
function createChain(options: { certified: boolean }) {
  const chain = new TestChain()
  const first = Array.from({ length: 5 }, (_, i) => executed(chain, i))
  const second = [executed(chain, 9)]
  chain.commit(first, options)
  chain.commit(second, options)
  chain.commit([])
  return { chain, ids: [...first, ...second].map(({ transaction }) => transaction.id) }
}

const proofOf = (chain: TestChain, id: Hash | undefined): ReceiptProof => {
  const proof = chain.prove(id as Hash)
  if (proof === null) throw new Error('no proof')
  return proof
}

function refusal(proof: ReceiptProof | Uint8Array, chain: TestChain): unknown {
  try {
    verifyReceipt(proof, chain.genesis.genesis)
  } catch (error) {
    return error
  }
  return undefined
}

/** Every leaf of a value, changed in every way that stays within its type. */
function* mutations(value: Value | undefined, path: string): Generator<readonly [path: string, changed: Value]> {
  if (typeof value === 'number') {
    yield [`${path} + 1`, value + 1]
    if (value > 0) yield [`${path} - 1`, value - 1]
  } else if (typeof value === 'string') {
    yield [path, `${value.startsWith('0') ? '1' : '0'}${value.slice(1)}`]
    yield [path, `${value.slice(0, -1)}${value.endsWith('0') ? '1' : '0'}`]
  } else if (value instanceof Uint8Array) {
    for (const at of [0, value.length >> 1, value.length - 1]) {
      const changed = value.slice()
      changed[at] = (changed[at] ?? 0) ^ 1
      yield [`${path}[${at}]`, changed]
    }
    yield [`${path} longer`, new Uint8Array([...value, 0])]
    yield [`${path} shorter`, value.slice(0, -1)]
  } else if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      for (const [where, changed] of mutations(value[i] as Value, `${path}[${i}]`))
        yield [where, value.with(i, changed)]
      yield [`${path} without ${i}`, value.toSpliced(i, 1)]
      yield [`${path} with ${i} twice`, value.toSpliced(i, 0, value[i] as Value)]
    }
    if (value.length > 1) yield [`${path} reversed`, value.toReversed()]
  } else if (value !== null && typeof value === 'object') {
    const fields = value as { readonly [key: string]: Value }
    // A literal: there is no other value to encode.
    for (const key of Object.keys(fields).filter((name) => name !== 'version')) {
      for (const [where, changed] of mutations(fields[key], `${path}.${key}`))
        yield [where, { ...fields, [key]: changed }]
    }
  }
}

describe('verifyReceipt()', () => {
  it('accepts every receipt under the certificate of its own block, as a value and as bytes', () => {
    const { chain, ids } = createChain({ certified: true })
    for (const id of ids) {
      const proof = proofOf(chain, id)
      expect(proof.ancestry).toBeNull()
      for (const form of [proof, toBytes(receiptProofCodec, proof)]) {
        const verified = verifyReceipt(form, chain.genesis.genesis)
        expect(verified.receipt.transactionId).toBe(id)
        expect({ height: verified.header.height, index: verified.index }).toEqual(chain.locate(id))
      }
    }
  })

  it('accepts every receipt under the certificate of a descendant', () => {
    const { chain, ids } = createChain({ certified: false })
    for (const id of ids) {
      const proof = proofOf(chain, id)
      expect(proof.ancestry?.descendant.height).toBe(3)
      expect(verifyReceipt(proof, chain.genesis.genesis).receipt.transactionId).toBe(id)
    }
  })

  it.each([{ certified: true }, { certified: false }])('refuses a proof with any field changed (%o)', (options) => {
    const { chain, ids } = createChain(options)
    let count = 0
    for (const id of ids) {
      const proof = proofOf(chain, id)
      for (const [where, changed] of mutations(proof as unknown as Value, 'proof')) {
        count++
        const error = refusal(changed as unknown as ReceiptProof, chain)
        expect(error, where).toBeInstanceOf(ClientError)
        expect((error as ClientError).code, where).toBe('PROOF_INVALID')
      }
    }
    expect(count).toBeGreaterThan(400)
  })

  it('refuses a proof whose ancestry was added, taken away or exchanged', () => {
    const { chain, ids } = createChain({ certified: false })
    const proof = proofOf(chain, ids[0])
    const other = createChain({ certified: true })
    const own = proofOf(other.chain, other.ids[0])
    expect(refusal({ ...proof, ancestry: null }, chain)).toMatchObject({ code: 'PROOF_INVALID', field: 'header' })
    expect(refusal({ ...own, ancestry: proof.ancestry }, other.chain)).toMatchObject({ code: 'PROOF_INVALID' })
    expect(refusal({ ...proof, ancestry: proofOf(chain, ids[5]).ancestry }, chain)).toMatchObject({ field: 'ancestry' })
  })

  it('refuses the receipt of another transaction of the same block', () => {
    const { chain, ids } = createChain({ certified: true })
    const proof = proofOf(chain, ids[0])
    const { receipt } = proofOf(chain, ids[1])
    expect(refusal({ ...proof, receipt }, chain)).toMatchObject({ code: 'PROOF_INVALID', field: 'path' })
  })

  it('refuses a proof of another consortium', () => {
    const { chain, ids } = createChain({ certified: true })
    const stranger = new TestChain({ validators: 3 })
    expect(refusal(proofOf(chain, ids[0]), stranger)).toMatchObject({ code: 'PROOF_INVALID', field: 'commitCert' })
  })

  it('refuses a certificate with one signature less than the quorum, or with signers that are no members', () => {
    const { chain, ids } = createChain({ certified: true })
    const proof = proofOf(chain, ids[0])
    const signatures = proof.commitCert.signatures.slice(1)
    expect(refusal({ ...proof, commitCert: { ...proof.commitCert, signatures } }, chain)).toMatchObject({
      field: 'commitCert',
    })
  })

  it('refuses bytes that are no proof', () => {
    const { chain, ids } = createChain({ certified: true })
    const bytes = toBytes(receiptProofCodec, proofOf(chain, ids[0]))
    for (const wrong of [new Uint8Array(), bytes.slice(0, -1), new Uint8Array([...bytes, 0]), new Uint8Array(100)]) {
      expect(refusal(wrong, chain)).toMatchObject({ code: 'PROOF_INVALID', field: 'proof' })
    }
  })

  it('does not mistake a node of the receipt tree for a receipt', () => {
    const { chain, ids } = createChain({ certified: true })
    const proof = proofOf(chain, ids[0])
    const forged: Receipt = { transactionId: ids[0] as Hash, calls: [] }
    const shortened = { ...proof, receipt: toBytes(receiptCodec, forged), leafCount: 3, path: proof.path.slice(1) }
    expect(refusal(shortened, chain)).toMatchObject({ field: 'path' })
  })
})

describe('verifyReceipt() of a chain that this one goes on from', () => {
  /** A genesis that goes on from the head of `chain`, or from its block of this height. */
  function goesOnFrom(chain: TestChain, height = chain.blocks.length - 1): Genesis {
    const { genesis } = chain.genesis
    const { block, commitCert } = chain.blocks[height] as TestBlock
    if (commitCert === null) throw new Error('certified')
    const set = validatorsOf(genesis)
    const past = { chainId: chain.chainId, sets: [set], height: block.header.height, headHash: block.hash }
    const predecessor = {
      chains: [past],
      head: block.header,
      commitCert,
      validators: { ...set, epoch: 1 as Epoch },
      voters: [],
      acceptsMinority: true,
      stateRoot: block.header.stateRoot,
    }
    return { ...genesis, founders: [], setup: [], predecessor }
  }

  it('accepts what the chain itself accepts', () => {
    const { chain, ids } = createChain({ certified: true })
    for (const id of ids) {
      expect(verifyReceipt(proofOf(chain, id), goesOnFrom(chain)).header.chainId).toBe(chain.chainId)
    }
  })

  it('refuses what is certified above its end, and another block at its end', () => {
    const { chain, ids } = createChain({ certified: true })
    const proof = proofOf(chain, ids[5])
    expect(() => verifyReceipt(proof, goesOnFrom(chain, 1))).toThrow(/above the end of a chain that ended/)
    const genesis = goesOnFrom(chain, 2)
    const [past] = genesis.predecessor?.chains ?? []
    const other = { ...genesis, predecessor: { ...genesis.predecessor, chains: [{ ...past, headHash: idOf(7) }] } }
    expect(() => verifyReceipt(proof, other as unknown as Genesis)).toThrow(/another block than the one/)
  })

  it('refuses a chain that is not among them', () => {
    const { chain, ids } = createChain({ certified: true })
    const stranger = new TestChain({ validators: 1 })
    stranger.commit([])
    expect(() => verifyReceipt(proofOf(chain, ids[0]), goesOnFrom(stranger))).toThrow(ClientError)
  })
})
