// assent access explain: a recorded decision, decided again from the entries at the head at the versions that it names, and
// every clause that was looked at. What stood only in a vault, and was erased there, shows as ERASED.

import type { Command } from 'commander'
import * as z from 'zod'
import { isRefusal } from '../client/errors.ts'
import type { Json } from '../contracts/abi.ts'
import { READ_REASONS } from '../types/signed-read.ts'
import { actorFrom, addNodeOptions, connectTo, type NodeOptions } from './connection.ts'
import { lookedSchema, readAnswer, termsSchema, verdictSchema } from './contract-answers.ts'
import { settingsSchema } from './governance-answers.ts'
import { type Founders, nameOf, personFrom } from './identities.ts'
import { oneOf, wholeNumber } from './option-values.ts'
import { pairs, print, shortId, table, UsageError } from './output.ts'
import { defaultReason, type ReadOptions } from './read-reason.ts'
import { basisInWords, outcomeInWords, purposeInWords, reasonInWords, timeInWords } from './words.ts'

const OTHER_RULES = 'UNKNOWN_ALGORITHM'

interface ExplainOptions extends NodeOptions, ReadOptions {
  readonly patient?: string
}

/** `access.Explanation` */
const explanationSchema = z.object({
  decision: z.int(),
  terms: termsSchema,
  again: verdictSchema,
  same: z.boolean(),
  settings: settingsSchema,
  erased: z.array(z.object({ patient: z.string(), institution: z.string(), at: z.int() })),
})
export type Explanation = z.output<typeof explanationSchema>
export type Looked = z.output<typeof lookedSchema>

export function addExplain(access: Command): void {
  addNodeOptions(
    access
      .command('explain')
      .description('decide again what was decided, from the versions that the decision names, and say why')
      .argument('<decision>', 'its number, as assent access request or assent audit trail shows it')
      .option(
        '--patient <id>',
        'whom it is about, an id or @FILE (default: a decision that the institution has part in)',
      )
      .option('--as <file>', "who reads: a person's key file (default: the folder's institution)")
      .option('--reason <reason>', `${READ_REASONS.join(' | ')} (default: as fits the reader)`),
  )
    .addHelpText(
      'after',
      `
Examples:
  assent access explain 12 --folder hospital-a
  assent access explain 12 --folder hospital-a --patient @patient.json --as patient.json

Whatever was changed since, also on a node that began with a snapshot: the outcome is the same. What an institution has
destroyed shows as ERASED. The reads are signed and recorded. Exit code 0: the same outcome; 1: another one.`,
    )
    .action(async (text: string, options: ExplainOptions) => {
      const decision = wholeNumber(text, { option: '<decision>', min: 1 })
      if (options.reason !== undefined) oneOf(options.reason, { option: '--reason', accepted: READ_REASONS })
      const { client, genesis } = connectTo(options)
      const signer = actorFrom(options)
      const reason = options.reason ?? defaultReason(signer, genesis)
      const subject = subjectOf(options)
      const ask = async <T>(method: string, schema: z.ZodType<T>, deployment?: number): Promise<T> => {
        const args: { [name: string]: Json } = { [subject.parameter]: subject.id, decision }
        const call = { contract: 'access', method, args }
        const { value } = await client.signedQuery(call, { signer, reason, deployment })
        return readAnswer(value, { schema, method: `access.${method}` })
      }
      const running = z.int().parse((await client.query({ contract: 'deployments', method: 'running' })).value)
      const explainBy = async (deployment: number): Promise<z.output<typeof explanationSchema> | null> => {
        try {
          return await ask(subject.explain, explanationSchema.nullable(), deployment)
        } catch (error) {
          // The rules of other contracts than those that decided.
          if (deployment === 1 || !isRefusal(error, 'QUERY_REFUSED') || error.refusal.reason !== OTHER_RULES)
            throw error
          return explainBy(deployment - 1)
        }
      }
      const first = await explainBy(running)
      if (first === null) throw new UsageError(`<decision>: ${subject.unknown}`)
      const by = first.terms.versions.deployment
      const explanation = by === running ? first : ((await explainBy(by)) ?? first)
      const looked = await ask(subject.look, z.array(lookedSchema), by)
      print(
        { ...explanation, looked: looked.map((each) => ({ ...each, limits: limitsOf(each, explanation) })) },
        () => explanationLines(explanation, looked, genesis.genesis.founders),
        options,
      )
      if (!explanation.same) process.exitCode = 1
    })
}

function subjectOf({ patient, folder }: ExplainOptions) {
  if (patient !== undefined) {
    return {
      parameter: 'patient',
      id: personFrom(patient, '--patient'),
      ...{ explain: 'explain', look: 'look', unknown: 'this patient has no decision with this number' },
    }
  }
  return {
    parameter: 'institution',
    id: actorFrom({ folder }).identity,
    ...{ explain: 'explainAt', look: 'lookAt' },
    unknown: 'this institution has no part in a decision with this number; or name the patient: --patient',
  }
}

/** What became of a clause's data limits, which only the custodian ever had. */
function limitsOf({ limited, patient }: Looked, { erased, terms }: Explanation): 'none' | 'atCustodian' | 'ERASED' {
  if (!limited) return 'none'
  const { custodian } = terms.request
  const isGone = erased.some((each) => each.patient === patient && each.institution === custodian)
  return isGone ? 'ERASED' : 'atCustodian'
}

const LIMITS = { none: '', atCustodian: 'at the custodian', ERASED: 'ERASED' } as const

const FITS: Readonly<Record<Looked['fit'], string>> = {
  matches: 'matches',
  otherPurpose: 'is about other purposes',
  lapsed: 'has lapsed with its delegation',
  consentNotNow: 'its consent was not in its period',
  notNow: 'was not in its period',
  otherRecipient: 'is for others',
}

export function explanationLines(
  explanation: Explanation,
  looked: readonly Looked[],
  founders: Founders,
): readonly string[] {
  const { decision, terms, again, same, settings, erased } = explanation
  const { request, versions } = terms
  const who = `${request.practitioner === null ? '' : `${shortId(request.practitioner)} of `}${nameOf(request.institution, founders)}`
  return [
    ...pairs([
      ['decision', decision],
      ['asked', `${purposeInWords(request.purpose)}, by ${who} as ${request.role}`],
      ['at', `${nameOf(request.custodian, founders)}, ${timeInWords(terms.at)}, height ${terms.height}`],
      ['outcome', outcomeInWords(terms.outcome)],
      ['basis', basisInWords(terms.basis)],
      ...terms.reasons.map((reason, i) => [i === 0 ? 'because' : '', reasonInWords(reason)] as const),
      ...commentRows(explanation),
      ['decided by', `deployment ${versions.deployment}, algorithm ${versions.algorithm}`],
      ['read', `codes ${versions.codes}, roles ${versions.roles},`],
      ['', `settings ${versions.settings}: ${settings.implicitPolicy}, break-glass ${settings.breakGlass},`],
      ['', `registry as of change ${versions.registry}, consents as of change ${versions.consents}`],
      ...erased.map((each) => ['erased', `at ${nameOf(each.institution, founders)}, ${timeInWords(each.at)}`] as const),
      ['same outcome', same ? 'yes' : `no: ${again.outcome}, ${again.reasons.join(', ')}`],
    ]),
    ...(looked.length === 0 ? [] : ['', ...clauseTable(looked, explanation)]),
  ]
}

function commentRows({ terms: { request }, erased }: Explanation): readonly (readonly [string, string])[] {
  if (request.breakGlass === null) return []
  const isGone = erased.some(
    ({ institution, patient }) => institution === request.institution && patient === request.patient,
  )
  return [
    ['break-glass', request.breakGlass.reason],
    ['comment', isGone ? 'ERASED' : 'at the institution that asked'],
  ]
}

function clauseTable(looked: readonly Looked[], explanation: Explanation): readonly string[] {
  return table(
    ['consent', 'version', 'clause', 'type', 'it', 'through', 'limits'],
    looked.map((each) => [
      shortId(each.consent),
      each.version,
      each.clause === 0 ? 'root' : `exception ${each.clause}`,
      each.type,
      FITS[each.fit],
      [
        ...(each.group === null ? [] : [`group ${shortId(each.group)} version ${each.groupVersion}`]),
        ...(each.delegation === null ? [] : [`delegation ${shortId(each.delegation)}`]),
      ].join(', '),
      LIMITS[limitsOf(each, explanation)],
    ]),
  )
}
