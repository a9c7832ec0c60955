import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseProof } from './receipt-file.ts'

/** A CBOR map of seven entries, as a receipt proof is, then anything. */
const proofBytes = fc.uint8Array({ maxLength: 200 }).map((rest) => Uint8Array.of(0xa7, ...rest))

describe('parseProof()', () => {
  it('reads the same bytes from base64, hex and every JSON that carries them', () => {
    fc.assert(
      fc.property(proofBytes, (bytes) => {
        const proof = bytes.toBase64()
        const receipt = { transactionId: 'x', proof }
        const texts = [
          proof,
          `${proof}\n`,
          bytes.toHex(),
          JSON.stringify(receipt),
          JSON.stringify({ jsonrpc: '2.0', id: 1, result: receipt }, null, 2),
          JSON.stringify({ transactionId: 'x', status: 'COMMITTED', receipt }),
          JSON.stringify({ jsonrpc: '2.0', id: 1, result: { receipt } }),
        ]
        for (const text of texts) expect(parseProof(text)).toEqual(bytes)
      }),
    )
  })

  it.each(['', 'not a proof!', '{', '{"proof": 1}', '{"error": {}}', '{"proof": "%%"}'])(
    'answers null to "%s"',
    (text) => {
      expect(parseProof(text)).toBeNull()
    },
  )
})
