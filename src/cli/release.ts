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
import type { Epoch, Seat } from '../types/brand.ts'
import type { ValidatorSet } from '../types/validator-set.ts'
import { addNodeOptions, connectTo, connectToDesk, type NodeOptions } from './connection.ts'
import { ask, membersOf, setSchema } from './governance-answers.ts'
import { type Founders, nameOf } from './identities.ts'
import { pairs, print, UsageError } from './output.ts'
import { loadRelease, objectionTo, type ReleaseFile, saveRelease, signersOf, signRelease } from './release-file.ts'
import { branchLines, shortBranch } from './release-lines.ts'

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
      const { branches, members } = await look(options)
      print(
        branches,
        () =>
          branches.length === 0
            ? 'This node knows of no leader that made two blocks in one place above its head. Ask another one, or look at: assent consensus status'
            : branches.flatMap((branch) => [...branchLines(branch, members), '']),
        options,
      )
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
      const { branches, members } = await look(options)
      const chosen = choose(branches, options.branch)
      const { chainId } = connectTo(options).genesis
      const release = decodeRelease(Uint8Array.fromBase64(chosen.proposal ?? ''))
      if (release?.kind !== 'governed') throw new UsageError('the node proposed something that is no Release')
      saveRelease(options.out, { chainId, release }, { isNew: true })
      print(
        { file: options.out, branch: chosen.branch },
        () => [
          ...branchLines(chosen, members),
          '',
          `Next: institutions sign, one after the other: assent consensus release sign --release ${options.out} --folder THEIR-FOLDER`,
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
      .requiredOption('--release <file>', 'as build wrote it'),
  )
    .addHelpText('after', '\nExample:\n  assent consensus release sign --release release.json --folder hospital-b')
    .action(async (options: FileOptions) => {
      const { file, verifier, client } = await open(options)
      const { height } = await client.nodeStatus()
      const branch = branchOf(file.release)
      if (height >= branch.height) {
        throw new UsageError(
          `--release: not signed: this node's chain is certified up to height ${height}, past the branch at ${branch.height}: nothing is stuck there`,
        )
      }
      const by = loadKeyFile(join(options.folder, 'keys.json'))
      const release = signRelease(file.release, { by, verifier })
      saveRelease(options.release, { ...file, release })
      await printSigners({ ...file, release }, { verifier, client, options })
    })
}

function addApply(group: Command): void {
  addNodeOptions(
    group
      .command('apply')
      .description('give a node the decision that enough institutions have signed; it tells the others')
      .requiredOption('--release <file>', 'signed by a quorum of the institutions'),
  )
    .addHelpText('after', '\nExample:\n  assent consensus release apply --release release.json --folder hospital-a')
    .action(async (options: FileOptions) => {
      const { file, verifier, client } = await open(options)
      const objection = objectionTo(file.release, verifier)
      if (objection !== null) throw new UsageError(`--release: ${objection}`)
      const { desk } = connectToDesk(options)
      try {
        await desk.decideRelease(encodeRelease(file.release))
      } catch (error) {
        if (!isRefusal(error, 'NOT_A_RELEASE')) throw error
        throw new UsageError(`--release: the node refuses it: ${error.refusal.reason ?? error.message}`)
      }
      const { signed } = signersOf(file.release, verifier)
      const members = await membersOf(client)
      print(
        { branch: branchOf(file.release), signed },
        () => [
          ...pairs([
            ['given up', shortBranch(branchOf(file.release))],
            ['signed', signed.map((id) => nameOf(id, members)).join(', ')],
          ]),
          '',
          'Whoever stands for election next shows it. Watch: assent consensus status --watch',
        ],
        options,
      )
    })
}

async function look(options: NodeOptions): Promise<{ branches: readonly StuckBranch[]; members: Founders }> {
  const { desk } = connectToDesk(options)
  return { branches: await desk.standstill(), members: await membersOf(connectTo(options).client) }
}

function choose(branches: readonly StuckBranch[], start: string | undefined): StuckBranch {
  const proposed = branches.filter(({ release }) => release === 'proposed')
  const [chosen, ...others] = proposed.filter(({ branch }) => start === undefined || branch.hash.startsWith(start))
  if (chosen !== undefined && others.length === 0) return chosen
  if (chosen !== undefined)
    throw new UsageError(`--branch: expected one of ${proposed.map(({ branch }) => branch.hash).join(', ')}`)
  throw new UsageError(
    'nothing can be decided by what this node has heard: too few members have turned away from a branch, or messages free everybody. Look at: assent consensus release show, here and at other nodes',
  )
}

/** The file, and what it is checked against: the sets of validators as the institution's own node has them. */
async function open(options: FileOptions): Promise<{ file: ReleaseFile; verifier: Verifier; client: Client }> {
  const file = loadRelease(options.release)
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
  return { file, verifier, client }
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

async function printSigners(
  { release }: ReleaseFile,
  { verifier, client, options }: { verifier: Verifier; client: Client; options: FileOptions },
): Promise<void> {
  const members = await membersOf(client)
  const { signed, missing, needed } = signersOf(release, verifier)
  const names = (ids: readonly string[]): string => ids.map((id) => nameOf(id, members)).join(', ')
  const isComplete = signed.length >= needed
  print(
    { branch: branchOf(release), signed, missing, needed },
    () => [
      ...pairs([
        ['given up', shortBranch(branchOf(release))],
        ['signed', `${signed.length} of ${needed}: ${names(signed)}`],
      ]),
      '',
      isComplete
        ? `Complete. Next: assent consensus release apply --release ${options.release} --folder ANY-NODE`
        : `${needed - signed.length} more of: ${names(missing)}`,
    ],
    options,
  )
}
