import { describe, expect, it } from 'vitest'
import type { Hash } from '../types/brand.ts'
import type { CommitCert, LeaderCert } from '../types/certificate.ts'
import { onlyEpoch } from '../types/validator-set.ts'
import {
  CertificateError,
  commitCertFault,
  createCommitCert,
  leaderCertFault,
  verifyCommitCert,
  verifyLeaderCert,
} from './certificate.ts'
import { createSettings } from './fakes.test-support.ts'
import { Group, genesis } from './node.test-support.ts'

const group = new Group(4)
const verifier = { ...createSettings(group.set, 0), setOf: onlyEpoch(group.set) }
const leaderCert = group.leaderCert(5, { leader: 1, tip: genesis })
const block = group.block(leaderCert, genesis)
const commitCert = group.commitCert(block)
const otherHash = 'ef'.repeat(32) as Hash

describe('leaderCertFault()', () => {
  it('finds nothing wrong with q votes', () => {
    expect(leaderCertFault(leaderCert, verifier)).toBeNull()
    expect(() => verifyLeaderCert(leaderCert, verifier)).not.toThrow()
  })

  const mutations: [string, LeaderCert, string][] = [
    ['chainId', { ...leaderCert, chainId: otherHash }, 'foreignChain'],
    ['epoch', { ...leaderCert, epoch: 1 as LeaderCert['epoch'] }, 'foreignEpoch'],
    ['term', { ...leaderCert, term: group.term(6) }, 'badSignature'],
    ['candidate', { ...leaderCert, candidate: group.member(2) }, 'badSignature'],
    ['candidate, to nobody', { ...leaderCert, candidate: group.member(4) }, 'unknownMember'],
    ['tip hash', { ...leaderCert, tip: { ...leaderCert.tip, hash: otherHash } }, 'badSignature'],
    ['tip height', { ...leaderCert, tip: { ...leaderCert.tip, height: block.header.height } }, 'badSignature'],
    ['tip term', { ...leaderCert, tip: { ...leaderCert.tip, term: group.term(1) } }, 'badSignature'],
    ['releases', { ...leaderCert, releases: [new Uint8Array(1)] }, 'badSignature'],
    ['number of signatures', { ...leaderCert, signatures: leaderCert.signatures.slice(1) }, 'noQuorum'],
  ]
  for (const [field, mutated, fault] of mutations) {
    it(`notices another ${field}`, () => expect(leaderCertFault(mutated, verifier)).toBe(fault))
  }
})

describe('commitCertFault()', () => {
  it('finds nothing wrong with q acks', () => {
    expect(commitCertFault(commitCert, verifier)).toBeNull()
  })

  it('accepts any q members, and more than q', () => {
    expect(commitCertFault(group.commitCert(block, [1, 2, 3]), verifier)).toBeNull()
    expect(commitCertFault(group.commitCert(block, [0, 1, 2, 3]), verifier)).toBeNull()
  })

  const [first, second, third] = commitCert.signatures
  if (first === undefined || second === undefined || third === undefined) throw new Error('q is 3')
  const mutations: [string, CommitCert, string][] = [
    ['another chainId', { ...commitCert, chainId: otherHash }, 'foreignChain'],
    ['another epoch', { ...commitCert, epoch: 7 as CommitCert['epoch'] }, 'foreignEpoch'],
    ['another term', { ...commitCert, term: group.term(6) }, 'badSignature'],
    ['another height', { ...commitCert, height: genesis.header.height }, 'badSignature'],
    ['another block', { ...commitCert, blockHash: otherHash }, 'badSignature'],
    ['one signature too few', { ...commitCert, signatures: [first, second] }, 'noQuorum'],
    ['no signature', { ...commitCert, signatures: [] }, 'noQuorum'],
    ['one signer twice', { ...commitCert, signatures: [first, second, second] }, 'signersNotAscending'],
    ['signers out of order', { ...commitCert, signatures: [second, first, third] }, 'signersNotAscending'],
    [
      'a signer that is not in the set',
      { ...commitCert, signatures: [first, second, { ...third, member: group.member(9) }] },
      'unknownMember',
    ],
    [
      "one member's signature under another's name",
      { ...commitCert, signatures: [first, second, { ...third, member: group.member(3) }] },
      'badSignature',
    ],
  ]
  for (const [what, mutated, fault] of mutations) {
    it(`notices ${what}`, () => expect(commitCertFault(mutated, verifier)).toBe(fault))
  }

  it('notices every single changed byte of every signature', () => {
    for (const [position, { member, signature }] of commitCert.signatures.entries()) {
      for (let index = 0; index < signature.length; index++) {
        const changed = signature.slice()
        changed[index] = (changed[index] ?? 0) ^ 1
        const signatures = commitCert.signatures.with(position, { member, signature: changed })
        expect(commitCertFault({ ...commitCert, signatures }, verifier)).toBe('badSignature')
      }
    }
  })

  it('throws a typed error from verifyCommitCert()', () => {
    const short = { ...commitCert, signatures: [] }
    expect(() => verifyCommitCert(short, verifier)).toThrow(CertificateError)
    expect(() => verifyCommitCert(short, verifier)).toThrow('CommitCert: fewer signatures than the quorum')
  })

  it('takes a vote for no ack, and an ack for no vote: the tags differ', () => {
    const signatures = new Map(leaderCert.signatures.map(({ member, signature }) => [member, signature]))
    expect(commitCertFault(createCommitCert(group.ack(block, 0).ack, signatures), verifier)).toBe('badSignature')
  })
})
