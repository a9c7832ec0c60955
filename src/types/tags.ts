// What is hashed or signed is tag || 0x00 || canonical bytes: bytes of one kind never stand for another.

export const TAG = {
  transaction: 'assent/tx/1',
  header: 'assent/header/1',
  ack: 'assent/ack/1',
  vote: 'assent/vote/1',
  promise: 'assent/promise/1',
  transferNotice: 'assent/transfer/1',
  leaderCert: 'assent/leader-cert/1',
  commitCert: 'assent/commit-cert/1',
  releases: 'assent/releases/1',
  releaseDecision: 'assent/release-decision/1',
  evidence: 'assent/evidence/1',
  genesis: 'assent/genesis/1',
  joinCard: 'assent/join-card/1',
  signedRead: 'assent/read/1',
  status: 'assent/status/1',
  consentDocument: 'assent/consent-document/1',
  consentLimits: 'assent/consent-limits/1',
  /** A code, and a FHIR reference, where a contract compares it. */
  code: 'assent/code/1',
  reference: 'assent/reference/1',
  releaseManifest: 'assent/release-manifest/1',
  comment: 'assent/comment/1',
  /** An oversight agency's, on why a patient is not told yet. */
  statement: 'assent/statement/1',
  /** What a validator says of itself before it says anything else (spec/consensus.md, section 5). */
  hello: 'assent/hello/1',
  machine: 'assent/machine/1',
  handover: 'assent/handover/1',
  /** `hash(...)` and `derive id` of Clause. */
  clauseHash: 'assent/clause/hash/1',
  clauseId: 'assent/clause/id/1',
} as const

export type Tag = (typeof TAG)[keyof typeof TAG]
