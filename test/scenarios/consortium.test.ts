// What a consortium of 1, 2 and 4 nodes does together, with every part real but the wires and the disks.

import { afterEach, describe, expect, it } from 'vitest'
import { MemoryStore } from '../../src/ledger/memory-store.ts'
import type { KeyValueStore, StoreWrite } from '../../src/ledger/store.ts'
import { newSeed, signingKey } from '../../src/node/key-file.ts'
import type { Hash } from '../../src/types/brand.ts'
import { enrolPatient, InProcessConsortium, type InProcessNode, newId, until } from './in-process-consortium.ts'

let consortium: InProcessConsortium

afterEach(async () => {
  await consortium.stop()
  expect(consortium.nodes.map(({ failure }) => failure).filter((failure) => failure instanceof TypeError)).toEqual([])
})

const start = (options: ConstructorParameters<typeof InProcessConsortium>[0]) => {
  consortium = new InProcessConsortium(options)
  return consortium.start()
}

const followersOf = (leader: InProcessNode): readonly InProcessNode[] =>
  consortium.nodes.filter((node) => node !== leader && node.keys.consensus !== null)

const knows = (node: InProcessNode, patient: Uint8Array): unknown => node.ask('registry', 'isPatient', [patient])

/** In how many places of a node's chain this transaction stands. */
function occurrences({ ledger, height }: InProcessNode, id: Hash): number {
  const blocks = Array.from({ length: height + 1 }, (_, i) => ledger.block(i as never))
  return blocks.flatMap((block) => block?.transactions ?? []).filter((transaction) => transaction.id === id).length
}

describe.each([1, 2, 4])('a consortium of %i validators', (validators) => {
  it('commits what is submitted at any of its nodes, and has one state', async () => {
    await start({ validators })
    const patients = consortium.nodes.map(newId)
    await Promise.all(consortium.nodes.map((node, i) => node.commit([enrolPatient(patients[i] as Uint8Array)])))
    await consortium.converge()
    for (const node of consortium.nodes) {
      expect(patients.map((patient) => knows(node, patient))).toEqual(patients.map(() => true))
      expect(node.participant.intake.mempool.size).toBe(0)
    }
  })

  it('goes on after all of its machines lost power, and nothing acknowledged is lost', async () => {
    await start({ validators })
    const patient = newId()
    const id = await consortium.node(0).commit([enrolPatient(patient)])
    for (const node of consortium.nodes) await node.crash()
    for (const node of consortium.nodes) await node.start()
    await consortium.node(0).commit([enrolPatient(newId())])
    await consortium.converge()
    for (const node of consortium.nodes) {
      expect(knows(node, patient)).toBe(true)
      expect(occurrences(node, id)).toBe(1)
    }
  })
})

describe('four validators', () => {
  it('go on when the leader stops; it returns and catches up', async () => {
    await start({ validators: 4 })
    await consortium.node(0).commit([enrolPatient(newId())])
    const leader = await consortium.leader()
    await leader.stop()
    const others = followersOf(leader)
    await Promise.all(others.map((node) => node.commit([enrolPatient(newId())])))
    expect((await consortium.leader(others)).height).toBeGreaterThan(1)
    await leader.start()
    await consortium.converge()
  })

  it('bring a node that missed many blocks up to date by block sync', async () => {
    await start({ validators: 4 })
    const leader = await consortium.leader()
    const [absent] = followersOf(leader) as [InProcessNode]
    const heightBefore = absent.height
    await absent.stop()
    // More than the leader keeps at hand for followers that are a little behind.
    while (leader.height < heightBefore + 80) await leader.commit([enrolPatient(newId())])
    const served = (): number =>
      consortium.nodes
        .filter((node) => node !== absent)
        .reduce((sum, { running }) => sum + running.transport.counters().requestsServed, 0)
    expect(served()).toBe(0)
    await absent.start()
    await consortium.converge()
    expect(served()).toBeGreaterThan(0)
    expect(absent.failure).toBe(null)
  })

  it('let a follower that was cut off catch up, and what was submitted to it meanwhile has its effect', async () => {
    await start({ validators: 4 })
    const leader = await consortium.leader()
    const [lonely] = followersOf(leader) as [InProcessNode]
    consortium.network.partition(
      [lonely.self],
      consortium.nodes.filter((node) => node !== lonely).map(({ self }) => self),
    )
    const patient = newId()
    const waiting = lonely.commit([enrolPatient(patient)])
    await leader.commit([enrolPatient(newId())])
    expect(lonely.height).toBeLessThan(leader.height)
    expect(knows(leader, patient)).toBe(false)
    consortium.network.heal()
    await waiting
    await consortium.converge()
    for (const node of consortium.nodes) expect(knows(node, patient)).toBe(true)
  })

  it('commit nothing in halves, and everything once they are whole again', async () => {
    await start({ validators: 4 })
    const leader = await consortium.leader()
    await consortium.converge()
    const heightBefore = leader.height
    const [a, b, c, d] = [leader, ...followersOf(leader)].map(({ self }) => self) as [never, never, never, never]
    consortium.network.partition([a, b], [c, d])
    const patients = consortium.nodes.map(newId)
    const waiting = consortium.nodes.map((node, i) => node.commit([enrolPatient(patients[i] as Uint8Array)]))
    // The leader without its quorum steps down, whatever it had proposed.
    await until(() => !leader.isLeader, 'the leader to step down')
    expect(consortium.nodes.map(({ height }) => height)).toEqual(consortium.nodes.map(() => heightBefore))
    consortium.network.heal()
    await Promise.all(waiting)
    await consortium.converge()
  })

  it('give a transaction that is submitted at two nodes one effect and one receipt', async () => {
    await start({ validators: 4 })
    const leader = await consortium.leader()
    const [one, other] = followersOf(leader) as [InProcessNode, InProcessNode]
    const { id, bytes } = one.sign([enrolPatient(newId())])
    for (const node of [one, other, leader]) node.participant.intake.submissions.submit(bytes)
    await Promise.all([one, other, leader].map((node) => node.settled(id)))
    expect(one.participant.intake.submissions.submit(bytes)).toMatchObject({ exists: true, id })
    await one.commit([enrolPatient(newId())])
    await consortium.converge()
    for (const node of consortium.nodes) {
      expect(occurrences(node, id)).toBe(1)
      expect(node.ledger.receipt(id)).toEqual(leader.ledger.receipt(id))
    }
  })

  it('drop the connection of a member that revokes its transport key', async () => {
    await start({ validators: 4, observers: 1 })
    const leader = await consortium.leader()
    const observer = consortium.node(4)
    await until(() => observer.height > 0, 'the observer to follow')
    const args = [Uint8Array.fromHex(observer.keys.institution), 2]
    const { bytes } = observer.sign([{ contract: 'registry', method: 'revokeKey', args }])
    // Nobody tells the observer that this was committed: it is not among the members any more.
    observer.participant.intake.submissions.submit(bytes)
    await until(() => !leader.running.transport.connectedPeers().includes(observer.self), 'its connection to go')
    expect(leader.running.membership.classify(observer.self)).toBe('refused')
    await consortium.converge(followersOf(leader))
  })
})

describe('an observer', () => {
  it('follows by gossip, checks and executes everything itself, and submits through the validators', async () => {
    await start({ validators: 4, observers: 1 })
    const observer = consortium.node(4)
    await consortium.node(0).commit([enrolPatient(newId())])
    await consortium.converge()
    await observer.commit([
      { contract: 'registry', method: 'suspend', args: [Uint8Array.fromHex(consortium.node(1).keys.institution)] },
    ])
    expect(observer.ledger.counters.executedBlocks).toBe(observer.height)
    expect(observer.participant.intake.mempool.size).toBe(0)
    await consortium.converge()
    await until(() => observer.participant.freshness.isFresh(), 'the observer to know that it is up to date')
    expect(observer.participant.standing.notReady()).toEqual(['STARTING'])
  })

  it('follows by asking when it hears no gossip', async () => {
    await start({ validators: 4, deafObservers: 1 })
    const observer = consortium.node(4)
    await consortium.node(0).commit([enrolPatient(newId())])
    await consortium.converge()
    expect(observer.running.transport.counters().gossipAccepted).toBe(0)
    await consortium.node(0).commit([enrolPatient(newId())])
    await consortium.converge()
  })

  it('goes on after a restart on its own data', async () => {
    await start({ validators: 1, observers: 1 })
    const observer = consortium.node(1)
    await consortium.node(0).commit([enrolPatient(newId())])
    await consortium.converge()
    await observer.crash()
    await consortium.node(0).commit([enrolPatient(newId())])
    await observer.start()
    await consortium.converge()
  })
})

describe('a validator whose disk fails', () => {
  const messagesSent = ({ running }: InProcessNode): number => running.transport.counters().messagesSent

  it('stops when its sign-state cannot be written, signs nothing more, and the others go on', async () => {
    await start({ validators: 4 })
    const leader = await consortium.leader()
    const [broken, witness] = followersOf(leader) as [InProcessNode, InProcessNode]
    await consortium.converge()
    broken.signState.refuses = true
    await witness.commit([enrolPatient(newId())])
    await until(() => broken.failure !== null, 'the node to fail')
    expect(String(broken.failure)).toContain('sign-state: the disk refused a write')
    const sentBefore = messagesSent(broken)
    await witness.commit([enrolPatient(newId())])
    expect(messagesSent(broken)).toBe(sentBefore)
    expect(broken.height).toBeLessThan(witness.height)
  })

  it('stops when it leads and its sign-state cannot be written: another one leads', async () => {
    await start({ validators: 4 })
    const leader = await consortium.leader()
    const others = followersOf(leader)
    leader.signState.refuses = true
    const [witness] = others as [InProcessNode]
    const waiting = witness.commit([enrolPatient(newId())])
    await until(() => leader.failure !== null, 'the leader to fail')
    // Like the program: it ends. Alone its silence would do as well.
    await leader.stop()
    await waiting
    await consortium.converge(others)
  })

  it('stops when it cannot note the start of another validator', async () => {
    await start({ validators: 4 })
    const [returning, broken] = followersOf(await consortium.leader()) as [InProcessNode, InProcessNode]
    broken.signState.heard.refuses = true
    await returning.stop()
    await returning.start()
    await until(() => broken.failure !== null, 'the node to fail')
    expect(String(broken.failure)).toContain('heard starts: the disk refused a write')
  })

  it('loses its leadership while a write hangs, and follows when the disk is back', async () => {
    await start({ validators: 4 })
    const leader = await consortium.leader()
    const others = followersOf(leader)
    const disk = Promise.withResolvers<void>()
    leader.signState.stall = disk.promise
    const [witness] = others as [InProcessNode]
    await witness.commit([enrolPatient(newId())])
    const successor = await consortium.leader(others)
    disk.resolve()
    leader.signState.stall = null
    await leader.commit([enrolPatient(newId())])
    await consortium.converge()
    expect(leader.failure).toBe(null)
    // Awake again, it deposes nobody.
    expect(leader.isLeader).toBe(false)
    expect(successor.isLeader).toBe(true)
  })

  it('stops when its store refuses a write', async () => {
    const store = new FailingStore()
    consortium = new InProcessConsortium({ validators: 4 })
    consortium.node(3).store = store
    await consortium.start()
    await consortium.leader()
    store.refuses = true
    const others = consortium.nodes.slice(0, 3)
    await consortium.node(0).commit([enrolPatient(newId())])
    await until(() => consortium.node(3).failure !== null, 'the node to fail')
    expect(String(consortium.node(3).failure)).toContain('the disk is full')
    await consortium.node(1).commit([enrolPatient(newId())])
    await consortium.converge(others)
  })
})

describe('a submission', () => {
  it('that the state before its block refuses is INVALID with the code, and whoever waits is told', async () => {
    await start({ validators: 2 })
    const leader = await consortium.leader()
    await consortium.converge()
    const { submissions } = leader.participant.intake
    const institution = Uint8Array.fromHex(leader.keys.institution)
    const next = signingKey(newSeed())
    await leader.commit([
      { contract: 'registry', method: 'addKey', args: [institution, 'signing', Uint8Array.fromHex(next.publicKey)] },
    ])
    // Alone, the leader goes on proposing; nothing of it is certified.
    consortium.network.cut(consortium.node(0).self, consortium.node(1).self)
    const revocation = leader.sign([{ contract: 'registry', method: 'revokeKey', args: [institution, 0] }])
    submissions.submit(revocation.bytes)
    await until(() => leader.ledger.counters.uncommittedBlocks > 0, 'the revocation to be proposed')
    const late = leader.sign([enrolPatient(newId())])
    submissions.submit(late.bytes)
    const state = await submissions.settled(late.id, AbortSignal.timeout(20_000))
    expect(state).toEqual({ status: 'INVALID', reason: 'KEY_REVOKED' })
    expect(submissions.status(late.id)).toEqual(state)
    consortium.network.heal()
    await leader.settled(revocation.id)
  })
})

class FailingStore implements KeyValueStore {
  refuses = false
  readonly #store = new MemoryStore()
  get(key: Uint8Array): Uint8Array | undefined {
    return this.#store.get(key)
  }
  range(range: Parameters<KeyValueStore['range']>[0]): ReturnType<KeyValueStore['range']> {
    return this.#store.range(range)
  }
  async write(writes: readonly StoreWrite[], options: { readonly sync: boolean }): Promise<void> {
    if (this.refuses) throw new Error('the disk is full')
    await this.#store.write(writes, options)
  }
  snapshot(): ReturnType<KeyValueStore['snapshot']> {
    return this.#store.snapshot()
  }
  close(): Promise<void> {
    return this.#store.close()
  }
}
