// A validator comes back from the past: its disk, or the whole machine, is as it was. It must not sign, must say so, and
// must keep nobody else from going on. Guards of the file itself (copies, other machines) are tested with real files; here
// the file looks genuine, as after the rollback of a virtual machine, and the others are all that can tell.

import { afterEach, describe, expect, it } from 'vitest'
import { decodeSignState } from '../../src/consensus/sign-state.ts'
import type { MemoryStore } from '../../src/ledger/memory-store.ts'
import { enrolPatient, InProcessConsortium, type InProcessNode, newId, until } from './in-process-consortium.ts'

let consortium: InProcessConsortium
afterEach(() => consortium.stop())

interface Image {
  readonly store: MemoryStore
  readonly content: Uint8Array | undefined
  readonly incarnation: number
  readonly heard: Uint8Array | undefined
}

/** What the machine's disk holds at this moment. */
const imageOf = ({ store, signState }: InProcessNode): Image => ({
  store: (store as MemoryStore).afterCrash({ lost: 0 }),
  content: signState.content,
  incarnation: signState.incarnation,
  heard: signState.heard.content,
})

/** The machine, stopped, is set back to its image. */
function rollBack(node: InProcessNode, { store, content, incarnation, heard }: Image): void {
  node.store = store
  node.signState.content = content
  node.signState.incarnation = incarnation
  node.signState.heard.content = heard
}

const commits = async (node: InProcessNode, count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await node.commit([enrolPatient(newId())])
}
const signingOf = ({ participant }: InProcessNode) => participant.standing.signing
const refusedFor = (node: InProcessNode): string => {
  const signing = signingOf(node)
  return signing.kind === 'refused' ? signing.refusal.code : signing.kind
}

async function start(validators: number): Promise<{ victim: InProcessNode; others: readonly InProcessNode[] }> {
  consortium = await new InProcessConsortium({ validators }).start()
  const leader = await consortium.leader()
  await commits(leader, 1)
  await consortium.converge()
  const victim = consortium.nodes.find((node) => node !== leader) as InProcessNode
  return { victim, others: consortium.nodes.filter((node) => node !== victim) }
}

describe('a validator', () => {
  it('waits for what the others know of it before it signs', async () => {
    consortium = new InProcessConsortium({ validators: 4 })
    const [first, second, third] = consortium.nodes as InProcessNode[]
    await first?.start()
    await second?.start()
    expect(signingOf(first as InProcessNode)).toEqual({ kind: 'greeting' })
    await third?.start()
    await until(
      () => [first, second, third].every((node) => signingOf(node as InProcessNode).kind === 'signing'),
      'three of four to sign',
    )
    await consortium.leader([first, second, third] as InProcessNode[])
  })

  it('that is set back to an earlier start is told by whoever remembers the later one', async () => {
    const { victim, others } = await start(4)
    await victim.stop()
    const image = imageOf(victim)
    // A start without anything signed is enough.
    await victim.start()
    await until(() => signingOf(victim).kind === 'signing', 'the victim to sign')
    await victim.stop()
    rollBack(victim, image)
    const before = victim.signState.content
    await victim.start()
    await until(() => refusedFor(victim) === 'SIGN_STATE_RIVAL', 'the rolled-back validator to fall silent')
    await until(() => victim.signState.refusal !== null, 'that to be on its disk')
    expect(victim.signState.refusal?.text).toMatch(/assent validator remove/)
    await commits(others[0] as InProcessNode, 3)
    expect(victim.signState.content).toBe(before)
    expect(victim.failure).toBe(null)
  })

  it('that is set back within one start learns from its own statements that others hold', async () => {
    const { victim, others } = await start(4)
    const image = imageOf(victim)
    await commits(victim, 5)
    await consortium.converge()
    await victim.stop()
    rollBack(victim, image)
    const before = victim.signState.content
    await victim.start()
    await until(() => signingOf(victim).kind === 'refused', 'the rolled-back validator to fall silent')
    expect(refusedFor(victim)).toBe('SIGN_STATE_BEHIND')
    // It signs nothing, the group goes on, and it follows.
    await commits(others[0] as InProcessNode, 3)
    await consortium.converge()
    expect(victim.signState.content).toBe(before)
    expect(victim.failure).toBe(null)
    expect(others.every((node) => node.failure === null)).toBe(true)
    // For good, over restarts.
    await victim.stop()
    await victim.start()
    expect(refusedFor(victim)).toBe('SIGN_STATE_BEHIND')
  })

  it('that has an old sign-state beside its newer ledger needs nobody to tell it', async () => {
    const { victim, others } = await start(4)
    const { content } = victim.signState
    await commits(victim, 5)
    await consortium.converge()
    await victim.stop()
    const acked = decodeSignState(victim.signState.content as Uint8Array).lastAck
    expect(acked).not.toEqual(decodeSignState(content as Uint8Array).lastAck)
    victim.signState.content = content
    await victim.start()
    expect(refusedFor(victim)).toBe('SIGN_STATE_BEHIND')
    await commits(others[0] as InProcessNode, 2)
    await consortium.converge()
  })

  it('that lost its disk, and begins as if it were new, is told that it is not', async () => {
    const { victim, others } = await start(4)
    await victim.stop()
    const fresh = new InProcessConsortium({ validators: 1 })
    const empty = fresh.node(0)
    rollBack(victim, imageOf(empty))
    await victim.start()
    await until(() => signingOf(victim).kind === 'refused', 'the emptied validator to fall silent')
    expect(victim.signState.content).toBe(undefined)
    await commits(others[0] as InProcessNode, 2)
  })

  it('that is set back together with others that remember is told by what they kept on disk', async () => {
    const { victim } = await start(4)
    await victim.stop()
    const image = imageOf(victim)
    await victim.start()
    await until(() => signingOf(victim).kind === 'signing', 'the victim to sign')
    await consortium.stop()
    rollBack(victim, image)
    for (const node of consortium.nodes) await node.start()
    await until(() => refusedFor(victim) === 'SIGN_STATE_RIVAL', 'the rolled-back validator to fall silent')
    const others = consortium.nodes.filter((node) => node !== victim)
    await consortium.leader(others)
    await commits(others[0] as InProcessNode, 2)
  })

  it('that has only crashed signs on, however often', async () => {
    const { victim, others } = await start(4)
    for (let i = 0; i < 5; i++) {
      await commits(others[0] as InProcessNode, 2)
      await victim.crash()
      await commits(others[0] as InProcessNode, 1)
      await victim.start()
      await until(() => signingOf(victim).kind === 'signing', 'the victim to sign')
    }
    expect(victim.signState.incarnation).toBe(6)
    await consortium.converge()
  })

  it('signs alone, where there is nobody to ask', async () => {
    consortium = await new InProcessConsortium({ validators: 1 }).start()
    const alone = consortium.node(0)
    await consortium.leader()
    await commits(alone, 2)
    await alone.crash()
    await alone.start()
    await consortium.leader()
    await commits(alone, 1)
  })
})
