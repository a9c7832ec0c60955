// assent enroll: patients and practitioners of this institution enter the registry, as random ids.

import type { Command } from 'commander'
import * as z from 'zod'
import { createPersonFile, loadPersonFile, setPersonIdentity } from '../node/person-file.ts'
import { actorFrom, addNodeOptions, connectTo, connectToDesk, type NodeOptions } from './connection.ts'
import { fileJson, newPath } from './option-values.ts'
import { pairs, print, UsageError } from './output.ts'
import { assertCode } from './policy-codes.ts'
import { submitCall } from './submit.ts'

export function addEnroll(program: Command): void {
  const enroll = program.command('enroll').description('enter patients and practitioners of this institution')
  addPatient(enroll)
  addPractitioner(enroll)
}

interface PatientOptions extends NodeOptions {
  readonly file: string
  readonly keys?: string
}

const resourceSchema = z.looseObject({ resourceType: z.literal('Patient') })

function addPatient(enroll: Command): void {
  addNodeOptions(
    enroll
      .command('patient')
      .description('enter a FHIR R4 Patient: its identifier into the index here, a random id on the chain')
      .requiredOption('--file <file>', 'the Patient, JSON; identified by the configured fhir.masterIdentifierSystem')
      .option('--keys <file>', 'make the patient a key file here, to sign consents and read the audit trail with'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  assent enroll patient --folder hospital-a --file patient-fhir.json --keys patient.json',
    )
    .action(async (options: PatientOptions) => {
      const resource = resourceSchema.safeParse(fileJson(options.file, '--file'))
      if (!resource.success) throw new UsageError(`--file: ${options.file}: expected a FHIR R4 Patient`)
      const { desk } = connectToDesk(options)
      const keys = options.keys === undefined ? null : createPersonFile(newPath(options.keys, '--keys'))
      const answer = await desk.enrollPatient(
        resource.data,
        keys === null ? {} : { signing: keys.signing.publicKey, encryption: keys.encryption.publicKey },
      )
      // The id is the institution's to give: an earlier one, if it knows the person.
      if (options.keys !== undefined) setPersonIdentity(options.keys, answer.patient)
      const result = { ...answer, ...(options.keys !== undefined && { keys: options.keys }) }
      print(
        result,
        () =>
          pairs([
            ['patient', answer.patient],
            ['enrolled', answer.created ? 'now' : 'before'],
            ...(options.keys === undefined ? [] : [['keys (secret)', options.keys] as const]),
          ]),
        options,
      )
    })
}

interface PractitionerOptions extends NodeOptions {
  readonly keys: string
  readonly role: readonly string[]
}

function addPractitioner(enroll: Command): void {
  addNodeOptions(
    enroll
      .command('practitioner')
      .description('enter a practitioner with a key file, affiliated with this institution')
      .requiredOption('--keys <file>', 'as assent keys person made it')
      .requiredOption('--role <role...>', 'such as physician; at most 4'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  assent keys person --out dr-b.json\n  assent enroll practitioner --folder hospital-b --keys dr-b.json --role physician',
    )
    .action(async (options: PractitionerOptions) => {
      const { identity, signing, encryption } = loadPersonFile(options.keys)
      const { client, genesis } = connectTo(options)
      for (const code of options.role) await assertCode(client, { kind: 'role', code, option: '--role' })
      const args = {
        practitioner: identity,
        roles: options.role,
        signing: signing.publicKey,
        encryption: encryption.publicKey,
      }
      const call = { contract: 'registry', method: 'enrollPractitioner', args }
      const { receipt } = await submitCall(call, { client, genesis, signer: actorFrom({ folder: options.folder }) })
      const result = { practitioner: identity, roles: options.role, height: receipt.height }
      print(
        result,
        () =>
          pairs([
            ['practitioner', identity],
            ['roles', options.role.join(', ')],
            ['height', receipt.height],
          ]),
        options,
      )
    })
}
