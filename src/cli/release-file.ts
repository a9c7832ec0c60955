// The decision to give a branch up, as it goes from institution to institution to be signed: public, and nothing before a
// quorum of them has signed. spec/consensus.md, "Releases".

import { readFileSync, writeFileSync } from 'node:fs'
import * as z from 'zod'
import type { Verifier } from '../consensus/certificate.ts'
import { decodeRelease, encodeRelease, type GovernedRelease, governedFault, isProposal } from '../consensus/release.ts'
import { decisionMessage } from '../consensus/release-decision.ts'
import type { Hash, IdentityId } from '../types/brand.ts'
import type { MemberSignature } from '../types/certificate.ts'
import { quorum, type Validator } from '../types/validator-set.ts'
import { type Founders, nameOf } from './identities.ts'
import { UsageError } from './output.ts'

export interface ReleaseFile {
  readonly chainId: Hash
  readonly release: GovernedRelease
}

/** Who signs: an institution of the consortium, with the key that its seat names. */
export interface Signatory {
  readonly institution: IdentityId
  readonly signing: { readonly publicKey: string; readonly sign: (message: Uint8Array) => Uint8Array }
}

const schema = z.strictObject({ format: z.literal('assent-release/1'), chainId: z.string(), release: z.base64() })

export function saveRelease(file: string, { chainId, release }: ReleaseFile, { isNew = false } = {}): void {
  const content = { format: 'assent-release/1', chainId, release: encodeRelease(release).toBase64() }
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`, { flag: isNew ? 'wx' : 'w' })
}

/** Form only. */
export function loadRelease(file: string): ReleaseFile {
  const content = readJson(file)
  const parsed = schema.safeParse(content)
  const release = parsed.success ? decodeRelease(Uint8Array.fromBase64(parsed.data.release)) : null
  if (!parsed.success || release?.kind !== 'governed') {
    throw new UsageError(`${file}: not a decision as 'assent consensus release build' writes it`)
  }
  return { chainId: parsed.data.chainId as Hash, release }
}

/** With this institution's signature, in the order of the seats. What does not show that the branch can be given up is not signed. */
export function signRelease(
  release: GovernedRelease,
  { by, verifier }: { by: Signatory; verifier: Verifier },
): GovernedRelease {
  if (!isProposal(release, verifier)) {
    throw new UsageError('--release: not signed: what its members said does not show that the branch misses its quorum')
  }
  const { seat, governanceKey } = seatOf(by.institution, { release, verifier })
  if (governanceKey !== by.signing.publicKey) {
    throw new UsageError(
      `--folder: the seat of this institution names another signing key (${governanceKey.slice(0, 16)}...): sign with the one that it had when it got the seat`,
    )
  }
  const signature = by.signing.sign(decisionMessage({ ...release, chainId: verifier.chainId }))
  const others = release.signatures.filter(({ member }) => member !== seat)
  const signatures: MemberSignature[] = [...others, { member: seat, signature }]
  return { ...release, signatures: signatures.sort((left, right) => left.member - right.member) }
}

/** Who has signed, by a key that counts; and how many it takes. */
export function signersOf(
  release: GovernedRelease,
  verifier: Verifier,
): { readonly signed: readonly IdentityId[]; readonly missing: readonly IdentityId[]; readonly needed: number } {
  const set = verifier.setOf(release.epoch)
  const message = decisionMessage({ ...release, chainId: verifier.chainId })
  const hasSigned = ({ seat, governanceKey }: Validator): boolean =>
    release.signatures.some(
      ({ member, signature }) => member === seat && verifier.verify(governanceKey, message, signature),
    )
  const members = set?.members ?? []
  return {
    signed: members.filter(hasSigned).map(({ institution }) => institution),
    missing: members.filter((member) => !hasSigned(member)).map(({ institution }) => institution),
    needed: set === undefined ? 0 : quorum(set),
  }
}

/** Why nodes would refuse it, in words; null where they take it. */
export function objectionTo(
  release: GovernedRelease,
  { verifier, members }: { verifier: Verifier; members: Founders },
): string | null {
  const fault = governedFault(release, verifier)
  if (fault === null) return null
  if (fault !== 'noQuorum') return FAULTS[fault] ?? fault
  const { signed, missing, needed } = signersOf(release, verifier)
  const names = missing.map((id) => nameOf(id, members)).join(', ')
  return `signed by ${signed.length} of the ${needed} institutions that it takes; ${needed - signed.length} more, of: ${names}`
}

const FAULTS: { readonly [fault: string]: string } = {
  words: 'what its members said does not show that the branch misses its quorum',
  unknownMember: 'signed by somebody who was no validator then',
  signersNotAscending: 'an institution signed twice',
  badSignature: 'a signature is not by the key that the seat names, or of another decision',
  foreignEpoch: 'of an epoch that is not known here',
}

function seatOf(
  institution: IdentityId,
  { release, verifier }: { release: GovernedRelease; verifier: Verifier },
): Validator {
  const member = verifier.setOf(release.epoch)?.members.find((each) => each.institution === institution)
  if (member === undefined) throw new UsageError('--folder: the institution has no seat among those who decide this')
  return member
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return null
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw new UsageError(`${file}: cannot be read: ${code}`)
  }
}
