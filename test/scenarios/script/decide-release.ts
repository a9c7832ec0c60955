// What people do where a group stands still: they look at what one member knows of it, and institutions sign what it proposes.

import { describeStandstill, type Said } from '../../../src/consensus/describe-standstill.ts'
import { CHAIN_ID, signAsInstitution } from '../../../src/consensus/fakes.test-support.ts'
import { decodeRelease, encodeRelease } from '../../../src/consensus/release.ts'
import { decisionMessage } from '../../../src/consensus/release-decision.ts'
import type { Seat } from '../../../src/types/brand.ts'
import type { Stage } from './stage.ts'

/** One line a branch: who has turned away from it, who is bound or silent, who is proven to have lied. */
export function describeStuck(stage: Stage, seat: Seat): readonly string[] {
  const { state } = stage.player(seat)
  if (state === null) throw new Error(`member ${seat} is down`)
  const names = (words: readonly Said[], isApart: boolean): string =>
    words.flatMap((said) => (said.isApart === isApart ? [said.seat] : [])).join(' ') || 'nobody'
  return describeStandstill(state).map(
    ({ branch, words, silent, guilty, release }) =>
      `${branch.term}/${branch.height} ${branch.hash.slice(0, 8)}: turned away ${names(words, true)}; ` +
      `not known to have ${names(words, false)}; silent ${silent.join(' ') || 'nobody'}; liars ${guilty.join(' ')}; ` +
      `release ${release}`,
  )
}

/** The institutions sign what this member proposes, and its node is told. */
export function decideRelease(stage: Stage, seat: Seat, institutions: readonly Seat[]): void {
  const { state } = stage.player(seat)
  const proposed = state === null ? undefined : describeStandstill(state).find(({ release }) => release === 'proposed')
  const release = proposed?.proposal ? decodeRelease(proposed.proposal) : null
  if (release?.kind !== 'governed') throw new Error(`member ${seat} proposes nothing`)
  const message = decisionMessage({ ...release, chainId: CHAIN_ID })
  const signatures = institutions.map((member) => ({ member, signature: signAsInstitution(member)(message) }))
  stage.act(seat, { kind: 'releaseDecided', release: encodeRelease({ ...release, signatures }) })
}
