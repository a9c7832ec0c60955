// The contracts' side of the comparison: a world of the reference built by real calls on state in memory, decided by the real
// machine, filtered by the real filter. Each world is dropped again, so that the next one starts from the same consortium.

import { argumentsFromJson, type Json, valueToJson } from '../../../src/contracts/abi.ts'
import {
  type Answer,
  Consortium,
  encryptionKeyOf,
  hospitalA,
  hospitalB,
  id,
  laboratory,
  nurse,
  physician,
  regulator,
  version,
} from '../../../src/contracts/builtin/consortium.test-support.ts'
import { runFilter } from '../../../src/contracts/execute.ts'
import type { Clause, Consent, Found, Request, Resource, World } from '../model.ts'
import { allrounder, delegationOf, homeOf, PARENTS, PATIENTS, REGISTERED_AT } from './scenario.ts'

const OTHER_SETTINGS = { implicitPolicy: 'allNormal', breakGlass: 'never', labelling: false }

/** Of `access.Explanation` what is compared. */
export interface Explained {
  readonly same: boolean
  readonly again: Pick<Answer, 'outcome' | 'basis' | 'reasons' | 'filtered' | 'clauses'>
}

type Fields = { readonly [name: string]: Json }

export class ContractsSide {
  private readonly consortium = new Consortium()

  constructor() {
    this.consortium.nowMs = REGISTERED_AT
    this.consortium.practitioner(laboratory, allrounder, 'physician', 'researcher', 'privacyOfficer')
    for (const patient of PATIENTS.slice(1)) this.consortium.person(hospitalA, patient)
    for (const patient of PATIENTS) this.consortium.act(laboratory, 'registry.knowPatient', { patient })
  }

  /** `look` sees the world as it stands; nothing of it remains. */
  within(world: World, look: () => void): void {
    const { height } = this.consortium
    try {
      this.consortium.state.tentatively(
        () => {
          this.build(world)
          look()
        },
        () => false,
      )
    } finally {
      this.consortium.nowMs = REGISTERED_AT
      this.consortium.height = height
    }
  }

  decide({ submitter, hasBreakGlassReason, ...request }: Request): Answer {
    const breakGlass = hasBreakGlassReason ? { reason: 'unconscious', comment: id('comment') } : null
    return this.consortium.request({ sender: submitter, ...request, breakGlass })
  }

  /** Changes everything that a decision reads, as far as the contracts let it be changed. */
  overturn({ consents, groups, practitioners, institutions, linked, delegations }: World): void {
    const { consortium } = this
    consortium.pass(60_000)
    for (const { id: identity, isSuspended } of institutions) {
      if (isSuspended) consortium.act(regulator, 'registry.reinstate', { identity })
    }
    consortium.act(hospitalA, 'policy.configure', OTHER_SETTINGS)
    for (const { id: consent, patient } of consents) consortium.attempt(patient, 'consent.revoke', { consent })
    for (const { id: consent, patient } of consents.slice(1)) consortium.attempt(patient, 'consent.void', { consent })
    for (const { id: group } of groups) consortium.act(hospitalA, 'registry.setGroup', { group, members: [] })
    for (const { id: delegation } of delegations) {
      for (const patient of PATIENTS) consortium.attempt(patient, 'registry.endDelegation', { delegation })
    }
    for (const [patient = ''] of linked) consortium.act(hospitalA, 'registry.unlinkPatient', { patient })
    for (const { id: practitioner, isSuspended } of practitioners) {
      consortium.attempt(practitioner, 'registry.revokeKey', { identity: practitioner, keyId: 1 })
      const change = isSuspended ? 'registry.reinstate' : 'registry.suspend'
      consortium.attempt(regulator, change, { identity: practitioner })
    }
    const role = { role: 'physician', clinician: false, purposes: [] }
    const number = consortium.act(laboratory, 'governance.proposeRole', role)
    consortium.attempt(hospitalB, 'governance.vote', { proposal: number, approves: true })
  }

  explain({ patient }: Request, { decision }: Answer): Explained {
    return this.consortium.ask('access.explain', { patient, decision }) as unknown as Explained
  }

  /** What the custodian is told before a release, at the same instant. */
  releasable(patient: string, { decision }: Answer): Fields {
    return this.consortium.ask('access.releasable', { patient, decision }) as Fields
  }

  isReleased(world: World, { clauses }: Answer, resource: Resource): boolean {
    const matching = clauses.map(({ consent, clause, type }) => {
      const terms = world.consents.find(({ id: name }) => name === consent)?.versions.at(-1)
      const { limits } = terms?.clauses[Number(clause)] ?? {}
      return { consent, clause, type, limits: limits ?? null }
    })
    const args = argumentsFromJson(this.consortium.abi('limits'), 'mayLeave', {
      codes: 1,
      clauses: matching as unknown as Json,
      resource: described(resource),
    })
    const { contracts, state } = this.consortium
    const outcome = runFilter(contracts, { contract: 'limits', method: 'mayLeave', args }, { state })
    const entry = this.consortium.abi('limits').entries.find(({ name }) => name === 'mayLeave')
    if (outcome.status !== 'ok' || !entry?.returns) throw new Error('the filter refuses')
    return (valueToJson(entry.returns, outcome.value) as { readonly released: boolean }).released
  }

  private build(world: World): void {
    const { consortium } = this
    const { implicitPolicy, breakGlass } = world
    consortium.act(hospitalA, 'policy.configure', { implicitPolicy, breakGlass, labelling: true })
    for (const [first, ...others] of world.linked) {
      for (const second of others) consortium.act(hospitalA, 'registry.linkPatients', { first: first ?? '', second })
    }
    for (const { id: group, version: last, members } of world.groups) {
      for (let before = 1; before < last; before++) {
        consortium.act(hospitalA, 'registry.setGroup', { group, members: [nurse] })
      }
      consortium.act(hospitalA, 'registry.setGroup', { group, members })
    }
    this.delegate(world)
    for (const consent of world.consents) this.consent(consent)

    consortium.nowMs = world.now
    consortium.height += 1
    for (const { id: delegation, isEnded } of world.delegations) {
      if (isEnded) this.endDelegation(delegation)
    }
    this.movePeople(world)
  }

  private delegate({ delegations }: World): void {
    for (const patient of PATIENTS) {
      for (const delegate of PARENTS) {
        const delegation = delegationOf(patient, delegate)
        const { from = null, to = null } = delegations.find(({ id: name }) => name === delegation) ?? {}
        const rights = ['consent', 'read']
        this.consortium.act(patient, 'registry.delegate', {
          ...{ delegation, patient, delegate, capacity: 'parent', rights },
          ...{ from, to },
        })
      }
    }
  }

  private endDelegation(delegation: string): void {
    const patient = PATIENTS.find((of) => PARENTS.some((delegate) => delegationOf(of, delegate) === delegation))
    this.consortium.act(patient ?? '', 'registry.endDelegation', { delegation })
  }

  private consent({ id: consent, patient, custodian, status, isAttested, versions }: Consent): void {
    versions.forEach(({ delegation, clauses }, index) => {
      const sender = PARENTS.find((parent) => delegationOf(patient, parent) === delegation) ?? patient
      const terms = { delegation, clauses: clauses.map(onChain) }
      if (index > 0) {
        this.consortium.act(sender, 'consent.update', { consent, replaces: index, ...version(terms) })
        return
      }
      const [registrar, recorder] = isAttested ? [custodian, custodian] : [sender, null]
      const given = { consent, patient, custodian, ...version({ ...terms, recorder }) }
      this.consortium.act(registrar, 'consent.register', given)
    })
    if (status !== 'active')
      this.consortium.act(patient, `consent.${status === 'revoked' ? 'revoke' : 'void'}`, { consent })
  }

  private movePeople({ practitioners, institutions, encryptionKeys }: World): void {
    const { consortium } = this
    for (const { id: practitioner, institution, roles } of practitioners) {
      const home = homeOf(practitioner)
      if (institution === home) continue
      consortium.act(home, 'registry.endAffiliation', { practitioner })
      if (institution !== null) consortium.act(institution, 'registry.affiliate', { practitioner, roles })
    }
    for (const owner of [physician, hospitalB]) {
      if (encryptionKeys.some(({ key }) => key === encryptionKeyOf(owner))) continue
      consortium.act(owner, 'registry.revokeKey', { identity: owner, keyId: 1 })
    }
    for (const { id: identity, isSuspended } of [...practitioners, ...institutions]) {
      if (isSuspended) consortium.act(regulator, 'registry.suspend', { identity })
    }
  }
}

function onChain({ limits, ...clause }: Clause): Fields {
  return { ...clause, recipients: clause.recipients.map((recipient) => ({ ...recipient })), limited: limits !== null }
}

const hashes = ({ values, complete }: Found): Fields => ({ hashes: values, complete })

function described({ sensitivity, codes, authors, related, time, ...rest }: Resource): Fields {
  return {
    ...rest,
    time: { from: time.from, to: time.to },
    sensitivity: { codes: sensitivity.values, complete: sensitivity.complete },
    codes: hashes(codes),
    authors: hashes(authors),
    related: hashes(related),
  }
}
