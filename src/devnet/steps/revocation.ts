// 3 The patient revokes: a new request is refused, and so is a release on the earlier permit. Measured from the commit of
// the revocation, and from its submission, until the last node refuses both.

import { isRefusal } from '../../client/errors.ts'
import { personSigner } from '../consortium.ts'
import { MEMBERS } from '../layout.ts'
import { requestAccess, type Scenario } from '../scenario.ts'
import { sleep } from '../sleep.ts'

const POLL_MS = 5
const WAIT_MS = 10_000

export async function revocation(scenario: Scenario): Promise<void> {
  const { cast, checks, consortium, measured } = scenario
  const patient = cast.permitted
  const earlier = await requestAccess(scenario, { by: 'dr-b1', patient, purpose: 'TREAT' })
  checks.record('before the revocation the request is permitted', earlier.answer.outcome === 'PERMIT')

  const submittedMs = performance.now()
  const revoked = await consortium.call('hospital-c', personSigner(patient.keys), {
    contract: 'consent',
    method: 'revoke',
    args: { consent: cast.permit },
  })
  const committedMs = performance.now()
  measured.latencyMs.revoke.push(committedMs - submittedMs)
  checks.record('the patient revokes through another node', revoked.status === 'ok', revoked.code)

  // Every node has to have it: the height of the revocation at the last of them, then both refusals there.
  await Promise.all(MEMBERS.map(({ name }) => reaches(scenario, { name, height: revoked.receipt.height })))
  const [refusals, release] = await Promise.all([
    Promise.all(
      MEMBERS.map(async ({ name }) => {
        const { answer } = await requestAccess(scenario, { by: 'dr-b1', patient, purpose: 'TREAT', via: name })
        return answer
      }),
    ),
    releaseRefused(scenario, earlier.answer.decision),
  ])
  const enforcedMs = performance.now()
  const everywhere = refusals.every(({ outcome, reasons }) => outcome === 'DENY' && reasons.includes('REVOKED'))
  checks.record(
    'after the revocation a new request is refused through every node',
    everywhere,
    refusals.map(({ outcome }) => outcome).join(', '),
  )
  checks.record(
    'after the revocation nothing is released on the earlier permit',
    release !== null,
    release ?? 'released',
  )
  measured.revokeToEnforcedMs = Math.round(enforcedMs - committedMs)
  measured.submitToEnforcedMs = Math.round(enforcedMs - submittedMs)
}

async function reaches(
  { consortium }: Scenario,
  { name, height }: { name: (typeof MEMBERS)[number]['name']; height: number },
) {
  const deadline = performance.now() + WAIT_MS
  while (performance.now() < deadline) {
    if ((await consortium.client(name).nodeStatus()).height >= height) return
    await sleep(POLL_MS)
  }
  throw new Error(`${name} did not reach height ${height} in ${WAIT_MS} ms`)
}

/** The reason with which the custodian refuses, or null when it released. */
async function releaseRefused({ consortium, cast }: Scenario, decision: number): Promise<string | null> {
  try {
    await consortium.desk('hospital-b').fetchRecords(cast.permitted.keys.identity, decision)
    return null
  } catch (error) {
    if (isRefusal(error, 'NOT_RELEASED')) return error.refusal.reason ?? 'NOT_RELEASED'
    throw error
  }
}
