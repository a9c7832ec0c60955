// Codes of the consortium's vocabulary, checked before they are signed: a mistyped one is the user's to mend.

import type { Client } from '../client/client.ts'
import { UsageError } from './output.ts'

const KINDS = {
  purpose: { method: 'isPurpose', examples: 'TREAT, ETREAT, BTG, HPAYMT, HOPERAT, HRESCH, PUBHLTH' },
  role: { method: 'isRole', examples: 'physician, nurse, dentist, pharmacist, researcher, billing, privacyOfficer' },
  reason: { method: 'isReason', examples: 'unconscious, lifeThreat, publicSafety, continuity, other' },
} as const

/** Throws where the consortium's policy does not know the code. */
export async function assertCode(
  client: Client,
  { kind, code, option }: { kind: keyof typeof KINDS; code: string; option: string },
): Promise<void> {
  const { method, examples } = KINDS[kind]
  const accepted = `expected a ${kind} of spec/consent.md, "Vocabulary", such as ${examples}`
  // Longer than any code, which the interface would refuse in its own words.
  if (!/^[A-Za-z][A-Za-z0-9_.-]{0,31}$/.test(code)) throw new UsageError(`${option}: ${accepted}`)
  const { value } = await client.query({ contract: 'policy', method, args: { [kind]: code } })
  if (value !== true) throw new UsageError(`${option}: not in the consortium's vocabulary; ${accepted}`)
}
