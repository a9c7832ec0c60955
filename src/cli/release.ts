// assent consensus release: a leader has made two blocks in one place, members are bound to different ones, and no message
// frees them. People decide which branch is given up. spec/consensus.md, "Releases".

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { Client } from '../client/client.ts'
import { isRefusal } from '../client/errors.ts'
import type { StuckBranch } from '../client/standstill.ts'
import type { Verifier } from '../consensus/certificate.ts'
import { branchOf, decodeRelease, encodeRelease, epochsOf, type GovernedRelease } from '../consensus/release.ts'
import { verify } from '../crypto/ed25519.ts'
import { loadKeyFile } from '../node/key-file.ts'
import type { Epoch, Hash, Seat } from '../types/brand.ts'
import type { ValidatorSet } from '../types/validator-set.ts'
import { confirm } from './confirm.ts'
import { addNodeOptions, connectTo, connectToDesk, type NodeOptions } from './connection.ts'
import { ask, membersOf, setSchema } from './governance-answers.ts'
import { type Founders, nameOf } from './identities.ts'
import { print, shortId, UsageError } from './output.ts'
import { loadRelease, objectionTo, type ReleaseFile, saveRelease, signersOf, signRelease } from './release-file.ts'
import { decisionLines, type Standstill, standstillLines } from './release-lines.ts'

type FileOptions = NodeOptions & { readonly release: string }

export function addRelease(consensus: Command): void {
  const group = consensus
    .command('release')
    .description('free members that an equivocating leader has left bound to different blocks, where no message does')
    .addHelpText(
      'after',
      `
While the chain stands still, at any nodes that run:
  assent consensus release show  --folder hospital-a                            (who is bound to what)
  assent consensus release build --folder hospital-a --out release.json         (a branch that can be given up)
  assent consensus release sign  --release release.json --folder hospital-b     (each institution, one after the other)
  assent consensus release apply --release release.json --folder hospital-a     (any one node; it tells the others)
Who signs answers for the word of those who turned away from the branch: if one of them has acked it all the same, and liars
hold its certificate, the chain forks. Look at their machines, ask their operators. See spec/consensus.md, "Releases".`,
    )
  addShow(group)
  addBuild(group)
  addSign(group)
  addApply(group)
}

function addShow(group: Command): void {
  addNodeOptions(group.command('show').description("branches that stand in each other's way, and who is bound to what"))
    .addHelpText('after', '\nExample:\n  assent consensus release show --folder hospital-a')
    .action(async (options: NodeOptions) => {
      const standstill = await look(options)
      print(standstill.branches, () => standstillLines(standstill, options.folder), options)
    })
}

function addBuild(group: Command): void {
  addNodeOptions(
    group
      .command('build')
      .description(
        'write a decision that institutions may sign: which branch is given up, and who has turned away from it',
      )
      .option('--branch <hash>', 'first characters of its hash, where there are several')
      .option('--out <file>', 'the file', 'release.json'),
  )
    .addHelpText('after', '\nExample:\n  assent consensus release build --folder hospital-a --out release.json')
    .action(async (options: NodeOptions & { readonly branch?: string; readonly out: string }) => {
      if (existsSync(options.out)) throw new UsageError(`--out: ${options.out} exists already`)
      const chosen = choose((await look(options)).branches, options.branch)
      const { verifier, members, file } = await open(options, proposalOf(chosen, connectTo(options).genesis.chainId))
      saveRelease(options.out, file, { isNew: true })
      print(
        { file: options.out, branch: chosen.branch },
        () => [
          ...decisionLines(file.release, { verifier, members }),
          '',
          `${options.out} is public, and worth nothing before enough have signed. Next, at each institution, one after the other:`,
          `  assent consensus release sign --release ${options.out} --folder ITS-FOLDER`,
        ],
        options,
      )
    })
}

function addSign(group: Command): void {
  addNodeOptions(
    group
      .command('sign')
      .description("check the decision against this institution's own node, and sign it")
      .requiredOption('--release <file>', 'as build wrote it')
      .option('--yes', 'do not ask'),
  )
    .addHelpText('after', '\nExample:\n  assent consensus release sign --release release.json --folder hospital-b')
    .action(async (options: FileOptions & { readonly yes?: boolean }) => {
      const { file, verifier, client, members } = await open(options, loadRelease(options.release))
      const { height } = await client.nodeStatus()
      const branch = branchOf(file.release)
      if (height >= branch.height) {
        throw new UsageError(
          `--release: not signed: this node's chain is certified up to height ${height}, past the branch at ${branch.height}: nothing is stuck there`,
        )
      }
      const by = loadKeyFile(join(options.folder, 'keys.json'))
      const release = signRelease(file.release, { by, verifier })
      const preview = [...decisionLines(file.release, { verifier, members }), '', WARNING, '']
      const question = `Sign for ${nameOf(by.institution, members)}: give up ${shortId(branch.hash)}?`
      await confirm(question, { preview, objections: [] }, options)
      saveRelease(options.release, { ...file, release })
      const { signed, missing, needed } = signersOf(release, verifier)
      const next =
        signed.length >= needed
          ? `Complete. Next, at one validator that runs: assent consensus release apply --release ${options.release} --folder ITS-FOLDER`
          : `Next, at one of those: assent consensus release sign --release ${options.release} --folder ITS-FOLDER`
      print(
        { branch, signed, missing, needed },
        () => [...decisionLines(release, { verifier, members }), '', next],
        options,
      )
    })
}

const WARNING = `Whoever signs answers for the word of those who turned away: if one of them has acked the branch all the same, and liars
hold its certificate, the chain forks. Have their operators been asked?`

function addApply(group: Command): void {
  addNodeOptions(
    group
      .command('apply')
      .description('give a validator the decision that enough institutions have signed; it tells the others')
      .requiredOption('--release <file>', 'signed by a quorum of the institutions'),
  )
    .addHelpText('after', '\nExample:\n  assent consensus release apply --release release.json --folder hospital-a')
    .action(async (options: FileOptions) => {
      const { file, verifier, members } = await open(options, loadRelease(options.release))
      const objection = objectionTo(file.release, { verifier, members })
      if (objection !== null) throw new UsageError(`--release: ${objection}`)
      const { desk } = connectToDesk(options)
      try {
        await desk.decideRelease(encodeRelease(file.release))
      } catch (error) {
        if (!isRefusal(error, 'NOT_A_RELEASE')) throw error
        throw new UsageError(`--release: the node refuses it: ${error.refusal.reason ?? error.message}`)
      }
      const { signed } = signersOf(file.release, verifier)
      print(
        { branch: branchOf(file.release), signed },
        () => [
          ...decisionLines(file.release, { verifier, members }),
          '',
          'Taken. This node tells the others in the elections to come, and one of them is won: within seconds, where they reach each other.',
          `Watch: assent consensus status --watch --folder ${options.folder}`,
          'Who made the two blocks is still a validator: assent validator remove --help',
        ],
        options,
      )
    })
}

async function look(options: NodeOptions): Promise<Standstill> {
  const { desk } = connectToDesk(options)
  const { client } = connectTo(options)
  return { branches: await desk.standstill(), status: await desk.consensusStatus(), members: await membersOf(client) }
}

function choose(branches: readonly StuckBranch[], start: string | undefined): StuckBranch {
  const proposed = branches.filter(({ release }) => release === 'proposed')
  const [chosen, ...others] = proposed.filter(({ branch }) => start === undefined || branch.hash.startsWith(start))
  if (chosen !== undefined && others.length === 0) return chosen
  if (chosen !== undefined)
    throw new UsageError(`--branch: expected one of ${proposed.map(({ branch }) => branch.hash).join(', ')}`)
  throw new UsageError(
    branches.length === 0
      ? 'nothing is stuck here: this node knows of no leader that made two blocks in one place above its head'
      : 'nothing can be decided by what this node has heard; why, and what to do: assent consensus release show, here and at other nodes',
  )
}

function proposalOf({ proposal }: StuckBranch, chainId: Hash): ReleaseFile {
  const release = decodeRelease(Uint8Array.fromBase64(proposal ?? ''))
  if (release?.kind !== 'governed') throw new UsageError('the node proposed something that is no Release')
  return { chainId, release }
}

interface Opened {
  readonly file: ReleaseFile
  readonly verifier: Verifier
  readonly client: Client
  readonly members: Founders
}

/** The decision, and what it is checked against: the sets of validators as the institution's own node has them. */
async function open(options: NodeOptions, file: ReleaseFile): Promise<Opened> {
  const { client, genesis } = connectTo(options)
  if (file.chainId !== genesis.chainId) {
    throw new UsageError(`--release: of chain ${file.chainId}; this node is of ${genesis.chainId}`)
  }
  const sets = await setsFor(client, file.release)
  const verifier: Verifier = {
    chainId: genesis.chainId,
    setOf: (epoch) => sets.get(epoch),
    verify: (key, message, signature) => verify(Uint8Array.fromHex(key), message, signature),
  }
  return { file, verifier, client, members: await membersOf(client) }
}

async function setsFor(client: Client, release: GovernedRelease): Promise<ReadonlyMap<Epoch, ValidatorSet>> {
  const sets = new Map<Epoch, ValidatorSet>()
  for (const epoch of new Set(epochsOf(release))) {
    const call = { contract: 'validators', method: 'find', args: { number: epoch } }
    const found = await ask(client, call, setSchema.nullable())
    if (found === null) continue
    const members = found.members.map(({ seat, institution, consensus, governance }) => ({
      seat: seat as Seat,
      institution,
      consensusKey: consensus,
      governanceKey: governance,
    }))
    sets.set(epoch, { epoch, b: found.b, members })
  }
  return sets
}
