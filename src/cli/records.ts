// assent records: what this institution holds of a patient enters its vault encrypted, and the chain as random ids.

import type { Command } from 'commander'
import { addNodeOptions, connectToDesk, type NodeOptions } from './connection.ts'
import { personFrom } from './identities.ts'
import { fileBytes, fileJson } from './option-values.ts'
import { print, UsageError } from './output.ts'
import { atDesk } from './submit.ts'

interface StoreOptions extends NodeOptions {
  readonly patient: string
  readonly file: readonly string[]
}

export function addRecords(program: Command): void {
  const records = program.command('records').description("keep patients' records in this institution's vault")

  addNodeOptions(
    records
      .command('store')
      .description('encrypt FHIR R4 resources into the vault: one record for each file, byte for byte')
      .requiredOption('--patient <id>', "the patient's id, or @FILE of the key file")
      .requiredOption('--file <file...>', 'FHIR resources, JSON'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  assent records store --folder hospital-a --patient @patient.json --file observation.json condition.json',
    )
    .action(async (options: StoreOptions) => {
      const patient = personFrom(options.patient, '--patient')
      for (const file of options.file) assertResource(file)
      const { desk, genesis } = connectToDesk(options)
      const resources = options.file.map((file) => fileBytes(file, '--file'))
      const stored = await atDesk(desk.storeRecords(patient, resources), genesis)
      const result = { patient, records: stored.map((record, i) => ({ record, file: options.file[i] as string })) }
      print(result, () => result.records.map(({ record, file }) => `${record}  ${file}`), options)
    })
}

function assertResource(file: string): void {
  const resource = fileJson(file, '--file')
  const isResource = typeof resource === 'object' && resource !== null && 'resourceType' in resource
  if (!isResource) throw new UsageError(`--file: ${file}: expected a FHIR R4 resource with a resourceType`)
}
