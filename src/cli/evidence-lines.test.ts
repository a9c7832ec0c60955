import { describe, expect, it } from 'vitest'
import { createE1 } from '../consensus/evidence/e1.ts'
import { createE3 } from '../consensus/evidence/e3.ts'
import { showLeaderCert } from '../consensus/evidence/opened-certificate.ts'
import { Scene } from '../consensus/evidence/scene.test-support.ts'
import { createTransaction } from '../consensus/fakes.test-support.ts'
import { genesis } from '../consensus/node.test-support.ts'
import { createMerkleProof } from '../crypto/merkle.ts'
import { describeEvidence, sideBySide } from './evidence-lines.ts'

const scene = new Scene()
const cert = scene.leaderCert(1, 2, genesis)
const name = (seat: number): string => `member ${seat}`

describe('evidence in words', () => {
  it('shows two blocks in one place side by side, and marks where they differ', () => {
    const words = describeEvidence(createE1(scene.block(cert, genesis), scene.block(cert, genesis)), name)
    expect(words.title).toBe('two blocks in one place')
    const lines = sideBySide(words)
    const marked = lines.filter((line) => line.startsWith('*')).map((line) => line.slice(2).split(' ')[0])
    expect(marked).toEqual(['block', 'transactions', 'state'])
    expect(lines.find((line) => line.includes('signed by'))).toMatch(/member 2 +member 2/)
  })

  it('shows two votes with the candidates that they are for', () => {
    const first = scene.vote(3, 4, genesis)
    const second = scene.vote(3, 4, genesis, { candidate: scene.group.member(1) })
    const lines = sideBySide(describeEvidence(createE3(first, second), name))
    expect(lines.filter((line) => line.startsWith('*'))).toEqual([
      expect.stringMatching(/for +member [01] +member [01]$/),
    ])
  })

  it('says what is wrong with a transaction, and when it would have expired', () => {
    const expired = createTransaction(1)
    const { expiresAtMs } = expired.transaction
    const { header, signature } = scene.group.block(cert, genesis, { transactions: [expired], timeMs: expiresAtMs })
    const place = createMerkleProof([expired.bytes], 0)
    const words = describeEvidence(
      {
        kind: 'E7',
        header: { header, signature },
        fault: { kind: 'transaction', ...place, bytes: expired.bytes, signer: null },
        complicity: [],
      },
      name,
    )
    expect(words.meaning).toBe(
      'The block holds a transaction that may not be in it: it had expired at the time of the block.',
    )
    const text = sideBySide(words).join('\n')
    expect(text).toContain('transaction 0 of the block')
    expect(text).toMatch(/expires +2023/)
  })

  it('says how many signatures a false certificate has', () => {
    const few = scene.group.leaderCert(4, { leader: 2, tip: genesis, signers: [2] })
    const { header, signature } = scene.group.block(few, genesis)
    const opened = { kind: 'leaderCert', ...showLeaderCert(few) } as const
    const words = describeEvidence({ kind: 'E8', header: { header, signature }, opened }, name)
    expect(sideBySide(words).join('\n')).toMatch(/signatures +1$/m)
    const junk = { kind: 'commitCert', bytes: Uint8Array.of(1, 2) } as const
    expect(describeEvidence({ kind: 'E8', header: { header, signature }, opened: junk }, name).right).toEqual([
      ['says', '2 bytes that are no CommitCert at all'],
    ])
  })
})
