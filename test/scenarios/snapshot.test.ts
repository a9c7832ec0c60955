// Nodes that are far behind, or new, take a snapshot from a peer, and refuse a forged one.

import { afterEach, describe, expect, it } from 'vitest'
import {
  replyCodec,
  SNAPSHOT_REQUEST_BYTES_MAX,
  type StatePiece,
  snapshotRequestCodec,
  statePiecesCodec,
} from '../../src/ledger/snapshot-format.ts'
import { serveRun } from '../../src/node/certified-run.ts'
import { systemTimers } from '../../src/node/clock.ts'
import { SnapshotServer } from '../../src/node/snapshot-server.ts'
import { SNAPSHOT_PROTOCOL, SYNC_PROTOCOL } from '../../src/p2p/transport.ts'
import type { PublicKey } from '../../src/types/brand.ts'
import { fromBytes, record, toBytes, uint } from '../../src/types/canonical.ts'
import type { Call } from '../../src/types/transaction.ts'
import { enrolPatient, InProcessConsortium, type InProcessNode, newId, until } from './in-process-consortium.ts'

const BEHIND = 12

let consortium: InProcessConsortium

afterEach(async () => {
  await consortium.stop()
  expect(consortium.nodes.map(({ failure }) => failure)).toEqual(consortium.nodes.map(() => null))
})

const commitMany = async (node: InProcessNode, count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await node.commit([enrolPatient(newId())])
}

/** A payer asks what a custodian attested a permit for, and again when that is revoked and the custodian's settings are others. */
async function decideAndChange(custodian: InProcessNode, payer: InProcessNode) {
  const [patient, consent, document] = [newId(), newId(), newId()]
  const idOf = ({ keys }: InProcessNode) => Uint8Array.fromHex(keys.institution)
  const clause = { type: 'permit', recipients: [], purposes: ['HPAYMT'], from: null, to: null, limited: false }
  const attested = [consent, patient, idOf(custodian), null, document, null, idOf(custodian), [clause]]
  const call = (contract: string, method: string, ...args: Call['args']): Call => ({ contract, method, args })
  const request = async () => {
    const key = Uint8Array.fromHex(payer.keys.encryption.publicKey)
    const asked = [patient, idOf(custodian), null, 'institution', idOf(payer), 'HPAYMT', [], key, null]
    const id = await payer.commit([call('access', 'request', ...asked)])
    const answer = payer.ledger.receipt(id)?.calls[0]?.value as { decision: number } | undefined
    if (answer === undefined) throw new Error('a request has its receipt')
    return answer.decision
  }
  await custodian.commit([enrolPatient(patient), call('consent', 'register', ...attested)])
  await consortium.converge([custodian, payer])
  const first = await request()
  await custodian.commit([call('consent', 'revoke', consent), call('policy', 'configure', 'allNormal', 'never', false)])
  await consortium.converge([custodian, payer])
  const second = await request()
  await custodian.commit([call('policy', 'configure', 'deny', 'override', false)])
  return [patient, [first, second]] as const
}

/** Stops when its snapshot is whole, and starts again with it. */
async function restartWithSnapshot(node: InProcessNode): Promise<void> {
  await until(() => node.hasSnapshot, `a snapshot for ${node.name}`)
  await node.stop()
  await node.start()
}

describe('a validator', () => {
  it('catches up by a snapshot when it was away for long, and makes the quorum again', async () => {
    consortium = new InProcessConsortium({ validators: 4 })
    await consortium.start()
    const [first, second, , last] = consortium.nodes as [InProcessNode, InProcessNode, InProcessNode, InProcessNode]
    await commitMany(first, 3)
    await last.stop()
    await commitMany(first, BEHIND + 80)
    for (const node of consortium.nodes.slice(0, 3)) serveSnapshotsFirst(node)
    last.snapshotsFrom = BEHIND
    await last.start()
    await restartWithSnapshot(last)
    await consortium.converge()
    await second.stop()
    const patient = newId()
    await last.commit([enrolPatient(patient)])
    expect(last.ask('registry', 'isPatient', [patient])).toBe(true)
    expect(await consortium.converge([first, last])).toBe(last.ledger.head.header.stateRoot)
  })
})

describe('a new observer', () => {
  it('begins with a snapshot and follows; what lies before, it does not claim to know', async () => {
    consortium = new InProcessConsortium({ validators: 4, observers: 1 })
    for (const node of consortium.nodes.slice(0, 4)) await node.start()
    const [first, , , , observer] = consortium.nodes as [
      InProcessNode,
      InProcessNode,
      InProcessNode,
      InProcessNode,
      InProcessNode,
    ]
    const [patient, decisions] = await decideAndChange(first, consortium.node(1))
    await commitMany(first, BEHIND + 5)
    for (const node of consortium.nodes.slice(0, 4)) serveSnapshotsFirst(node)
    observer.snapshotsFrom = BEHIND
    await observer.start()
    await restartWithSnapshot(observer)
    expect(observer.height).toBeGreaterThan(BEHIND)
    await commitMany(first, 2)
    await consortium.converge()
    // Decided before all that it knows: by its entries the same outcomes.
    const explained = decisions.map((decision) => observer.ask('access', 'explain', [patient, decision]))
    expect(explained).toMatchObject([
      { same: true, terms: { outcome: 'PERMIT', basis: 'consent' }, settings: { version: 0 } },
      { same: true, terms: { outcome: 'DENY', reasons: ['REVOKED'] }, settings: { version: 1 } },
    ])
  })

  it('takes one of a later epoch, with blocks of both, from the validators of the genesis on', async () => {
    consortium = new InProcessConsortium({ validators: 4, observers: 1 })
    const validators = consortium.nodes.slice(0, 4)
    for (const node of validators) await node.start()
    const [first, second, third] = validators as [InProcessNode, InProcessNode, InProcessNode]
    await commitMany(first, BEHIND)
    const govern = (method: string, ...args: Call['args']): Call => ({ contract: 'governance', method, args })
    const id = await first.commit([govern('proposeLiars', 0, false)])
    const proposal = first.ledger.receipt(id)?.calls[0]?.value as number
    for (const voter of [second, third]) await voter.commit([govern('vote', proposal, true)])
    await until(() => validators.every(({ ledger }) => ledger.epoch === 1), 'the next epoch')
    await commitMany(first, 3)
    for (const node of validators) serveSnapshotsFirst(node)
    const observer = consortium.node(4)
    observer.snapshotsFrom = BEHIND
    await observer.start()
    await restartWithSnapshot(observer)
    expect(observer.ledger.head.header.epoch).toBe(1)
    await commitMany(first, 1)
    await consortium.converge()
  })

  it('refuses a forged snapshot, names its sender, and takes the next one', async () => {
    consortium = new InProcessConsortium({ validators: 4, observers: 1 })
    for (const node of consortium.nodes.slice(0, 4)) await node.start()
    const [first, , , , observer] = consortium.nodes as [
      InProcessNode,
      InProcessNode,
      InProcessNode,
      InProcessNode,
      InProcessNode,
    ]
    await commitMany(first, BEHIND + 5)
    const liars = consortium.nodes.slice(0, 3)
    for (const liar of liars) {
      serveSnapshotsFirst(liar, (pieces) =>
        pieces.map((piece) => ({ ...piece, values: piece.values.map(() => Uint8Array.of(0)) })),
      )
    }
    serveSnapshotsFirst(consortium.node(3))
    observer.snapshotsFrom = BEHIND
    await observer.start()
    await restartWithSnapshot(observer)
    const named = observer.warnings.filter(({ message }) => message === 'refused a snapshot')
    const keys = liars.map(({ self }) => self)
    for (const { peer, fault } of named) {
      expect(keys).toContain(peer)
      expect(fault).toBe('a value of the state is another one')
    }
    await commitMany(first, 1)
    await consortium.converge()
  })
})

/**
 * From now on this node gives blocks only to who has asked it for a snapshot before: on a chain of a few blocks nobody would
 * be far behind for long. `forge` changes what it answers to requests for state.
 */
function serveSnapshotsFirst(node: InProcessNode, forge = (pieces: readonly StatePiece[]) => pieces): void {
  const { transport, ledger } = node.running
  const server = new SnapshotServer({ ledger, timers: systemTimers })
  const known = new Set<PublicKey>()
  const limits = { maxRequestBytes: SNAPSHOT_REQUEST_BYTES_MAX, concurrency: 4 }
  transport.handleRequests(
    SNAPSHOT_PROTOCOL,
    async (peer, message) => {
      known.add(peer)
      const answer = server.answer(message)
      if (answer === null || fromBytes(snapshotRequestCodec, message).state === null) return toBytes(replyCodec, answer)
      return toBytes(replyCodec, toBytes(statePiecesCodec, forge(fromBytes(statePiecesCodec, answer))))
    },
    limits,
  )
  transport.handleRequests(
    SYNC_PROTOCOL,
    async (peer, message) => (known.has(peer) ? serveRun(ledger, message) : serveRun(ledger, NO_RUN)),
    limits,
  )
}
/** Asks from a height that nobody has. */
const NO_RUN = toBytes(record({ fromHeight: uint }), { fromHeight: 1_000_000 })
