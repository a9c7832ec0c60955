// assent validator: who signs the chain, and how the institutions change it. What a change does to the quorum is shown
// before anything happens.

import { join } from 'node:path'
import type { Command } from 'commander'
import type { NodeReport } from '../client/client.ts'
import { consensusKeysOf, loadKeyFile } from '../node/key-file.ts'
import type { PublicKey } from '../types/brand.ts'
import { addNodeOptions, connectTo, type NodeOptions } from './connection.ts'
import { ask, membersOf, type SetAnswer, setSchema } from './governance-answers.ts'
import { type Founders, institutionFrom, nameOf } from './identities.ts'
import { wholeNumber } from './option-values.ts'
import { counted, print, shortId, table, UsageError } from './output.ts'
import { type DecisionOptions, noChange, propose, voterAt } from './proposals.ts'
import { figuresOf, quorumTable, standingOf } from './quorum-preview.ts'

export function addValidator(program: Command): void {
  const validator = program
    .command('validator')
    .description('who signs the chain; propose that a validator joins, leaves or gets a new key')
  addList(validator)
  addPromote(validator)
  addReplaceKey(validator)
  addRemove(validator)
  addLiars(validator)
}

function addList(validator: Command): void {
  addNodeOptions(validator.command('list').description('the validators, their quorum, and what their nodes say'))
    .addHelpText('after', '\nExample:\n  assent validator list --folder hospital-a')
    .action(async (options: NodeOptions) => {
      const { client } = connectTo(options)
      const members = await membersOf(client)
      const question = (method: string) => ({ contract: 'validators', method, args: {} })
      const current = await ask(client, question('current'), setSchema.nullable())
      if (current === null) throw new UsageError('--folder: this node has not reached the present epoch yet')
      const pending = await ask(client, question('pending'), setSchema.nullable())
      const nodes = await client.nodes()
      const describeSet = (set: SetAnswer) => ({
        ...set,
        quorum: figuresOf(set),
        members: set.members.map((member) => ({ ...member, ...standingOf(member.consensus, nodes) })),
      })
      print(
        {
          current: describeSet(current),
          pending: pending && describeSet(pending),
          learners: learnersOf(pending ?? current, nodes),
        },
        () => [
          ...(pending === null
            ? [
                `Epoch ${current.epoch}${decidedBy(current)}`,
                '',
                ...memberTable(current, { nodes, members }),
                '',
                ...figureLines(current),
              ]
            : pendingLines(current, { pending, nodes, members })),
          ...learnerLines(learnersOf(pending ?? current, nodes), members),
        ],
        options,
      )
    })
}

const decidedBy = ({ proposal, height }: SetAnswer): string =>
  proposal === null ? ', as founded' : `, decided by proposal ${proposal} at height ${height}`

function memberTable(
  set: SetAnswer,
  { nodes, members }: { nodes: readonly NodeReport[]; members: Founders },
): readonly string[] {
  return table(
    ['seat', 'institution', 'consensus key', 'node', 'height', 'behind'],
    set.members.map(({ seat, institution, consensus }) => {
      const { presence, height, behind } = standingOf(consensus, nodes)
      return [seat, nameOf(institution, members), shortId(consensus), presence, height ?? '-', behind ?? '-']
    }),
  )
}

function figureLines(set: SetAnswer): readonly string[] {
  const { validators, b, quorum, liarsThatCannotFork, silentTolerated } = figuresOf(set)
  return [
    `${counted(validators, 'validator')}, b = ${b}: ${counted(quorum, 'signature')} certify a block; ` +
      `no fork by ${counted(liarsThatCannotFork, 'liar')}, progress with ${silentTolerated} silent`,
  ]
}

/** Certified, and the next block is theirs: who has left, or left a key behind, has turned away from the old set already. */
function pendingLines(
  current: SetAnswer,
  { pending, nodes, members }: { pending: SetAnswer; nodes: readonly NodeReport[]; members: Founders },
): readonly string[] {
  return [
    `Epoch ${pending.epoch}, from the next block on${decidedBy(pending)}`,
    '',
    ...memberTable(pending, { nodes, members }),
    '',
    ...quorumTable(figuresOf(current), figuresOf(pending)),
  ]
}

/** Nodes with a consensus key that has no seat: they may become validators. */
function learnersOf({ members }: SetAnswer, nodes: readonly NodeReport[]): readonly NodeReport[] {
  return nodes.filter(
    ({ consensusKey }) => consensusKey !== null && !members.some(({ consensus }) => consensus === consensusKey),
  )
}

function learnerLines(learners: readonly NodeReport[], members: Founders): readonly string[] {
  if (learners.length === 0) return []
  const names = learners.map(
    ({ institution, consensusKey, height }) =>
      `${nameOf(institution, members)} (key ${shortId(consensusKey ?? '')}, height ${height})`,
  )
  return ['', `Following with a consensus key without a seat: ${names.join(', ')}`]
}

function addDecisionOptions(command: Command): Command {
  return addNodeOptions(
    command
      .option('--yes', 'do not ask')
      .option('--force', 'although the chain could stand still, as far as the nodes can be heard'),
  )
}

const STALLS = 'accept that liars who fall silent could stop the chain: b above (n - 1) / 3'

interface StallOptions extends DecisionOptions {
  readonly acceptStalls?: boolean
}

function addPromote(validator: Command): void {
  addDecisionOptions(
    validator
      .command('promote')
      .description('propose that this institution, whose node follows the chain with a consensus key, validates it')
      .option('--accept-stalls', STALLS),
  )
    .addHelpText(
      'after',
      `
Example: at the institution that joins, when its node has caught up
  assent validator promote --folder clinic
The others then vote: assent governance approve NUMBER`,
    )
    .action(async ({ acceptStalls = false, ...options }: StallOptions) => {
      const voter = await voterAt(options)
      const consensus = ownKey(options)
      await propose(
        { ...noChange, kind: 'addValidator', institution: voter.signer.identity, consensus, acceptStalls },
        { method: 'proposeValidator', args: { consensus, acceptStalls } },
        { voter, options },
      )
    })
}

function addReplaceKey(validator: Command): void {
  addDecisionOptions(
    validator
      .command('replace-key')
      .description("propose that this institution's validator gets the consensus key that was made last"),
  )
    .addHelpText(
      'after',
      `
Example: in due time
  assent keys rotate-consensus --folder hospital-a
  assent validator replace-key --folder hospital-a
The old key and its seat end as the new ones begin. A key is never used again. What the validator has signed under the old
key binds it under the new one: if its disk or its sign-state is lost, remove it and promote it with a new key instead.`,
    )
    .action(async (options: DecisionOptions) => {
      const voter = await voterAt(options)
      const consensus = ownKey(options)
      await propose(
        { ...noChange, kind: 'replaceKey', institution: voter.signer.identity, consensus },
        { method: 'proposeKey', args: { consensus } },
        { voter, options },
      )
    })
}

function addRemove(validator: Command): void {
  addDecisionOptions(
    validator
      .command('remove')
      .description('propose that the validator of an institution leaves; the institution stays a member')
      .argument('<institution>', 'its name or id')
      .option('--accept-stalls', STALLS),
  )
    .addHelpText('after', '\nExample:\n  assent validator remove "Hospital C" --folder hospital-a')
    .action(async (name: string, { acceptStalls = false, ...options }: StallOptions) => {
      const voter = await voterAt(options)
      const institution = institutionFrom(name, { founders: voter.members, option: '<institution>' })
      await propose(
        { ...noChange, kind: 'removeValidator', institution, acceptStalls },
        { method: 'proposeRemoval', args: { institution, acceptStalls } },
        { voter, options },
      )
    })
}

function addLiars(validator: Command): void {
  addDecisionOptions(
    validator
      .command('liars')
      .description('propose how many liars must not be able to fork the chain')
      .argument('<b>', 'at most (n - 1) / 3, unless stalls are accepted')
      .option('--accept-stalls', STALLS),
  )
    .addHelpText('after', '\nExample: before a group of four shrinks to three\n  assent validator liars 0 --folder a')
    .action(async (text: string, { acceptStalls = false, ...options }: StallOptions) => {
      const b = wholeNumber(text, { option: '<b>' })
      const voter = await voterAt(options)
      await propose(
        { ...noChange, kind: 'setLiars', b, acceptStalls },
        { method: 'proposeLiars', args: { b, acceptStalls } },
        { voter, options },
      )
    })
}

/** The one that was made last: it has no seat yet. */
function ownKey({ folder }: NodeOptions): PublicKey {
  const file = join(folder, 'keys.json')
  const newest = consensusKeysOf(loadKeyFile(file)).at(-1)
  if (newest === undefined) throw new UsageError(`${file}: holds no consensus key; it was made for an observer`)
  return newest.publicKey
}
