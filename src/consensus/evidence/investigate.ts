// After a fork: who is proven to have lied, from what several honest nodes stored. For auditors, and for the simulator,
// which demands that every fork gives up its culprits. spec/consensus.md, "Evidence".
//
// What every node keeps is enough: its certified blocks, the LeaderCert of every term in them, its CommitCerts. A fork in
// an epoch is two CommitCerts; the ackers of one and the voters of the first LeaderCert beside it share 2q-n members.

import type { SignedHeader } from '../../types/block.ts'
import type { Seat } from '../../types/brand.ts'
import type { CommitCert, LeaderCert } from '../../types/certificate.ts'
import { commitCertFault, leaderCertFault, type Verifier } from '../certificate.ts'
import {
  addAck,
  addBase,
  addCommitCert,
  addFalseCertificate,
  addHeader,
  addLeaderCert,
  addWord,
} from './add-statements.ts'
import { convict } from './convict.ts'
import { type Evidence, subjectOf } from './evidence.ts'
import { showCommitCert, showLeaderCert } from './opened-certificate.ts'
import { createStatementIndex, type KnownHeader } from './statement-index.ts'
import { type AckBy, type ElectionWord, isAckSigned, isHeaderSigned, isWordSigned } from './statements.ts'

/** In any order, from any number of nodes. What does not verify says nothing. */
export interface StoredStatements {
  readonly headers: readonly SignedHeader[]
  readonly leaderCerts: readonly LeaderCert[]
  readonly commitCerts: readonly CommitCert[]
  readonly acks?: readonly AckBy[]
  readonly words?: readonly ElectionWord[]
}

export interface Findings {
  /** One piece for each lie. */
  readonly evidence: readonly Evidence[]
  readonly guilty: readonly Seat[]
}

/** `base`: a block that all the given headers stand on, such as genesis. */
export function investigate(
  { headers, leaderCerts, commitCerts, acks = [], words = [] }: StoredStatements,
  { base, verifier }: { base: KnownHeader; verifier: Verifier },
): Findings {
  const index = createStatementIndex({ termsMax: Number.POSITIVE_INFINITY, headersMax: Number.POSITIVE_INFINITY })
  const found = new Map<string, Evidence>()
  const guilty = new Set<Seat>()
  const keep = (candidates: readonly Evidence[]): void => {
    for (const evidence of candidates) {
      const accused = convict(evidence, verifier)
      if (accused.length > 0) found.set(subjectOf(evidence, accused), evidence)
      for (const seat of accused) guilty.add(seat)
    }
  }

  addBase(index, base)
  // Certificates first: a header is judged under its LeaderCert. Headers before acks: ancestry is shown by them.
  for (const certificate of leaderCerts) {
    if (leaderCertFault(certificate, verifier) === null) keep(addLeaderCert(index, certificate))
    else keep(addFalseCertificate(index, { kind: 'leaderCert', ...showLeaderCert(certificate) }))
  }
  const upwards = [...headers].sort((left, right) => left.header.height - right.header.height)
  for (const signed of upwards) if (isHeaderSigned(signed, verifier)) keep(addHeader(index, signed))
  for (const certificate of commitCerts) {
    if (commitCertFault(certificate, verifier) === null) keep(addCommitCert(index, certificate))
    else keep(addFalseCertificate(index, { kind: 'commitCert', bytes: showCommitCert(certificate) }))
  }
  for (const ack of acks) if (isAckSigned(ack, verifier)) keep(addAck(index, ack))
  for (const word of words) if (isWordSigned(word, verifier)) keep(addWord(index, word))

  return { evidence: [...found.values()], guilty: [...guilty].sort((left, right) => left - right) }
}
