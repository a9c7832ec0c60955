// The institutions change who signs the chain, on whole nodes that go on meanwhile.

import { afterEach, describe, expect, it } from 'vitest'
import { verifyReceipt } from '../../src/client/verify-receipt.ts'
import { missing } from '../../src/ledger/sign-state-refusal.ts'
import { newSeed, signingKey } from '../../src/node/key-file.ts'
import { NotAMember } from '../../src/node/participant.ts'
import type { Hash, PublicKey } from '../../src/types/brand.ts'
import type { Call } from '../../src/types/transaction.ts'
import { enrolPatient, InProcessConsortium, type InProcessNode, newId, until } from './in-process-consortium.ts'

let consortium: InProcessConsortium

afterEach(async () => {
  await consortium.stop()
  expect(consortium.nodes.map(({ failure }) => failure).filter((failure) => failure !== null)).toEqual([])
})

const start = (options: ConstructorParameters<typeof InProcessConsortium>[0]) => {
  consortium = new InProcessConsortium(options)
  return consortium.start()
}

const bytes = (hex: string): Uint8Array => Uint8Array.fromHex(hex)
const govern = (method: string, ...args: Call['args']): Call => ({ contract: 'governance', method, args })

/** Proposed by one, approved by the others until it passes. */
async function decide(by: InProcessNode, call: Call): Promise<Hash> {
  const id = await by.commit([call])
  const [receipt] = by.ledger.receipt(id)?.calls ?? []
  expect(receipt).toMatchObject({ status: 'ok' })
  const proposal = receipt?.value as number
  for (const node of consortium.nodes) {
    const isOpen = (by.ask('governance', 'proposal', [proposal]) as { status: string }).status === 'open'
    if (!isOpen) break
    if (node === by || node.keys.consensus === null || !node.isRunning) continue
    const vote = await node.commit([govern('vote', proposal, true)])
    expect(node.ledger.receipt(vote)?.calls).toMatchObject([{ status: 'ok' }])
    await until(() => by.height >= node.height, 'the vote everywhere')
  }
  expect(by.ask('governance', 'proposal', [proposal])).toMatchObject({ status: 'passed' })
  return id
}

/** Everybody who runs knows this epoch, and somebody's transaction is certified in it. */
async function inEpoch(epoch: number): Promise<Hash> {
  const running = consortium.nodes.filter(({ isRunning }) => isRunning)
  await until(() => running.every(({ ledger }) => ledger.epoch === epoch), `epoch ${epoch} everywhere`)
  const id = await (running[0] as InProcessNode).commit([enrolPatient(newId())])
  await consortium.converge(running)
  return id
}

const seats = (node: InProcessNode): number[] => node.ledger.validators.members.map(({ seat }) => seat)

describe('an institution that follows', () => {
  it('gets a seat and signs, without a restart, and is needed from then on', async () => {
    await start({ validators: 3, learners: 1 })
    const learner = consortium.node(3)
    expect(learner.participant.standing.signing).toEqual({ kind: 'unseated', reason: 'NO_SEAT' })
    const { consensus } = learner.keys
    await decide(learner, govern('proposeValidator', bytes(consensus?.publicKey ?? ''), false))
    const id = await inEpoch(1)
    await until(() => learner.isSigning, 'the new validator to sign')
    expect(seats(learner)).toEqual([0, 1, 2, 3])

    // q = 3 of 4: with one of the founders gone, its acks count.
    const [gone, other] = consortium.nodes as [InProcessNode, InProcessNode]
    await gone.stop()
    await other.commit([enrolPatient(newId())])
    await learner.commit([enrolPatient(newId())])

    const proof = other.ledger.receiptProof(id)
    expect(proof?.epochs).toHaveLength(1)
    if (proof === undefined) throw new Error('no proof')
    expect(verifyReceipt(proof, consortium.genesis).receipt.transactionId).toBe(id)
    expect(() => verifyReceipt({ ...proof, epochs: [] }, consortium.genesis)).toThrow(/epochs/)
  })

  it('joins a chain of one validator, and the chain needs both', async () => {
    await start({ validators: 1, learners: 1 })
    const [founder, learner] = consortium.nodes as [InProcessNode, InProcessNode]
    await decide(learner, govern('proposeValidator', bytes(learner.keys.consensus?.publicKey ?? ''), false))
    await inEpoch(1)
    await until(() => founder.isSigning && learner.isSigning, 'both to sign')
    await learner.commit([enrolPatient(newId())])
  })
})

describe('a validator that is removed', () => {
  it('signs nothing more, says why, and follows on', async () => {
    await start({ validators: 4 })
    const leader = await consortium.leader()
    const other = consortium.nodes.find((node) => node !== leader) as InProcessNode
    await decide(other, govern('proposeRemoval', bytes(leader.keys.institution), true))
    await inEpoch(1)
    await until(() => leader.participant.standing.signing.kind === 'unseated', 'the removed leader to stop')
    expect(leader.participant.standing.signing).toEqual({ kind: 'unseated', reason: 'NO_SEAT' })
    await leader.commit([enrolPatient(newId())])
    await consortium.converge()

    // It starts again as one that follows, and gets a seat again: another one, for another key.
    await leader.stop()
    await leader.start()
    await until(() => leader.height === other.height, 'the removed member to follow')
    const key = leader.addConsensusKey()
    await decide(leader, govern('proposeValidator', bytes(key), true))
    await inEpoch(2)
    await until(() => leader.isSigning, 'the member that is back to sign')
    expect(seats(other)).toHaveLength(4)
    expect(seats(other)).toContain(4)
  })

  it('stops, and says why, when its institution is expelled, too', async () => {
    await start({ validators: 4 })
    const [other, expelled] = consortium.nodes as [InProcessNode, InProcessNode]
    const { institution } = expelled.keys
    await decide(other, govern('proposeRemoval', bytes(institution), true))
    await inEpoch(1)
    await until(() => !expelled.isSigning, 'it to sign nothing more')
    await decide(other, govern('proposeExpulsion', bytes(institution)))
    await until(() => expelled.failure !== null, 'the expelled node to stop')
    expect(expelled.failure).toBeInstanceOf(NotAMember)
    await expelled.stop()
    expelled.failure = null
    await other.commit([enrolPatient(newId())])
  })

  it('learns of it when it was down meanwhile', async () => {
    await start({ validators: 4 })
    const [gone, other] = consortium.nodes as [InProcessNode, InProcessNode]
    await other.commit([enrolPatient(newId())])
    await gone.stop()
    await decide(other, govern('proposeRemoval', bytes(gone.keys.institution), true))
    await inEpoch(1)
    await gone.start()
    await until(() => gone.participant.standing.signing.kind === 'unseated', 'the removed member to learn of it')
    await other.commit([enrolPatient(newId())])
    await consortium.converge()
  })
})

describe('a consensus key', () => {
  it('is replaced on every node, one epoch each, while the chain goes on', async () => {
    await start({ validators: 3 })
    for (const [i, node] of consortium.nodes.entries()) {
      const key = node.addConsensusKey()
      await decide(node, govern('proposeKey', bytes(key)))
      await inEpoch(i + 1)
      await until(() => node.isSigning, 'the new key to sign')
      expect(seats(node)).toContain(3 + i)
    }
    for (const node of consortium.nodes) await node.crash()
    for (const node of consortium.nodes) await node.start()
    const id = await consortium.node(1).commit([enrolPatient(newId())])
    const proof = consortium.node(1).ledger.receiptProof(id)
    expect(proof?.epochs).toHaveLength(3)
    expect(proof && verifyReceipt(proof, consortium.genesis).receipt.transactionId).toBe(id)
  })
})

describe('a consensus key that was replaced while its node was down', () => {
  const replaceWhileDown = async () => {
    await start({ validators: 3 })
    // Its own ledger holds headers by its first key.
    const away = await consortium.leader()
    const others = consortium.nodes.filter((node) => node !== away)
    const key = away.addConsensusKey()
    const id = await away.commit([govern('proposeKey', bytes(key))])
    const proposal = away.ledger.receipt(id)?.calls[0]?.value as number
    await away.commit([enrolPatient(newId())])
    await away.stop()
    for (const voter of others) {
      const isOpen = (voter.ask('governance', 'proposal', [proposal]) as { status: string }).status === 'open'
      if (isOpen) await voter.commit([govern('vote', proposal, true)])
    }
    await inEpoch(1)
    return { away, others, key }
  }

  it('is bound by what was signed under the one before', async () => {
    const { away, key } = await replaceWhileDown()
    expect(away.signState.content).toBeDefined()
    await away.start()
    await until(() => away.isSigning && seats(away).includes(3), 'the new key to sign')
    expect(away.signStateOf(key).beginning).toEqual(away.signState.content)
    await away.commit([enrolPatient(newId())])
  })

  it('is silenced for good where its own ledger shows more by the one before than was kept of it', async () => {
    const { away, others, key } = await replaceWhileDown()
    await away.start()
    await until(() => away.isSigning && seats(away).includes(3), 'the new key to sign')
    await away.stop()
    for (const file of [away.signState, away.signStateOf(key)]) file.content = undefined
    await away.start()
    expect(away.participant.standing.signing.kind).toBe('refused')
    expect(away.signStateOf(key).refusal?.code).toBe('SIGN_STATE_BEHIND')
    expect(away.signStateOf(key).refusal?.text).toMatch(
      /the key that this one replaces.*the own ledger holds an? (header|ack|vote|promise)/,
    )
    expect(away.signStateOf(key).content).toBe(undefined)
    await (others[0] as InProcessNode).commit([enrolPatient(newId())])
    await consortium.converge()
  })

  it('signs nothing where that is not known; with another key, in a new seat, it does', async () => {
    const { away, others, key } = await replaceWhileDown()
    away.signState.refusal = missing('sign-state')
    await away.start()
    await until(() => away.participant.standing.signing.kind === 'refused' && seats(away).includes(3), 'its refusal')
    const [other] = others as [InProcessNode]
    await other.commit([enrolPatient(newId())])
    await consortium.converge()
    expect(away.signStateOf(key).content).toBe(undefined)

    await decide(other, govern('proposeRemoval', bytes(away.keys.institution), true))
    await inEpoch(2)
    const next = away.addConsensusKey()
    await decide(away, govern('proposeValidator', bytes(next), true))
    await inEpoch(3)
    await until(() => away.isSigning, 'the next key to sign')
    expect(away.signStateOf(key).content).toBe(undefined)
    await away.commit([enrolPatient(newId())])
  })
})

describe('a transport key', () => {
  it('is rotated with overlap: the old one counts until it is revoked', async () => {
    await start({ validators: 3 })
    const [rotating, other] = consortium.nodes as [InProcessNode, InProcessNode]
    const seed = newSeed()
    const transport = { publicKey: signingKey(seed).publicKey, seed: Uint8Array.fromHex(seed) }
    const { institution } = rotating.keys
    const register = (method: string, ...args: Call['args']): Call => ({ contract: 'registry', method, args })
    await rotating.commit([register('addKey', bytes(institution), 'transport', bytes(transport.publicKey))])
    await rotating.commit([enrolPatient(newId())])
    await consortium.converge()

    await rotating.stop()
    rotating.keys = { ...rotating.keys, transport }
    await rotating.start()
    await rotating.commit([enrolPatient(newId())])
    await until(() => rotating.isSigning, 'it signs behind its new key')
    const own = rotating.running.membership.transportKeysOf(institution)
    expect(own).toHaveLength(2)
    const old = own.find((key: PublicKey) => key !== transport.publicKey)
    const keys = rotating.ask('registry', 'keysOf', [bytes(institution), 'transport']) as unknown as {
      keyId: number
      key: Uint8Array
    }[]
    const oldId = keys.find(({ key }) => key.toHex() === old)?.keyId as number
    await other.commit([enrolPatient(newId())])
    await rotating.commit([register('revokeKey', bytes(institution), oldId)])
    await until(() => other.running.membership.institutionOf(old as PublicKey) === null, 'the old key to end')
    await rotating.commit([enrolPatient(newId())])
    await consortium.converge()
  })
})

describe('a new institution', () => {
  it('is admitted, fetches the chain from its bootstrap peers, and becomes a validator', async () => {
    await start({ validators: 3 })
    const newcomer = consortium.newcomer('Institution 4')
    await newcomer.start()
    const { institution, signing, encryption, transport, consensus } = newcomer.keys
    expect(newcomer.height).toBe(0)
    const founder = consortium.node(0)
    await decide(
      founder,
      govern(
        'proposeAdmission',
        bytes(institution),
        'hospital',
        newcomer.name,
        bytes(signing.publicKey),
        bytes(encryption.publicKey),
        bytes(transport.publicKey),
      ),
    )
    await until(() => newcomer.height === founder.height, 'the newcomer to have the chain')
    expect(newcomer.participant.standing.signing).toEqual({ kind: 'unseated', reason: 'NO_SEAT' })
    await decide(newcomer, govern('proposeValidator', bytes(consensus?.publicKey ?? ''), false))
    await inEpoch(1)
    await until(() => newcomer.isSigning, 'the newcomer to sign')
    await newcomer.commit([enrolPatient(newId())])
    await consortium.converge()
  })
})
