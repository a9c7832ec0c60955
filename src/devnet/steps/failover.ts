// 6 The leader is killed with SIGKILL under load: commits go on; the node comes back and catches up, all nodes have the
// same roots, and nothing that was acknowledged is lost.

import type { Hash } from '../../types/brand.ts'
import { ClosedLoad } from '../closed-load.ts'
import { MEMBERS, type MemberName } from '../layout.ts'
import type { Scenario } from '../scenario.ts'
import { eventually, sleep } from '../sleep.ts'

const BEFORE_KILL_MS = 1_500
const AFTER_KILL_MS = 4_000
const COMMIT_AGAIN_MS = 10_000
const CATCH_UP_MS = 20_000

export async function failover(scenario: Scenario): Promise<void> {
  const { consortium, checks, measured } = scenario
  const leader = await leaderName(scenario)
  const survivors = MEMBERS.filter(({ name, role }) => role === 'validator' && name !== leader).map(({ name }) => name)
  const load = new ClosedLoad(scenario, {
    clients: survivors.map((name) => consortium.clientOf([name, ...survivors])),
    workers: 12,
  })
  load.start()
  await sleep(BEFORE_KILL_MS)
  const killedMs = performance.now()
  await consortium.process(leader).kill()
  // What was acknowledged in the same instant may still be the old leader's work: a new leader has to be known, too.
  const elected = await eventually(async () => (await leaderSeenBy(scenario, survivors)) !== leader, {
    withinMs: COMMIT_AGAIN_MS,
    everyMs: 10,
  })
  const electedMs = performance.now()
  const resumed = await eventually(() => load.lastCommitMs > electedMs, { withinMs: COMMIT_AGAIN_MS, everyMs: 5 })
  measured.failoverMs = Math.round(load.firstCommitAfter(electedMs) - killedMs)
  checks.record(
    'commits go on after the leader was killed',
    elected && resumed,
    `${leader} killed; ${measured.failoverMs} ms without a commit`,
  )
  await sleep(Math.max(0, AFTER_KILL_MS - (performance.now() - killedMs)))
  const acknowledged = await load.stop()

  consortium.process(leader).start()
  await consortium.process(leader).ready()
  checks.record('the killed node starts again on its own data', true, leader)
  const agreed = await eventually(() => sameRoots(scenario), { withinMs: CATCH_UP_MS })
  checks.record('it catches up, and all nodes have the same state root', agreed)
  const lost = await missing(scenario, { names: MEMBERS.map(({ name }) => name), acknowledged })
  checks.record(
    'nothing acknowledged is lost on any node',
    acknowledged.length > 0 && lost === 0,
    `${acknowledged.length} acknowledged, ${lost} missing`,
  )
}

async function leaderName({ consortium }: Scenario): Promise<MemberName> {
  const { leader } = await consortium.client('hospital-a').nodeStatus()
  const member = consortium.devnet.members.find(({ keys }) => keys.institution === leader)
  if (member === undefined) throw new Error('no leader is known')
  return member.name
}

async function leaderSeenBy(
  { consortium }: Scenario,
  names: readonly MemberName[],
): Promise<MemberName | undefined | null> {
  for (const name of names) {
    const { leader } = await consortium.client(name).nodeStatus()
    const member = consortium.devnet.members.find(({ keys }) => keys.institution === leader)
    if (member !== undefined && names.includes(member.name)) return member.name
  }
  const [first] = names
  const { leader } = await consortium.client(first as MemberName).nodeStatus()
  return consortium.devnet.members.find(({ keys }) => keys.institution === leader)?.name ?? null
}

/** All heads at one height, with one root. */
export async function sameRoots({ consortium }: Pick<Scenario, 'consortium'>): Promise<boolean> {
  const heads = await Promise.all(MEMBERS.map(({ name }) => consortium.client(name).nodeStatus()))
  return new Set(heads.map(({ height, stateRoot, headHash }) => `${height} ${stateRoot} ${headHash}`)).size === 1
}

async function missing(
  { consortium }: Scenario,
  { names, acknowledged }: { names: readonly MemberName[]; acknowledged: readonly Hash[] },
): Promise<number> {
  let lost = 0
  for (const name of names) {
    const client = consortium.client(name)
    for (let start = 0; start < acknowledged.length; start += 50) {
      const states = await Promise.all(acknowledged.slice(start, start + 50).map((id) => client.status(id)))
      lost += states.filter(({ status }) => status !== 'COMMITTED').length
    }
  }
  return lost
}
