// 7 Patient and regulator read the audit trail from different nodes by signed read; the reads are in the log; a receipt is
// verified offline, from the genesis file alone.

import { isRefusal } from '../../client/errors.ts'
import { verifyReceipt } from '../../client/verify-receipt.ts'
import { loadGenesis } from '../../node/genesis-file.ts'
import { toBytes } from '../../types/canonical.ts'
import { receiptProofCodec } from '../../types/receipt-proof.ts'
import { personSigner } from '../consortium.ts'
import { practitionerNamed } from '../people.ts'
import { readTrail, requestAccess, type Scenario, signerOf } from '../scenario.ts'

export async function audit(scenario: Scenario): Promise<void> {
  const { consortium, checks, cast, people } = scenario
  const patient = cast.permitted
  const patientSigner = personSigner(patient.keys)
  const own = await readTrail(scenario, { patient, via: 'hospital-b', signer: patientSigner, reason: 'ownData' })
  checks.record(
    'the patient reads the trail from hospital B: who asked, and what was released',
    own.decisions.length > 0 && own.decisions.some(({ releases }) => releases.length > 0),
    `${own.decisions.length} decisions, ${own.changes.length} changes of consents`,
  )
  const regulator = consortium.institutionSigner('regulator')
  const seen = await readTrail(scenario, { patient, via: 'regulator', signer: regulator, reason: 'oversight' })
  const same = own.decisions.every(({ decision }, i) => seen.decisions[i]?.decision === decision)
  checks.record('the regulator reads the same trail from its own observer', same, `${seen.decisions.length} decisions`)

  const again = await readTrail(scenario, { patient, via: 'hospital-c', signer: patientSigner, reason: 'ownData' })
  const readers = again.reads.map(({ reader }) => reader)
  checks.record(
    'both reads are in the log themselves',
    readers.includes(patientSigner.identity) && readers.includes(regulator.identity),
    `${readers.length} reads`,
  )

  const stranger = signerOf(practitionerNamed(people, 'dr-c1'))
  let refusal = 'answered'
  try {
    await readTrail(scenario, { patient, via: 'hospital-c', signer: stranger, reason: 'ownData' })
  } catch (error) {
    refusal = isRefusal(error, 'NOT_ENTITLED') ? 'NOT_ENTITLED' : (error as Error).message
  }
  checks.record('somebody who is not entitled cannot read the trail', refusal === 'NOT_ENTITLED', refusal)

  const { receipt } = await requestAccess(scenario, { by: 'dr-b1', patient, purpose: 'TREAT' })
  const bytes = toBytes(receiptProofCodec, receipt.proof)
  const { genesis } = loadGenesis(consortium.devnet.genesisFile, { complete: true })
  const verified = verifyReceipt(bytes, genesis)
  checks.record(
    'a receipt is verified offline from the genesis file alone',
    verified.receipt.transactionId === receipt.transactionId,
    `${bytes.length} bytes, height ${verified.header.height}`,
  )
  const altered = bytes.slice()
  altered[altered.length >> 1] = (altered[altered.length >> 1] as number) ^ 1
  let fault = 'accepted'
  try {
    verifyReceipt(altered, genesis)
  } catch (error) {
    fault = (error as Error).message
  }
  checks.record('an altered receipt is not', fault !== 'accepted', fault)
}
