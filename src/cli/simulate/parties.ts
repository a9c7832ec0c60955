// Who takes part in a simulation: whoever the request or a Consent names, exists. A reference is compared literally, and its
// id is made of its text; what it stands for says its type, or the place where the request names it.

import { referenceId, typeOfReference } from '../../fhir/reference-id.ts'
import type { ResolvedIdentity, Resolver } from '../../fhir/resolver.ts'
import type { IdentityId } from '../../types/brand.ts'
import type { SimulationRequest } from './request.ts'

export interface Delegation {
  readonly id: IdentityId
  readonly patient: IdentityId
  readonly delegate: IdentityId
}

export class Parties implements Resolver {
  readonly institutions = new Set<IdentityId>()
  /** With the institution each acts for. */
  readonly practitioners = new Map<IdentityId, IdentityId>()
  readonly patients = new Set<IdentityId>()
  /** With their members. */
  readonly groups = new Map<IdentityId, readonly IdentityId[]>()
  readonly delegations = new Map<IdentityId, Delegation>()
  /** Text of the references met. */
  readonly names = new Map<IdentityId, string>()

  readonly patient: IdentityId
  readonly custodian: IdentityId
  readonly organization: IdentityId
  readonly practitioner: IdentityId | null

  constructor({ patient, custodian, requester, groups }: SimulationRequest) {
    this.patient = this.enter(this.patients, patient)
    this.custodian = this.enter(this.institutions, custodian)
    this.organization = this.enter(this.institutions, requester.organization)
    this.practitioner = requester.practitioner === null ? null : this.name(requester.practitioner)
    if (this.practitioner !== null) this.practitioners.set(this.practitioner, this.organization)
    for (const [group, members] of Object.entries(groups)) {
      const ids = members.map((member) => this.member(member))
      this.groups.set(this.name(group), [...new Set(ids)])
    }
  }

  async identity(reference: string): Promise<ResolvedIdentity | null> {
    const id = referenceId(reference)
    switch (this.kindOf(reference)) {
      case 'Patient':
        return { kind: 'patient', id: this.enter(this.patients, reference) }
      case 'Organization':
        return { kind: 'organization', id: this.enter(this.institutions, reference) }
      case 'Practitioner':
        return { kind: 'practitioner', id: this.member(reference) }
      case 'PractitionerRole':
        // That person at that institution: nothing but this reference says who and where.
        return { kind: 'practitionerRole', id: this.member(reference), at: this.organizationOf(id) }
      case 'Group':
        if (!this.groups.has(id)) this.groups.set(this.name(reference), [])
        return { kind: 'group', id }
      default:
        return null
    }
  }

  /** Whoever consents for a patient here has a delegation, in force for ever: as a person, whatever else they are. */
  async delegation(reference: string, patient: IdentityId): Promise<IdentityId | null> {
    const delegate = referenceId(`${reference} as a delegate`)
    const id = referenceId(`${reference} for ${patient}`)
    this.delegations.set(id, { id, patient, delegate })
    return id
  }

  private kindOf(reference: string): string | undefined {
    const id = referenceId(reference)
    if (this.patients.has(id)) return 'Patient'
    if (this.institutions.has(id)) return 'Organization'
    return typeOfReference(reference) ?? (this.practitioners.has(id) ? 'Practitioner' : undefined)
  }

  private member(reference: string): IdentityId {
    if (this.kindOf(reference) === 'Organization') return this.enter(this.institutions, reference)
    const id = this.name(reference)
    this.practitioners.set(id, this.organizationOf(id))
    return id
  }

  /** Whoever does not ask may act for anybody: no clause that names them matches this request. */
  private organizationOf(practitioner: IdentityId): IdentityId {
    return practitioner === this.practitioner ? this.organization : this.custodian
  }

  private enter(into: Set<IdentityId>, reference: string): IdentityId {
    const id = this.name(reference)
    into.add(id)
    return id
  }

  private name(reference: string): IdentityId {
    const id = referenceId(reference)
    if (!this.names.has(id)) this.names.set(id, reference)
    return id
  }
}
