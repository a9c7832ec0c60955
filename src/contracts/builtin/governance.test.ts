// Proposals and votes of the institutions, and what they decide: spec/contracts.md, "governance".

import { describe, expect, it } from 'vitest'
import type { Json } from '../abi.ts'
import {
  Consortium,
  consensusKeyOf,
  DAY,
  hospitalA,
  hospitalB,
  id,
  laboratory,
  patient,
  physician,
  regulator,
  stranger,
} from './consortium.test-support.ts'

const clinic = id('clinic')
const clinicCard = {
  institution: clinic,
  kind: 'clinic',
  name: 'Clinic',
  signing: id('clinic, signing'),
  encryption: id('clinic, encryption'),
  transport: id('clinic, transport'),
}

type Votes = readonly (readonly [sender: string, approves: boolean])[]

/** Three hospitals and a regulator: two approvals pass. */
class Governed extends Consortium {
  propose(sender: string, method: string, fields: { readonly [name: string]: Json }): number {
    return this.act(sender, `governance.${method}`, fields) as number
  }

  vote(sender: string, proposal: number, approves = true): string {
    const attempt = this.attempt(sender, 'governance.vote', { proposal, approves })
    return attempt.status === 'ok' ? String(attempt.value) : attempt.code
  }

  status(number: number): string {
    return (this.ask('governance.proposal', { number }) as { status: string }).status
  }

  tally(proposal: number): Json {
    return this.ask('governance.tally', { proposal })
  }

  /** Proposed by hospital A, approved by hospital B. */
  decide(sender: string, method: string, fields: { readonly [name: string]: Json }): string {
    return this.vote(sender === hospitalB ? hospitalA : hospitalB, this.propose(sender, method, fields))
  }
}

describe('a proposal', () => {
  it('is its proposer’s approval; with one more of three it passes, in that call', () => {
    const consortium = new Governed()
    const number = consortium.propose(hospitalA, 'proposeAdmission', clinicCard)
    expect(number).toBe(1)
    expect(consortium.tally(1)).toEqual({ voters: 3, threshold: 2, approvals: 1, rejections: 0 })
    expect(consortium.ask('registry.isMember', { institution: clinic })).toBe(false)
    const deciding = consortium.attempt(laboratory, 'governance.vote', { proposal: 1, approves: true })
    expect(deciding).toMatchObject({
      value: 'passed',
      events: [
        { contract: 'governance', name: 'Voted' },
        { contract: 'registry', name: 'Admitted' },
        { contract: 'governance', name: 'Ended', fields: { kind: 'admitInstitution', status: 'passed' } },
      ],
    })
    expect(consortium.ask('registry.isMember', { institution: clinic })).toBe(true)
    expect(consortium.ask('governance.proposal', { number: 1 })).toMatchObject({
      proposer: hospitalA,
      status: 'passed',
      endedHeight: 1,
      tally: { voters: 3, threshold: 2, approvals: 2, rejections: 0 },
    })
    expect(consortium.ask('governance.openProposals')).toEqual([])
  })

  it.each<[string, Votes, string]>([
    [
      'two of three reject it',
      [
        [hospitalB, false],
        [laboratory, false],
      ],
      'rejected',
    ],
    [
      'its proposer and another reject it',
      [
        [hospitalA, false],
        [hospitalB, false],
      ],
      'rejected',
    ],
    [
      'one rejects it and then changes its mind',
      [
        [hospitalB, false],
        [hospitalB, true],
      ],
      'passed',
    ],
    ['one rejects it', [[hospitalB, false]], 'open'],
    [
      'its proposer repeats itself',
      [
        [hospitalA, true],
        [hospitalA, true],
      ],
      'open',
    ],
  ])('when %s', (_, votes, status) => {
    const consortium = new Governed()
    const number = consortium.propose(hospitalA, 'proposeLiars', { b: 1, acceptStalls: true })
    for (const [sender, approves] of votes) consortium.vote(sender, number, approves)
    expect(consortium.status(number)).toBe(status)
  })

  it('is decided once: then nobody votes on it, and nobody withdraws it', () => {
    const consortium = new Governed()
    expect(consortium.decide(hospitalA, 'proposeVersion', { version: 2, fromHeight: 50 })).toBe('passed')
    expect(consortium.vote(laboratory, 1, false)).toBe('PROPOSAL_ENDED')
    expect(consortium.code(hospitalA, 'governance.withdraw', { proposal: 1 })).toBe('PROPOSAL_ENDED')
    expect(consortium.tally(1)).toMatchObject({ approvals: 2, rejections: 0 })
  })

  it('is withdrawn by its proposer alone', () => {
    const consortium = new Governed()
    const number = consortium.propose(hospitalA, 'proposeVersion', { version: 2, fromHeight: 50 })
    expect(consortium.code(hospitalB, 'governance.withdraw', { proposal: number })).toBe('NOT_AUTHORIZED')
    expect(consortium.code(hospitalA, 'governance.withdraw', { proposal: 9 })).toBe('UNKNOWN_PROPOSAL')
    expect(consortium.code(hospitalA, 'governance.withdraw', { proposal: number })).toBe('ok')
    expect(consortium.status(number)).toBe('withdrawn')
    expect(consortium.vote(hospitalB, number)).toBe('PROPOSAL_ENDED')
  })

  it('expires after 30 days of block time', () => {
    const consortium = new Governed()
    const number = consortium.propose(hospitalA, 'proposeVersion', { version: 2, fromHeight: 50 })
    consortium.nowMs += 30 * DAY - 1
    expect(consortium.status(number)).toBe('open')
    consortium.nowMs += 1
    expect(consortium.status(number)).toBe('expired')
    expect(consortium.vote(hospitalB, number)).toBe('PROPOSAL_ENDED')
    expect(consortium.ask('governance.openProposals')).toEqual([])
    expect(consortium.ask('governance.proposalsAfter', { number: 0 })).toMatchObject([{ status: 'expired' }])
  })

  it('is one of four open ones of an institution; what ended makes room', () => {
    const consortium = new Governed()
    const propose = (sender: string) =>
      consortium.code(sender, 'governance.proposeVersion', { version: 2, fromHeight: 50 })
    expect([1, 2, 3, 4, 5].map(() => propose(hospitalA))).toEqual(['ok', 'ok', 'ok', 'ok', 'TOO_MANY_PROPOSALS'])
    expect(propose(hospitalB)).toBe('ok')
    consortium.act(hospitalA, 'governance.withdraw', { proposal: 2 })
    expect([propose(hospitalA), propose(hospitalA)]).toEqual(['ok', 'TOO_MANY_PROPOSALS'])
    consortium.nowMs += 31 * DAY
    expect(propose(hospitalA)).toBe('ok')
    expect(consortium.ask('governance.openProposals')).toMatchObject([{ number: 7 }])
  })
})

describe('a voter', () => {
  it('is an institution that is not suspended: no regulator, no person, no stranger', () => {
    const consortium = new Governed()
    const fields = { version: 2, fromHeight: 50 }
    for (const sender of [regulator, physician, patient, stranger]) {
      expect(consortium.code(sender, 'governance.proposeVersion', fields)).toBe('NOT_AN_INSTITUTION')
    }
    const number = consortium.propose(hospitalA, 'proposeVersion', fields)
    expect(consortium.vote(regulator, number)).toBe('NOT_AN_INSTITUTION')
    expect(consortium.vote(hospitalB, 9)).toBe('UNKNOWN_PROPOSAL')
    consortium.act(regulator, 'registry.suspend', { identity: hospitalB })
    expect(consortium.vote(hospitalB, number)).toBe('SUSPENDED')
    expect(consortium.code(hospitalB, 'governance.proposeVersion', fields)).toBe('SUSPENDED')
  })

  it('counts as long as it is one: the vote of an institution suspended since is not counted', () => {
    const consortium = new Governed()
    consortium.decide(hospitalA, 'proposeAdmission', clinicCard)
    const number = consortium.propose(hospitalA, 'proposeVersion', { version: 2, fromHeight: 50 })
    expect(consortium.tally(number)).toMatchObject({ voters: 4, threshold: 3 })
    expect(consortium.vote(hospitalB, number)).toBe('open')
    consortium.act(regulator, 'registry.suspend', { identity: hospitalB })
    expect(consortium.tally(number)).toEqual({ voters: 3, threshold: 2, approvals: 1, rejections: 0 })
    consortium.act(regulator, 'registry.reinstate', { identity: hospitalB })
    consortium.act(regulator, 'registry.suspend', { identity: laboratory })
    // Enough by now: whoever votes, even the same again, lets it be counted.
    expect(consortium.tally(number)).toEqual({ voters: 3, threshold: 2, approvals: 2, rejections: 0 })
    expect(consortium.vote(hospitalB, number)).toBe('passed')
  })

  it('of four needs two others; a tie is a rejection', () => {
    const consortium = new Governed()
    consortium.decide(hospitalA, 'proposeAdmission', clinicCard)
    const number = consortium.propose(hospitalA, 'proposeVersion', { version: 2, fromHeight: 50 })
    expect(consortium.vote(hospitalB, number)).toBe('open')
    expect(consortium.vote(laboratory, number, false)).toBe('open')
    expect(consortium.vote(clinic, number, false)).toBe('rejected')
    expect(consortium.ask('governance.votes', { proposal: number })).toHaveLength(4)
  })
})

describe('institutions decide on institutions', () => {
  it('an admitted one has its keys, and votes with the others', () => {
    const consortium = new Governed()
    expect(consortium.decide(hospitalA, 'proposeAdmission', clinicCard)).toBe('passed')
    expect(consortium.ask('registry.institution', { institution: clinic })).toEqual({
      kind: 'clinic',
      name: 'Clinic',
      expelledAt: null,
    })
    expect(consortium.ask('registry.signer', { identity: clinic, keyId: 0 })).toMatchObject({ active: true })
    expect(consortium.ask('registry.ownerOf', { key: clinicCard.transport })).toMatchObject({ identity: clinic })
    expect(consortium.propose(clinic, 'proposeVersion', { version: 2, fromHeight: 50 })).toBe(2)
  })

  it.each([
    ['IDENTITY_EXISTS', { institution: hospitalB }],
    ['IDENTITY_EXISTS', { institution: patient }],
    ['KEY_TAKEN', { signing: consensusKeyOf(hospitalA) }],
    ['KEY_TAKEN', { encryption: consensusKeyOf(hospitalA) }],
    ['KEY_TAKEN', { transport: consensusKeyOf(hospitalA) }],
  ])('an admission is refused with %s for %o', (code, change) => {
    expect(new Governed().code(hospitalA, 'governance.proposeAdmission', { ...clinicCard, ...change })).toBe(code)
  })

  it('what became impossible since is refused at the deciding vote, which is not counted', () => {
    const consortium = new Governed()
    const number = consortium.propose(hospitalA, 'proposeAdmission', clinicCard)
    consortium.act(hospitalA, 'registry.addKey', { identity: hospitalA, kind: 'signing', key: clinicCard.signing })
    expect(consortium.vote(hospitalB, number)).toBe('KEY_TAKEN')
    expect(consortium.status(number)).toBe('open')
    expect(consortium.ask('governance.votes', { proposal: number })).toMatchObject([{ institution: hospitalA }])
    expect(consortium.ask('registry.isMember', { institution: clinic })).toBe(false)
  })

  it('suspend and reinstate each other, and a regulator', () => {
    const consortium = new Governed()
    const about = { institution: regulator }
    expect(consortium.code(hospitalA, 'governance.proposeReinstatement', about)).toBe('NOTHING_CHANGES')
    expect(consortium.decide(hospitalA, 'proposeSuspension', about)).toBe('passed')
    expect(consortium.ask('registry.isSuspended', { identity: regulator })).toBe(true)
    expect(consortium.code(hospitalA, 'governance.proposeSuspension', about)).toBe('NOTHING_CHANGES')
    expect(consortium.code(hospitalA, 'governance.proposeSuspension', { institution: physician })).toBe(
      'UNKNOWN_IDENTITY',
    )
    expect(consortium.code(hospitalA, 'governance.proposeReinstatement', { institution: stranger })).toBe(
      'UNKNOWN_IDENTITY',
    )
    expect(consortium.decide(hospitalA, 'proposeReinstatement', about)).toBe('passed')
    expect(consortium.ask('registry.isSuspended', { identity: regulator })).toBe(false)
  })

  it('expel one whose validator is gone: for ever, and its nodes with it', () => {
    const consortium = new Governed()
    const about = { institution: laboratory }
    expect(consortium.code(hospitalA, 'governance.proposeExpulsion', about)).toBe('STILL_VALIDATOR')
    expect(consortium.decide(hospitalA, 'proposeRemoval', { ...about, acceptStalls: false })).toBe('passed')
    consortium.epoch = 1
    expect(consortium.decide(hospitalA, 'proposeExpulsion', about)).toBe('passed')
    expect(consortium.ask('registry.isMember', about)).toBe(false)
    const transports = consortium.ask('registry.transportKeys', { after: null }) as { identity: string }[]
    expect(transports.map(({ identity }) => identity)).not.toContain(laboratory)
    expect(consortium.code(laboratory, 'governance.proposeVersion', { version: 2, fromHeight: 50 })).toBe('SUSPENDED')
    expect(consortium.code(regulator, 'registry.reinstate', { identity: laboratory })).toBe('UNKNOWN_IDENTITY')
    for (const method of ['proposeReinstatement', 'proposeSuspension', 'proposeExpulsion']) {
      expect(consortium.code(hospitalA, `governance.${method}`, about)).toBe('UNKNOWN_IDENTITY')
    }
    expect(consortium.code(hospitalA, 'governance.proposeAdmission', { ...clinicCard, ...about })).toBe(
      'IDENTITY_EXISTS',
    )
  })
})

describe('the protocol version', () => {
  const versions = (consortium: Consortium) => consortium.ask('governance.protocolVersions')

  it('rises at a height; one that has not come yet is replaced', () => {
    const consortium = new Governed()
    expect(versions(consortium)).toEqual([])
    consortium.decide(hospitalA, 'proposeVersion', { version: 2, fromHeight: 50 })
    expect(versions(consortium)).toEqual([{ fromHeight: 50, version: 2 }])
    consortium.decide(hospitalA, 'proposeVersion', { version: 3, fromHeight: 40 })
    expect(versions(consortium)).toEqual([{ fromHeight: 40, version: 3 }])
    consortium.height = 41
    consortium.decide(hospitalA, 'proposeVersion', { version: 4, fromHeight: 60 })
    consortium.decide(hospitalA, 'proposeVersion', { version: 5, fromHeight: 70 })
    expect(versions(consortium)).toEqual([
      { fromHeight: 40, version: 3 },
      { fromHeight: 70, version: 5 },
    ])
    consortium.height = 75
    consortium.decide(hospitalA, 'proposeVersion', { version: 6, fromHeight: 80 })
    expect(versions(consortium)).toEqual([
      { fromHeight: 70, version: 5 },
      { fromHeight: 80, version: 6 },
    ])
  })

  it('neither falls, nor changes a block that there is', () => {
    const consortium = new Governed()
    const code = (version: number, fromHeight: number) =>
      consortium.code(hospitalA, 'governance.proposeVersion', { version, fromHeight })
    expect([code(1, 50), code(2, 1), code(2, 0)]).toEqual(['NOTHING_CHANGES', 'TOO_LATE', 'TOO_LATE'])
    const number = consortium.propose(hospitalA, 'proposeVersion', { version: 2, fromHeight: 3 })
    consortium.height = 3
    expect(consortium.vote(hospitalB, number)).toBe('TOO_LATE')
  })
})

describe('granted actions', () => {
  it('are no way past the vote', () => {
    const consortium = new Governed()
    const keys = { consensus: id('new key'), proposal: 1 }
    for (const [method, fields] of [
      ['registry.admit', clinicCard],
      ['registry.setSuspended', { institution: hospitalB, suspended: true }],
      ['registry.expel', { institution: hospitalB }],
      ['registry.addConsensusKey', { institution: hospitalB, key: id('new key') }],
      ['registry.endConsensusKey', { key: consensusKeyOf(hospitalB) }],
      ['validators.add', { institution: clinic, acceptStalls: true, ...keys }],
      ['validators.remove', { institution: hospitalB, acceptStalls: true, proposal: 1 }],
      ['validators.replaceKey', { institution: hospitalB, ...keys }],
      ['validators.setLiars', { b: 1, acceptStalls: true, proposal: 1 }],
    ] as const) {
      expect(consortium.code(hospitalA, method, fields), method).toBe('CONTRACT_ONLY')
    }
  })
})
