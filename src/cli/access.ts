// assent access: ask for a patient's record, fetch what a decision permits, ask what would be decided.

import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { isRefusal } from '../client/errors.ts'
import type { FetchedResource } from '../client/institution-client.ts'
import type { Json } from '../contracts/abi.ts'
import { READ_REASONS } from '../types/signed-read.ts'
import { addExplain } from './access-explain.ts'
import { type AccessOptions, accessRequest, addAccessOptions } from './access-request.ts'
import { keepComment } from './break-glass-comment.ts'
import { actorFrom, addNodeOptions, connectTo, connectToDesk, type NodeOptions } from './connection.ts'
import { type Answer, answerSchema, readAnswer } from './contract-answers.ts'
import { personFrom } from './identities.ts'
import { newPath, oneOf, wholeNumber } from './option-values.ts'
import { counted, pairs, print, shortId, table, UsageError } from './output.ts'
import { defaultReason, type ReadOptions } from './read-reason.ts'
import { breakGlassHint, CONCEALED, CONCEALED_LINES, conceals } from './refused-access.ts'
import { submitCall } from './submit.ts'
import { basisInWords, outcomeInWords, reasonInWords, timeInWords } from './words.ts'

export function addAccess(program: Command): void {
  const access = program
    .command('access')
    .description('request access to a record, fetch it, ask what would be decided, and why it was')
  addRequest(access)
  addFetch(access)
  addDecide(access)
  addExplain(access)
}

interface RequestOptions extends AccessOptions {
  readonly receipt?: string
}

function addRequest(access: Command): void {
  addAccessOptions(
    access
      .command('request')
      .description("ask for a patient's record; the decision is made on the chain, and recorded whatever it is")
      .option(
        '--as <file>',
        "the practitioner's key file (default: the institution asks, or vouches for --practitioner)",
      )
      .option('--receipt <file>', "keep the receipt's proof, for assent verify receipt"),
  )
    .addHelpText(
      'after',
      `
Examples:
  assent access request --folder hospital-b --as dr-b.json --role physician --patient @patient.json \\
      --custodian "Hospital A" --purpose TREAT
  assent access request --folder hospital-b --as dr-b.json --role physician --patient 5f0c... \\
      --custodian "Hospital A" --purpose BTG --break-glass-reason unconscious --comment "found at the roadside"

Exit code 0: permitted; 1: denied. Of --comment only a salted commitment leaves this institution.`,
    )
    .action(async (options: RequestOptions) => {
      const { client, genesis } = connectTo(options)
      const signer = actorFrom(options)
      const { args, comment } = await accessRequest(options, { client, genesis, signer })
      const kept = comment === null ? null : keepComment(comment, { folder: options.folder })
      const call = { contract: 'access', method: 'request', args }
      const submitted = await submitCall(call, { client, genesis, signer, receipt: options.receipt })
      const answer = toAnswer(submitted.call.value, 'access.request')
      const { transactionId } = submitted.receipt
      if (answer.outcome === 'DENY') process.exitCode = 1
      if (answer.outcome === 'DENY' && conceals(options.folder)) {
        print(CONCEALED, () => CONCEALED_LINES, options)
        return
      }
      print(
        { ...answer, transactionId, ...(kept !== null && { comment: kept }) },
        () => [
          ...describe(answer, [
            ['decision', answer.decision],
            ['transaction', transactionId],
            ...(kept === null ? [] : [['comment kept in', kept] as const]),
          ]),
          ...nextStep(answer, options),
        ],
        options,
      )
    })
}

function nextStep(
  { outcome, decision, reasons }: Answer,
  { folder, patient, purpose }: AccessOptions,
): readonly string[] {
  if (outcome === 'DENY') return breakGlassHint({ reasons }, { purpose })
  return ['', `Next: assent access fetch --folder ${folder} --patient ${patient} --decision ${decision}`]
}

interface FetchOptions extends NodeOptions {
  readonly patient: string
  readonly decision: string
  readonly out?: string
}

function addFetch(access: Command): void {
  addNodeOptions(
    access
      .command('fetch')
      .description('fetch what a decision permits from its custodian, through this institution’s node')
      .requiredOption('--patient <id>', "the patient's id, or @FILE of the key file")
      .requiredOption('--decision <number>', 'as assent access request answered it')
      .option('--out <folder>', 'a new folder for the records, for your eyes only (default: decision-NUMBER)'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  assent access fetch --folder hospital-b --patient @patient.json --decision 12 --out records',
    )
    .action(async (options: FetchOptions) => {
      const patient = personFrom(options.patient, '--patient')
      const decision = wholeNumber(options.decision, { option: '--decision', min: 1 })
      // Before anything is asked for: a release is recorded, and must not end in a full or forbidden folder.
      const out = newPath(options.out ?? `decision-${decision}`, '--out')
      const { desk } = connectToDesk(options)
      mkdirSync(out, { mode: 0o700 })
      const fetched = await desk.fetchRecords(patient, decision).catch((error: unknown) => {
        rmdirSync(out)
        if (!isRefusal(error, 'NOT_FOUND')) throw error
        throw new UsageError('--decision: this patient has no decision with this number')
      })
      const write = (name: string, bytes: Uint8Array): string => {
        const file = join(out, `${name}.json`)
        writeFileSync(file, bytes, { mode: 0o600, flag: 'wx' })
        return file
      }
      const records = fetched.records.map(({ bytes, ...record }) => {
        return { ...record, bytes: bytes.length, file: write(record.record, bytes) }
      })
      const consents = fetched.consents.map(({ document, bytes }) => {
        return { document, file: write(`consent-${document}`, bytes) }
      })
      print(
        { decision, records, consents },
        () => [
          ...table(
            ['record', 'version', 'release', 'bytes', 'accompanied by'],
            records.map(({ record, version, release, bytes, accompaniment }) => {
              const by = accompaniment?.consents.map((document) => `consent-${shortId(document)}...`) ?? []
              return [
                shortId(record),
                version,
                release,
                bytes,
                accompaniment === null ? '' : ['notice', ...by].join(', '),
              ]
            }),
          ),
          '',
          ...noticeLines(records),
          `${counted(records.length, 'record')} in ${out}`,
        ],
        options,
      )
    })
}

type Accompanied = Pick<FetchedResource, 'accompaniment'>

/** Before anything else is done with the records. */
function noticeLines(records: readonly Accompanied[]): readonly string[] {
  const accompanied = records.filter(({ accompaniment }) => accompaniment !== null)
  const notices = new Set(accompanied.map(({ accompaniment }) => accompaniment?.notice as string))
  return [...notices].flatMap((notice) => [
    `NOTICE for ${counted(accompanied.length, 'record')} (42 CFR 2.32): ${notice}`,
    'Whoever hands them on hands on this notice and the copy of the consent with them.',
    '',
  ])
}

interface DecideOptions extends AccessOptions, ReadOptions {}

function addDecide(access: Command): void {
  addAccessOptions(
    access
      .command('decide')
      .description('ask what would be decided now, without asking for access: advice, never a basis for release')
      .option(
        '--as <file>',
        "who wants to know: the patient's or a delegate's key file (default: the folder's institution)",
      )
      .option('--reason <reason>', READ_REASONS.join(' | ')),
  )
    .addHelpText(
      'after',
      `
Example: may this physician of hospital B see my record?
  assent access decide --folder hospital-a --as patient.json --patient @patient.json --practitioner @dr-b.json \\
      --role physician --institution "Hospital B" --custodian "Hospital A" --purpose TREAT

The read is signed and recorded. Exit code 0: it would be permitted; 1: denied.`,
    )
    .action(async (options: DecideOptions) => {
      if (options.reason !== undefined) oneOf(options.reason, { option: '--reason', accepted: READ_REASONS })
      const { client, genesis } = connectTo(options)
      const reader = actorFrom(options)
      const { args } = await accessRequest(options, { client, genesis, signer: null })
      const submitter = args.practitioner ?? args.institution
      const call = { contract: 'access', method: 'decide', args: { submitter, ...args } }
      const reason = options.reason ?? defaultReason(reader, genesis)
      const { value, fresh } = await client.signedQuery(call, { signer: reader, reason })
      const answer = toAnswer(value, 'access.decide')
      print({ ...answer, fresh }, () => describe(answer, fresh ? [] : [['note', 'this node may lag behind']]), options)
      if (answer.outcome === 'DENY') process.exitCode = 1
    })
}

const toAnswer = (value: Json, method: string): Answer => readAnswer(value, { schema: answerSchema, method })

function describe(
  { outcome, basis, reasons, clauses, height, expiresAt, vouchedBy }: Answer,
  more: readonly (readonly [string, string | number])[],
): readonly string[] {
  const used = clauses.map(({ consent, version, clause, type }) => {
    return `${type} of consent ${shortId(consent)} version ${version}${clause === 0 ? '' : `, exception ${clause}`}`
  })
  return pairs([
    ['outcome', outcomeInWords(outcome)],
    ['basis', basisInWords(basis)],
    ...reasons.map((reason, i) => [i === 0 ? 'because' : '', reasonInWords(reason)] as const),
    ...used.map((text, i) => [i === 0 ? 'by' : '', text] as const),
    ...(vouchedBy === null ? [] : [['vouched for by', 'the institution'] as const]),
    ...(expiresAt === null ? [] : [['good until', timeInWords(expiresAt)] as const]),
    ['height', height],
    ...more,
  ])
}
