// Getting free: a leader of four, b = 1, has made different blocks for different followers and fell silent. Nothing but
// the cores of the three honest members; messages are passed until nobody has more to say.

import { describe, expect, it } from 'vitest'
import type { Block } from '../types/block.ts'
import type { Seat, Term } from '../types/brand.ts'
import type { CommitCert, LeaderCert } from '../types/certificate.ts'
import { leaderCertFault } from './certificate.ts'
import type { Effect, Timer } from './effects.ts'
import type { Occurrence } from './events.ts'
import { createTransaction } from './fakes.test-support.ts'
import { append, Group, genesis, Node, positionOfBlock } from './node.test-support.ts'
import { decodeRelease, encodeRelease, type Release } from './release.ts'
import { EMPTY_SIGN_STATE } from './sign-state.ts'

const LIAR = 0
const group = new Group(4)
/** They elected it. */
const voted = { ...EMPTY_SIGN_STATE, term: 1 as Term, vote: group.vote(1, { candidate: LIAR, tip: genesis }) }
const cert1 = group.leaderCert(1, { leader: LIAR, tip: genesis })

function branch(first: number, length: number): Block[] {
  const blocks: Block[] = []
  for (let i = 0; i < length; i++) {
    blocks.push(group.block(cert1, blocks.at(-1) ?? genesis, { transactions: [createTransaction(first + i)] }))
  }
  return blocks
}

class Survivors {
  readonly nodes = new Map(
    [1, 2, 3].map((seat) => [seat, new Node(group, { self: seat, restored: { signState: voted } })]),
  )
  readonly effects: { readonly seat: number; readonly effect: Effect }[] = []
  /** What block sync brings. */
  certified: { readonly blocks: readonly Block[]; readonly commitCert: CommitCert } | null = null
  private readonly due: { readonly seat: number; readonly occurrence: Occurrence }[] = []

  node(seat: number): Node {
    return this.nodes.get(seat) as Node
  }

  /** The member takes in these blocks of the liar, and acks them. */
  lock(seat: number, blocks: readonly Block[]): void {
    this.node(seat).store(LIAR, append(cert1, { previous: positionOfBlock(genesis), blocks }), blocks)
    this.node(seat).missLeader()
    this.node(seat).on({ kind: 'peerDisconnected', member: LIAR as Seat })
  }

  timeout(seat: number, timer: Timer): void {
    this.due.push({ seat, occurrence: { kind: 'timeout', timer } })
    for (let next = this.due.shift(); next !== undefined; next = this.due.shift()) this.step(next.seat, next.occurrence)
  }

  /** One after the other stands until somebody leads; the vote timer is out each time. */
  elect(order: readonly number[]): number | undefined {
    for (const seat of order) {
      for (const other of this.nodes.keys()) this.timeout(other, 'vote')
      this.timeout(seat, 'election')
      const leader = [...this.nodes.keys()].find((member) => this.node(member).state.role.kind === 'leader')
      if (leader !== undefined) return leader
    }
    return undefined
  }

  evidence(): { readonly kind: string; readonly accused: readonly number[] }[] {
    return this.effects.flatMap(({ effect }) =>
      effect.kind === 'evidence' ? [{ kind: effect.evidence.kind, accused: effect.accused }] : [],
    )
  }

  private step(seat: number, occurrence: Occurrence): void {
    for (const effect of this.node(seat).effects(occurrence)) {
      this.effects.push({ seat, effect })
      if (effect.kind === 'send' && effect.to !== LIAR) {
        this.due.push({
          seat: effect.to,
          occurrence: { kind: 'received', from: seat as Seat, message: effect.message },
        })
      }
      if (effect.kind === 'needSync' && this.certified !== null) {
        const { blocks, commitCert } = this.certified
        const run = { blocks, leaderCerts: [cert1], commitCert }
        this.due.push({ seat, occurrence: { kind: 'synced', from: effect.from, ...run } })
      }
      if (effect.kind === 'execute') {
        const { hash } = effect.block
        this.due.push({
          seat,
          occurrence: { kind: 'executed', blockHash: hash, verdict: { kind: 'valid', nextSet: null } },
        })
      }
    }
  }
}

const leaderCertOf = (survivors: Survivors, leader: number): LeaderCert => {
  const { leaderCertHash, leaderCerts } = survivors.node(leader).state
  return leaderCerts.get(leaderCertHash as NonNullable<typeof leaderCertHash>) as LeaderCert
}
const verifier = (survivors: Survivors) => {
  const { settings } = survivors.node(1).state
  return { ...settings, setOf: settings.restoredSetOf }
}

describe('a group of 4 whose leader equivocated and fell silent', () => {
  it.each([
    ['two of three locked on different blocks', [branch(0, 1), branch(10, 1), []]],
    ['all three locked on different blocks', [branch(20, 1), branch(30, 1), branch(40, 1)]],
    ['locked at different heights', [branch(50, 1), branch(60, 3), branch(70, 2)]],
  ])('frees itself: %s', (_, branches) => {
    const survivors = new Survivors()
    branches.forEach((blocks, i) => {
      survivors.lock(i + 1, blocks)
    })
    const leader = survivors.elect([1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3])
    expect(leader).toBeDefined()
    const certificate = leaderCertOf(survivors, leader as number)
    expect(certificate.releases.length).toBeGreaterThan(0)
    expect(leaderCertFault(certificate, verifier(survivors))).toBeNull()
    for (const { kind, accused } of survivors.evidence())
      expect({ kind, accused }).toEqual({ kind: 'E1', accused: [LIAR] })
  })

  it('frees a member whose ack was superseded in its own term, by the certificate itself', () => {
    const survivors = new Survivors()
    const [left, right] = [branch(80, 2), branch(90, 1)]
    for (const seat of [1, 2]) survivors.lock(seat, left)
    survivors.lock(3, right)
    const commitCert = group.commitCert(left[1] as Block, [0, 1, 2])
    survivors.certified = { blocks: left, commitCert }
    const news = append(cert1, { previous: positionOfBlock(genesis), blocks: left, commitCert })
    for (const seat of [1, 2]) {
      survivors.node(seat).receive(LIAR, news)
      survivors.node(seat).missLeader()
      survivors.node(seat).on({ kind: 'peerDisconnected', member: LIAR as Seat })
    }
    const leader = survivors.elect([1, 2, 1, 2, 1, 2, 1, 2])
    expect(leader).toBeDefined()
    const certificate = leaderCertOf(survivors, leader as number)
    expect(certificate.releases.map((release) => decodeRelease(release)?.kind)).toEqual(['conflict'])
    expect(survivors.node(3).state.signState.lastAck?.hash).toBe(right[0]?.hash)
  })
})

describe('a Release', () => {
  const survivors = new Survivors()
  survivors.lock(1, branch(100, 2))
  survivors.lock(2, branch(110, 2))
  survivors.lock(3, branch(120, 1))
  const leader = survivors.elect([1, 2, 3, 1, 2, 3, 1, 2, 3]) as number
  const certificate = leaderCertOf(survivors, leader)
  const release = decodeRelease(certificate.releases[0] as Uint8Array) as Release & { kind: 'abandoned' }
  const faultWith = (changed: Release): unknown =>
    leaderCertFault(
      { ...certificate, releases: [encodeRelease(changed)] },
      { ...verifier(survivors), verify: () => true },
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
