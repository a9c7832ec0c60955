// assent consent simulate: what would be decided, without a network.

import type { Command } from 'commander'
import { operationOutcome } from '../fhir/operation-outcome.ts'
import { isTimeZone } from '../fhir/period.ts'
import { fileBytes } from './option-values.ts'
import { type OutputOptions, pairs, print, progress, UsageError } from './output.ts'
import { type Simulation, simulate } from './simulate/simulate.ts'
import { basisInWords, outcomeInWords, reasonInWords } from './words.ts'

interface SimulateOptions extends OutputOptions {
  readonly consent?: readonly string[]
  readonly request: string
  readonly resource?: string
  readonly timeZone: string
}

export function addSimulate(consent: Command): void {
  consent
    .command('simulate')
    .description('what would be decided on these Consents, without a network, by the same contracts')
    .option('--consent <file...>', 'a FHIR R4 Consent, JSON; repeat it for each (default: the patient has none)')
    .requiredOption('--request <file>', 'who asks for what, JSON: see below')
    .option('--resource <file>', "a resource of the patient's record, JSON: would it be released?")
    .option('--time-zone <zone>', 'IANA time zone in which dates are meant', 'UTC')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
The request:
  { "patient": "Patient/1", "custodian": "Organization/a",
    "requester": { "practitioner": "Practitioner/b", "organization": "Organization/b", "role": "physician" },
    "purpose": "TREAT", "at": "2026-01-31T08:00:00Z",
    "groups": { "Group/x": ["Practitioner/b"] },
    "implicitPolicy": "deny", "breakGlass": "override", "labelling": false }

References are compared literally, as they stand in the Consents; whoever is named exists. Without a practitioner the
organization asks for itself. No role: the first of physician, billing, administrator, researcher, publicHealthOfficer,
privacyOfficer that may claim the purpose; for an organization, institution. groups and the custodian's settings may be left
out; their defaults are shown above. implicitPolicy: deny, basicNormal, allNormal, breakGlassOnly; breakGlass: override,
consentOnly, never; labelling: whether the custodian labels its records.

A Consent whose id was given before is its next version. One that never was active is not registered.

Exit code 0: decided, whatever the outcome; 2: an input is refused, an OperationOutcome names the element.`,
    )
    .action(async (options: SimulateOptions) => {
      const { timeZone } = options
      if (!isTimeZone(timeZone)) throw new UsageError('--time-zone: expected a time zone of the IANA database')
      const consents = (options.consent ?? []).map((file) => fileBytes(file, '--consent'))
      const request = fileBytes(options.request, '--request')
      const resource = options.resource === undefined ? undefined : fileBytes(options.resource, '--resource')
      const outcome = await simulate({ consents, request, resource, timeZone })
      if (outcome.kind === 'refused') {
        print(
          operationOutcome(outcome.problems),
          () => outcome.problems.map(({ path, reason, accepted }) => `${path}: ${reason}; accepted: ${accepted}`),
          options,
        )
        process.exitCode = 2
        return
      }
      for (const note of outcome.notes) progress(note)
      print(outcome.simulation, describe, options)
    })
}

function describe({ outcome, basis, reasons, clauses, released }: Simulation): readonly string[] {
  const used = clauses.map(({ consent, id, version, clause, type, group }) => {
    const which = `Consent ${consent}${id === null ? '' : ` (${id})`} version ${version}`
    return `${type} of ${which}${clause === 0 ? '' : `, exception ${clause}`}${group === null ? '' : `, through ${group}`}`
  })
  return pairs([
    ['outcome', outcomeInWords(outcome)],
    ['basis', basisInWords(basis)],
    ...reasons.map((reason, i) => [i === 0 ? 'because' : '', reasonInWords(reason)] as const),
    ...used.map((text, i) => [i === 0 ? 'by' : '', text] as const),
    ...(released === undefined ? [] : [['resource', released ? 'released' : 'withheld'] as const]),
  ])
}
