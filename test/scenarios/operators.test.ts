// What operators see of a consortium of whole nodes: the leader, who lags, whose signature is missing; in the table of
// consensus.status and in the metrics.

import { Registry } from 'prom-client'
import { afterEach, describe, expect, it } from 'vitest'
import { encodeMessage, type VoteRequest } from '../../src/consensus/messages.ts'
import { systemClock } from '../../src/node/clock.ts'
import { registerConsensusMetrics } from '../../src/node/consensus-metrics.ts'
import type { ConsensusStatus } from '../../src/rpc/services.ts'
import type { IdentityId, Term } from '../../src/types/brand.ts'
import { enrolPatient, InProcessConsortium, type InProcessNode, newId, until } from './in-process-consortium.ts'

let consortium: InProcessConsortium

afterEach(() => consortium.stop())

async function start(options: ConstructorParameters<typeof InProcessConsortium>[0]): Promise<InProcessNode> {
  consortium = new InProcessConsortium(options)
  await consortium.start()
  return consortium.leader()
}

const statusAt = (node: InProcessNode): ConsensusStatus => node.participant.consensus.status()
const rowOf = (status: ConsensusStatus, node: InProcessNode) => {
  const row = status.validators.find(({ institution }) => institution === node.keys.institution)
  if (row === undefined) throw new Error(`${node.name} is no validator`)
  return row
}
const validators = (): readonly InProcessNode[] => consortium.nodes.filter(({ keys }) => keys.consensus !== null)
const ids = (nodes: readonly InProcessNode[]): IdentityId[] => nodes.map(({ keys }) => keys.institution)

describe('consensus.status', () => {
  it('says the same of leader, election and certificate on every node, and on the leader who is how far', async () => {
    const leader = await start({ validators: 4, observers: 1 })
    for (let i = 0; i < 3; i++) await leader.commit([enrolPatient(newId())])
    await consortium.converge()
    const statuses = validators().map(statusAt)
    const seen = statuses.map(({ leader: led, election, certificate }) => [
      led?.institution,
      led?.term,
      election,
      certificate?.height,
    ])
    const first = seen[0]
    for (const each of seen) expect(each).toEqual(first)
    const [{ leader: led, election, certificate }] = statuses as [ConsensusStatus]
    expect(led).toMatchObject({ institution: leader.keys.institution, blocks: certificate?.height })
    expect(led?.sinceMs).toBe(leader.ledger.header(1 as never)?.timeMs)
    expect(election?.signed).toContain(leader.keys.institution)
    for (const { signed, missing } of [election, certificate].filter(
      (shown) => shown !== null && shown !== undefined,
    )) {
      expect(signed.length).toBeGreaterThanOrEqual(3)
      expect([...signed, ...missing].sort()).toEqual(ids(validators()).sort())
    }

    const own = statusAt(leader)
    expect(own).toMatchObject({
      role: 'leader',
      waiting: [],
      quorum: 3,
      b: 1,
      own: { vote: { candidate: led?.institution } },
    })
    await until(
      () =>
        statusAt(leader).validators.every(
          ({ height, matchHeight }) => height === own.head.height && matchHeight === height,
        ),
      'everybody has everything, and has said so',
    )
    for (const row of statusAt(leader).validators) {
      expect(row).toMatchObject({
        isConnected: true,
        blocksBehind: 0,
        behindMs: 0,
        lastAck: { height: own.head.height },
      })
    }

    const observer = consortium.nodes.find(({ keys }) => keys.consensus === null) as InProcessNode
    expect(statusAt(observer)).toMatchObject({
      role: 'observer',
      leader: null,
      own: null,
      election: { term: led?.term },
    })
  })

  it('shows the leader who is cut off, how far behind, for how long, and missing from every certificate', async () => {
    const leader = await start({ validators: 4 })
    await leader.commit([enrolPatient(newId())])
    await consortium.converge()
    const lost = validators().find((node) => node !== leader) as InProcessNode
    const others = validators().filter((node) => node !== lost)
    consortium.network.partition(
      [lost.self],
      others.map(({ self }) => self),
    )
    const before = statusAt(leader)
    for (let i = 0; i < 4; i++) await leader.commit([enrolPatient(newId())])

    const now = statusAt(leader)
    expect(now.certificate?.missing).toEqual([lost.keys.institution])
    const row = rowOf(now, lost)
    expect(row).toMatchObject({ isConnected: false, blocksBehind: 4, matchHeight: before.head.height })
    expect(row.behindMs).toBeGreaterThan(0)
    expect(row.certificates.of - row.certificates.signed).toBeGreaterThanOrEqual(4)
    expect(rowOf(now, leader).certificates).toEqual({ signed: now.head.height, of: now.head.height })

    const registry = new Registry()
    registerConsensusMetrics(registry, { ...leader.participant, clock: systemClock })
    const lines = (await registry.metrics()).split('\n')
    expect(lines).toContain(`assent_validator_behind_blocks{institution="${lost.keys.institution}"} 4`)
    expect(lines).toContain(`assent_validator_connected{institution="${lost.keys.institution}"} 0`)
    expect(lines).toContain('assent_consensus_leading 1')
    expect(lines).toContain('assent_consensus_quorum 3')
    expect(lines.some((line) => line.startsWith('assent_elections_total 1'))).toBe(true)
    const missing = `assent_validator_missing_signatures_total{institution="${lost.keys.institution}"} `
    expect(Number(lines.find((line) => line.startsWith(missing))?.slice(missing.length))).toBeGreaterThanOrEqual(4)
    await leader.commit([enrolPatient(newId())])
    expect(await registry.metrics()).toMatch(/^assent_commit_seconds_count 1$/m)
  })

  it('raises an alarm, and accuses nobody, where a term is far too high or work waits under a leader that is heard', async () => {
    const leader = await start({ validators: 4 })
    await leader.commit([enrolPatient(newId())])
    await consortium.converge()
    const [node, other] = validators().filter((each) => each !== leader) as [InProcessNode, InProcessNode]
    const { ledger, transport } = node.running
    const send = transport.send.bind(transport)
    const high: VoteRequest = {
      kind: 'voteRequest',
      epoch: ledger.epoch,
      term: (ledger.head.header.term + 1_000_000) as Term,
      tip: { ...ledger.head.header, hash: ledger.head.hash },
      commitCert: ledger.head.commitCert,
      headers: [],
      leaderCert: null,
      releases: [],
      transfer: null,
    }
    send(other.self, 'consensus', encodeMessage(high))
    const alarmsAt = (at: InProcessNode) => statusAt(at).alarms.map(({ what, institution }) => ({ what, institution }))
    const inflation = { what: 'termInflation', institution: node.keys.institution }
    await until(() => alarmsAt(other).some(({ what }) => what === 'termInflation'), 'a term far too high is seen')
    expect(alarmsAt(other)).toContainEqual(inflation)

    // What it has for the leader gets lost: to it, the leader does nothing.
    transport.send = (peer, channel, message) => channel !== 'forward' && send(peer, channel, message)
    node.participant.intake.submissions.submit(node.sign([enrolPatient(newId())]).bytes)
    const standstill = { what: 'standstill', institution: leader.keys.institution }
    await until(() => alarmsAt(node).some(({ what }) => what === 'standstill'), 'work that waits is seen')
    expect(alarmsAt(node)).toContainEqual(standstill)

    const registry = new Registry()
    registerConsensusMetrics(registry, { ...other.participant, clock: systemClock })
    expect(await registry.metrics()).toContain(
      `assent_alarms_total{what="termInflation",institution="${node.keys.institution}"} 1`,
    )
    for (const each of validators()) expect(each.participant.evidence.list()).toEqual([])
  })

  it('shows the leader whose acks a block waits for while no quorum is there', async () => {
    const leader = await start({ validators: 3 })
    await leader.commit([enrolPatient(newId())])
    await consortium.converge()
    const others = validators().filter((node) => node !== leader)
    consortium.network.partition(
      [leader.self],
      others.map(({ self }) => self),
    )
    const { bytes } = leader.sign([enrolPatient(newId())])
    leader.participant.intake.submissions.submit(bytes)
    await until(() => statusAt(leader).waiting.length === 1, 'a block without a certificate')
    const [block] = statusAt(leader).waiting
    expect(block).toMatchObject({ height: leader.height + 1, transactions: 1, acks: { signed: ids([leader]) } })
    expect(block?.acks?.missing.toSorted()).toEqual(ids(others).sort())
    consortium.network.heal()
    await consortium.leader()
  })
})
