// A group of 7, b = 2: the leader made two blocks in one place, another liar is silent. Three of the five honest members are
// bound to one of them, two to the other: five votes are needed, and no message frees anybody, since the liar who is not
// proven may be among those who turned away. So people decide.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asHash, type Epoch, type Seat } from '../types/brand.ts'
import type { MemberSignature } from '../types/certificate.ts'
import { hashReleases, voteMessage } from '../types/signing.ts'
import { quorum } from '../types/validator-set.ts'
import { leaderCertFault } from './certificate.ts'
import { describeStandstill, type StuckBranch } from './describe-standstill.ts'
import { convictE4 } from './evidence/e4.ts'
import { signAs, signAsInstitution } from './fakes.test-support.ts'
import { preVoteRequest } from './node.test-support.ts'
import { decodeRelease, encodeRelease, endOf, type GovernedRelease, isValidRelease, validReleases } from './release.ts'
import { decisionMessage } from './release-decision.ts'
import { Survivors } from './survivors.test-support.ts'

const MANY = [1, 2, 3]
const FEW = [4, 5]

function standstill({ rounds = 6, length = 1 } = {}): Survivors {
  const survivors = new Survivors(7, { liars: [0, 6] })
  const [left, right] = [survivors.branch(0, length), survivors.branch(10, 2)]
  for (const seat of MANY) survivors.lock(seat, left)
  for (const seat of FEW) survivors.lock(seat, right)
  expect(survivors.elect(rounds)).toBeUndefined()
  return survivors
}

const branchesOf = (survivors: Survivors, seat: number): readonly StuckBranch[] =>
  describeStandstill(survivors.node(seat).state)

/** What somebody who has heard enough members may have signed. */
function proposalOf(survivors: Survivors): GovernedRelease {
  const found = [...survivors.nodes.keys()]
    .flatMap((seat) => branchesOf(survivors, seat))
    .find(({ release }) => release === 'proposed')
  const release = decodeRelease(found?.proposal ?? new Uint8Array())
  if (release?.kind !== 'governed') throw new Error('nobody proposes anything')
  return release
}

function signed(release: GovernedRelease, institutions: readonly number[], chainId?: string): GovernedRelease {
  const message = decisionMessage({ ...release, chainId: asHash(chainId ?? 'c1'.repeat(32)) })
  const signatures = institutions.map(
    (institution): MemberSignature => ({
      member: institution as Seat,
      signature: signAsInstitution(institution)(message),
    }),
  )
  return { ...release, signatures }
}

describe('a group of 7 with two liars, bound to two blocks of one leader', () => {
  const survivors = standstill()
  const proposal = proposalOf(survivors)
  const { verifier } = survivors

  it('stands still: no message frees anybody', () => {
    expect(survivors.evidence().every(({ accused }) => accused.every((seat) => seat === 0))).toBe(true)
    for (const seat of survivors.nodes.keys())
      expect(branchesOf(survivors, seat).map(({ release }) => release)).not.toContain('known')
  })

  it('shows who is bound to what, and proposes to give up the branch of the few, not that of the many', () => {
    const branches = [...survivors.nodes.keys()].map((seat) => branchesOf(survivors, seat))
    const told = branches.find((shown) => shown.some(({ release }) => release === 'proposed'))
    const [few, many] = [
      told?.find(({ release }) => release === 'proposed'),
      told?.find(({ release }) => release === 'none'),
    ]
    expect(few?.guilty).toEqual([0])
    expect(few?.silent).toEqual([6])
    expect(few?.words.filter(({ isApart }) => isApart).map(({ seat }) => seat)).toEqual(MANY)
    expect(many?.words.filter(({ isApart }) => isApart).map(({ seat }) => seat)).toEqual(FEW)
    expect(many?.proposal).toBeNull()
    expect(proposal.words).toHaveLength(7 - quorum(survivors.group.set) + 1)
  })

  it('gets free by the signatures of q institutions, given to any one node', () => {
    for (const seat of [...MANY, ...FEW]) {
      const stuck = standstill()
      const release = encodeRelease(signed(proposalOf(stuck), [1, 2, 3, 4, 5]))
      stuck.run(seat, { kind: 'releaseDecided', release })
      const leader = stuck.elect(6)
      expect(leader, `given to ${seat}`).toBeDefined()
      const certificate = stuck.leaderCertOf(leader as number)
      expect(certificate.releases.map((bytes) => decodeRelease(bytes)?.kind)).toEqual(['governed'])
      expect(leaderCertFault(certificate, stuck.verifier)).toBeNull()
      expect(stuck.evidence().every(({ accused }) => accused.every((guilty) => guilty === 0))).toBe(true)
    }
  })

  it('can still be freed after any number of elections in vain, whatever the heights', () => {
    const stuck = standstill({ rounds: 26, length: 3 })
    expect(stuck.node(1).state.term).toBeGreaterThan(100)
    stuck.run(5, { kind: 'releaseDecided', release: encodeRelease(signed(proposalOf(stuck), [1, 2, 3, 4, 5])) })
    expect(stuck.elect(6)).toBeDefined()
  })

  it('is not moved by what too few have signed', () => {
    const stuck = standstill()
    const release = encodeRelease(signed(proposalOf(stuck), [1, 2, 3, 4]))
    for (const seat of stuck.nodes.keys()) stuck.run(seat, { kind: 'releaseDecided', release })
    expect(stuck.elect(6)).toBeUndefined()
  })

  it('takes a decision for valid that q institutions have signed, liars or not', () => {
    expect(isValidRelease(signed(proposal, [0, 1, 2, 3, 6]), verifier)).toBe(true)
    expect(isValidRelease(signed(proposal, [0, 1, 2, 3, 4, 5, 6]), verifier)).toBe(true)
  })

  it('refuses a decision that is signed by or for the wrong ones', () => {
    const good = signed(proposal, [1, 2, 3, 4, 5])
    const refused: Readonly<Record<string, GovernedRelease>> = {
      'too few': signed(proposal, [1, 2, 3, 4]),
      'one of them twice': signed(proposal, [1, 2, 3, 4, 4]),
      'not in the order of their seats': signed(proposal, [1, 2, 3, 5, 4]),
      'one that is no validator': signed(proposal, [1, 2, 3, 4, 7]),
      'of another chain': signed(proposal, [1, 2, 3, 4, 5], 'c2'.repeat(32)),
      'of an epoch that the words are not of': signed({ ...proposal, epoch: 1 as Epoch }, [1, 2, 3, 4, 5]),
      'of the other branch': { ...good, start: proposal.twin, twin: proposal.start },
      'of more words than are left': { ...good, words: proposal.words.slice(1) },
      'of too few words': signed({ ...proposal, words: proposal.words.slice(1) }, [1, 2, 3, 4, 5]),
    }
    expect(isValidRelease(good, verifier)).toBe(true)
    for (const [what, release] of Object.entries(refused)) {
      expect(isValidRelease(release, verifier), what).toBe(false)
      expect(validReleases([encodeRelease(release)], verifier), what).toBeNull()
    }
  })

  it('takes no signature by a consensus key for one of people', () => {
    const [one, ...others] = signed(proposal, [1, 2, 3, 4, 5]).signatures
    const byMachine = survivors.group.set.members[1]
    expect(byMachine?.consensusKey).not.toBe(byMachine?.governanceKey)
    const wrong = { ...(one as MemberSignature), signature: new Uint8Array(64) }
    expect(isValidRelease({ ...proposal, signatures: [wrong, ...others] }, verifier)).toBe(false)
  })

  it('excuses a vote that signs its hash, and no other', () => {
    const release = encodeRelease(signed(proposal, [1, 2, 3, 4, 5]))
    const [tip, block] = [survivors.branch(0, 1)[0], survivors.branch(10, 2)[1]]
    if (tip === undefined || block === undefined) throw new Error('no block')
    const term = endOf(proposal)
    const convicted = (releases: readonly Uint8Array[]): readonly Seat[] => {
      const vote = { ...survivors.group.vote(term, { candidate: 1, tip }), releasesHash: hashReleases(releases) }
      const signature = signAs(survivors.group.set, 4)(voteMessage(vote))
      const word = { kind: 'vote', member: 4 as Seat, vote, signature } as const
      const ack = { member: 4 as Seat, ...survivors.group.ack(block, 4) }
      const shown = releases.map((bytes) => ({ bytes, lineage: null }))
      return convictE4({ ack, word, releases: shown, lineage: null }, survivors.verifier)
    }
    expect(convicted([])).toEqual([4])
    expect(convicted([encodeRelease(signed(proposal, [1, 2, 3]))])).toEqual([4])
    expect(convicted([release])).toEqual([])
  })

  it('is told of a decision by whoever asks for pre-votes, and keeps it', () => {
    const stuck = standstill()
    const release = encodeRelease(signed(proposalOf(stuck), [1, 2, 3, 4, 5]))
    const tip = stuck.branch(0, 1)[0]
    if (tip === undefined) throw new Error('no tip')
    const node = stuck.node(4)
    const { header, signature } = tip
    const shown = { headers: [{ header, signature }], leaderCert: stuck.cert, releases: [release] }
    stuck.timeout(4, 'vote')
    node.receive(1, preVoteRequest(node.state.term + 1, tip, shown))
    expect([...node.state.releases.decided.values()]).toEqual([release])
  })
})

describe('the bytes of a Release', () => {
  const survivors = standstill()
  const proposal = proposalOf(survivors)
  const arbitrary = fc
    .record({
      institutions: fc.uniqueArray(fc.nat({ max: 24 }), { maxLength: 25 }),
      words: fc.nat({ max: proposal.words.length }),
      epoch: fc.nat({ max: 1_000 }),
      kind: fc.constantFrom('governed', 'abandoned'),
    })
    .map(({ institutions, words, epoch, kind }) => {
      const { start, twin, proofs } = proposal
      const shown = { start, twin, proofs, words: proposal.words.slice(0, words) }
      if (kind === 'abandoned') return { kind: 'abandoned' as const, ...shown }
      return signed({ ...proposal, ...shown, epoch: epoch as Epoch }, institutions)
    })

  it('are read as they were written', () => {
    fc.assert(
      fc.property(arbitrary, (release) => {
        expect(decodeRelease(encodeRelease(release))).toEqual(release)
      }),
    )
  })

  it('never crash whoever reads them, whatever they are', () => {
    const whole = encodeRelease(signed(proposal, [1, 2, 3, 4, 5]))
    const damaged = fc
      .array(fc.record({ at: fc.nat({ max: whole.length - 1 }), byte: fc.nat({ max: 255 }) }), {
        minLength: 1,
        maxLength: 8,
      })
      .map((changes) => {
        const bytes = whole.slice()
        for (const { at, byte } of changes) bytes[at] = byte
        return bytes
      })
    const cut = fc.nat({ max: whole.length - 1 }).map((length) => whole.slice(0, length))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 2_000 }), damaged, cut), (bytes) => {
        const release = decodeRelease(bytes)
        if (release !== null && bytes.toHex() !== whole.toHex())
          expect(isValidRelease(release, survivors.verifier)).toBe(false)
      }),
    )
  })
})
