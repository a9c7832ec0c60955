// The way of a proposal through the commands: look ahead, ask for a yes, propose or vote, say what came of it.

import type { Client, NodeReport } from '../client/client.ts'
import { isRefusal } from '../client/errors.ts'
import type { Signer } from '../client/signer.ts'
import type { LoadedGenesis } from '../node/genesis-file.ts'
import { changeInWords } from './change-in-words.ts'
import { type ConfirmOptions, confirm } from './confirm.ts'
import { actorFrom, connectTo, type NodeOptions } from './connection.ts'
import { deployment, deploymentsOf, upgradeTable } from './deployed-contracts.ts'
import {
  ask,
  type Change,
  membersOf,
  type Proposal,
  proposalSchema,
  type SetAnswer,
  setSchema,
  type Tally,
  tallySchema,
} from './governance-answers.ts'
import { type Founders, nameOf } from './identities.ts'
import { counted, pairs, print, UsageError } from './output.ts'
import { figuresOf, objectionsTo, quorumTable } from './quorum-preview.ts'
import { refusalInWords, submitCall } from './submit.ts'
import { tablePreview } from './table-preview.ts'
import { versionWarning } from './version-support.ts'
import { timeInWords } from './words.ts'

export interface DecisionOptions extends NodeOptions, ConfirmOptions {}

/** An institution at its own node. */
export interface Voter {
  readonly client: Client
  readonly genesis: LoadedGenesis
  readonly signer: Signer
  readonly members: Founders
}

export async function voterAt(options: NodeOptions): Promise<Voter> {
  const { client, genesis } = connectTo(options)
  const signer = actorFrom({ folder: options.folder })
  const members = await membersOf(client)
  if (members.every(({ institution }) => institution !== signer.identity)) {
    const { height } = await client.nodeStatus()
    throw new UsageError(
      `--folder: not the folder of a member, as far as its node knows (height ${height}); a member proposes it: assent governance admit`,
    )
  }
  return { client, genesis, signer, members }
}

export interface Preview {
  readonly lines: readonly string[]
  readonly objections: readonly string[]
  /** Of the set before and after, where the change is one of the validators. */
  readonly quorum?: { readonly now: ReturnType<typeof figuresOf>; readonly after: ReturnType<typeof figuresOf> }
}

/** What the change would do, from the chain's own arithmetic and the nodes' own word. Throws where the chain refuses it. */
export async function lookAhead(change: Change, { client, genesis, members }: Voter): Promise<Preview> {
  if (change.kind === 'protocolVersion') {
    const warning = versionWarning(await client.nodeStatus(), { version: change.version ?? 0, founders: members })
    return { lines: [], objections: warning === null ? [] : [warning] }
  }
  const inWords = (error: unknown): never => {
    if (!isRefusal(error, 'QUERY_REFUSED') || error.refusal.reason === undefined) throw error
    throw new UsageError(`the chain refuses it: ${refusalInWords(error.refusal.reason, genesis)}`)
  }
  const tables = await tablePreview(change, client).catch(inWords)
  if (tables !== null) return { lines: tables, objections: [] }
  if (change.deployment !== null) return deploymentPreview(change.deployment, { client, genesis })
  const view = viewOf(change)
  if (view === null) return { lines: [], objections: [] }
  const now = await ask(client, { contract: 'validators', method: 'newest', args: {} }, setSchema)
  const after = await ask(client, { contract: 'validators', ...view }, setSchema).catch(inWords)
  const nodes = await client.nodes()
  const quorum = { now: figuresOf(now), after: figuresOf(after) }
  return {
    lines: quorumTable(quorum.now, quorum.after),
    objections: objections(change, { after, nodes, members }),
    quorum,
  }
}

/** What would change. The ledger has checked that it fits; whose code it is, people compare by its hashes. */
async function deploymentPreview(
  { after, contracts }: NonNullable<Change['deployment']>,
  on: { readonly client: Client; readonly genesis: LoadedGenesis },
): Promise<Preview> {
  const present = await deployment(after, on.client)
  const lines = upgradeTable(present.contracts, contracts)
  const newest = (await deploymentsOf(on.client)).at(-1)?.number
  const isStale = newest !== after
  return { lines, objections: isStale ? [`deployment ${newest} came in between: the chain refuses it`] : [] }
}

function objections(
  { consensus, kind }: Change,
  { after, nodes, members }: { after: SetAnswer; nodes: readonly NodeReport[]; members: Founders },
): readonly string[] {
  const joins = kind === 'addValidator' || kind === 'replaceKey'
  return objectionsTo(after, { joining: joins ? consensus : null, nodes, members })
}

/** The view of `validators` that shows the set which a change would make. */
function viewOf({ kind, institution, consensus, b, acceptStalls }: Change) {
  switch (kind) {
    case 'addValidator':
      return { method: 'afterAdding', args: { institution, consensus, acceptStalls } }
    case 'removeValidator':
      return { method: 'afterRemoving', args: { institution, acceptStalls } }
    case 'replaceKey':
      return { method: 'afterReplacing', args: { institution, consensus } }
    case 'setLiars':
      return { method: 'afterSetting', args: { b, acceptStalls } }
    default:
      return null
  }
}

export const noChange = {
  institution: null,
  admission: null,
  consensus: null,
  b: null,
  acceptStalls: false,
  version: null,
  fromHeight: null,
  code: null,
  role: null,
  choice: null,
  share: null,
  deployment: null,
} as const satisfies Omit<Change, 'kind'>

/** Shows what would be, asks, and proposes it. */
export async function propose(
  change: Change,
  /** `before`: what has to be on the chain first; done once it is confirmed. */
  call: { readonly method: string; readonly args: object; readonly before?: () => Promise<void> },
  { voter, options }: { voter: Voter; options: DecisionOptions },
): Promise<void> {
  const { client, genesis, signer, members } = voter
  const preview = await lookAhead(change, voter)
  const words = changeInWords(change, members)
  await confirm(`Propose: ${words}?`, { preview: [...preview.lines, ''], ...preview }, options)
  await call.before?.()
  const submitted = await submitCall(
    { contract: 'governance', method: call.method, args: call.args as never },
    { client, genesis, signer },
  )
  await report(submitted.call.value as number, { voter, options, quorum: preview.quorum })
}

export async function proposalOf(number: number, { client }: Voter): Promise<Proposal> {
  const call = { contract: 'governance', method: 'proposal', args: { number } }
  const proposal = await ask(client, call, proposalSchema.nullable())
  if (proposal === null) throw new UsageError(`there is no proposal ${number}; see: assent governance list`)
  return proposal
}

export function tallyOf(proposal: number, { client }: Voter): Promise<Tally> {
  return ask(client, { contract: 'governance', method: 'tally', args: { proposal } }, tallySchema)
}

/** How a proposal stands after what was done. */
export async function report(
  number: number,
  { voter, options, quorum }: { voter: Voter; options: NodeOptions; quorum?: Preview['quorum'] },
): Promise<void> {
  const proposal = await proposalOf(number, voter)
  const tally = await tallyOf(number, voter)
  print(
    { proposal, tally, ...(quorum && { quorum }) },
    () => [...proposalRows(proposal, { tally, members: voter.members }), ...nextStep(proposal, options)],
    options,
  )
}

export function proposalRows(
  { number, change, proposer, at, expiresAt, status, endedAt, endedHeight }: Proposal,
  { tally, members }: { tally: Tally; members: Founders },
): readonly string[] {
  const ended = endedHeight === null ? '' : ` at height ${endedHeight}`
  return pairs([
    ['proposal', number],
    ['change', changeInWords(change, members)],
    ['by', `${nameOf(proposer, members)}, ${timeInWords(at)}`],
    ['status', status === 'open' ? 'open' : `${status}${ended}, ${timeInWords(endedAt ?? expiresAt)}`],
    ['votes', tallyInWords(tally)],
    ...(status === 'open' ? [['expires', timeInWords(expiresAt)] as const] : []),
  ])
}

export function tallyInWords({ voters, threshold, approvals, rejections }: Tally): string {
  const against = rejections === 0 ? '' : `, ${rejections} against`
  return `${approvals} for${against}; ${threshold} of ${counted(voters, 'voter')} pass it`
}

const VALIDATOR_KINDS: readonly Change['kind'][] = ['addValidator', 'removeValidator', 'replaceKey', 'setLiars']

function nextStep({ status, number, change }: Proposal, { folder }: NodeOptions): readonly string[] {
  if (status === 'open')
    return ['', `Next, at another institution: assent governance approve ${number} --folder FOLDER`]
  if (status === 'passed' && change.kind === 'admitInstitution') {
    return ['', 'Its node may connect from now on. To sign blocks, too, it then runs: assent validator promote']
  }
  if (status !== 'passed' || !VALIDATOR_KINDS.includes(change.kind)) return []
  return ['', `The new set signs from the next block on: assent validator list --folder ${folder}`]
}
