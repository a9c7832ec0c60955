// Founds the simulated consortium: everybody who takes part, with keys that nobody has to hold, and the custodian's settings.

import type { Problems } from '../../fhir/problem.ts'
import { referenceId } from '../../fhir/reference-id.ts'
import { ROLES } from '../../fhir/vocabulary.ts'
import type { IdentityId } from '../../types/brand.ts'
import type { SimulatedConsortium } from './consortium.ts'
import type { Parties } from './parties.ts'
import type { SimulationRequest } from './request.ts'

/** Genesis: the vocabulary, and every institution. */
export function found(consortium: SimulatedConsortium, { institutions, custodian }: Parties): void {
  consortium.act(custodian, 'policy.establish')
  for (const institution of institutions) {
    const keys = { ...keysOf(institution), transport: referenceId(`transport ${institution}`) }
    const name = `Institution ${institution.slice(0, 8)}`
    consortium.act(institution, 'registry.found', { institution, kind: 'hospital', name, ...keys })
  }
  consortium.endGenesis()
}

/** People, groups, delegations, and the custodian's settings. */
export function enroll(
  consortium: SimulatedConsortium,
  parties: Parties,
  { asked, role }: { asked: SimulationRequest; role: string },
): void {
  const { practitioners, patients, groups, delegations, custodian } = parties
  const { implicitPolicy, breakGlass, labelling } = asked
  consortium.act(custodian, 'policy.configure', { implicitPolicy, breakGlass, labelling })
  for (const [practitioner, home] of practitioners) {
    const roles = practitioner === parties.practitioner ? [role] : []
    consortium.act(home, 'registry.enrollPractitioner', { practitioner, roles, ...keysOf(practitioner) })
  }
  const delegates = new Set([...delegations.values()].map(({ delegate }) => delegate))
  for (const person of [...patients, ...delegates]) {
    consortium.act(custodian, 'registry.enrollPatient', { patient: person, ...keysOf(person) })
  }
  for (const { id, patient, delegate } of delegations.values()) {
    const terms = { capacity: 'parent', rights: ['consent'], from: 0, to: null }
    consortium.act(patient, 'registry.delegate', { delegation: id, patient, delegate, ...terms })
  }
  for (const [group, members] of groups)
    consortium.act(custodian, 'registry.setGroup', { group, members: [...members] })
}

/** Tried in this order where the request states no role: the first that may claim the purpose. */
const DEFAULT_ROLES = [
  'physician',
  'billing',
  'administrator',
  'researcher',
  'publicHealthOfficer',
  'privacyOfficer',
] as const

/** What the requester acts as; undefined after a problem was noted. */
export function readRole(
  consortium: SimulatedConsortium,
  { requester: { practitioner, role }, purpose }: SimulationRequest,
  problems: Problems,
): string | undefined {
  if (role === null && practitioner === null) return 'institution'
  if (role === null) {
    const mayClaim = (each: string): boolean => consortium.ask('policy.mayClaim', { role: each, purpose }) === true
    return DEFAULT_ROLES.find(mayClaim) ?? DEFAULT_ROLES[0]
  }
  const code = ROLES.get(role) ?? role
  if (/^[A-Za-z]{1,64}$/.test(code) && consortium.ask('policy.isRole', { role: code }) === true) return code
  const accepted = `a role of spec/consent.md, "Roles", or system|code that it comes from, such as ${DEFAULT_ROLES.join(', ')}`
  return problems.add('invalid', 'Request.requester.role', { reason: 'not a role', accepted })
}

/** Ids of keys: no signature is checked and nothing is sealed here. */
const keysOf = (identity: IdentityId) => ({ signing: referenceId(`signing ${identity}`), encryption: identity })
