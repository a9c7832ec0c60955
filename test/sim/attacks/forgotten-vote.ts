// Against R4, across a restart: after a vote in a term, no ack below it. The candidate gets nowhere, the voter restarts, and
// the leader of the earlier term is there again with a new block.

import type { Attack } from './stage.ts'

export const forgottenVote: Attack = async (stage) => {
  const liar = stage.puppet(0)
  const [candidate, voter, other] = stage.honest
  if (candidate === undefined || voter === undefined || other === undefined) return
  await stage.prepare(liar.node)
  liar.seize()
  liar.obey(candidate.seat)
  const parent = liar.head
  const { term } = parent.header
  const hasVoted = (): boolean =>
    stage.said.some(({ from, message }) => from === voter.seat && message.kind === 'vote' && message.vote.term > term)
  // Its vote gets lost, and so do the requests to everybody else.
  stage.rule(({ to, message }) => message.kind !== 'voteRequest' || to === voter.seat)
  stage.rule(({ from, message }) => from !== voter.seat || message.kind !== 'vote')
  void stage.elect(candidate)
  await stage.until(hasVoted)
  // It hears the leader alone.
  stage.rule(({ from, to }) => to !== voter.seat || from === liar.seat)
  stage.crash(voter, 100)
  await stage.until(() => voter.running === null)
  await stage.until(() => voter.running !== null)
  await stage.pause(600)
  const block = liar.block({ parent, leaderCert: liar.leaderCertOf(term), laterMs: 1 })
  stage.lied('leads a term that is over')
  liar.append(voter, { blocks: [block] })
  await stage.until(() => liar.hasAcksOf(block, [voter]), 2_000)
}
