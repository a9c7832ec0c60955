// Evidence from strangers: any bytes, and any change of true evidence.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DecodeError, sameBytes } from '../../types/canonical-bytes.ts'
import { genesis } from '../node.test-support.ts'
import { convictBytes } from './convict.ts'
import { createE1 } from './e1.ts'
import { decodeEvidence, type Evidence, encodeEvidence, evidenceHash } from './evidence.ts'
import { opened, Scene, signed } from './scene.test-support.ts'

const scene = new Scene()
const cert1 = scene.leaderCert(1, 1, genesis)
const cert2 = scene.leaderCert(2, 3, genesis)
const left = scene.chain(cert1, genesis, 4)
const right = scene.chain(cert1, genesis, 4)
const [l0, l3, r0, r3] = [left[0], left[3], right[0], right[3]] as [
  typeof genesis,
  typeof genesis,
  typeof genesis,
  typeof genesis,
]
const elsewhere = scene.block(cert2, l0)

const examples: readonly { readonly evidence: Evidence; readonly guilty: readonly number[] }[] = [
  { evidence: createE1(l0, r0), guilty: [1] },
  {
    evidence: { kind: 'E2', lower: scene.ack(2, l0), upper: scene.ack(2, r3), lineage: scene.lineage(r3, 1) },
    guilty: [2],
  },
  {
    evidence: {
      kind: 'E4',
      ack: scene.ack(0, l0),
      word: { kind: 'vote', ...scene.vote(0, 2, r3) },
      releases: [],
      lineage: scene.lineage(r3, 1),
    },
    guilty: [0],
  },
  {
    evidence: {
      kind: 'E5',
      header: signed(elsewhere),
      parent: l0.header,
      leaderCert: opened(cert2),
      complicity: [{ word: { kind: 'ack', ...scene.ack(0, elsewhere) }, lineage: null }],
    },
    guilty: [0, 3],
  },
  {
    evidence: {
      kind: 'E6',
      header: signed(scene.block(cert2, genesis)),
      leaderCert: opened(cert2),
      commitCert: scene.group.commitCert(l3, [1, 2, 3]),
      lineage: null,
      branches: [],
    },
    guilty: [3],
  },
]

describe('evidence in bytes', () => {
  it('has one encoding, and one hash', () => {
    for (const { evidence, guilty } of examples) {
      const encoded = encodeEvidence(evidence)
      const decoded = decodeEvidence(encoded)
      expect(sameBytes(encodeEvidence(decoded), encoded)).toBe(true)
      expect(evidenceHash(decoded)).toBe(evidenceHash(evidence))
      expect(convictBytes(encoded, scene.verifier)).toEqual(guilty)
    }
  })

  it('is refused, and convicts nobody, when it is noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        expect(() => decodeEvidence(noise)).toThrow(DecodeError)
        expect(convictBytes(noise, scene.verifier)).toEqual([])
      }),
    )
  })

  it('convicts nobody but the guilty, whatever bit is changed', () => {
    fc.assert(
      fc.property(fc.constantFrom(...examples), fc.nat(), fc.nat(7), ({ evidence, guilty }, place, bit) => {
        const encoded = Uint8Array.from(encodeEvidence(evidence))
        const index = place % encoded.length
        encoded[index] = (encoded[index] as number) ^ (1 << bit)
        const convicted = convictBytes(encoded, scene.verifier)
        expect(guilty).toEqual(expect.arrayContaining([...convicted]))
      }),
      { numRuns: 2_000 },
    )
  })
})
