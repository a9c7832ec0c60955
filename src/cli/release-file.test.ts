import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Verifier } from '../consensus/certificate.ts'
import { describeStandstill } from '../consensus/describe-standstill.ts'
import { signAsInstitution } from '../consensus/fakes.test-support.ts'
import { decodeRelease, type GovernedRelease, isValidRelease } from '../consensus/release.ts'
import { Survivors } from '../consensus/survivors.test-support.ts'
import { loadRelease, objectionTo, saveRelease, signersOf, signRelease } from './release-file.ts'

/** Seven, b = 2; the first made two blocks in one place, the last is silent, three are bound to one block and two to the other. */
function standstill(): { proposal: GovernedRelease; verifier: Verifier } {
  const survivors = new Survivors(7, { liars: [0, 6] })
  const [left, right] = [survivors.branch(0, 1), survivors.branch(10, 2)]
  for (const seat of [1, 2, 3]) survivors.lock(seat, left)
  for (const seat of [4, 5]) survivors.lock(seat, right)
  survivors.elect(6)
  const found = [...survivors.nodes.values()]
    .flatMap(({ state }) => describeStandstill(state))
    .find(({ release }) => release === 'proposed')
  const proposal = decodeRelease(found?.proposal ?? new Uint8Array())
  if (proposal?.kind !== 'governed') throw new Error('nobody proposes anything')
  return { proposal, verifier: survivors.verifier }
}

const { proposal, verifier } = standstill()
const members = verifier.setOf(proposal.epoch)?.members ?? []
const founders = members.map(({ institution }, i) => ({ institution, name: `Hospital ${i}` }))
const institution = (number: number) => {
  const member = members[number]
  if (member === undefined) throw new Error('no such institution')
  return {
    institution: member.institution,
    signing: { publicKey: member.governanceKey as string, sign: signAsInstitution(number) },
  }
}
const signedBy = (...numbers: number[]): GovernedRelease =>
  numbers.reduce((release, number) => signRelease(release, { by: institution(number), verifier }), proposal)

describe('signing a decision', () => {
  it('goes from institution to institution, in any order, until a quorum has signed', () => {
    const some = signedBy(5, 1, 3, 2)
    expect(some.signatures.map(({ member }) => member)).toEqual([1, 2, 3, 5])
    expect(objectionTo(some, { verifier, members: founders })).toBe(
      'signed by 4 of the 5 institutions that it takes; 1 more, of: Hospital 0, Hospital 4, Hospital 6',
    )
    const all = signRelease(some, { by: institution(4), verifier })
    expect(objectionTo(all, { verifier, members: founders })).toBeNull()
    expect(isValidRelease(all, verifier)).toBe(true)
    expect(signersOf(all, verifier)).toMatchObject({ needed: 5, signed: members.slice(1, 6).map((m) => m.institution) })
  })

  it('counts nobody twice', () => {
    expect(signedBy(1, 2, 1, 1, 2).signatures).toHaveLength(2)
  })

  it('is refused to who has no seat, or another key than the seat names', () => {
    const stranger = { ...institution(1), institution: 'ff'.repeat(32) as never }
    expect(() => signRelease(proposal, { by: stranger, verifier })).toThrow('has no seat')
    const renewed = { ...institution(1), signing: institution(2).signing }
    expect(() => signRelease(proposal, { by: renewed, verifier })).toThrow('names another signing key')
  })

  it('is refused where the words do not show that the branch misses its quorum', () => {
    const thin = { ...proposal, words: proposal.words.slice(1) }
    expect(() => signRelease(thin, { by: institution(1), verifier })).toThrow('not signed')
  })

  it('names the signature that does not count', () => {
    const [first, ...others] = signedBy(1, 2, 3, 4, 5).signatures
    const changed = { ...proposal, signatures: [{ member: 1 as never, signature: new Uint8Array(64) }, ...others] }
    expect(first?.member).toBe(1)
    expect(objectionTo(changed, { verifier, members: founders })).toContain('not by the key that the seat names')
    expect(signersOf(changed, verifier).missing).toContain(institution(1).institution)
  })
})

describe('the file of a decision', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assent-release-'))
  const file = join(folder, 'release.json')

  it('holds it with the signatures so far', () => {
    const content = { chainId: verifier.chainId, release: signedBy(2) }
    saveRelease(file, content, { isNew: true })
    expect(loadRelease(file)).toEqual(content)
    expect(() => saveRelease(file, content, { isNew: true })).toThrow('EEXIST')
  })

  it('is refused in one line where it is something else', () => {
    const wrong = join(folder, 'wrong.json')
    for (const text of ['', '{}', readFileSync(file, 'utf8').replace(/"release": "..../, '"release": "AAAA')]) {
      writeFileSync(wrong, text)
      expect(() => loadRelease(wrong)).toThrow("not a decision as 'assent consensus release build' writes it")
    }
    expect(() => loadRelease(join(folder, 'none.json'))).toThrow('cannot be read: ENOENT')
  })
})
