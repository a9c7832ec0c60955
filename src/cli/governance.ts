// assent governance: what the institutions decide together. Propose, look, vote.

import type { Command } from 'commander'
import * as z from 'zod'
import { loadJoinCard } from '../node/genesis-file.ts'
import { changeInWords } from './change-in-words.ts'
import { confirm } from './confirm.ts'
import { addNodeOptions, connectTo, type NodeOptions } from './connection.ts'
import { addContracts, addDeploy } from './deploy.ts'
import { ask, type Change, membersOf, proposalSchema, tallySchema, voteSchema } from './governance-answers.ts'
import { addTables } from './governance-tables.ts'
import { institutionFrom, nameOf } from './identities.ts'
import { wholeNumber } from './option-values.ts'
import { print, table, UsageError } from './output.ts'
import {
  type DecisionOptions,
  lookAhead,
  noChange,
  type Preview,
  proposalOf,
  proposalRows,
  propose,
  report,
  tallyInWords,
  tallyOf,
  type Voter,
  voterAt,
} from './proposals.ts'
import { submitCall } from './submit.ts'
import { timeInWords } from './words.ts'

export function addGovernance(program: Command): void {
  const governance = program
    .command('governance')
    .description('what the institutions decide together: propose, look, vote')
  addList(governance)
  addShow(governance)
  addVote(governance, { name: 'approve', approves: true, description: 'vote for a proposal' })
  addVote(governance, { name: 'reject', approves: false, description: 'vote against a proposal' })
  addWithdraw(governance)
  addAdmit(governance)
  for (const kind of ['suspend', 'reinstate', 'expel'] as const) addAbout(governance, kind)
  addVersion(governance)
  addTables(governance)
  addContracts(governance)
  addDeploy(governance)
}

interface ListOptions extends NodeOptions {
  readonly all?: boolean
}

function addList(governance: Command): void {
  addNodeOptions(
    governance
      .command('list')
      .description('open proposals and how they stand')
      .option('--all', 'what was decided, too'),
  )
    .addHelpText('after', '\nExample:\n  assent governance list --folder hospital-a')
    .action(async (options: ListOptions) => {
      const { client } = connectTo(options)
      const members = await membersOf(client)
      const proposals = options.all
        ? await allProposals(client)
        : await ask(client, { contract: 'governance', method: 'openProposals', args: {} }, z.array(proposalSchema))
      const tallies = await Promise.all(
        proposals.map(({ number }) =>
          ask(client, { contract: 'governance', method: 'tally', args: { proposal: number } }, tallySchema),
        ),
      )
      const rows = proposals.map(({ number, change, proposer, status }, i) => {
        const votes = tallyInWords(tallies[i] as (typeof tallies)[number])
        return [number, status, nameOf(proposer, members), changeInWords(change, members), votes]
      })
      print(
        proposals.map((proposal, i) => ({ ...proposal, tally: tallies[i] })),
        () => (rows.length === 0 ? 'no open proposal' : table(['number', 'status', 'by', 'change', 'votes'], rows)),
        options,
      )
    })
}

async function allProposals(client: Parameters<typeof ask>[0]) {
  const proposals: z.output<typeof proposalSchema>[] = []
  for (;;) {
    const call = { contract: 'governance', method: 'proposalsAfter', args: { number: proposals.at(-1)?.number ?? 0 } }
    const page = await ask(client, call, z.array(proposalSchema))
    if (page.length === 0) return proposals
    proposals.push(...page)
  }
}

function addShow(governance: Command): void {
  addNodeOptions(
    governance
      .command('show')
      .description('one proposal, who voted how, and what it would do')
      .argument('<number>', 'as assent governance list shows it'),
  )
    .addHelpText('after', '\nExample:\n  assent governance show 3 --folder hospital-a')
    .action(async (text: string, options: NodeOptions) => {
      const voter = await voterAt(options)
      const { client, members } = voter
      const proposal = await proposalOf(wholeNumber(text, { option: '<number>', min: 1 }), voter)
      const tally = await tallyOf(proposal.number, voter)
      const call = { contract: 'governance', method: 'votes', args: { proposal: proposal.number } }
      const votes = await ask(client, call, z.array(voteSchema))
      const preview = proposal.status === 'open' ? await previewOrRefusal(proposal.change, voter) : null
      print(
        { proposal, tally, votes, ...preview },
        () => [
          ...proposalRows(proposal, { tally, members }),
          '',
          ...table(
            ['institution', 'vote', 'at'],
            votes.map(({ institution, approves, at }) => [
              nameOf(institution, members),
              approves ? 'for' : 'against',
              timeInWords(at),
            ]),
          ),
          ...(preview === null ? [] : ['', ...preview.lines, ...preview.objections.map((text) => `warning: ${text}`)]),
        ],
        options,
      )
    })
}

/** Looking is no deciding: what the chain would refuse is shown like any other warning. */
async function previewOrRefusal(change: Change, voter: Voter): Promise<Preview> {
  return lookAhead(change, voter).catch((error: unknown) => {
    if (error instanceof UsageError) return { lines: [], objections: [error.message] }
    throw error
  })
}

function addVote(
  governance: Command,
  { name, approves, description }: { name: string; approves: boolean; description: string },
): void {
  const command = governance
    .command(name)
    .description(`${description}; may be changed until it is decided`)
    .argument('<number>', 'as assent governance list shows it')
    .option('--yes', 'do not ask')
  if (approves) command.option('--force', 'although the chain could stand still, as far as the nodes can be heard')
  addNodeOptions(command)
    .addHelpText('after', `\nExample:\n  assent governance ${name} 3 --folder hospital-b`)
    .action(async (text: string, options: DecisionOptions) => {
      const voter = await voterAt(options)
      const { client, genesis, signer, members } = voter
      const { number, change, status } = await proposalOf(wholeNumber(text, { option: '<number>', min: 1 }), voter)
      if (status !== 'open') throw new UsageError(`proposal ${number}: is ${status}, nobody votes on it any more`)
      const preview = approves ? await lookAhead(change, voter) : { lines: [], objections: [] }
      const question = `Vote ${approves ? 'for' : 'against'}: ${changeInWords(change, members)}?`
      await confirm(question, { preview: [...preview.lines, ''], ...preview }, options)
      const call = { contract: 'governance', method: 'vote', args: { proposal: number, approves } }
      await submitCall(call, { client, genesis, signer })
      await report(number, { voter, options, quorum: preview.quorum })
    })
}

function addWithdraw(governance: Command): void {
  addNodeOptions(
    governance
      .command('withdraw')
      .description("take back this institution's own proposal")
      .argument('<number>', 'as assent governance list shows it'),
  )
    .addHelpText('after', '\nExample:\n  assent governance withdraw 3 --folder hospital-a')
    .action(async (text: string, options: NodeOptions) => {
      const voter = await voterAt(options)
      const { number } = await proposalOf(wholeNumber(text, { option: '<number>', min: 1 }), voter)
      const call = { contract: 'governance', method: 'withdraw', args: { proposal: number } }
      await submitCall(call, voter)
      await report(number, { voter, options })
    })
}

interface AdmitOptions extends DecisionOptions {
  readonly card: string
}

function addAdmit(governance: Command): void {
  addNodeOptions(
    governance
      .command('admit')
      .description('propose that an institution joins the consortium, with the keys of its join card')
      .requiredOption('--card <file>', 'as assent init made it at the institution that joins')
      .option('--yes', 'do not ask'),
  )
    .addHelpText(
      'after',
      `
Example:
  assent governance admit --card clinic/join-card.json --folder hospital-a
Make sure that the card is theirs: compare its keys with assent keys show over another way. Its consensus key is not
part of the admission: once its node follows the chain, the institution itself runs assent validator promote.`,
    )
    .action(async ({ card: file, ...options }: AdmitOptions) => {
      const { founder } = loadJoinCard(file)
      const { institution, kind, name, signingKey, encryptionKey, transportKey } = founder
      const keys = { signing: signingKey, encryption: encryptionKey, transport: transportKey }
      const voter = await voterAt(options)
      await propose(
        { ...noChange, kind: 'admitInstitution', institution, admission: { kind, name, ...keys } },
        { method: 'proposeAdmission', args: { institution, kind, name, ...keys } },
        { voter, options },
      )
    })
}

const ABOUT = {
  suspend: {
    kind: 'suspendInstitution',
    method: 'proposeSuspension',
    description: 'propose that an institution or regulator is suspended: what it asks is refused and recorded',
  },
  reinstate: {
    kind: 'reinstateInstitution',
    method: 'proposeReinstatement',
    description: 'propose that a suspension ends',
  },
  expel: {
    kind: 'expelInstitution',
    method: 'proposeExpulsion',
    description: 'propose that an institution leaves for ever, its nodes with it; its validator must be removed before',
  },
} as const

function addAbout(governance: Command, name: keyof typeof ABOUT): void {
  const { kind, method, description } = ABOUT[name]
  addNodeOptions(
    governance
      .command(name)
      .description(description)
      .argument('<institution>', 'its name or id')
      .option('--yes', 'do not ask'),
  )
    .addHelpText('after', `\nExample:\n  assent governance ${name} "Hospital C" --folder hospital-a`)
    .action(async (text: string, options: DecisionOptions) => {
      const voter = await voterAt(options)
      const institution = institutionFrom(text, { founders: voter.members, option: '<institution>' })
      await propose({ ...noChange, kind, institution }, { method, args: { institution } }, { voter, options })
    })
}

interface VersionOptions extends DecisionOptions {
  readonly from: string
}

function addVersion(governance: Command): void {
  addNodeOptions(
    governance
      .command('version')
      .description('propose the protocol version from a height on; nodes that do not support it stop before')
      .argument('<version>', 'above the version in force')
      .requiredOption('--from <height>', 'the first block of that version')
      .option('--yes', 'do not ask')
      .option('--force', 'although fewer than a quorum of the validators announce that they support it'),
  )
    .addHelpText('after', '\nExample:\n  assent governance version 2 --from 250000 --folder hospital-a')
    .action(async (text: string, { from, ...options }: VersionOptions) => {
      const version = wholeNumber(text, { option: '<version>', min: 1 })
      const fromHeight = wholeNumber(from, { option: '--from', min: 1 })
      const voter = await voterAt(options)
      await propose(
        { ...noChange, kind: 'protocolVersion', version, fromHeight },
        { method: 'proposeVersion', args: { version, fromHeight } },
        { voter, options },
      )
    })
}
