// assent governance add-code | withdraw-code | set-role | limit-choice | set-share: proposals about the tables that decisions
// read, about what a custodian may choose, and about how many pass a change.

import type { Command } from 'commander'
import { addNodeOptions } from './connection.ts'
import { BREAK_GLASS_POLICIES, CODE_KINDS, IMPLICIT_POLICIES, KINDS, SHARES } from './governance-answers.ts'
import { institutionFrom } from './identities.ts'
import { listOf, oneOf } from './option-values.ts'
import { type DecisionOptions, noChange, propose, voterAt } from './proposals.ts'

export function addTables(governance: Command): void {
  addCode(governance)
  addWithdrawCode(governance)
  addSetRole(governance)
  addLimitChoice(governance)
  addSetShare(governance)
}

function addCode(governance: Command): void {
  addNodeOptions(
    governance
      .command('add-code')
      .description('propose a new purpose, sensitivity label, break-glass reason or capacity of delegates')
      .argument('<kind>', CODE_KINDS.join(' | '))
      .argument('<code>', 'case-sensitive, such as SICKLE')
      .option('--under <codes>', 'codes of the same kind that cover it, separated by commas')
      .option('--yes', 'do not ask'),
  )
    .addHelpText(
      'after',
      `
Examples:
  assent governance add-code purpose HEARTSTUDY --under HRESCH --folder hospital-a
  assent governance add-code sensitivity OPIOIDUD --under PSY --folder hospital-a
A purpose under no other is covered only by a clause that names it, or that names no purpose at all; where a purpose stands
is for ever. A label that is there already is put under further ones. What was withdrawn comes back.`,
    )
    .action(async (kindText: string, code: string, options: DecisionOptions & { readonly under?: string }) => {
      const kind = oneOf(kindText, { option: '<kind>', accepted: CODE_KINDS })
      const under = options.under === undefined ? [] : listOf(options.under, '--under')
      const args = { kind, code, under }
      await propose(
        { ...noChange, kind: 'addCode', code: args },
        { method: 'proposeCode', args },
        { voter: await voterAt(options), options },
      )
    })
}

function addWithdrawCode(governance: Command): void {
  addNodeOptions(
    governance
      .command('withdraw-code')
      .description('propose that nobody names a code or asks for it any more; consents in force mean what they meant')
      .argument('<kind>', CODE_KINDS.join(' | '))
      .argument('<code>', 'as assent policy codes shows it')
      .option('--yes', 'do not ask'),
  )
    .addHelpText('after', '\nExample:\n  assent governance withdraw-code purpose HMARKT --folder hospital-a')
    .action(async (kindText: string, code: string, options: DecisionOptions) => {
      const kind = oneOf(kindText, { option: '<kind>', accepted: CODE_KINDS })
      await propose(
        { ...noChange, kind: 'withdrawCode', code: { kind, code, under: [] } },
        { method: 'proposeWithdrawal', args: { kind, code } },
        { voter: await voterAt(options), options },
      )
    })
}

interface RoleOptions extends DecisionOptions {
  readonly mayClaim?: string
  readonly clinician?: boolean
}

function addSetRole(governance: Command): void {
  addNodeOptions(
    governance
      .command('set-role')
      .description('propose which purposes a role, new or old, may claim from then on')
      .argument('<role>', 'such as dietitian')
      .option('--may-claim <purposes>', 'all of them, separated by commas; none: the role is given to nobody any more')
      .option('--clinician', 'its people treat patients')
      .option('--yes', 'do not ask'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  assent governance set-role dietitian --may-claim TREAT --clinician --folder hospital-a',
    )
    .action(async (role: string, options: RoleOptions) => {
      const purposes = options.mayClaim === undefined ? [] : listOf(options.mayClaim, '--may-claim')
      const args = { role, clinician: options.clinician ?? false, purposes }
      await propose(
        { ...noChange, kind: 'setRole', role: args },
        { method: 'proposeRole', args },
        { voter: await voterAt(options), options },
      )
    })
}

interface ChoiceOptions extends DecisionOptions {
  readonly implicit: string
  readonly breakGlass: string
}

function addLimitChoice(governance: Command): void {
  addNodeOptions(
    governance
      .command('limit-choice')
      .description('propose among which settings a custodian may choose its own (assent policy set)')
      .argument('<institution>', 'its name or id')
      .requiredOption('--implicit <policies>', `separated by commas: ${IMPLICIT_POLICIES.join(', ')}`)
      .requiredOption('--break-glass <settings>', `separated by commas: ${BREAK_GLASS_POLICIES.join(', ')}`)
      .option('--yes', 'do not ask'),
  )
    .addHelpText(
      'after',
      `
Example:
  assent governance limit-choice "Hospital C" --implicit deny,basicNormal --break-glass override --folder hospital-a
What the custodian has now and may no longer have becomes the first of each list.`,
    )
    .action(async (text: string, options: ChoiceOptions) => {
      const voter = await voterAt(options)
      const institution = institutionFrom(text, { founders: voter.members, option: '<institution>' })
      const implicitPolicies = listOf(options.implicit, '--implicit').map((each) =>
        oneOf(each, { option: '--implicit', accepted: IMPLICIT_POLICIES }),
      )
      const breakGlass = listOf(options.breakGlass, '--break-glass').map((each) =>
        oneOf(each, { option: '--break-glass', accepted: BREAK_GLASS_POLICIES }),
      )
      await propose(
        { ...noChange, kind: 'limitChoice', institution, choice: { implicitPolicies, breakGlass } },
        { method: 'proposeChoice', args: { institution, implicitPolicies, breakGlass } },
        { voter, options },
      )
    })
}

function addSetShare(governance: Command): void {
  addNodeOptions(
    governance
      .command('set-share')
      .description('propose how many of the voters pass a kind of change; it takes as many as pass that kind now')
      .argument('<kind>', KINDS.join(' | '))
      .argument('<share>', 'majority: more than half; twoThirds: at least two thirds; all')
      .option('--yes', 'do not ask'),
  )
    .addHelpText('after', '\nExample:\n  assent governance set-share admitInstitution twoThirds --folder hospital-a')
    .action(async (kindText: string, shareText: string, options: DecisionOptions) => {
      const of = oneOf(kindText, { option: '<kind>', accepted: KINDS })
      const share = oneOf(shareText, { option: '<share>', accepted: SHARES })
      await propose(
        { ...noChange, kind: 'setShare', share: { of, share } },
        { method: 'proposeShare', args: { of, share } },
        { voter: await voterAt(options), options },
      )
    })
}
