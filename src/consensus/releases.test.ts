// Getting free: a leader of four, b = 1, has made different blocks for different followers and fell silent.

import { describe, expect, it } from 'vitest'
import type { Block } from '../types/block.ts'
import type { Epoch } from '../types/brand.ts'
import { entryOf } from './block-tree.ts'
import { leaderCertFault } from './certificate.ts'
import { mayFollow, ownReleases } from './lock.ts'
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

  it('frees a member that has lost its ledger: its sign-state knows which branch it is bound to', () => {
    const survivors = new Survivors(4)
    const branches = [survivors.branch(0, 1), survivors.branch(10, 2), survivors.branch(20, 2)]
    for (const [i, branch] of branches.entries()) survivors.lock(i + 1, branch)
    // It has shown its chain to the others, and nobody has its blocks any more.
    survivors.timeout(3, 'election')
    survivors.loseLedger(3)
    const leader = survivors.elect()
    expect(leader).toBeDefined()
    expect(leader).not.toBe(3)
    expect(leaderCertFault(survivors.leaderCertOf(leader as number), survivors.verifier)).toBeNull()
    expect(survivors.evidence().flatMap(({ accused }) => accused)).not.toContain(3)
  })

  it('frees a member whose ack was superseded in its own term, by the certificate itself', () => {
    const survivors = new Survivors(4)
    const [left, right] = [survivors.branch(80, 2), survivors.branch(90, 1)]
    for (const seat of [1, 2]) survivors.lock(seat, left)
    survivors.lock(3, right)
    survivors.certify(left, { by: [1, 2] })
    const leader = survivors.elect()
    expect(leader).toBeDefined()
    const certificate = survivors.leaderCertOf(leader as number)
    expect(certificate.releases.map((release) => decodeRelease(release)?.kind)).toEqual(['conflict'])
    expect(survivors.node(3).state.signState.lastAck?.hash).toBe(right[0]?.hash)
  })

  it('frees a superseded member in later epochs, too: what superseded its ack was of its time', () => {
    const survivors = new Survivors(4)
    const [left, right] = [survivors.branch(80, 2), survivors.branch(90, 1)]
    for (const seat of [1, 2]) survivors.lock(seat, left)
    survivors.lock(3, right)
    survivors.certify(left, { by: [1, 2] })
    expect(survivors.elect()).toBeDefined()
    const { state } = survivors.node(3)
    const [own] = ownReleases(state)
    const offer = { tip: left[1]?.header as Block['header'], holds: () => false }
    expect(mayFollow(state, offer)).toBe(false)
    expect(mayFollow(state, offer, [own as Release])).toBe(true)

    const entry = entryOf(state.tree, state.certifiedHash)
    const header = { ...entry.block.header, epoch: (entry.block.header.epoch + 3) as Epoch }
    state.tree.entries.set(state.certifiedHash, { ...entry, block: { ...entry.block, header } })
    expect(mayFollow(state, offer, [own as Release])).toBe(true)

    // Not known how it came about: what signs for an epoch that is over is not believed.
    state.releases.own = null
    expect(mayFollow(state, offer, [own as Release])).toBe(false)
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
