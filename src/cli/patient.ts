// assent patient: have everything erased that institutions keep of a patient outside the chain.

import type { Command } from 'commander'
import * as z from 'zod'
import { isRefusal } from '../client/errors.ts'
import type { ReadRequest } from '../client/signer.ts'
import type { IdentityId } from '../types/brand.ts'
import { type ConfirmOptions, confirm } from './confirm.ts'
import {
  type Actor,
  actorFrom,
  addNodeOptions,
  type Connection,
  connectTo,
  connectToDesk,
  type NodeOptions,
} from './connection.ts'
import { readAnswer } from './contract-answers.ts'
import {
  DUTIES,
  type Erasure,
  type ErasureReport,
  erasureSchema,
  erasuresOf,
  GROUNDS,
  remainders,
  remaindersOf,
  reportLines,
  stateInWords,
} from './erasure-report.ts'
import { institutionFrom, nameOf, personFrom } from './identities.ts'
import { oneOf, wholeNumber } from './option-values.ts'
import { counted, print, progress, shortId, table, UsageError } from './output.ts'
import { defaultReason } from './read-reason.ts'
import { atDesk, submitCall } from './submit.ts'

export function addPatient(program: Command): void {
  const patient = program.command('patient').description('erase what institutions keep of a patient')
  addErase(patient)
  addDecline(patient)
  addErasures(patient)
}

interface EraseOptions extends NodeOptions, ConfirmOptions {
  readonly patient: string
  readonly as?: string
  readonly at?: string
  readonly ground?: string
  readonly wait: string
}

function addErase(patient: Command): void {
  addNodeOptions(
    patient
      .command('erase')
      .description(
        'destroy bodies, keys, salts and index rows, for ever; each institution gives a receipt on the chain',
      )
      .requiredOption('--patient <id>', "the patient's id, or @FILE of the key file")
      .option(
        '--as <file>',
        "the patient's or a delegate's key file (default: the folder's institution, for itself alone)",
      )
      .option('--at <name or id>', 'at this institution only (default with --as: every institution)')
      .option('--ground <ground>', `of an institution: ${GROUNDS.join(' | ')}`)
      .option('--wait <seconds>', 'how long to wait for receipts', '60')
      .option('--yes', 'do not ask'),
  )
    .addHelpText(
      'after',
      `
Examples:
  assent patient erase --folder hospital-a --patient @patient.json --as patient.json
  assent patient erase --folder hospital-a --patient 5f0c... --ground retentionEnded --yes --json

The chain keeps what it holds: random ids, hashes, decisions. The report says what stays and why.
Exit code 0: everybody asked has given a receipt; 1: somebody has not yet, or has declined.`,
    )
    .action(async (options: EraseOptions) => {
      const id = personFrom(options.patient, '--patient')
      const actor = actorFrom(options)
      const connection = connectTo(options)
      const report =
        actor.kind === 'person'
          ? await askAll(id, { options, actor, connection })
          : await eraseHere(id, { options, actor, connection })
      print(report, () => reportLines(report, connection.genesis.genesis.founders), options)
      if (report.erasures.some(({ erasedAt }) => erasedAt === null)) process.exitCode = 1
    })
}

interface Asking {
  readonly options: EraseOptions
  readonly actor: Actor
  readonly connection: Connection
}

const WARNING = [
  'This destroys, for ever: records and their keys; texts and data limits of consents, and their salts; the rows that say',
  'whose id it is; the free texts of break-glasses. No backup brings them back.',
]

/** The patient asks: every institution, or one of them. */
async function askAll(patient: IdentityId, { options, actor, connection }: Asking): Promise<ErasureReport> {
  if (options.ground !== undefined) throw new UsageError('--ground: of institutions only; a patient needs none')
  const waitMs = wholeNumber(options.wait, { option: '--wait' }) * 1_000
  const { client, genesis } = connection
  const { founders } = genesis.genesis
  const institution = options.at === undefined ? null : institutionFrom(options.at, { founders, option: '--at' })
  await confirm(`Erase everything of ${shortId(patient)}?`, { preview: WARNING, objections: [] }, options)
  const args = { patient, institution, ground: 'patientWish' }
  const { call, receipt } = await submitCall(
    { contract: 'erasure', method: 'ask', args },
    { client, genesis, signer: actor },
  )
  const asked = readAnswer(call.value, { schema: z.int(), method: 'erasure.ask' })
  if (!options.json) progress(`asked: ${counted(asked, 'institution')}, at height ${receipt.height}`)
  const read: ReadRequest = { signer: actor, reason: defaultReason(actor, genesis) }
  try {
    await receipts({ patient, asked, from: receipt.height, waitMs, read, connection, isQuiet: options.json === true })
    const erasures = await erasuresOf(client, patient, read)
    return { patient, erasures, destroyed: null, remains: await remaindersOf(client, patient, read) }
  } catch (error) {
    if (!isRefusal(error, 'NOT_ENTITLED')) throw error
    progress('who may consent for this patient, and not read the log, is not told what became of it')
    return { patient, erasures: [], destroyed: null, remains: remainders(null) }
  }
}

/** Follows the receipts as they are committed, until all are there or the time is over. */
async function receipts(options: {
  patient: IdentityId
  asked: number
  from: number
  waitMs: number
  read: ReadRequest
  connection: Connection
  isQuiet: boolean
}): Promise<void> {
  const { patient, asked, from, waitMs, read, connection, isQuiet } = options
  const signal = AbortSignal.timeout(waitMs)
  let left = asked
  const filter = { contract: 'erasure' }
  try {
    for await (const { name, fields } of connection.client.follow({
      from,
      filter,
      read: { ...read, subject: patient },
      signal,
    })) {
      if (name !== 'Erased' && name !== 'Declined') continue
      const { institution } = fields as { institution: string }
      if (!isQuiet) progress(`${nameOf(institution, connection.genesis.genesis.founders)}: ${name.toLowerCase()}`)
      if (--left === 0) return
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** The institution itself, for a legal ground of its own, or carrying out what was asked. */
async function eraseHere(patient: IdentityId, { options, actor, connection }: Asking): Promise<ErasureReport> {
  const { genesis } = connection
  if (options.at !== undefined) throw new UsageError('--at: an institution erases for itself alone')
  const ground = oneOf(options.ground ?? 'patientWish', { option: '--ground', accepted: GROUNDS })
  await confirm(`Erase what is kept here of ${shortId(patient)}?`, { preview: WARNING, objections: [] }, options)
  const { desk } = connectToDesk(options)
  const destroyed = await atDesk(desk.erasePatient(patient, ground), genesis)
  const own = (await erasuresAt(actor, connection)).filter((erasure) => erasure.patient === patient)
  return { patient, erasures: own, destroyed, remains: remainders(null) }
}

interface DeclineOptions extends NodeOptions {
  readonly patient: string
  readonly duty: string
}

function addDecline(patient: Command): void {
  addNodeOptions(
    patient
      .command('decline')
      .description('say on the chain why this institution must keep it for now; it may erase later')
      .requiredOption('--patient <id>', "the patient's id, or @FILE of the key file")
      .requiredOption('--duty <duty>', DUTIES.join(' | ')),
  )
    .addHelpText('after', '\nExample:\n  assent patient decline --folder hospital-a --patient 5f0c... --duty retention')
    .action(async (options: DeclineOptions) => {
      const id = personFrom(options.patient, '--patient')
      const duty = oneOf(options.duty, { option: '--duty', accepted: DUTIES })
      const { client, genesis } = connectTo(options)
      const call = { contract: 'erasure', method: 'decline', args: { patient: id, duty } }
      const { receipt } = await submitCall(call, { client, genesis, signer: actorFrom({ folder: options.folder }) })
      const result = { patient: id, duty, transactionId: receipt.transactionId }
      print(result, () => `Declined for now: ${duty}. The patient sees it. Later: assent patient erase`, options)
    })
}

function addErasures(patient: Command): void {
  addNodeOptions(
    patient
      .command('erasures')
      .description("what was asked of the folder's institution, what is done, what is open")
      .option('--open', 'only what is not done'),
  )
    .addHelpText('after', '\nExample:\n  assent patient erasures --folder hospital-a --open')
    .action(async (options: NodeOptions & { readonly open?: boolean }) => {
      const connection = connectTo(options)
      const actor = actorFrom({ folder: options.folder })
      const all = await erasuresAt(actor, connection)
      const shown = options.open ? all.filter(({ erasedAt }) => erasedAt === null) : all
      print(
        shown,
        () =>
          shown.length === 0
            ? 'Nothing.'
            : table(
                ['number', 'patient', 'ground', 'state'],
                shown.map((erasure) => [
                  erasure.number,
                  shortId(erasure.patient),
                  erasure.ground,
                  stateInWords(erasure),
                ]),
              ),
        options,
      )
    })
}

/** Entries of one answer (spec/contracts.md, "Pages"). */
const PAGE = 64

async function erasuresAt(actor: Actor, { client, genesis }: Connection): Promise<readonly Erasure[]> {
  const all: Erasure[] = []
  const read = { signer: actor, reason: defaultReason(actor, genesis) }
  for (;;) {
    const args = { institution: actor.identity, after: all.at(-1)?.number ?? 0 }
    const { value } = await client.signedQuery({ contract: 'erasure', method: 'at', args }, read)
    const page = readAnswer(value, { schema: z.array(erasureSchema), method: 'erasure.at' })
    all.push(...page)
    if (page.length < PAGE) return all
  }
}
