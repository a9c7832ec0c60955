// Against R4: no vote and no promise in a term that a member has acked in. A leader is elected without one member's vote, and
// that member acks; then a liar asks it for a vote in the same term.

import type { Attack } from './stage.ts'

export const lateVote: Attack = async (stage) => {
  const liar = stage.puppet(0)
  const [first, leader, late] = stage.honest
  if (first === undefined || leader === undefined || late === undefined) return
  await stage.prepare(first)
  const tip = liar.head
  const commitCert = liar.ledger.head.commitCert
  const hearAgain = stage.rule(({ to, message }) => to !== late.seat || message.kind !== 'voteRequest')
  await stage.elect(leader)
  stage.rouse()
  const { height } = late
  await stage.until(() => late.height > height + 2)
  hearAgain()
  liar.seize()
  stage.lied('asks for a vote in a term that has its leader')
  const { epoch, height: tipHeight, term: tipTerm } = tip.header
  liar.say(late, {
    kind: 'voteRequest',
    epoch,
    term: liar.head.header.term,
    tip: { term: tipTerm, height: tipHeight, hash: tip.hash },
    commitCert,
    headers: [],
    leaderCert: liar.leaderCertOf(tipTerm),
    releases: [],
    transfer: null,
  })
  await stage.pause(1_000)
}
