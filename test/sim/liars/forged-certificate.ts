// Sends certificates that nobody signed: with junk for signatures, one signer too few, one signer twice, or true signatures of
// another block. As a leader in the place of its own, as a follower out of the blue.

import type { Message } from '../../../src/consensus/messages.ts'
import type { Hash, Height, Term } from '../../../src/types/brand.ts'
import type { CommitCert, LeaderCert, MemberSignature } from '../../../src/types/certificate.ts'
import type { CreateLiar, Liar } from './liar.ts'

export const forgedCertificate: CreateLiar = (liar) => {
  const { random } = liar
  let known: CommitCert | null = null
  return {
    outgoing(to, message) {
      if (message.kind !== 'append' || message.commitCert === null || !random.chance(0.2)) return true
      liar.send(to, { ...message, commitCert: forgeCommitCert(liar, message.commitCert) })
      liar.lied('sends a forged CommitCert as a leader')
      return false
    },
    incoming(_from, message) {
      if (message.kind !== 'append') return true
      known = message.commitCert ?? known
      if (known === null || !random.chance(0.05)) return true
      const forged = forgeMessage(liar, { term: message.term, commitCert: known })
      for (const peer of liar.peers) if (random.chance(0.7)) liar.send(peer, forged)
      liar.lied(`sends a forged ${forged.kind}`)
      return true
    },
  }
}

function forgeMessage(liar: Liar, { term, commitCert }: { term: Term; commitCert: CommitCert }): Message {
  const { random } = liar
  if (random.chance(0.5)) return { kind: 'certified', commitCert: forgeCommitCert(liar, commitCert) }
  const leaderCert = forgeLeaderCert(liar, { term: (term + 1 + random.below(3)) as Term, commitCert })
  if (random.chance(0.5)) return { kind: 'staleTerm', term: leaderCert.term, leaderCert }
  const { height, blockHash } = commitCert
  return {
    kind: 'append',
    term: leaderCert.term,
    leaderCerts: [leaderCert],
    previous: { height, hash: blockHash },
    blocks: [],
    commitCert: null,
  }
}

function forgeCommitCert(liar: Liar, commitCert: CommitCert): CommitCert {
  const { random } = liar
  const height = (commitCert.height + 1 + random.below(3)) as Height
  switch (random.below(4)) {
    case 0:
      return { ...commitCert, signatures: commitCert.signatures.slice(1) }
    case 1:
      return { ...commitCert, signatures: commitCert.signatures.map(() => commitCert.signatures[0] as MemberSignature) }
    case 2:
      return { ...commitCert, signatures: junk(liar, commitCert.signatures) }
    default:
      return { ...commitCert, height, blockHash: random.bytes(32).toHex() as Hash }
  }
}

/** It leads, and nobody has voted for it. */
function forgeLeaderCert(liar: Liar, { term, commitCert }: { term: Term; commitCert: CommitCert }): LeaderCert {
  const { chainId, epoch, signatures } = commitCert
  const tip = { term: commitCert.term, height: commitCert.height, hash: commitCert.blockHash }
  const votes = liar.random.chance(0.5) ? signatures : junk(liar, signatures)
  return { chainId, epoch, term, candidate: liar.seat, tip, releases: [], signatures: votes }
}

function junk({ random }: Liar, signatures: readonly MemberSignature[]): readonly MemberSignature[] {
  return signatures.map(({ member }) => ({ member, signature: random.bytes(64) }))
}
