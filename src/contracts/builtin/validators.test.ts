// Sets and seats, as the institutions change them: spec/contracts.md, "validators".

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quorum } from '../../types/validator-set.ts'
import type { Json } from '../abi.ts'
import {
  Consortium,
  consensusKeyOf,
  hospitalA,
  hospitalB,
  id,
  laboratory,
  patient,
  regulator,
  signingKeyOf,
} from './consortium.test-support.ts'

interface SetView {
  readonly epoch: number
  readonly b: number
  readonly members: readonly {
    readonly seat: number
    readonly institution: string
    readonly consensus: string
    readonly governance: string
  }[]
  readonly height: number
  readonly at: number
  readonly proposal: number | null
}

/** A consortium that decides: everybody votes for whatever is proposed. */
class Voting extends Consortium {
  voters: string[] = [hospitalA, hospitalB, laboratory]

  /** `ok`, or the code with which the proposal or the deciding vote was refused. */
  decide(sender: string, method: string, fields: { readonly [name: string]: Json }): string {
    const proposed = this.attempt(sender, `governance.${method}`, fields)
    if (proposed.status === 'refused') return proposed.code
    const proposal = proposed.value as number
    for (const voter of this.voters) {
      if (this.ended(proposal)) return 'ok'
      const code = this.code(voter, 'governance.vote', { proposal, approves: true })
      if (code === 'ok') continue
      this.act(sender, 'governance.withdraw', { proposal })
      return code
    }
    return this.ended(proposal) ? 'ok' : 'open'
  }

  private ended(number: number): boolean {
    return (this.ask('governance.proposal', { number }) as { status: string }).status !== 'open'
  }

  admit(name: string): string {
    const institution = id(name)
    const keys = { signing: id(`${name} 1`), encryption: id(`${name} 2`), transport: id(`${name} 3`) }
    this.decide(hospitalA, 'proposeAdmission', { institution, kind: 'clinic', name, ...keys })
    this.voters.push(institution)
    return institution
  }

  /** The pending set comes into force. */
  enterEpoch(): void {
    this.pass(1_000)
    this.epoch = this.newest().epoch
  }

  newest(): SetView {
    return this.ask('validators.newest') as unknown as SetView
  }
}

const seats = ({ members }: SetView) => members.map(({ seat }) => seat)

describe('the set of the founders', () => {
  it('has a seat for each founder with a consensus key, in their order, and the b of the genesis', () => {
    const consortium = new Voting()
    const founders = [hospitalA, hospitalB, laboratory]
    const members = founders.map((institution, seat) => ({
      seat,
      institution,
      consensus: consensusKeyOf(institution),
      governance: signingKeyOf(institution),
    }))
    const set = { epoch: 0, b: 0, members, height: 0, at: consortium.nowMs, proposal: null }
    expect(consortium.ask('validators.current')).toEqual(set)
    expect(consortium.ask('validators.pending')).toBe(null)
    expect(consortium.ask('validators.history', { after: null })).toEqual([set])
    expect(consortium.ask('registry.ownerOf', { key: consensusKeyOf(hospitalB) })).toMatchObject({ kind: 'consensus' })
  })

  it('is made in block 0 only', () => {
    const fields = { b: 0, founders: [] }
    expect(new Voting().code(hospitalA, 'validators.establish', fields)).toBe('GENESIS_ONLY')
  })
})

describe('a decided change', () => {
  it('is the whole set of the next epoch, with the decision that made it', () => {
    const consortium = new Voting()
    const clinic = consortium.admit('clinic')
    consortium.pass(5_000)
    expect(consortium.decide(clinic, 'proposeValidator', { consensus: id('key'), acceptStalls: false })).toBe('ok')
    const pending = consortium.ask('validators.pending') as unknown as SetView
    expect(pending).toMatchObject({ epoch: 1, b: 0, height: 2, at: consortium.nowMs, proposal: 2 })
    expect(pending.members.at(-1)).toEqual({
      seat: 3,
      institution: clinic,
      consensus: id('key'),
      governance: id('clinic 1'),
    })
    expect((consortium.ask('validators.current') as unknown as SetView).members).toHaveLength(3)
    consortium.enterEpoch()
    expect(consortium.ask('validators.current')).toEqual(pending)
    expect(consortium.ask('validators.pending')).toBe(null)
    expect(
      (consortium.ask('validators.history', { after: 0 }) as unknown as SetView[]).map(({ epoch }) => epoch),
    ).toEqual([1])
    expect(consortium.ask('validators.find', { number: 0 })).toMatchObject({ epoch: 0, members: [{}, {}, {}] })
    expect(consortium.ask('validators.find', { number: 2 })).toBe(null)
  })

  it('waits for the one before: its deciding vote is refused until that is in force', () => {
    const consortium = new Voting()
    const number = consortium.act(hospitalA, 'governance.proposeRemoval', {
      institution: laboratory,
      acceptStalls: false,
    })
    expect(consortium.decide(hospitalB, 'proposeKey', { consensus: id('key') })).toBe('ok')
    const vote = () => consortium.code(hospitalB, 'governance.vote', { proposal: number as number, approves: true })
    consortium.pass(1_000)
    expect(vote()).toBe('MEMBERSHIP_CHANGE_PENDING')
    consortium.enterEpoch()
    expect(vote()).toBe('ok')
    expect(consortium.newest()).toMatchObject({ epoch: 2, proposal: number })
  })

  it('gives a seat with the signing key of today, and leaves the others theirs', () => {
    const consortium = new Voting()
    const renew = (institution: string) => {
      const fields = { identity: institution, kind: 'signing', key: id(`second of ${institution}`) }
      consortium.act(institution, 'registry.addKey', fields)
      consortium.act(institution, 'registry.revokeKey', { identity: institution, keyId: 0 })
    }
    renew(hospitalA)
    expect(consortium.decide(hospitalA, 'proposeKey', { consensus: id('key') })).toBe('ok')
    const key = (institution: string) =>
      consortium.newest().members.find((member) => member.institution === institution)?.governance
    expect(key(hospitalA)).toBe(id(`second of ${hospitalA}`))
    renew(hospitalB)
    expect(key(hospitalB)).toBe(signingKeyOf(hospitalB))
  })

  it('of a key ends the seat and gives a new one, in one set', () => {
    const consortium = new Voting()
    expect(consortium.decide(hospitalA, 'proposeKey', { consensus: id('key') })).toBe('ok')
    const { members } = consortium.newest()
    expect(members.map(({ seat, institution }) => [seat, institution])).toEqual([
      [1, hospitalB],
      [2, laboratory],
      [3, hospitalA],
    ])
    expect(consortium.ask('registry.ownerOf', { key: consensusKeyOf(hospitalA) })).toBe(null)
    expect(consortium.ask('registry.ownerOf', { key: id('key') })).toMatchObject({ identity: hospitalA })
  })

  it('that takes a validator out lets it back in with a new key alone, on a new seat', () => {
    const consortium = new Voting()
    const about = { institution: laboratory, acceptStalls: false }
    expect(consortium.decide(hospitalA, 'proposeRemoval', about)).toBe('ok')
    expect(seats(consortium.newest())).toEqual([0, 1])
    consortium.enterEpoch()
    const back = (consensus: string) =>
      consortium.decide(laboratory, 'proposeValidator', { consensus, acceptStalls: false })
    expect(back(consensusKeyOf(laboratory))).toBe('KEY_TAKEN')
    expect(back(id('key'))).toBe('ok')
    expect(seats(consortium.newest())).toEqual([0, 1, 3])
  })

  it('of b is one of its own', () => {
    const consortium = new Voting()
    const set = (b: number, acceptStalls: boolean) => consortium.decide(hospitalA, 'proposeLiars', { b, acceptStalls })
    expect([set(0, true), set(1, false), set(3, true), set(-1, true)]).toEqual([
      'NOTHING_CHANGES',
      'STALLS_NOT_ACCEPTED',
      'QUORUM_IMPOSSIBLE',
      'QUORUM_IMPOSSIBLE',
    ])
    expect(set(2, true)).toBe('ok')
    expect(consortium.newest()).toMatchObject({ epoch: 1, b: 2, members: [{ seat: 0 }, { seat: 1 }, { seat: 2 }] })
  })
})

describe('a change is refused', () => {
  const add = { consensus: id('key'), acceptStalls: false }

  it('for who is no voter, is a validator, or brings a key that was used', () => {
    const consortium = new Voting()
    const preview = (institution: string, consensus: string) => {
      try {
        return consortium.ask('validators.afterAdding', { institution, consensus, acceptStalls: false })
      } catch (error) {
        return (error as Error).message.split(' ')[3]
      }
    }
    expect(preview(regulator, id('key'))).toBe('NOT_AN_INSTITUTION')
    expect(preview(patient, id('key'))).toBe('NOT_AN_INSTITUTION')
    expect(consortium.decide(hospitalA, 'proposeValidator', add)).toBe('ALREADY_VALIDATOR')
    const clinic = consortium.admit('clinic')
    expect(preview(clinic, id('clinic 1'))).toBe('KEY_TAKEN')
    expect(consortium.decide(clinic, 'proposeKey', { consensus: id('key') })).toBe('NOT_A_VALIDATOR')
    expect(consortium.decide(hospitalA, 'proposeKey', { consensus: consensusKeyOf(hospitalA) })).toBe('KEY_TAKEN')
    const remove = { institution: clinic, acceptStalls: false }
    expect(consortium.decide(hospitalA, 'proposeRemoval', remove)).toBe('NOT_A_VALIDATOR')
  })

  it('when nobody would be left', () => {
    const consortium = new Voting()
    for (const institution of [laboratory, hospitalB]) {
      expect(consortium.decide(hospitalA, 'proposeRemoval', { institution, acceptStalls: false })).toBe('ok')
      consortium.enterEpoch()
    }
    const last = { institution: hospitalA, acceptStalls: true }
    expect(consortium.decide(hospitalA, 'proposeRemoval', last)).toBe('LAST_VALIDATOR')
  })

  it('when fewer validators would carry the same b, unless stalls are accepted; never when q would exceed n', () => {
    const consortium = new Voting()
    expect(consortium.decide(hospitalA, 'proposeLiars', { b: 1, acceptStalls: true })).toBe('ok')
    consortium.enterEpoch()
    const remove = (acceptStalls: boolean) =>
      consortium.decide(hospitalA, 'proposeRemoval', { institution: laboratory, acceptStalls })
    expect([remove(false), remove(true)]).toEqual(['STALLS_NOT_ACCEPTED', 'ok'])
    consortium.enterEpoch()
    const next = { institution: hospitalB, acceptStalls: true }
    expect(consortium.decide(hospitalA, 'proposeRemoval', next)).toBe('QUORUM_IMPOSSIBLE')
  })

  it('when there are 25', () => {
    const consortium = new Voting()
    for (let n = 4; n <= 26; n++) {
      const clinic = consortium.admit(`clinic ${n}`)
      const code = consortium.decide(clinic, 'proposeValidator', { consensus: id(`key ${n}`), acceptStalls: false })
      expect(code, `validator ${n}`).toBe(n <= 25 ? 'ok' : 'TOO_MANY_VALIDATORS')
      if (n <= 25) consortium.enterEpoch()
    }
    expect(quorum(consortium.newest() as never)).toBe(13)
  }, 30_000)
})

// ── whatever is decided, in whatever order ──

type Step =
  | { readonly kind: 'epoch' }
  | { readonly kind: 'add' | 'remove' | 'key'; readonly who: number; readonly acceptStalls: boolean }
  | { readonly kind: 'liars'; readonly b: number; readonly acceptStalls: boolean }

const who = fc.integer({ min: 0, max: 5 })
const acceptStalls = fc.boolean()
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('epoch' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('add' as const, 'remove' as const), who, acceptStalls }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('key' as const), who, acceptStalls }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('liars' as const), b: fc.integer({ min: -1, max: 4 }), acceptStalls }),
  },
)

describe('whatever is decided', () => {
  it('every set can certify, no seat is given twice, and one thing changes at a time', () => {
    let changes = 0
    fc.assert(
      fc.property(fc.array(step, { minLength: 12, maxLength: 24 }), (steps) => {
        const consortium = new Voting()
        const institutions = [
          hospitalA,
          hospitalB,
          laboratory,
          ...['x', 'y', 'z'].map((name) => consortium.admit(name)),
        ]
        for (const [i, each] of steps.entries()) take(consortium, each, { institutions, key: id(`key ${i}`) })
        const sets = allSets(consortium)
        changes += sets.length - 1
        expect(sets.map(({ epoch }) => epoch)).toEqual(sets.map((_, i) => i))
        for (const [i, set] of sets.entries()) {
          expect(set.b).toBeLessThan(set.members.length)
          expect(quorum(set as never)).toBeLessThanOrEqual(set.members.length)
          expect(seats(set)).toEqual(seats(set).toSorted((a, b) => a - b))
          expect(new Set(set.members.map(({ institution }) => institution)).size).toBe(set.members.length)
          if (i > 0) expectOneChange(sets[i - 1] as SetView, set)
        }
        const keyOfSeat = new Map<number, string>()
        for (const { seat, consensus } of sets.flatMap(({ members }) => members)) {
          expect(keyOfSeat.get(seat) ?? consensus).toBe(consensus)
          keyOfSeat.set(seat, consensus)
        }
        expect(new Set(keyOfSeat.values()).size).toBe(keyOfSeat.size)
      }),
      { numRuns: 40 },
    )
    expect(changes, 'sets that were made').toBeGreaterThan(40)
  }, 60_000)
})

function take(
  consortium: Voting,
  each: Step,
  { institutions, key }: { institutions: readonly string[]; key: string },
): void {
  const isPending = consortium.ask('validators.pending') !== null
  const before = consortium.newest()
  const code = decideStep(consortium, each, { institutions, key })
  if (isPending && each.kind !== 'epoch') expect(code).not.toBe('ok')
  if (code !== 'ok') expect(consortium.newest()).toEqual(before)
}

function decideStep(
  consortium: Voting,
  each: Step,
  { institutions, key }: { institutions: readonly string[]; key: string },
): string {
  switch (each.kind) {
    case 'epoch':
      consortium.enterEpoch()
      return 'ok'
    case 'liars':
      return consortium.decide(hospitalA, 'proposeLiars', { b: each.b, acceptStalls: each.acceptStalls })
    case 'add': {
      const fields = { consensus: key, acceptStalls: each.acceptStalls }
      return consortium.decide(institutions[each.who] as string, 'proposeValidator', fields)
    }
    case 'key':
      return consortium.decide(institutions[each.who] as string, 'proposeKey', { consensus: key })
    case 'remove': {
      const fields = { institution: institutions[each.who] as string, acceptStalls: each.acceptStalls }
      return consortium.decide(hospitalA, 'proposeRemoval', fields)
    }
  }
}

function allSets(consortium: Voting): SetView[] {
  const sets: SetView[] = []
  for (;;) {
    const after = sets.at(-1)?.epoch ?? null
    const page = consortium.ask('validators.history', { after }) as unknown as SetView[]
    if (page.length === 0) return sets
    sets.push(...page)
  }
}

/** b, or at most one institution's seat. */
function expectOneChange(old: SetView, next: SetView): void {
  const keys = (set: SetView) => new Map(set.members.map(({ institution, consensus }) => [institution, consensus]))
  const [before, after] = [keys(old), keys(next)]
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (institution) => before.get(institution) !== after.get(institution),
  )
  expect(changed.length + (old.b === next.b ? 0 : 1)).toBe(1)
}
