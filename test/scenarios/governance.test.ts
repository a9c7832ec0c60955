// Institutions of a running consortium decide: each votes at its own node, and the call that decides has its effect on
// all of them.

import { fail } from 'node:assert/strict'
import { afterEach, describe, expect, it } from 'vitest'
import type { Hash } from '../../src/types/brand.ts'
import type { Value } from '../../src/types/canonical-value.ts'
import { InProcessConsortium, type InProcessNode, newId } from './in-process-consortium.ts'

let consortium: InProcessConsortium

afterEach(async () => {
  await consortium.stop()
  expect(consortium.nodes.map(({ failure }) => failure)).toEqual(consortium.nodes.map(() => null))
})

const idOf = ({ keys }: InProcessNode): Uint8Array => Uint8Array.fromHex(keys.institution)

/** Code of the only call of a committed transaction, and its value. */
function outcomeOf({ ledger }: InProcessNode, id: Hash): { code: string; value: Value } {
  const [call] = ledger.receipt(id)?.calls ?? []
  return call ?? fail('no receipt')
}

async function propose(node: InProcessNode, method: string, args: readonly Value[]): Promise<number> {
  const { code, value } = outcomeOf(node, await node.commit([{ contract: 'governance', method, args }]))
  return code === 'OK' ? (value as number) : fail(`${method}: ${code}`)
}

async function vote(node: InProcessNode, proposal: number, approves = true): Promise<{ code: string; value: Value }> {
  return outcomeOf(node, await node.commit([{ contract: 'governance', method: 'vote', args: [proposal, approves] }]))
}

describe('four institutions', () => {
  it('admit a fifth by three votes cast at once, which the regulator sees and has no part in', async () => {
    consortium = await new InProcessConsortium({ validators: 4, observers: 1 }).start()
    const [a, b, c, d, regulator] = consortium.nodes as [
      InProcessNode,
      InProcessNode,
      InProcessNode,
      InProcessNode,
      InProcessNode,
    ]
    const clinic = newId()
    const number = await propose(a, 'proposeAdmission', [clinic, 'clinic', 'Clinic', newId(), newId(), newId()])
    await consortium.converge()
    expect(await vote(regulator, number)).toMatchObject({ code: 'NOT_AN_INSTITUTION' })
    const votes = await Promise.all([b, c, d].map((node) => vote(node, number)))
    expect(votes.map(({ code, value }) => `${code} ${value}`).sort()).toEqual([
      'OK open',
      'OK passed',
      'PROPOSAL_ENDED null',
    ])
    await consortium.converge()
    for (const node of consortium.nodes) {
      expect(node.ask('registry', 'isMember', [clinic])).toBe(true)
      expect(node.ask('governance', 'proposal', [number])).toMatchObject({ status: 'passed' })
    }
  })

  it('decide on a set of validators: it stands in the state with its decision, and nobody shrinks the group below its b', async () => {
    consortium = await new InProcessConsortium({ validators: 4 }).start()
    const [a, b, c, d] = consortium.nodes as [InProcessNode, InProcessNode, InProcessNode, InProcessNode]
    const removal = a.sign([{ contract: 'governance', method: 'proposeRemoval', args: [idOf(d), false] }])
    a.participant.intake.submissions.submit(removal.bytes)
    await a.settled(removal.id)
    expect(outcomeOf(a, removal.id)).toMatchObject({ code: 'STALLS_NOT_ACCEPTED' })
    const number = await propose(a, 'proposeLiars', [0, false])
    await consortium.converge()
    expect(await vote(b, number)).toMatchObject({ value: 'open' })
    expect(await vote(c, number)).toMatchObject({ value: 'passed' })
    await consortium.converge()
    for (const node of consortium.nodes) {
      const set = node.ask('validators', 'find', [1]) as { members: readonly { seat: number }[] }
      expect(set).toMatchObject({ epoch: 1, b: 0, proposal: number })
      expect(set.members.map(({ seat }) => seat)).toEqual([0, 1, 2, 3])
    }
  })
})
