import { describe, expect, it } from 'vitest'
import type { Block } from '../types/block.ts'
import type { Seat } from '../types/brand.ts'
import { coverOwnBlocks } from './cover-own-blocks.ts'
import { Group, genesis, Node, tipOfBlock } from './node.test-support.ts'
import { EMPTY_SIGN_STATE, type SignState } from './sign-state.ts'

const group = new Group(4)
const seat = 0 as Seat
const cert1 = group.leaderCert(1, { leader: 0, tip: genesis })
const a1 = group.block(cert1, genesis)
const a2 = group.block(cert1, a1)
const a3 = group.block(cert1, a2)

const vote = group.vote(1, { candidate: 0, tip: genesis })
const led = (lastAck: Block | null, path: readonly Block[] = []): SignState => ({
  ...EMPTY_SIGN_STATE,
  term: group.term(1),
  vote,
  promise: null,
  lastAck: lastAck && tipOfBlock(lastAck),
  ackedPath: path.map(tipOfBlock),
})
const cover = (signState: SignState, uncommitted: readonly Block[], isAlone = false) =>
  coverOwnBlocks(signState, { seat, uncommitted, isAlone })

describe('coverOwnBlocks()', () => {
  it('leaves a sign-state alone that covers what is there', () => {
    const signState = led(a3)
    expect(cover(signState, [a1, a2, a3])).toBe(signState)
    expect(cover(signState, [])).toBe(signState)
  })

  it('brings it up to the last own block, after a crash between block and sign-state', () => {
    expect(cover(led(a1), [a1, a2, a3])).toEqual(led(a3, [a1, a2, a3]))
    expect(cover(led(null), [a1])).toEqual(led(a1, [a1]))
  })

  it('is not concerned with blocks of others', () => {
    const other = group.leaderCert(2, { leader: 1, tip: a1 })
    const signState = led(a1)
    expect(cover(signState, [a1, group.block(other, a1)])).toBe(signState)
  })

  it('knows that no crash explains blocks of a term that it did not lead, or left', () => {
    expect(cover({ ...led(null), vote: null }, [a1])).toBe(null)
    expect(cover({ ...led(null), vote: { ...vote, candidate: 1 as Seat } }, [a1])).toBe(null)
    expect(cover({ ...led(a1), vote: group.vote(2, { candidate: 0, tip: a1 }) }, [a1, a2])).toBe(null)
    const promise = { chainId: vote.chainId, epoch: vote.epoch, term: group.term(2), lastAck: null }
    expect(cover({ ...led(a1), promise }, [a1, a2])).toBe(null)
  })

  it('takes a single validator as it is: vote and block reach its disk before the sign-state', () => {
    expect(cover({ ...led(null), vote: null }, [a1], true)?.lastAck).toEqual(tipOfBlock(a1))
  })

  it('a core that starts counts such a block as acked', () => {
    const node = new Node(group, {
      self: 0,
      restored: { uncommitted: [a1, a2], leaderCerts: [cert1], signState: led(a1) },
    })
    expect(node.state.signState.lastAck).toEqual(tipOfBlock(a2))
  })
})
