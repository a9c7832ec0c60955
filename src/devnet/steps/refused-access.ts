// 2 Without consent, against a deny, after expiry, for another purpose, by a practitioner of another institution: each
// refused with its reason, and recorded.

import { personSigner } from '../consortium.ts'
import { type AccessWish, readTrail, requestAccess, type Scenario } from '../scenario.ts'

export async function refusedAccess(scenario: Scenario): Promise<void> {
  const { cast, checks } = scenario
  const cases: readonly { name: string; wish: AccessWish; reason: string }[] = [
    {
      name: 'without a consent',
      wish: { by: 'dr-b1', patient: cast.withoutConsent, purpose: 'TREAT' },
      reason: 'NO_CONSENT',
    },
    {
      name: 'against a deny',
      wish: { by: 'dr-b1', patient: cast.denied, purpose: 'TREAT' },
      reason: 'DENIED',
    },
    {
      name: 'after the consent expired',
      wish: { by: 'dr-b1', patient: cast.expired, purpose: 'TREAT' },
      reason: 'EXPIRED',
    },
    {
      name: 'for another purpose',
      wish: { by: 'researcher-b1', patient: cast.permitted, purpose: 'HRESCH' },
      reason: 'NO_CONSENT',
    },
    {
      name: 'for a purpose that the role may not claim',
      wish: { by: 'dr-b1', patient: cast.permitted, purpose: 'HRESCH' },
      reason: 'ROLE_PURPOSE',
    },
    {
      name: 'by a practitioner of another institution',
      wish: { by: 'dr-c1', patient: cast.permitted, purpose: 'TREAT', actingFor: 'hospital-b', via: 'hospital-c' },
      reason: 'NOT_AFFILIATED',
    },
  ]
  for (const { name, wish, reason } of cases) {
    const { answer } = await requestAccess(scenario, wish)
    const held = answer.outcome === 'DENY' && answer.reasons.includes(reason)
    checks.record(`access ${name} is refused with its reason`, held, `${answer.outcome}, ${answer.reasons.join(', ')}`)
    const trail = await readTrail(scenario, {
      patient: wish.patient,
      via: 'hospital-a',
      signer: personSigner(wish.patient.keys),
      reason: 'ownData',
    })
    const recorded = trail.decisions.some(
      ({ decision, terms }) => decision === answer.decision && terms.outcome === 'DENY',
    )
    checks.record(`the refusal ${name} is recorded`, recorded, `decision ${answer.decision}`)
  }
}
