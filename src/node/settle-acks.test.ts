// What a validator keeps of its last ack before a snapshot takes the place of the ledger that knew.

import { describe, expect, it } from 'vitest'
import { Group, genesis, Node, tipOfBlock } from '../consensus/node.test-support.ts'
import { decodeSignState, EMPTY_SIGN_STATE, encodeSignState, type SignState } from '../consensus/sign-state.ts'
import type { SignStateFile } from '../ledger/sign-state-file.ts'
import type { Block } from '../types/block.ts'
import type { Hash } from '../types/brand.ts'
import { ackedHeights, settleAcks } from './settle-acks.ts'

const group = new Group(4)
const cert = group.leaderCert(1, { leader: 0, tip: genesis })
const [a1, twin1] = [group.block(cert, genesis), group.block(cert, genesis, { timeMs: genesis.header.timeMs + 7 })]
const a2 = group.block(cert, a1)
const twin2 = group.block(cert, twin1)
const a3 = group.block(cert, a2)

class File {
  content: Uint8Array | undefined
  writes = 0

  constructor(signState: SignState | null) {
    this.content = signState === null ? undefined : encodeSignState(signState)
  }

  async write(content: Uint8Array): Promise<void> {
    this.content = content
    this.writes++
  }
}

const acked = (...path: readonly Block[]): SignState => ({
  ...EMPTY_SIGN_STATE,
  term: group.term(1),
  lastAck: tipOfBlock(path.at(-1) as Block),
  ackedPath: path.map(tipOfBlock),
})
const chain =
  (...blocks: readonly Block[]) =>
  (height: number): Hash | undefined =>
    blocks.find(({ header }) => header.height === height)?.hash

async function settled(file: File, hashAt: (height: number) => Hash | undefined): Promise<SignState> {
  await settleAcks([file as unknown as SignStateFile], hashAt)
  return decodeSignState(file.content as Uint8Array)
}

/** It starts again, and of the blocks below the third nothing is kept. */
const restarted = (signState: SignState): Node['state'] =>
  new Node(group, {
    self: 3,
    restored: { certified: { block: a3, commitCert: group.commitCert(a3) }, leaderCerts: [cert], signState },
  }).state

describe('before a snapshot is taken', () => {
  it('asks what became of every block that the last ack is about', () => {
    const files = [new File(acked(a1, a2)), new File(null)] as unknown as readonly SignStateFile[]
    expect(ackedHeights(files)).toEqual([1, 2])
  })

  it('remembers that its ack was certified, and goes on acking in that term', async () => {
    const signState = acked(a1, a2)
    expect(restarted(signState).ackStanding).toBe('superseded')
    expect(restarted(await settled(new File(signState), chain(a1, a2))).ackStanding).toBe('certified')
  })

  it('remembers where its branch left the chain', async () => {
    const signState = await settled(new File(acked(twin1, twin2)), chain(a1, a2))
    expect(signState.branch).toEqual(tipOfBlock(twin1))
    expect(restarted(signState).ackStanding).toBe('superseded')
  })

  it('writes nothing where the snapshot says nothing new', async () => {
    const [unknown, empty] = [new File(acked(a1, a2)), new File(EMPTY_SIGN_STATE)]
    await settled(unknown, chain(a1))
    await settled(empty, chain(a1, a2))
    expect([unknown.writes, empty.writes]).toEqual([0, 0])
  })
})
