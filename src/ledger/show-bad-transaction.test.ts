// A block with a transaction that may not be in it: what the ledger refuses, it can show to anybody who has the validators.

import { beforeAll, describe, expect, it } from 'vitest'
import { convict } from '../consensus/evidence/convict.ts'
import { encodeEvidence } from '../consensus/evidence/evidence.ts'
import { encodeKey, stateKeyPrefix } from '../contracts/vm/key.ts'
import { verify } from '../crypto/ed25519.ts'
import { merkleRoot } from '../crypto/merkle.ts'
import type { Block, Header } from '../types/block.ts'
import { type PublicKey, type Seat, ZERO_HASH } from '../types/brand.ts'
import { blockHash, signHeader } from '../types/signing.ts'
import { signingKeyEntryKey } from '../types/signing-key-entry.ts'
import type { SignedTransaction } from '../types/transaction.ts'
import { onlyEpoch } from '../types/validator-set.ts'
import {
  bytesOf,
  chainId,
  createLedger,
  idOf,
  type Proposer,
  put,
  signerNamed,
  transaction,
  validators,
} from './consortium.fixture.ts'
import type { Ledger } from './ledger.ts'

const LIAR = 0 as Seat

const verifier = {
  chainId,
  setOf: onlyEpoch(validators),
  verify: (key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean =>
    verify(Uint8Array.fromHex(key), message, signature),
}

describe('signingKeyEntryKey()', () => {
  it('is the key under which the contract writes', () => {
    const prefix = stateKeyPrefix('registry', 'keys')
    for (const keyId of [0, 1, 255, Number.MAX_SAFE_INTEGER]) {
      const parts = [{ kind: 'id' }, { kind: 'int' }] as const
      expect(signingKeyEntryKey(idOf('Alpha'), keyId)).toEqual(encodeKey(prefix, parts, [idOf('Alpha'), keyId]))
    }
  })
})

describe('showBadTransaction()', () => {
  let ledger: Ledger
  let proposer: Proposer
  /** Not certified yet. */
  let sound: Block
  let secondKeyId: number

  beforeAll(async () => {
    ;({ ledger, proposer } = await createLedger())
    const [identity, key] = [bytesOf('Alpha'), signerNamed('Alpha, second').publicKey]
    const added = transaction([{ contract: 'registry', method: 'addKey', args: [identity, 'signing', key] }])
    await proposer.commit([put('first'), added])
    secondKeyId = ledger.receipt(added.id)?.calls[0]?.value as number
    const revoked = transaction([{ contract: 'registry', method: 'revokeKey', args: [identity, secondKeyId] }])
    sound = proposer.propose([put('second'), revoked])
  })

  /** As a leader would make it who looks at nothing. */
  const blockOf = (transactions: readonly SignedTransaction[]): Block => {
    const txRoot = merkleRoot(transactions.map(({ bytes }) => bytes))
    const { header: before, hash: parentHash } = sound
    const header: Header = {
      ...before,
      height: (before.height + 1) as Header['height'],
      parentHash,
      timeMs: before.timeMs + 1_000,
      txRoot,
    }
    const signed = signHeader(header, (message) => signerNamed('Alpha, consensus').sign(message))
    return { ...signed, hash: blockHash(header), transactions, epochCert: null }
  }

  /** Who is convicted by what this ledger shows of the block. */
  const judge = (block: Block): readonly Seat[] | undefined => {
    const execution = ledger.check(block)
    if (execution.ok) throw new Error('the block is sound')
    const shown = ledger.showBadTransaction(block, execution.refusal)
    if (shown === undefined) return undefined
    const { header, signature } = block
    const evidence = {
      kind: 'E7',
      header: { header, signature },
      fault: { kind: 'transaction', ...shown },
      complicity: [],
    } as const
    expect(encodeEvidence(evidence).length).toBeLessThan(16 * 1024)
    return convict(evidence, verifier)
  }

  it('convicts the proposer of what is outside its window, of another chain, or asks for no gas', () => {
    const { timeMs } = sound.header
    expect(judge(blockOf([put('a'), put('b', { expiresAtMs: timeMs })]))).toEqual([LIAR])
    expect(judge(blockOf([put('a'), put('b', { expiresAtMs: timeMs + 3_600_000 })]))).toEqual([LIAR])
    expect(judge(blockOf([put('a', { chainId: ZERO_HASH }), put('b')]))).toEqual([LIAR])
    expect(judge(blockOf([put('a', { gasLimit: 0 })]))).toEqual([LIAR])
  })

  it('convicts the proposer of a signature by another key, an unknown sender, or a key that is not there, revoked, or not for signing', () => {
    expect(judge(blockOf([put('a'), put('b', { key: 'Beta' }), put('c')]))).toEqual([LIAR])
    expect(judge(blockOf([put('a', { by: 'Nobody' })]))).toEqual([LIAR])
    expect(judge(blockOf([put('a', { keyId: 99 })]))).toEqual([LIAR])
    expect(secondKeyId).toBeGreaterThan(1)
    expect(judge(blockOf([put('a', { keyId: secondKeyId, key: 'Alpha, second' })]))).toEqual([LIAR])
    expect(judge(blockOf([put('a', { keyId: 1, key: 'Alpha, encryption' })]))).toEqual([LIAR])
  })

  it('shows nothing of a duplicate, of what is too large to be shown, or of a block that is refused for its roots', () => {
    expect(judge(blockOf([...sound.transactions]))).toBeUndefined()
    const calls = Array.from({ length: 200 }, (_, i) => ({ contract: 'notes', method: 'put', args: [bytesOf(`${i}`)] }))
    const large = transaction(calls, { key: 'Beta' })
    expect(large.bytes.length).toBeGreaterThan(10 * 1024)
    expect(judge(blockOf([large]))).toBeUndefined()
    expect(judge(blockOf([put('a')]))).toBeUndefined()
  })
})
