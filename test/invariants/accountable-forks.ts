// A fork proves its culprits: from what the honest members keep, evidence included, at least 2q-n members are convicted. Nobody
// honest is, with a fork or without (spec/consensus.md, "Evidence").

import { investigate, type StoredStatements } from '../../src/consensus/evidence/investigate.ts'
import { EMPTY_RANGE } from '../../src/crypto/mountain-range.ts'
import type { Epoch, Hash, Seat } from '../../src/types/brand.ts'
import type { ValidatorSet } from '../../src/types/validator-set.ts'
import { type CreateInvariant, short } from './invariant.ts'

export const accountableForks: CreateInvariant = ({
  setOf,
  honestMembers,
  verifier,
  genesisBlock,
  keptBy,
  isHonest,
  count,
  violate,
}) => {
  const certified = new Map<number, Hash>()
  let fork: string | null = null
  const proven = new Set<Seat>()
  let promised = 0
  return {
    name: 'accountable-forks',
    onCommit(_by, blocks) {
      for (const { header, hash } of blocks) {
        const other = certified.get(header.height) ?? hash
        certified.set(header.height, other)
        if (other === hash || fork !== null) continue
        promised = promisedIn(setOf(header.epoch))
        fork = `${short(other)} and ${short(hash)} at height ${header.height}`
        count('chain forked')
      }
    },
    onEvidence(_by, { accused }) {
      for (const seat of accused) proven.add(seat)
    },
    onEnd() {
      const hasLiars = setOf(0 as Epoch)?.members.some(({ seat }) => !isHonest(seat)) ?? false
      if (fork === null && !hasLiars) return
      const kept = honestMembers().map(keptBy)
      const { header, signature } = genesisBlock
      const { guilty } = investigate(union(kept), {
        base: { header, signature, ancestors: EMPTY_RANGE },
        verifier: { ...verifier, setOf },
      })
      const framed = guilty.filter(isHonest)
      if (framed.length > 0) violate(`what honest members keep convicts seat ${framed.join(', ')}, who never lied`)
      // A power cut may have taken the certificate with it, and left the evidence that was made of it.
      for (const seat of guilty) proven.add(seat)
      if (fork === null) return
      for (const _ of proven) count('guilty of the fork')
      if (proven.size < promised) violate(`${fork}: ${proven.size} members are proven guilty, expected ${promised}`)
    },
  }
}

/** 2q - n, with the quorum written once more. */
function promisedIn(set: ValidatorSet | undefined): number {
  if (set === undefined) return 0
  const { members, b } = set
  return 2 * Math.ceil((members.length + b + 1) / 2) - members.length
}

function union(kept: readonly StoredStatements[]): StoredStatements {
  return {
    headers: kept.flatMap(({ headers }) => headers),
    leaderCerts: kept.flatMap(({ leaderCerts }) => leaderCerts),
    commitCerts: kept.flatMap(({ commitCerts }) => commitCerts),
  }
}
