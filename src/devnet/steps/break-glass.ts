// 4 Break-glass by a physician who may: permitted, recorded, visible to the patient. By somebody who may not: refused.

import { randomBytes } from '../../crypto/random.ts'
import { personSigner } from '../consortium.ts'
import { readTrail, requestAccess, type Scenario } from '../scenario.ts'

export async function breakGlass(scenario: Scenario): Promise<void> {
  const { cast, checks } = scenario
  const patient = cast.breakGlass
  // The free-text reason stays at the institution; the chain gets a salted commitment.
  const emergency = { reason: 'unconscious', comment: randomBytes(32).toHex() }
  const { answer, receipt } = await requestAccess(scenario, {
    by: 'dr-b1',
    patient,
    purpose: 'BTG',
    breakGlass: emergency,
  })
  checks.record(
    'break-glass by a physician who may is permitted',
    answer.outcome === 'PERMIT_BTG',
    `${answer.outcome}, ${answer.reasons.join(', ')}`,
  )
  const events = receipt.calls.flatMap((call) => call.events)
  const notified = events.some(({ name, fields }) => {
    return name === 'GlassBroken' && (fields as { patient?: string }).patient === patient.keys.identity
  })
  checks.record('the patient is notified of the break-glass by an event', notified)
  const signer = personSigner(patient.keys)
  const trail = await readTrail(scenario, { patient, via: 'laboratory', signer, reason: 'ownData' })
  const visible = trail.decisions.find(({ decision }) => decision === answer.decision)
  checks.record('the break-glass is recorded and visible to the patient', visible?.terms.outcome === 'PERMIT_BTG')

  const refused = await requestAccess(scenario, { by: 'dentist-b1', patient, purpose: 'BTG', breakGlass: emergency })
  checks.record(
    'break-glass by somebody who may not is refused',
    refused.answer.outcome === 'DENY' && refused.answer.reasons.includes('ROLE_PURPOSE'),
    `${refused.answer.outcome}, ${refused.answer.reasons.join(', ')}`,
  )
}
