// Who is believed to be registered further up the chain, and for how long.

import { describe, expect, it } from 'vitest'
import { bytesOf, chainId, createLedger, idOf, put, removal, transaction } from '../ledger/consortium.fixture.ts'
import { createIntroduction } from '../ledger/create-introduction.ts'
import { verifierOf } from '../ledger/replay-chain.ts'
import { STRANGERS_MAX } from '../p2p/limits.ts'
import type { Epoch, Height, PublicKey } from '../types/brand.ts'
import { toBytes } from '../types/canonical.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import { type Introduction, introductionCodec } from '../types/introduction.ts'
import { Membership } from './membership.ts'
import { ReceptionDesk } from './reception-desk.ts'
import { quietLog } from './wire.test-support.ts'

const key = (name: string): PublicKey => idOf(name) as unknown as PublicKey
const clock = { nowMs: () => 0, random: () => 0 }

/** A node at height 0, and what a member at height 2, in epoch 1, has to show to it. */
async function world() {
  const ahead = await createLedger()
  const addKey = { contract: 'registry', method: 'addKey', args: [bytesOf('Alpha'), 'transport', bytesOf('new key')] }
  await ahead.proposer.commit([transaction([addKey]), removal('Delta')])
  await ahead.proposer.commit([put('one')], { epoch: 1 as Epoch })
  const to = { epoch: 0 as Epoch, height: 0 as Height }
  const whole = createIntroduction(ahead.ledger, { transportKey: key('new key'), to }) as Introduction

  const { ledger, proposer } = await createLedger()
  const membership = new Membership({ ledger, clock, bootstrap: [] })
  membership.isOpenToStrangers = () => true
  const expiries: (() => void)[] = []
  let rechecks = 0
  const desk = new ReceptionDesk({
    ledger,
    membership,
    verifier: { ...verifierOf(ledger), chainId },
    transport: {
      handleRequests: () => undefined,
      recheck() {
        rechecks++
      },
    },
    timers: {
      after(_delayMs: number, run: () => void) {
        expiries.push(run)
        return () => undefined
      },
      afterInput: () => undefined,
      every: () => () => undefined,
    },
    log: quietLog,
  })
  return {
    whole,
    ahead,
    ledger,
    proposer,
    membership,
    expire: () => {
      for (const run of expiries.splice(0)) run()
    },
    say: (introduction: Introduction | null, peer = key('new key')) =>
      desk.answer(peer, toBytes(introductionCodec, introduction)),
    rechecks: () => rechecks,
    desk,
  }
}

describe('ReceptionDesk', () => {
  it('says how far the node is, and takes a peer that shows its registration for a bootstrap peer', async () => {
    const { say, whole, membership, rechecks } = await world()
    expect(say(null)).toEqual({ isKnown: false, epoch: 0, height: 0, fault: null })
    expect(say(whole)).toEqual({ isKnown: true, epoch: 1, height: 0, fault: null })
    expect(membership.classify(key('new key'))).toBe('bootstrap')
    expect([membership.introduced, rechecks()]).toEqual([1, 1])
    expect(say(null)).toMatchObject({ isKnown: true })
  })

  it('remembers the validators that a peer has shown, for its next message', async () => {
    const { say, whole } = await world()
    expect(say({ ...whole, registration: null })).toEqual({ isKnown: false, epoch: 1, height: 0, fault: null })
    expect(say(null)).toMatchObject({ epoch: 1 })
    expect(say({ links: [], registration: whole.registration })).toMatchObject({ isKnown: true })
  })

  it('takes nothing that another peer has shown for the word of this one', async () => {
    const { say, whole, membership } = await world()
    say({ ...whole, registration: null }, key('somebody else'))
    expect(say({ links: [], registration: whole.registration })).toMatchObject({
      isKnown: false,
      fault: /foreignEpoch/,
    })
    expect(say(whole, key('a thief'))).toMatchObject({ fault: /the transport key is not in the state/ })
    expect(membership.introduced).toBe(0)
  })

  it('listens no further to a peer whose words are wrong, until it comes again', async () => {
    const { say, whole, expire } = await world()
    const { fault } = say({ links: [], registration: null })
    expect(fault).toBe('it shows nothing')
    expect(say(whole)).toMatchObject({ isKnown: false, fault })
    expire()
    expect(say(whole)).toMatchObject({ isKnown: true })
  })

  it('gives as many audiences as there may be strangers, and refuses what is no introduction', async () => {
    const { say, whole, expire, desk } = await world()
    for (let i = 0; i < STRANGERS_MAX; i++) say({ ...whole, registration: null }, key(`${i}`))
    expect(say(whole)).toMatchObject({ isKnown: false, fault: 'too many introduce themselves' })
    expire()
    expect(say(whole)).toMatchObject({ isKnown: true })
    expect(() => desk.answer(key('x'), Uint8Array.of(1, 2, 3))).toThrow(DecodeError)
  })

  it('believes it until the own chain is there; then the registry knows', async () => {
    const { say, whole, membership, proposer, ledger } = await world()
    say(whole)
    await proposer.commit([put('another one')])
    expect(membership.classify(key('new key'))).toBe('bootstrap')
    await proposer.commit([put('and another')])
    expect(ledger.head.header.height).toBe(2)
    expect(membership.classify(key('new key'))).toBe('stranger')
    expect(membership.introduced).toBe(0)
    membership.isOpenToStrangers = () => false
    expect(membership.classify(key('new key'))).toBe('refused')
  })
})

describe('Membership', () => {
  it('remembers a bounded number of keys that introduced themselves: those that are furthest along', async () => {
    const { membership } = await world()
    for (let i = 1; i <= 20; i++) membership.introduce(key(`${i}`), i as Height)
    expect(membership.introduced).toBe(16)
    expect(membership.classify(key('4'))).toBe('stranger')
    expect(membership.classify(key('5'))).toBe('bootstrap')
    membership.introduce(key('old'), 2 as Height)
    expect(membership.classify(key('old'))).toBe('stranger')
    expect(membership.classify(key('20'))).toBe('bootstrap')
  })
})
