// assent policy: what a custodian does where no consent speaks, and whether it labels its records; the codes and roles that
// the institutions decided on.

import type { Command } from 'commander'
import * as z from 'zod'
import type { Client } from '../client/client.ts'
import { actorFrom, addNodeOptions, connectTo, type NodeOptions } from './connection.ts'
import { readAnswer } from './contract-answers.ts'
import {
  ask,
  BREAK_GLASS_POLICIES,
  CODE_KINDS,
  IMPLICIT_POLICIES,
  roleSchema,
  settingsSchema,
} from './governance-answers.ts'
import { institutionFrom } from './identities.ts'
import { oneOf, wholeNumber } from './option-values.ts'
import { pairs, print, table, UsageError } from './output.ts'
import { submitCall } from './submit.ts'

type Settings = z.output<typeof settingsSchema>

export function addPolicy(program: Command): void {
  const policy = program
    .command('policy')
    .description("show the tables that decisions read; show and change a custodian's settings")
  addShow(policy)
  addSet(policy)
  addCodes(policy)
  addRoles(policy)
}

interface ShowOptions extends NodeOptions {
  readonly custodian?: string
}

function addShow(policy: Command): void {
  addNodeOptions(
    policy
      .command('show')
      .description('what a custodian does where no consent speaks, and whether it labels its records')
      .option('--custodian <name or id>', "default: the folder's institution"),
  )
    .addHelpText('after', '\nExample:\n  assent policy show --folder hospital-b --custodian "Hospital A"')
    .action(async (options: ShowOptions) => {
      print(await settingsOf(options), describe, options)
    })
}

interface SetOptions extends NodeOptions {
  readonly implicit?: string
  readonly breakGlass?: string
  readonly labelling?: boolean
}

function addSet(policy: Command): void {
  addNodeOptions(
    policy
      .command('set')
      .description("change settings of the folder's institution; what is not stated stays as it is")
      .option('--implicit <policy>', `what it permits where no consent speaks: ${IMPLICIT_POLICIES.join(' | ')}`)
      .option(
        '--break-glass <setting>',
        `break-glass where no consent mentions it: ${BREAK_GLASS_POLICIES.join(' | ')}`,
      )
      .option(
        '--labelling',
        'a service labels its records: consents about labels are accepted, what has no label is normal',
      )
      .option('--no-labelling', 'there is no such service'),
  )
    .addHelpText('after', '\nExample:\n  assent policy set --folder hospital-a --implicit basicNormal --labelling')
    .action(async (options: SetOptions) => {
      const { implicit, breakGlass, labelling } = options
      if (implicit === undefined && breakGlass === undefined && labelling === undefined) {
        throw new UsageError('--implicit, --break-glass or --labelling: at least one of them is needed')
      }
      const old = await settingsOf(options)
      const args = {
        implicitPolicy:
          implicit === undefined
            ? old.implicitPolicy
            : oneOf(implicit, { option: '--implicit', accepted: IMPLICIT_POLICIES }),
        breakGlass:
          breakGlass === undefined
            ? old.breakGlass
            : oneOf(breakGlass, { option: '--break-glass', accepted: BREAK_GLASS_POLICIES }),
        labelling: labelling ?? old.labelling,
      }
      const { client, genesis } = connectTo(options)
      const call = { contract: 'policy', method: 'configure', args }
      const { call: answered } = await submitCall(call, { client, genesis, signer: actorFrom(options) })
      const version = readAnswer(answered.value, { schema: z.int(), method: 'policy.configure' })
      print({ ...args, version }, describe, options)
    })
}

interface CodesOptions extends NodeOptions {
  readonly kind?: string
  readonly ofVersion?: string
}

function addCodes(policy: Command): void {
  addNodeOptions(
    policy
      .command('codes')
      .description('purposes, sensitivity labels, break-glass reasons and capacities, and what covers each')
      .option('--kind <kind>', `${CODE_KINDS.join(' | ')} (default: all)`)
      .option('--of-version <number>', 'as a decision names it (default: the one in force)'),
  )
    .addHelpText('after', '\nExample:\n  assent policy codes --kind purpose --folder hospital-a')
    .action(async (options: CodesOptions) => {
      const kinds =
        options.kind === undefined ? CODE_KINDS : [oneOf(options.kind, { option: '--kind', accepted: CODE_KINDS })]
      const { client } = connectTo(options)
      const version = await versionOf(client, { method: 'currentCodes', chosen: options.ofVersion })
      const codes = (await Promise.all(kinds.map((kind) => codesOf(client, { version, kind })))).flat()
      print(
        { version, codes },
        () => [
          `version ${version}`,
          '',
          ...table(
            ['kind', 'code', 'covered by', ''],
            codes.map(({ kind, code, covering, withdrawn }) => {
              return [kind, code, covering.slice(1).join(', '), withdrawn ? 'withdrawn' : '']
            }),
          ),
        ],
        options,
      )
    })
}

function addRoles(policy: Command): void {
  addNodeOptions(
    policy
      .command('roles')
      .description('which role may claim which purpose')
      .option('--of-version <number>', 'as a decision names it (default: the one in force)'),
  )
    .addHelpText('after', '\nExample:\n  assent policy roles --folder hospital-a')
    .action(async (options: CodesOptions) => {
      const { client } = connectTo(options)
      const version = await versionOf(client, { method: 'currentRoles', chosen: options.ofVersion })
      const call = { contract: 'policy', method: 'rolesIn', args: { version } }
      const roles = await ask(client, call, z.array(roleSchema))
      print(
        { version, roles },
        () => [
          `version ${version}`,
          '',
          ...table(
            ['role', 'clinician', 'may claim'],
            roles.map(({ role, clinician, purposes }) => [role, clinician ? 'yes' : 'no', purposes.join(', ')]),
          ),
        ],
        options,
      )
    })
}

async function versionOf(
  client: Client,
  { method, chosen }: { method: 'currentCodes' | 'currentRoles'; chosen: string | undefined },
): Promise<number> {
  const newest = await ask(client, { contract: 'policy', method, args: {} }, z.int())
  const version = chosen === undefined ? newest : wholeNumber(chosen, { option: '--of-version', min: 1 })
  if (version <= newest) return version
  throw new UsageError(`--of-version: the newest is ${newest}`)
}

const codeSchema = z.object({ code: z.string(), covering: z.array(z.string()), withdrawn: z.boolean() })

async function codesOf(client: Client, { version, kind }: { version: number; kind: (typeof CODE_KINDS)[number] }) {
  const codes: z.output<typeof codeSchema>[] = []
  for (;;) {
    const args = { version, kind, code: codes.at(-1)?.code ?? null }
    const page = await ask(client, { contract: 'policy', method: 'codesAfter', args }, z.array(codeSchema))
    if (page.length === 0) return codes.map((each) => ({ kind, ...each }))
    codes.push(...page)
  }
}

async function settingsOf(options: ShowOptions): Promise<Settings> {
  const { client, genesis } = connectTo(options)
  const { founders } = genesis.genesis
  const custodian =
    options.custodian === undefined
      ? actorFrom({ folder: options.folder }).identity
      : institutionFrom(options.custodian, { founders, option: '--custodian' })
  const { value } = await client.query({ contract: 'policy', method: 'settings', args: { custodian } })
  return readAnswer(value, { schema: settingsSchema, method: 'policy.settings' })
}

function describe({ implicitPolicy, breakGlass, labelling, version }: Settings): readonly string[] {
  return pairs([
    ['where no consent speaks', implicitPolicy],
    ['break-glass', breakGlass],
    ['labels its records', labelling ? 'yes' : 'no'],
    ['version', version],
  ])
}
