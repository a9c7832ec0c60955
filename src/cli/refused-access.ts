// What whoever asked for a record is told when nothing is released. Where the institution conceals (EHDS Art. 8), a denial, a
// patient that is not known and a record without anything in it look the same; where it reveals, the reason, and a way out in
// an emergency. spec/fhir.md, "Conceal or reveal".

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../node/config.ts'
import type { Answer } from './contract-answers.ts'

/** The one answer, whatever the reason. */
export const CONCEALED = { outcome: 'NOT_RELEASED' } as const
export const CONCEALED_LINES = ['NOT_RELEASED: nothing is released, or there is nothing.'] as const

/** Of consent: a break-glass is decided without asking for one. */
const ABOUT_CONSENT: readonly string[] = ['NO_CONSENT', 'DENIED', 'REVOKED', 'EXPIRED', 'NOT_COVERED']

/** Set for the node, so that one institution's people see the same everywhere. False where a command has no folder. */
export function conceals(folder: string): boolean {
  const file = join(folder, 'assent.json')
  return existsSync(file) && loadConfig(file).vault.disclosure === 'conceal'
}

/** For a refusal that a break-glass might get round. */
export function breakGlassHint(
  { reasons }: Pick<Answer, 'reasons'>,
  { purpose }: { purpose: string },
): readonly string[] {
  const isAboutConsent = reasons.some((reason) => ABOUT_CONSENT.includes(reason))
  if (purpose === 'BTG' || !isAboutConsent) return []
  return [
    '',
    'In an emergency: --purpose BTG --break-glass-reason REASON. The patient is told, and somebody reviews it.',
  ]
}
