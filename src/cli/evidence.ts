// assent evidence: proofs that validators lied. What a node holds, and the check of a single one by anybody, offline.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { convict } from '../consensus/evidence/convict.ts'
import { decodeEvidence, type Evidence, evidenceHash, termOf } from '../consensus/evidence/evidence.ts'
import { verify } from '../crypto/ed25519.ts'
import { openLevelStore } from '../ledger/level-store.ts'
import { openLedger } from '../ledger/open-ledger.ts'
import { type LoadedGenesis, loadGenesis } from '../node/genesis-file.ts'
import type { Epoch, Seat } from '../types/brand.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import { memberAt, onlyEpoch, type ValidatorSet } from '../types/validator-set.ts'
import { addNodeOptions, connectToDesk, type NodeOptions } from './connection.ts'
import { describeEvidence, type NameOfSeat, sideBySide } from './evidence-lines.ts'
import { type Founders, nameOf } from './identities.ts'
import { pairs, print, table, UsageError } from './output.ts'

type SetOf = (epoch: Epoch) => ValidatorSet | undefined

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
      .argument('<hash>', 'of assent evidence list')
      .description('one proof in words, with the statements side by side')
      .option('--out <file>', 'write its bytes to a file, for others to verify'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  assent evidence show 3f0c... --folder hospital-a --out evidence.bin\nThe node has checked it. Whoever gets the file checks it again: assent evidence verify.',
    )
    .action(async (hash: string, options: NodeOptions & { out?: string }) => {
      const { desk, genesis } = connectToDesk(options)
      const { founders } = genesis.genesis
      const { evidence: bytes, accused } = await desk.evidence(hash)
      const names = new Map(accused.map((entry) => [entry.seat, seatName(entry, founders)]))
      if (options.out !== undefined) {
        writeFileSync(options.out, bytes, { flag: 'wx' })
      }
      show(
        { evidence: decode(bytes, hash), accused: [...names.keys()] as Seat[] },
        {
          name: (seat) => names.get(seat) ?? `seat ${seat}`,
          options,
        },
      )
    })

  group
    .command('verify')
    .argument('<file>', 'as assent evidence show --out wrote it')
    .description('check a proof offline: who is convicted, of what. Trusts the genesis alone')
    .requiredOption('--genesis <file>', 'the genesis file')
    .option('--data <folder>', 'data folder of a stopped node, where the validators have changed since the genesis')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  assent evidence verify evidence.bin --genesis genesis.json
  assent evidence verify evidence.bin --genesis genesis.json --data observer/data
Exit code 0: it convicts somebody; 1: it proves nothing.`,
    )
    .action(async (file: string, options: { genesis: string; data?: string; json?: boolean }) => {
      const genesis = loadGenesis(options.genesis, { complete: true })
      const evidence = decode(readFile(file), file)
      await withSets({ genesis, data: options.data }, (setOf) => {
        const { chainId } = genesis
        const accused = convict(evidence, {
          chainId,
          setOf,
          verify: (key, message, signature) => verify(Uint8Array.fromHex(key), message, signature),
        })
        show({ evidence, accused }, { name: seatNames(setOf, genesis.genesis.founders), options })
        if (accused.length === 0) process.exitCode = 1
      })
    })
}

function show(
  { evidence, accused }: { evidence: Evidence; accused: readonly Seat[] },
  { name, options }: { name: NameOfSeat; options: { json?: boolean } },
): void {
  const words = describeEvidence(evidence, name)
  const result = {
    hash: evidenceHash(evidence),
    kind: evidence.kind,
    term: termOf(evidence),
    convicted: accused,
    title: words.title,
    statements: [Object.fromEntries(words.left), Object.fromEntries(words.right)],
  }
  print(
    result,
    () => [
      ...pairs([
        ['evidence', result.hash],
        ['kind', `${evidence.kind}: ${words.title}`],
        ['convicted', accused.length === 0 ? 'NOBODY: this proves nothing' : accused.map(name).join(', ')],
      ]),
      '',
      words.meaning,
      '',
      ...sideBySide(words),
    ],
    options,
  )
}

/** The sets of epochs: the first from the genesis; later ones from a ledger, whose state they are in. */
async function withSets(
  { genesis, data }: { genesis: LoadedGenesis; data: string | undefined },
  run: (setOf: SetOf) => void,
): Promise<void> {
  if (data === undefined) {
    run(onlyEpoch(genesis.validators))
    return
  }
  const folder = existsSync(join(data, 'ledger')) ? join(data, 'ledger') : data
  if (!existsSync(folder)) throw new UsageError(`--data: ${data} is not there; expected the data folder of a node`)
  const store = await openLevelStore(folder)
  try {
    const ledger = await openLedger({ store, genesis: genesis.genesis })
    run((epoch) => ledger.setOf(epoch))
  } finally {
    await store.close()
  }
}

function readFile(file: string): Uint8Array {
  if (!existsSync(file)) throw new UsageError(`${file}: no such file`)
  return Uint8Array.from(readFileSync(file))
}

function decode(bytes: Uint8Array, from: string): Evidence {
  try {
    return decodeEvidence(bytes)
  } catch (error) {
    if (error instanceof DecodeError) throw new UsageError(`${from}: is no evidence: ${error.message}`)
    throw error
  }
}

/** A seat keeps its key for ever; the first epoch that has it names its institution. */
function seatNames(setOf: SetOf, founders: Founders): NameOfSeat {
  return (seat) => {
    for (let epoch = 0; ; epoch++) {
      const set = setOf(epoch as Epoch)
      if (set === undefined) return `seat ${seat}`
      const member = memberAt(set, seat)
      if (member !== undefined) return seatName(member, founders)
    }
  }
}

function seatName({ seat, institution }: { seat: number; institution: string | null }, founders: Founders): string {
  return institution === null ? `seat ${seat}` : `${nameOf(institution, founders)} (seat ${seat})`
}
