// assent enroll: patients and practitioners of this institution enter the registry, as random ids.

import { rmSync } from 'node:fs'
import type { Command } from 'commander'
import * as z from 'zod'
import { ClientError } from '../client/errors.ts'
import { createPersonFile, loadPersonFile, setPersonIdentity } from '../node/person-file.ts'
import { actorFrom, addNodeOptions, connectTo, connectToDesk, type NodeOptions } from './connection.ts'
import { fileJson, newPath } from './option-values.ts'
import { pairs, print, UsageError } from './output.ts'
import { assertCode } from './policy-codes.ts'
import { atDesk, CallRefusedError, submitCall } from './submit.ts'

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
      const { desk, genesis } = connectToDesk(options)
      const keys = options.keys === undefined ? null : createPersonFile(newPath(options.keys, '--keys'))
      const publicKeys = keys === null ? {} : { signing: keys.signing.publicKey, encryption: keys.encryption.publicKey }
      const { patient, created } = await atDesk(desk.enrollPatient(resource.data, publicKeys), genesis).catch(
        (error: unknown) => {
          // Only after a clear no: without an answer the keys may be registered.
          const isRefused =
            error instanceof CallRefusedError || (error instanceof ClientError && error.code === 'REFUSED')
          if (isRefused && options.keys !== undefined) rmSync(options.keys)
          throw error
        },
      )
      if (options.keys !== undefined) {
        if (created) setPersonIdentity(options.keys, patient)
        else rmSync(options.keys)
      }
      print(
        { patient, created },
        () => [
          ...pairs([
            ['patient', patient],
            ['enrolled', created ? 'now' : 'before'],
            ...(created && options.keys !== undefined ? [['keys (secret)', options.keys] as const] : []),
          ]),
          ...(!created && options.keys !== undefined
            ? ['', 'No key file was made: the keys of then stay in force.']
            : []),
        ],
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
