// assent consent: attest a FHIR Consent as its custodian, sign one as the patient, end one, list them.

import type { Command } from 'commander'
import * as z from 'zod'
import type { Client } from '../client/client.ts'
import { isRefusal } from '../client/errors.ts'
import type { ConsentAnswer } from '../client/institution-client.ts'
import { randomBytes } from '../crypto/random.ts'
import { operationOutcome } from '../fhir/operation-outcome.ts'
import type { ElementProblem } from '../fhir/problem.ts'
import { assertNever } from '../types/assert.ts'
import { READ_REASONS } from '../types/signed-read.ts'
import { actorFrom, addNodeOptions, connectTo, connectToDesk, type NodeOptions } from './connection.ts'
import { consentLines } from './consent-lines.ts'
import { addSimulate } from './consent-simulate.ts'
import { type Clause, type Consent, consentSchema, readAnswer } from './contract-answers.ts'
import { idFrom, institutionFrom, personFrom } from './identities.ts'
import { fileBytes, instant, oneOf, wholeNumber } from './option-values.ts'
import { pairs, print, UsageError } from './output.ts'
import { assertCode } from './policy-codes.ts'
import { defaultReason, type ReadOptions } from './read-reason.ts'
import { recipientFrom } from './recipient-option.ts'
import { type ReferenceOptions, referenceMap } from './reference-option.ts'
import { atDesk, submitCall } from './submit.ts'
import { clauseInWords } from './words.ts'

export function addConsent(program: Command): void {
  const consent = program.command('consent').description('register, sign, revoke, list and simulate consents')
  addRegister(consent)
  addSign(consent)
  addRevoke(consent)
  addList(consent)
  addExport(consent)
  addSimulate(consent)
}

interface RegisterOptions extends NodeOptions, ReferenceOptions {
  readonly file: string
}

function addRegister(consent: Command): void {
  addNodeOptions(
    consent
      .command('register')
      .description('attest a FHIR R4 Consent as its custodian: register, change or end it on the chain')
      .requiredOption('--file <file>', 'the Consent, JSON')
      .option('--reference <Type/id=kind:who...>', 'who a reference in it stands for; repeat it for each')
      .option('--references <file>', 'the same as a JSON object of "Type/id": "kind:who"'),
  )
    .addHelpText(
      'after',
      `
kind:who is patient:ID, practitioner:ID, practitionerRole:ID@INSTITUTION, organization:NAME, group:ID or delegation:ID.
For the ID of a person, @FILE of the key file does, too.

Example:
  assent consent register --folder hospital-a --file consent.json --reference Patient/1=patient:@patient.json \\
      --reference 'Organization/a=organization:Hospital A' --reference Practitioner/b=practitioner:@dr-b.json

A Consent that cannot be translated is refused as a whole: an OperationOutcome names each element (exit code 1).`,
    )
    .action(async (options: RegisterOptions) => {
      const bytes = fileBytes(options.file, '--file')
      const { desk, genesis } = connectToDesk(options)
      const answer = await atDesk(desk.putConsent(bytes, referenceMap(options, genesis.genesis.founders)), genesis)
      const outcome =
        answer.kind === 'refused' ? operationOutcome(answer.problems as readonly ElementProblem[]) : answer
      print(outcome, () => describeAnswer(answer), options)
      if (answer.kind === 'refused') process.exitCode = 1
    })
}

function describeAnswer(answer: ConsentAnswer): readonly string[] {
  switch (answer.kind) {
    case 'registered':
      return answer.consents.map(({ consent, version }) => `Registered: consent ${consent}, version ${version}`)
    case 'ended':
      return [`Ended: consent ${answer.consent}`]
    case 'nothing':
      return [`Nothing to do: ${answer.reason}`]
    case 'refused':
      return [
        'Refused; nothing was registered. Correct these elements:',
        ...answer.problems.flatMap(({ path, reason, accepted }) => [
          `  ${path}: ${reason}`,
          `      accepted: ${accepted}`,
        ]),
      ]
    default:
      return assertNever(answer)
  }
}

interface SignOptions extends NodeOptions {
  readonly as: string
  readonly custodian: string
  readonly permit?: boolean
  readonly deny?: boolean
  readonly purpose?: readonly string[]
  readonly recipient?: readonly string[]
  readonly from?: string
  readonly to?: string
  readonly receipt?: string
}

function addSign(consent: Command): void {
  addNodeOptions(
    consent
      .command('sign')
      .description('sign a simple consent as the patient')
      .requiredOption('--as <file>', "the patient's key file")
      .requiredOption('--custodian <name or id>', 'the institution that holds the records')
      .option('--permit', 'the consent permits')
      .option('--deny', 'the consent denies')
      .option('--purpose <code...>', 'what for, such as TREAT (default: everything but break-glass)')
      .option(
        '--recipient <who...>',
        "an institution's name, an id, @FILE, or PERSON@INSTITUTION (default: all members)",
      )
      .option('--from <time>', 'from when on: a date, or a time with zone')
      .option('--to <time>', 'until when, exclusive')
      .option('--receipt <file>', "keep the receipt's proof, for assent verify receipt"),
  )
    .addHelpText(
      'after',
      `
Example:
  assent consent sign --folder hospital-a --as patient.json --custodian "Hospital A" --permit --purpose TREAT \\
      --recipient "Hospital B" --to 2027-01-01`,
    )
    .action(async (options: SignOptions) => {
      const clauseOf = parseClause(options)
      const { client, genesis } = connectTo(options)
      const { founders } = genesis.genesis
      const signer = actorFrom(options)
      const custodian = institutionFrom(options.custodian, { founders, option: '--custodian' })
      const clause = await clauseOf({ client, founders })
      const consentId = randomBytes(32).toHex()
      const { receipt } = await submitCall(
        {
          contract: 'consent',
          method: 'register',
          args: {
            consent: consentId,
            patient: signer.identity,
            custodian,
            delegation: null,
            // What the patient signs is the transaction itself: there is no paper to commit to.
            document: randomBytes(32).toHex(),
            limits: null,
            recorder: null,
            clauses: [{ ...clause }],
          },
        },
        { client, genesis, signer, receipt: options.receipt },
      )
      const { transactionId, height } = receipt
      const result = { consent: consentId, version: 1, height, transactionId }
      print(
        result,
        () =>
          pairs([
            ['consent', result.consent],
            ['says', clauseInWords(clause, founders)],
            ['height', height],
            ['transaction', transactionId],
          ]),
        options,
      )
    })
}

/** What can be checked without a node is checked before one is asked. */
function parseClause({ permit, deny, purpose = [], recipient = [], from, to }: SignOptions) {
  if ((permit === true) === (deny === true)) throw new UsageError('--permit or --deny: exactly one of them is needed')
  const period = {
    from: from === undefined ? null : instant(from, '--from'),
    to: to === undefined ? null : instant(to, '--to'),
  }
  if (period.from !== null && period.to !== null && period.from >= period.to) {
    throw new UsageError('--to: expected a time after --from')
  }
  return async (context: { client: Client; founders: Parameters<typeof clauseInWords>[1] }): Promise<Clause> => {
    for (const code of purpose) await assertCode(context.client, { kind: 'purpose', code, option: '--purpose' })
    const recipients = []
    for (const text of recipient) recipients.push(await recipientFrom(text, context))
    return { type: permit ? 'permit' : 'deny', recipients, purposes: [...purpose], ...period, limited: false }
  }
}

interface RevokeOptions extends NodeOptions {
  readonly as: string
  readonly consent: string
  readonly receipt?: string
}

function addRevoke(consent: Command): void {
  addNodeOptions(
    consent
      .command('revoke')
      .description('end a consent')
      .requiredOption(
        '--as <file>',
        "who ends it: the key file of the patient or a delegate, or 'institution': the custodian",
      )
      .requiredOption('--consent <id>', 'as assent consent list shows it')
      .option('--receipt <file>', "keep the receipt's proof, for assent verify receipt"),
  )
    .addHelpText('after', '\nExample:\n  assent consent revoke --folder hospital-a --as patient.json --consent 5f0c...')
    .action(async (options: RevokeOptions) => {
      const id = idFrom(options.consent, { option: '--consent', accepted: 'the id of a consent' })
      const { client, genesis } = connectTo(options)
      const call = { contract: 'consent', method: 'revoke', args: { consent: id } }
      const signer = actorFrom(options)
      const { receipt } = await submitCall(call, { client, genesis, signer, receipt: options.receipt })
      const result = { consent: id, height: receipt.height, transactionId: receipt.transactionId }
      print(
        result,
        () =>
          pairs([
            ['revoked', id],
            ['height', result.height],
            ['transaction', result.transactionId],
          ]),
        options,
      )
    })
}

interface ListOptions extends NodeOptions, ReadOptions {
  readonly patient: string
}

function addList(consent: Command): void {
  addNodeOptions(
    consent
      .command('list')
      .description("a patient's consents, ended ones too; the read is signed and recorded")
      .requiredOption('--patient <id>', "the patient's id, or @FILE of the key file")
      .option('--as <file>', "who reads: a person's key file (default: the folder's institution)")
      .option('--reason <reason>', READ_REASONS.join(' | ')),
  )
    .addHelpText(
      'after',
      '\nExample:\n  assent consent list --folder hospital-a --patient @patient.json --as patient.json',
    )
    .action(async (options: ListOptions) => {
      const patient = personFrom(options.patient, '--patient')
      if (options.reason !== undefined) oneOf(options.reason, { option: '--reason', accepted: READ_REASONS })
      const { client, genesis } = connectTo(options)
      const { founders } = genesis.genesis
      const signer = actorFrom(options)
      const reason = options.reason ?? defaultReason(signer, genesis)
      const consents: Consent[] = []
      for (let after: string | null = null; ; ) {
        const call = { contract: 'consent', method: 'ofPatient', args: { patient, after } }
        const { value } = await client.signedQuery(call, { signer, reason })
        const page = readAnswer(value, { schema: z.array(consentSchema), method: 'consent.ofPatient' })
        consents.push(...page)
        const last = page.at(-1)
        if (last === undefined || page.length < CONSENTS_PER_PAGE) break
        after = last.consent
      }
      print(consents, () => consentLines(consents, founders), options)
    })
}

interface ExportOptions extends NodeOptions {
  readonly patient: string
  readonly consent: string
  readonly version?: string
}

function addExport(consent: Command): void {
  addNodeOptions(
    consent
      .command('export')
      .description("a consent as FHIR R4: terms from the chain, text and data limits from its custodian's vault")
      .requiredOption('--patient <id>', "the patient's id, or @FILE of the key file")
      .requiredOption('--consent <id>', 'as assent consent list shows it')
      .option('--version <number>', 'default: the latest'),
  )
    .addHelpText(
      'after',
      `
Example:
  assent consent export --folder hospital-a --patient @patient.json --consent 7d1e... > consent.json

It always prints the resource as JSON. Where the vault has the data limits no more, a modifier extension says so.`,
    )
    .action(async (options: ExportOptions) => {
      const patient = personFrom(options.patient, '--patient')
      const id = idFrom(options.consent, { option: '--consent', accepted: 'the id of a consent' })
      const version =
        options.version === undefined ? undefined : wholeNumber(options.version, { option: '--version', min: 1 })
      const { desk } = connectToDesk(options)
      const resource = await desk.exportConsent(patient, id, version).catch((error: unknown) => {
        if (!isRefusal(error, 'NOT_FOUND')) throw error
        throw new UsageError('--consent: this custodian has no such consent, version, or not of this patient')
      })
      print(resource, () => '', { json: true })
    })
}

/** spec/contracts.md, "Pages" */
const CONSENTS_PER_PAGE = 16
