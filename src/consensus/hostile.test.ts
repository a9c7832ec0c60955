// Any sequence of well-formed messages from members, honest signatures in senseless places, even certificates that
// contradict each other: the core never throws, and what it keeps stays bounded.

import { describe, expect, it } from 'vitest'
import type { Block } from '../types/block.ts'
import type { Seat } from '../types/brand.ts'
import type { LeaderCert } from '../types/certificate.ts'
import type { Occurrence } from './events.ts'
import { createTransaction } from './fakes.test-support.ts'
import type { From, Message } from './messages.ts'
import {
  append,
  draft,
  Group,
  genesis,
  Node,
  positionOfBlock,
  preVoteRequest,
  reply,
  signedHeaders,
  voteRequest,
} from './node.test-support.ts'

const group = new Group(4)

/** Chance from a seed: linear congruential, high bits. */
function createChance(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

/** A world of blocks on many branches, with certificates for all of them. */
function createWorld(
  below: (limit: number) => number,
  leaders: number,
): { blocks: Block[]; leaderCerts: LeaderCert[] } {
  const blocks = [genesis]
  const leaderCerts: LeaderCert[] = []
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T
  for (let term = 1; term <= 6; term++) {
    const leaderCert = group.leaderCert(term, { leader: below(leaders), tip: pick(blocks) })
    leaderCerts.push(leaderCert)
    let parent = blocks.find(({ hash }) => hash === leaderCert.tip.hash) ?? genesis
    for (let count = below(5); count > 0; count--) {
      const transactions = below(2) === 0 ? [] : [createTransaction(below(9))]
      const block = group.block(leaderCert, parent, { transactions, timeMs: parent.header.timeMs + 1 + below(9) })
      blocks.push(block)
      if (below(3) > 0) parent = block
    }
  }
  return { blocks, leaderCerts }
}

/** Mostly plausible: a leader with its certificate and a chain, now and then with a piece exchanged. */
function createMessages(below: (limit: number) => number, leaders: number): () => From<Message> {
  const { blocks, leaderCerts } = createWorld(below, leaders)
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T
  const seldom = <T>(strange: T, usual: T): T => (below(8) === 0 ? strange : usual)
  const chainTo = (block: Block): Block[] => {
    const parent = blocks.find(({ hash }) => hash === block.header.parentHash)
    return parent === undefined ? [] : [...chainTo(parent), block]
  }
  return () => {
    const block = pick(blocks)
    const chain = chainTo(block)
    const certified = seldom(pick(blocks), pick([genesis, ...chain]))
    const leaderCert = pick(leaderCerts)
    const term = seldom(group.term(below(8)), leaderCert.term)
    const commitCert = certified === genesis || below(3) > 0 ? null : group.commitCert(certified)
    const from = group.member(seldom(below(4), leaderCert.candidate))
    switch (below(16)) {
      case 0: {
        const status = pick(['matched', 'missing', 'unknownLeader'] as const)
        const acks = chain.map((acked) => group.ack(acked, seldom(below(4), from)))
        return { from, message: reply(block, { term, status, certified: positionOfBlock(certified), acks }) }
      }
      case 1: {
        const above = chain.filter(({ header }) => commitCert === null || header.height > certified.header.height)
        const tipCert = leaderCerts.find((certificate) => certificate.term === block.header.term) ?? null
        const request = { commitCert, headers: signedHeaders(...above), leaderCert: seldom(leaderCert, tipCert) }
        const transfer = seldom(group.transferNotice(term, { by: below(4), target: from }), null)
        const asked = seldom(preVoteRequest(below(8), block, request), null)
        return { from, message: asked ?? voteRequest(below(8), block, { ...request, transfer }) }
      }
      case 2:
        return { from, message: group.signedVote(group.vote(term, { candidate: below(4), tip: block }), from) }
      case 3:
        return { from, message: group.promise(term, seldom(below(4), from)) }
      case 4:
        return { from, message: { kind: 'staleTerm', term, leaderCert: seldom(null, leaderCert) } }
      case 5:
        return { from, message: { kind: 'preVote', term } }
      case 6: {
        const transfer = group.transferNotice(term, { by: seldom(below(4), from), target: below(4) })
        return { from, message: { kind: 'timeoutNow', transfer } }
      }
      case 7: {
        const lastAck = seldom(null, signedHeaders(block)[0] ?? null)
        if (below(2) === 0) return { from, message: { kind: 'readIndexRequest', id: below(9) } }
        return { from, message: { kind: 'readIndexAnswer', id: below(9), lastAck } }
      }
      default:
        return {
          from,
          message: {
            kind: 'append',
            term,
            leaderCerts: seldom([], leaderCerts),
            previous: positionOfBlock(seldom(pick(blocks), genesis)),
            blocks: seldom([], chain),
            commitCert,
          },
        }
    }
  }
}

describe('step()', () => {
  it('survives any sequence of well-formed messages and events', () => {
    const seen = new Set<string>()
    for (let seed = 1; seed <= 150; seed++) {
      const below = createChance(seed)
      // Members 0 to 2 have signed all that there is. Where that includes the core itself, it is soon silenced.
      const isStranger = seed % 4 > 0
      const next = createMessages(below, isStranger ? 3 : 4)
      const node = new Node(group, { self: isStranger ? 3 : below(4) })
      const waiting: Block[] = []
      let readCount = 0
      const member = (): Seat => group.member(below(5))
      const occurrence = (): Occurrence => {
        const block = waiting.shift()
        if (block !== undefined && below(4) > 0) {
          const verdict =
            below(8) === 0
              ? ({ kind: 'invalid', reason: 'test' } as const)
              : ({ kind: 'valid', nextSet: null } as const)
          return { kind: 'executed', blockHash: block.hash, verdict }
        }
        const tip = node.state.tree.entries.get(node.state.tipHash)?.block ?? genesis
        switch (below(12)) {
          case 0: {
            const timer =
              below(20) === 0
                ? 'election'
                : (['heartbeat', 'quorum', 'progress', 'vote', 'askers', 'heeded', 'transfer', 'read', 'ack'] as const)[
                    below(9)
                  ]
            return { kind: 'timeout', timer: timer ?? 'ack', isWorkWaiting: below(2) === 0 }
          }
          case 1:
            return { kind: 'peerDisconnected', member: member() }
          case 2:
            return { kind: 'peerConnected', member: group.member(below(4)) }
          case 3:
            return draft(tip, below(3))
          case 5:
            if (below(2) === 0) return { kind: 'transfer', target: below(3) === 0 ? null : member() }
            return { kind: 'readIndex', id: readCount++ }
          case 4: {
            const { from, message } = next()
            if (message.kind !== 'append' || message.commitCert === null) return { kind: 'syncFailed', from }
            return { ...message, kind: 'synced', from, commitCert: message.commitCert }
          }
          default:
            return { kind: 'received', ...next() }
        }
      }
      for (let count = 0; count < 400; count++) {
        for (const effect of node.effects(occurrence())) {
          seen.add(effect.kind)
          if (effect.kind === 'execute') waiting.push(effect.block)
        }
      }
      expect(node.state.tree.entries.size).toBeLessThan(120)
      expect(node.state.leaderCerts.size).toBeLessThan(60)
    }
    // The walk has been everywhere.
    expect([...seen].sort()).toEqual([
      'cancelTimer',
      'commit',
      'diverged',
      'evidence',
      'execute',
      'invalidBlock',
      'misbehaviour',
      'moveTip',
      'needSync',
      'persistBlock',
      'persistLeaderCert',
      'persistSignState',
      'readReady',
      'returned',
      'roleChanged',
      'send',
      'setTimer',
      'silenced',
      'transferFailed',
    ])
  })

  it('stores one LeaderCert of a term, in however many forms its votes are shown', () => {
    const large = new Group(7)
    const node = new Node(large, { self: 6 })
    const others = [0, 1, 2, 3, 4, 5]
    const stored: string[] = []
    for (const left of others) {
      const leaderCert = large.leaderCert(1, {
        leader: 0,
        tip: genesis,
        signers: others.filter((seat) => seat !== left),
      })
      stored.push(...node.receive(1, { kind: 'staleTerm', term: large.term(1), leaderCert }))
      stored.push(...node.receive(0, append(leaderCert, { previous: positionOfBlock(genesis) })))
    }
    expect(node.state.leaderCerts.size).toBe(others.length)
    expect(stored.filter((line) => line.startsWith('persistLeaderCert'))).toEqual(['persistLeaderCert term 1 of 0'])
  })

  it('stores the LeaderCert that a block names, whichever form was shown first', () => {
    const large = new Group(7)
    const node = new Node(large, { self: 6 })
    const certBy = (...signers: number[]) => large.leaderCert(1, { leader: 0, tip: genesis, signers })
    const [shown, named] = [certBy(0, 1, 2, 3, 4), certBy(0, 1, 2, 3, 5)]
    const block = large.block(named, genesis)
    node.receive(0, append(shown, { previous: positionOfBlock(genesis) }))
    node.receive(0, append(named, { previous: positionOfBlock(genesis), blocks: [block] }))
    expect(node.executed(block).slice(0, 2)).toEqual(['persistLeaderCert term 1 of 0', 'persistBlock 1/1'])
  })
})
