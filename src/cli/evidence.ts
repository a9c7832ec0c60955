// assent evidence: proofs that validators lied. What a node holds, and the check of a single one by anybody, offline.

import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { InstitutionClient } from '../client/institution-client.ts'
import { EpochLinkError } from '../consensus/epoch-chain.ts'
import { chainOf, type Evidence, evidenceHash, termOf } from '../consensus/evidence/evidence.ts'
import { convictShown, decodeShownEvidence, encodeShownEvidence } from '../consensus/evidence/shown-evidence.ts'
import { verify } from '../crypto/ed25519.ts'
import { loadGenesis } from '../node/genesis-file.ts'
import type { Seat } from '../types/brand.ts'
import { memberAt, type ValidatorSet } from '../types/validator-set.ts'
import { addNodeOptions, connectToDesk, type NodeOptions } from './connection.ts'
import { readEvidenceFile } from './evidence-file.ts'
import { describeEvidence, type NameOfSeat, sideBySide } from './evidence-lines.ts'
import { type Founders, nameOf } from './identities.ts'
import { pairs, print, table, UsageError } from './output.ts'

export function addEvidence(program: Command): void {
  const group = program.command('evidence').description('proofs that validators lied: list, show, check offline')

  addNodeOptions(group.command('list').description('what this node holds: whoever found it, everybody has it'))
    .addHelpText('after', '\nExample:\n  assent evidence list --folder hospital-a')
    .action(async (options: NodeOptions) => {
      const { desk, genesis } = connectToDesk(options)
      const { founders } = genesis.genesis
      const entries = await desk.evidenceList()
      print(
        entries,
        () =>
          entries.length === 0
            ? 'no evidence: nobody is proven to have lied'
            : table(
                ['hash', 'kind', 'term', 'convicted'],
                entries.map(({ hash, kind, term, accused }) => [
                  hash,
                  kind,
                  term,
                  accused.map(({ seat, institution }) => seatName({ seat, institution }, founders)).join(', '),
                ]),
              ),
        options,
      )
    })

  addNodeOptions(
    group
      .command('show')
      .argument('<hash>', 'of assent evidence list, or its first digits')
      .description('one proof in words, with the statements side by side')
      .option('--out <file>', 'write it to a file, for others to verify'),
  )
    .addHelpText(
      'after',
      `
Example:
  assent evidence show 3f0c --folder hospital-a --out evidence.bin
The node has checked it. Whoever gets the file, or what --json prints, checks it again: assent evidence verify.`,
    )
    .action(async (digits: string, options: NodeOptions & { out?: string }) => {
      const { desk, genesis } = connectToDesk(options)
      const { founders } = genesis.genesis
      const { evidence: file, accused } = await desk.evidence(await wholeHash(digits, desk))
      const names = new Map(accused.map((entry) => [entry.seat, seatName(entry, founders)]))
      if (options.out !== undefined) save(options.out, file)
      const { evidence } = decodeShownEvidence(file)
      const name: NameOfSeat = (seat) => names.get(seat) ?? `seat ${seat}`
      show({ evidence, accused: [...names.keys()] as Seat[], file }, { name, options })
    })

  group
    .command('verify')
    .argument('<file>', 'as assent evidence show wrote it, with --out or --json')
    .description('check a proof offline: who is convicted, of what. Trusts the genesis alone')
    .requiredOption('--genesis <file>', 'the genesis file')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Example:
  assent evidence verify evidence.bin --genesis genesis.json
Exit code 0: it convicts somebody; 1: it proves nothing.`,
    )
    .action((file: string, options: { genesis: string; json?: boolean }) => {
      const { chainId, validators, genesis } = loadGenesis(options.genesis, { complete: true })
      const shown = readEvidenceFile(file)
      if (chainOf(shown.evidence) !== chainId) {
        throw new UsageError(`${file}: is about another chain than that of ${options.genesis}`)
      }
      const { accused, sets } = judge(() =>
        convictShown(shown, {
          first: validators,
          chainId,
          verify: (key, message, signature) => verify(Uint8Array.fromHex(key), message, signature),
        }),
      )
      const name: NameOfSeat = (seat) => seatName({ seat, institution: institutionAt(sets, seat) }, genesis.founders)
      show({ evidence: shown.evidence, accused, file: encodeShownEvidence(shown) }, { name, options })
      if (accused.length === 0) process.exitCode = 1
    })
}

function show(
  { evidence, accused, file }: { evidence: Evidence; accused: readonly Seat[]; file: Uint8Array },
  { name, options }: { name: NameOfSeat; options: { json?: boolean } },
): void {
  const words = describeEvidence(evidence, name)
  const result = {
    hash: evidenceHash(evidence),
    kind: evidence.kind,
    term: termOf(evidence),
    convicted: accused,
    names: accused.map(name),
    title: words.title,
    meaning: words.meaning,
    statements: [Object.fromEntries(words.left), Object.fromEntries(words.right)],
    evidence: file.toBase64(),
  }
  print(
    result,
    () => [
      ...pairs([
        ['evidence', result.hash],
        ['kind', `${evidence.kind}: ${words.title}`],
        ['convicted', accused.length === 0 ? 'NOBODY: this proves nothing' : result.names.join(', ')],
      ]),
      '',
      words.meaning,
      '',
      ...sideBySide(words),
    ],
    options,
  )
}

/** Hashes are long: their first digits do where there is one that begins so. */
async function wholeHash(digits: string, desk: InstitutionClient): Promise<string> {
  const entries = await desk.evidenceList()
  const [found, other] = entries.filter(({ hash }) => hash.startsWith(digits))
  if (found === undefined) throw new UsageError(`${digits}: this node holds no such evidence; see assent evidence list`)
  if (other !== undefined) throw new UsageError(`${digits}: several begin so; give more digits`)
  return found.hash
}

function save(file: string, bytes: Uint8Array): void {
  try {
    writeFileSync(file, bytes, { flag: 'wx' })
  } catch (error) {
    throw new UsageError(`--out: ${file} cannot be written: ${(error as NodeJS.ErrnoException).code}`)
  }
}

function judge<T>(convicted: () => T): T {
  try {
    return convicted()
  } catch (error) {
    if (!(error instanceof EpochLinkError)) throw error
    throw new UsageError(`the validators of a later epoch are not shown: ${error.message}`)
  }
}

/** A seat keeps its key for ever; the first epoch that has it names its institution. */
function institutionAt(sets: readonly ValidatorSet[], seat: Seat): string | null {
  for (const set of sets) {
    const member = memberAt(set, seat)
    if (member !== undefined) return member.institution
  }
  return null
}

function seatName({ seat, institution }: { seat: number; institution: string | null }, founders: Founders): string {
  return institution === null ? `seat ${seat}` : `${nameOf(institution, founders)} (seat ${seat})`
}
