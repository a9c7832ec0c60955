// assent audit accounting, access-report, suspend: what a patient is owed of the log. HIPAA knows two reports: the accounting of
// disclosures (45 CFR 164.528), which leaves much out, and the report of every access, which leaves nothing out.
// spec/privacy.md, "Two reports from one log".

import type { Command } from 'commander'
import * as z from 'zod'
import { commitment } from '../crypto/hash.ts'
import { randomBytes } from '../crypto/random.ts'
import type { IdentityId } from '../types/brand.ts'
import { TAG } from '../types/tags.ts'
import { TRAIL_HEAD, trailRow } from './audit-rows.ts'
import { mergeTrail, readTrail, type TrailEntry } from './audit-trail.ts'
import { type Actor, actorFrom, addNodeOptions, type Connection, connectTo, type NodeOptions } from './connection.ts'
import { type Decision, decisionSchema, readAnswer } from './contract-answers.ts'
import { type Founders, institutionFrom, nameOf, personFrom } from './identities.ts'
import { fileBytes, instant } from './option-values.ts'
import { counted, print, shortId, table, UsageError } from './output.ts'
import { defaultReason } from './read-reason.ts'
import { submitCall } from './submit.ts'
import { purposeInWords, timeInWords } from './words.ts'

interface ReportOptions extends NodeOptions {
  readonly patient: string
  readonly as?: string
}

/** One line of an accounting: 45 CFR 164.528(b)(2) asks for date, recipient, description, purpose. */
export interface Disclosure {
  readonly date: string
  readonly recipient: { readonly institution: string; readonly name: string; readonly practitioner: string | null }
  readonly description: string
  readonly records: readonly string[]
  readonly purpose: string
  readonly decision: number
}

export function addAuditReports(audit: Command): void {
  addAccounting(audit)
  addAccessReport(audit)
  addSuspend(audit)
}

function addAccounting(audit: Command): void {
  addNodeOptions(
    audit
      .command('accounting')
      .description('disclosures of the last six years that HIPAA has a patient told of (45 CFR 164.528)')
      .requiredOption('--patient <id>', "the patient's id, or @FILE of the key file")
      .option('--as <file>', "the patient's or a delegate's key file (default: the folder's institution, as custodian)")
      .option('--custodian <name or id>', "whose disclosures (default: the folder's institution)"),
  )
    .addHelpText(
      'after',
      `
Examples:
  assent audit accounting --folder hospital-a --patient 5f0c...                          (the hospital answers its patient)
  assent audit accounting --folder hospital-b --patient @patient.json --as patient.json --custodian "Hospital A"

Left out: treatment, break-glass, payment, operations; what a consent of the patient permits, or the patient asked for; what did not
leave the custodian. Everything is in: assent audit access-report. The read is signed and recorded.`,
    )
    .action(async (options: ReportOptions & { readonly custodian?: string }) => {
      const patient = personFrom(options.patient, '--patient')
      const connection = connectTo(options)
      const { founders } = connection.genesis.genesis
      const actor = actorFrom(options)
      const custodian =
        options.custodian === undefined
          ? actorFrom({ folder: options.folder }).identity
          : institutionFrom(options.custodian, { founders, option: '--custodian' })
      const isOwn = actor.kind === 'institution' && actor.identity === custodian
      const method = isOwn ? 'accountingAt' : 'accounting'
      const { decisions, fromMs, toMs } = await accountedFor({ patient, custodian, method, actor, connection })
      const disclosures = disclosuresIn(decisions, { fromMs, toMs, founders })
      const result = { patient, custodian, from: timeInWords(fromMs), to: timeInWords(toMs), disclosures }
      print(result, () => accountingLines(result, founders), options)
    })
}

const accountingSchema = z.object({ disclosures: z.array(decisionSchema), last: z.int().nullable() })
const SIX_YEARS = 6

async function accountedFor(asked: {
  patient: IdentityId
  custodian: IdentityId
  method: 'accounting' | 'accountingAt'
  actor: Actor
  connection: Connection
}): Promise<{ decisions: readonly Decision[]; fromMs: number; toMs: number }> {
  const { patient, custodian, method, actor, connection } = asked
  const { client, genesis } = connection
  const read = { signer: actor, reason: defaultReason(actor, genesis) }
  const decisions: Decision[] = []
  for (let after = 0; ; ) {
    const call = { contract: 'audit', method, args: { patient, custodian, after } }
    const { value, timeMs } = await client.signedQuery(call, read)
    const page = readAnswer(value, { schema: accountingSchema, method: `audit.${method}` })
    decisions.push(...page.disclosures)
    if (page.last === null) {
      const from = new Date(timeMs)
      from.setUTCFullYear(from.getUTCFullYear() - SIX_YEARS)
      return { decisions, fromMs: from.getTime(), toMs: timeMs }
    }
    after = page.last
  }
}

/** In order of time. */
export function disclosuresIn(
  decisions: readonly Decision[],
  { fromMs, toMs, founders }: { fromMs: number; toMs: number; founders: Founders },
): readonly Disclosure[] {
  const all = decisions.flatMap(({ decision, terms: { request }, releases }) =>
    releases.map(({ at, records }) => ({ at, decision, request, records })),
  )
  return all
    .filter(({ at }) => at >= fromMs && at <= toMs)
    .toSorted((left, right) => left.at - right.at)
    .map(({ at, decision, request: { institution, practitioner, purpose }, records }) => ({
      date: timeInWords(at),
      recipient: { institution, name: nameOf(institution, founders), practitioner },
      description: `${counted(records.length, 'record')} of the health record, by id`,
      records,
      purpose,
      decision,
    }))
}

function accountingLines(
  {
    custodian,
    from,
    to,
    disclosures,
  }: { custodian: string; from: string; to: string; disclosures: readonly Disclosure[] },
  founders: Founders,
): readonly string[] {
  return [
    `Accounting of disclosures by ${nameOf(custodian, founders)}, ${from} to ${to} (45 CFR 164.528)`,
    '',
    ...(disclosures.length === 0
      ? ['None.']
      : table(
          ['date', 'recipient', 'description', 'purpose'],
          disclosures.map(({ date, recipient: { name, practitioner }, records, purpose }) => [
            date,
            practitioner === null ? name : `${name}, ${shortId(practitioner)}`,
            `${counted(records.length, 'record')}: ${records.map(shortId).join(', ')}`,
            purposeInWords(purpose),
          ]),
        )),
  ]
}

interface AccessReportOptions extends ReportOptions {
  readonly from?: string
  readonly to?: string
}

function addAccessReport(audit: Command): void {
  addNodeOptions(
    audit
      .command('access-report')
      .description('every request, release and read of the log about a patient, whatever it was for')
      .requiredOption('--patient <id>', "the patient's id, or @FILE of the key file")
      .option('--as <file>', "who reads: a person's key file (default: the folder's institution)")
      .option('--from <date>', 'not before')
      .option('--to <date>', 'not at this time or later'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  assent audit access-report --folder hospital-a --patient @patient.json --as patient.json --from 2026-01-01',
    )
    .action(async (options: AccessReportOptions) => {
      const patient = personFrom(options.patient, '--patient')
      const fromMs = options.from === undefined ? 0 : instant(options.from, '--from')
      const toMs = options.to === undefined ? Number.POSITIVE_INFINITY : instant(options.to, '--to')
      if (fromMs >= toMs) throw new UsageError('--to: expected a time after --from')
      const { client, genesis } = connectTo(options)
      const signer = actorFrom(options)
      const trail = await readTrail(client, { patient, signer, reason: defaultReason(signer, genesis) })
      const entries = accessesIn(mergeTrail(trail), { fromMs, toMs })
      const { founders } = genesis.genesis
      const head = 'Every access, refused ones too:'
      const rows = entries.map((entry) => trailRow(entry, founders))
      print(
        { patient, entries },
        () => [
          head,
          '',
          ...table(TRAIL_HEAD, rows),
          '',
          rows.length === 0 ? 'no accesses' : counted(rows.length, 'line'),
        ],
        options,
      )
    })
}

/** What somebody saw or asked for. What became of consents is no access. */
export function accessesIn(
  entries: readonly TrailEntry[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
): readonly TrailEntry[] {
  return entries.filter(({ kind, at }) => kind !== 'change' && at >= fromMs && at < toMs)
}

interface SuspendOptions extends NodeOptions {
  readonly patient: string
  readonly until: string
  readonly statement: string
}

function addSuspend(audit: Command): void {
  addNodeOptions(
    audit
      .command('suspend')
      .description(
        'as an oversight agency: keep what it was given out of the accounting until a day (45 CFR 164.528(a)(2))',
      )
      .requiredOption('--patient <id>', "the patient's id, or @FILE of the key file")
      .requiredOption('--until <date>', 'a year from now at most')
      .requiredOption('--statement <file>', 'the written statement; the chain gets a salted commitment to it'),
  )
    .addHelpText(
      'after',
      `
Example:
  assent audit suspend --folder regulator --patient 5f0c... --until 2027-03-01 --statement statement.pdf

Only a regulator may, about disclosures to itself. The access report stays whole.`,
    )
    .action(async (options: SuspendOptions) => {
      const patient = personFrom(options.patient, '--patient')
      const until = instant(options.until, '--until')
      const salt = randomBytes(32)
      const statement = commitment(TAG.statement, { salt, bytes: fileBytes(options.statement, '--statement') })
      const { client, genesis } = connectTo(options)
      const call = { contract: 'audit', method: 'suspendAccounting', args: { patient, until, statement } }
      const { receipt } = await submitCall(call, { client, genesis, signer: actorFrom({ folder: options.folder }) })
      const { transactionId } = receipt
      const result = { patient, until: timeInWords(until), statement, salt: salt.toHex(), transactionId }
      print(
        result,
        () => [
          `Suspended until ${result.until}.`,
          `Keep with the statement, to show that it is this one: salt ${result.salt}`,
        ],
        options,
      )
    })
}
