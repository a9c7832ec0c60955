// assent policy: what a custodian does where no consent speaks, and whether it labels its records.

import type { Command } from 'commander'
import * as z from 'zod'
import { actorFrom, addNodeOptions, connectTo, type NodeOptions } from './connection.ts'
import { readAnswer } from './contract-answers.ts'
import { institutionFrom } from './identities.ts'
import { oneOf } from './option-values.ts'
import { pairs, print, UsageError } from './output.ts'
import { submitCall } from './submit.ts'

const IMPLICIT_POLICIES = ['deny', 'basicNormal', 'allNormal', 'breakGlassOnly'] as const
const BREAK_GLASS = ['override', 'consentOnly', 'never'] as const

/** `policy.Settings` */
const settingsSchema = z.object({
  implicitPolicy: z.enum(IMPLICIT_POLICIES),
  breakGlass: z.enum(BREAK_GLASS),
  labelling: z.boolean(),
  version: z.int(),
})
type Settings = z.output<typeof settingsSchema>

export function addPolicy(program: Command): void {
  const policy = program.command('policy').description("show and change a custodian's settings")
  addShow(policy)
  addSet(policy)
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
      .option('--break-glass <setting>', `break-glass where no consent mentions it: ${BREAK_GLASS.join(' | ')}`)
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
            : oneOf(breakGlass, { option: '--break-glass', accepted: BREAK_GLASS }),
        labelling: labelling ?? old.labelling,
      }
      const { client, genesis } = connectTo(options)
      const call = { contract: 'policy', method: 'configure', args }
      const { call: answered } = await submitCall(call, { client, genesis, signer: actorFrom(options) })
      const version = readAnswer(answered.value, { schema: z.int(), method: 'policy.configure' })
      print({ ...args, version }, describe, options)
    })
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
