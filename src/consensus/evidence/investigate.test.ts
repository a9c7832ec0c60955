// Every fork gives up its culprits, from what honest nodes keep; nobody honest is ever among them.

import { describe, expect, it } from 'vitest'
import { EMPTY_RANGE } from '../../crypto/mountain-range.ts'
import type { Block } from '../../types/block.ts'
import type { LeaderCert } from '../../types/certificate.ts'
import { genesis } from '../node.test-support.ts'
import { investigate, type StoredStatements } from './investigate.ts'
import { Scene } from './scene.test-support.ts'

const base = { header: genesis.header, signature: genesis.signature, ancestors: EMPTY_RANGE }
const judge = (scene: Scene, stored: StoredStatements) => investigate(stored, { base, verifier: scene.verifier })
const last = (chain: readonly Block[]): Block => chain.at(-1) as Block

describe('investigate()', () => {
  it('proves 2q-n members of a fork within a term, and its leader', () => {
    const scene = new Scene()
    const cert = scene.leaderCert(1, 3, genesis)
    const left = scene.chain(cert, genesis, 3)
    const right = scene.chain(cert, genesis, 5)
    const { guilty } = judge(scene, {
      headers: [...left, ...right],
      leaderCerts: [cert],
      commitCerts: [scene.group.commitCert(last(left), [0, 1, 2]), scene.group.commitCert(last(right), [0, 1, 3])],
    })
    expect(guilty).toEqual([0, 1, 3])
  })

  it('proves 2q-n members of a fork between terms, whatever terms lie between', () => {
    const scene = new Scene()
    const cert1 = scene.leaderCert(1, 2, genesis)
    const left = scene.chain(cert1, genesis, 4)
    const elected = (term: number, tip: Block): LeaderCert =>
      scene.group.leaderCert(term, { leader: 3, tip, signers: [0, 1, 3] })
    const cert2 = elected(2, left[0] as Block)
    const middle = scene.chain(cert2, left[0] as Block, 2)
    const cert5 = elected(5, last(middle))
    const right = scene.chain(cert5, last(middle), 3)
    const { guilty, evidence } = judge(scene, {
      headers: [...right, ...middle, ...left],
      leaderCerts: [cert5, cert2, cert1],
      commitCerts: [scene.group.commitCert(last(right), [0, 1, 3]), scene.group.commitCert(last(left), [0, 1, 2])],
    })
    expect(guilty).toEqual([0, 1])
    expect(evidence.map(({ kind }) => kind)).toEqual(['E4', 'E4'])
  })

  it('proves who opened a term beside its LeaderCert, and who acked that', () => {
    const scene = new Scene()
    const cert1 = scene.leaderCert(1, 2, genesis)
    const left = scene.chain(cert1, genesis, 4)
    const cert2 = scene.leaderCert(2, 3, last(left))
    const right = scene.chain(cert2, left[0] as Block, 3)
    const { guilty } = judge(scene, {
      headers: [...left, ...right],
      leaderCerts: [cert1, cert2],
      commitCerts: [scene.group.commitCert(last(left), [0, 1, 2]), scene.group.commitCert(last(right), [0, 1, 3])],
    })
    expect(guilty).toEqual([0, 1, 3])
  })

  it('finds nothing in a chain that grew as it should, over leaders and superseded blocks', () => {
    const scene = new Scene()
    const cert1 = scene.leaderCert(1, 2, genesis)
    const first = scene.chain(cert1, genesis, 4)
    const cert2 = scene.group.leaderCert(2, { leader: 3, tip: first[1] as Block, signers: [0, 1, 3] })
    const second = scene.chain(cert2, first[1] as Block, 3)
    expect(
      judge(scene, {
        headers: [...first, ...second],
        leaderCerts: [cert1, cert2],
        commitCerts: [scene.group.commitCert(first[1] as Block), scene.group.commitCert(last(second))],
        acks: [scene.ack(2, first[3] as Block)],
        words: [{ kind: 'vote', ...scene.vote(0, 7, last(second)) }],
      }),
    ).toEqual({ evidence: [], guilty: [] })
  })

  it('leaves out what is not signed by whom it names', () => {
    const scene = new Scene()
    const cert = scene.leaderCert(1, 3, genesis)
    const [left, right] = [scene.block(cert, genesis), scene.block(cert, genesis)]
    const forged = { ...right, signature: left.signature }
    const acks = [scene.ack(0, left), { ...scene.ack(1, right), member: scene.ack(0, left).member }]
    expect(judge(scene, { headers: [left, forged], leaderCerts: [cert], commitCerts: [], acks }).guilty).toEqual([])
  })
})
