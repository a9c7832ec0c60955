// Getting free: a leader of four, b = 1, has made different blocks for different followers and fell silent.

import { describe, expect, it } from 'vitest'
import type { Block } from '../types/block.ts'
import { leaderCertFault } from './certificate.ts'
import { append, genesis, positionOfBlock } from './node.test-support.ts'
import { decodeRelease, encodeRelease, type Release } from './release.ts'
import { Survivors } from './survivors.test-support.ts'

const LIAR = 0

describe('a group of 4 whose leader equivocated and fell silent', () => {
  it.each([
    ['two of three locked on different blocks', [1, 1, 0]],
    ['all three locked on different blocks', [1, 1, 1]],
    ['locked at different heights', [1, 3, 2]],
  ])('frees itself: %s', (_, lengths) => {
    const survivors = new Survivors(4)
    lengths.forEach((length, i) => {
      survivors.lock(i + 1, survivors.branch(10 * i, length))
    })
    const leader = survivors.elect()
    expect(leader).toBeDefined()
    const certificate = survivors.leaderCertOf(leader as number)
    expect(certificate.releases.length).toBeGreaterThan(0)
    expect(leaderCertFault(certificate, survivors.verifier)).toBeNull()
    for (const { kind, accused } of survivors.evidence())
      expect({ kind, accused }).toEqual({ kind: 'E1', accused: [LIAR] })
  })

  it('frees a member whose ack was superseded in its own term, by the certificate itself', () => {
    const survivors = new Survivors(4)
    const [left, right] = [survivors.branch(80, 2), survivors.branch(90, 1)]
    for (const seat of [1, 2]) survivors.lock(seat, left)
    survivors.lock(3, right)
    const commitCert = survivors.group.commitCert(left[1] as Block, [0, 1, 2])
    survivors.certified = { blocks: left, commitCert }
    const news = append(survivors.cert, { previous: positionOfBlock(genesis), blocks: left, commitCert })
    for (const seat of [1, 2]) {
      survivors.node(seat).receive(LIAR, news)
      survivors.loseLeader(seat)
    }
    const leader = survivors.elect()
    expect(leader).toBeDefined()
    const certificate = survivors.leaderCertOf(leader as number)
    expect(certificate.releases.map((release) => decodeRelease(release)?.kind)).toEqual(['conflict'])
    expect(survivors.node(3).state.signState.lastAck?.hash).toBe(right[0]?.hash)
  })
})

describe('a Release', () => {
  const survivors = new Survivors(4)
  survivors.lock(1, survivors.branch(100, 2))
  survivors.lock(2, survivors.branch(110, 2))
  survivors.lock(3, survivors.branch(120, 1))
  const leader = survivors.elect() as number
  const certificate = survivors.leaderCertOf(leader)
  const release = decodeRelease(certificate.releases[0] as Uint8Array) as Release & { kind: 'abandoned' }
  const faultWith = (changed: Release): unknown =>
    leaderCertFault(
      { ...certificate, releases: [encodeRelease(changed)] },
      { ...survivors.verifier, verify: () => true },
    )

  it('needs enough words, each of another member, of one term', () => {
    expect(faultWith(release)).toBeNull()
    const [one] = release.words
    expect(faultWith({ ...release, words: release.words.slice(1) })).toBe('badRelease')
    if (one !== undefined) expect(faultWith({ ...release, words: release.words.map(() => one) })).toBe('badRelease')
    expect(faultWith({ ...release, words: [] })).toBe('badRelease')
  })

  it('needs two blocks of one leader in one place', () => {
    expect(faultWith({ ...release, twin: release.start })).toBe('badRelease')
  })

  it('does not free from one branch with words that speak for another', () => {
    expect(faultWith({ ...release, start: release.twin, twin: release.start })).toBe('badRelease')
  })
})
