// assent genesis: build from join cards, sign at every founder, show.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { BUILT_IN_SETUP, compileBuiltInContracts } from '../node/built-in-contracts.ts'
import { buildGenesis, loadGenesis, loadJoinCard, saveGenesis, signGenesis } from '../node/genesis-file.ts'
import { loadKeyFile } from '../node/key-file.ts'
import type { Predecessor } from '../types/genesis.ts'
import { chainIdOf } from '../types/signing.ts'
import { quorum, validatorsOf } from '../types/validator-set.ts'
import { pairs, print, shortId, table, UsageError } from './output.ts'

function predecessorInWords({ head, voters, acceptsMinority }: Predecessor): string {
  const minority = acceptsMinority ? '; signed by fewer than half is accepted' : ''
  return `height ${head.height} of ${head.chainId}, where ${voters.length} institutions had a vote${minority}`
}

export function addGenesis(program: Command): void {
  const genesis = program.command('genesis').description('build, sign and show the genesis of a consortium')

  genesis
    .command('build')
    .description('make an unsigned genesis from the founders’ join cards')
    .requiredOption('--name <name>', "the consortium's name")
    .requiredOption('--card <file...>', 'join cards, validators in the order of their index')
    .option('--liars <b>', 'validators that must not be able to fork the chain (default floor((n-1)/3))')
    .option('--out <file>', 'the genesis file', 'genesis.json')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  assent genesis build --name "Valley Health" --card a/join-card.json b/join-card.json',
    )
    .action((options) => {
      if (existsSync(options.out)) throw new UsageError(`--out: ${options.out} exists already`)
      const b = options.liars === undefined ? undefined : Number(options.liars)
      if (b !== undefined && (!Number.isInteger(b) || b < 0))
        throw new UsageError('--liars: expected a whole number >= 0')
      const cards = (options.card as string[]).map(loadJoinCard)
      const built = buildGenesis({
        name: options.name,
        timeMs: Date.now(),
        cards,
        contracts: compileBuiltInContracts(),
        setup: BUILT_IN_SETUP,
        ...(b === undefined ? {} : { b }),
      })
      const addresses = new Map(cards.map(({ founder, addresses }) => [founder.transportKey, addresses]))
      saveGenesis(options.out, { genesis: built, signatures: [] }, addresses)
      const set = validatorsOf(built)
      const result = {
        chainId: chainIdOf(built),
        file: options.out,
        validators: set.members.length,
        quorum: quorum(set),
        b: set.b,
      }
      print(
        result,
        () => [
          ...pairs([
            ['chain', result.chainId],
            ['file', result.file],
            ['validators', result.validators],
            ['certificate quorum', result.quorum],
            ['liars tolerated (b)', result.b],
          ]),
          '',
          'Next: every founder runs: assent genesis sign --genesis FILE --folder THEIR-FOLDER',
        ],
        options,
      )
    })

  genesis
    .command('sign')
    .description("add this institution's signature to a genesis file")
    .requiredOption('--genesis <file>', 'the genesis file')
    .option('--folder <folder>', "the institution's folder", '.')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  assent genesis sign --genesis genesis.json --folder hospital-a')
    .action((options) => {
      const loaded = loadGenesis(options.genesis, { complete: false })
      const keys = loadKeyFile(join(options.folder, 'keys.json'))
      const { signed, genesis: unsigned, chainId } = loaded
      const founder = unsigned.founders.find(({ institution }) => institution === keys.institution)
      if (founder?.signingKey !== keys.signing.publicKey) {
        throw new UsageError(`--folder: the institution of ${options.folder} is not a founder in ${options.genesis}`)
      }
      const others = signed.signatures.filter(({ institution }) => institution !== keys.institution)
      const signatures = [...others, signGenesis(unsigned, keys)]
      saveGenesis(options.genesis, { genesis: unsigned, signatures }, loaded.addresses)
      const missing = unsigned.founders.filter(
        (f) => !signatures.some(({ institution }) => institution === f.institution),
      )
      print(
        { chainId, signed: signatures.length, missing: missing.map(({ name }) => name) },
        ({ missing }) => (missing.length > 0 ? `Signed. Still missing: ${missing.join(', ')}` : 'Signed. Complete.'),
        options,
      )
    })

  genesis
    .command('show')
    .description('check a genesis file and show what it founds')
    .requiredOption('--genesis <file>', 'the genesis file')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  assent genesis show --genesis genesis.json')
    .action((options) => {
      const { chainId, genesis: shown, signed, validators } = loadGenesis(options.genesis, { complete: false })
      const founders = shown.founders.map(({ institution, kind, name, consensusKey }) => ({
        name,
        kind,
        role: consensusKey === null ? 'observer' : 'validator',
        institution,
        signed: signed.signatures.some((entry) => entry.institution === institution),
      }))
      const contracts = shown.contracts.map(({ name, module }) => ({ name, bytes: module.length }))
      const result = { name: shown.name, chainId, quorum: quorum(validators), b: validators.b, founders, contracts }
      print(
        result,
        () => [
          ...pairs([
            ['consortium', result.name],
            ['chain', chainId],
            ['certificate quorum', `${result.quorum} of ${validators.members.length} (b = ${result.b})`],
            ...(shown.predecessor ? ([['goes on from', predecessorInWords(shown.predecessor)]] as const) : []),
            ['contracts', contracts.map(({ name, bytes }) => `${name} (${bytes} bytes)`).join(', ')],
          ]),
          '',
          ...table(
            ['founder', 'kind', 'role', 'institution', 'signed'],
            founders.map((f) => [f.name, f.kind, f.role, shortId(f.institution), f.signed ? 'yes' : 'no']),
          ),
        ],
        options,
      )
    })
}
