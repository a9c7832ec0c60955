// assent recover: when more validators are lost for good than the chain can be without. The survivors agree on a genesis that
// goes on from the last certified block, sign it, and take their folders over. spec/ledger.md, "Recovery".

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { openLevelStore } from '../ledger/level-store.ts'
import { openLedger } from '../ledger/open-ledger.ts'
import { applyRecovery, setAsideIn } from '../node/apply-recovery.ts'
import { type Config, loadConfig } from '../node/config.ts'
import { type LoadedGenesis, loadGenesis, saveGenesis, signGenesis } from '../node/genesis-file.ts'
import { loadHead, saveHead } from '../node/head-file.ts'
import { loadKeyFile } from '../node/key-file.ts'
import { buildRecovery, disagreement, lastOf, type SurvivingLedger, uncertifiedOf } from '../node/recovery.ts'
import type { PublicKey } from '../types/brand.ts'
import type { Genesis } from '../types/genesis.ts'
import { chainIdOf } from '../types/signing.ts'
import { quorum, validatorsOf } from '../types/validator-set.ts'
import { institutionFrom } from './identities.ts'
import { counted, pairs, print, UsageError } from './output.ts'

export function addRecover(program: Command): void {
  const recover = program
    .command('recover')
    .description('go on under a new genesis after too many validators were lost for good')
    .addHelpText(
      'after',
      `
With all surviving nodes stopped:
  assent recover head  --folder hospital-b --out head-b.json       (survivors elsewhere show how far they came)
  assent recover build --folder hospital-a --head head-b.json --surviving "Hospital A" "Hospital B" --out recovery.json
  assent recover sign  --genesis recovery.json --folder hospital-a (each survivor, with its own ledger as witness)
  assent recover apply --genesis recovery.json --folder hospital-a (each survivor; then: assent start)`,
    )

  recover
    .command('head')
    .description('write the certified head of a stopped node to a file')
    .option('--folder <folder>', "the institution's folder", '.')
    .option('--out <file>', 'the file', 'head.json')
    .option('--json', 'print the result as JSON')
    .action(async (options) => {
      const config = configIn(options.folder)
      await withLedgers(
        [ledgerOf(config, options.folder)],
        loadGenesis(config.genesis, { complete: true }),
        ([own]) => {
          const { header, hash, commitCert } = (own as SurvivingLedger).ledger.head
          if (commitCert === null) throw new UsageError('--folder: the chain has no certified block')
          saveHead(options.out, { header, commitCert })
          const result = { file: options.out, height: header.height, hash }
          print(result, () => pairs(Object.entries(result)), options)
        },
      )
    })

  recover
    .command('build')
    .description('make an unsigned genesis that goes on from the highest certified block that survivors have')
    .option('--folder <folder...>', 'folders of surviving institutions on this machine', ['.'])
    .option('--data <folder...>', 'further ledgers: data folders, or copies of them', [])
    .option('--head <file...>', "certified heads of survivors elsewhere, as 'assent recover head' writes them", [])
    .requiredOption('--surviving <institution...>', 'names or ids of all institutions that sign and go on')
    .option('--liars <b>', 'validators that must not be able to fork the new chain (default: as many as fit)')
    .option('--accept-minority', 'go on although less than half of the institutions with a vote sign')
    .option('--out <file>', 'the genesis file', 'recovery.json')
    .option('--json', 'print the result as JSON')
    .action(async (options) => {
      if (existsSync(options.out)) throw new UsageError(`--out: ${options.out} exists already`)
      const folders = options.folder as string[]
      const config = configIn(folders[0] as string)
      const old = loadGenesis(config.genesis, { complete: true })
      const data = (options.data as string[]).map((folder) =>
        existsSync(join(folder, 'ledger')) ? join(folder, 'ledger') : folder,
      )
      const places = [...folders.map((folder) => ledgerOf(configIn(folder), folder)), ...data]
      await withLedgers(places, old, (ledgers) => {
        const last = lastOf(ledgers, (options.head as string[]).map(loadHead))
        const { founders } = old.genesis
        const surviving = (options.surviving as string[]).map((name) =>
          institutionFrom(name, { founders, option: '--surviving' }),
        )
        const genesis = buildRecovery({
          last,
          surviving,
          acceptsMinority: options.acceptMinority === true,
          ...(options.liars === undefined ? {} : { b: Number(options.liars) }),
          nowMs: Date.now(),
        })
        saveGenesis(
          options.out,
          { genesis, signatures: [] },
          addressesOf(
            old,
            genesis.founders.map((f) => f.transportKey),
          ),
        )
        // Checked as every reader will check it, signers included.
        loadGenesis(options.out, { complete: false })
        const set = validatorsOf(genesis)
        const { voters = [], head } = genesis.predecessor ?? {}
        const lost = ledgers.map((each) => uncertifiedOf(each)).reduce((a, b) => (a.blocks >= b.blocks ? a : b))
        const result = {
          chainId: chainIdOf(genesis),
          predecessor: old.chainId,
          height: head?.height,
          from: last.from,
          validators: set.members.length,
          quorum: quorum(set),
          b: set.b,
          signers: genesis.founders.length,
          voters: voters.length,
          uncertifiedBlocks: lost.blocks,
          uncertifiedTransactions: lost.transactions,
        }
        print(
          result,
          () => [
            ...pairs([
              ['new chain', result.chainId],
              ['goes on from', `height ${result.height} of ${result.predecessor}`],
              ['its ledger', result.from],
              ['validators', `${result.validators}, certificate quorum ${result.quorum}, liars tolerated ${result.b}`],
              ['sign', `${result.signers} institutions; ${result.voters} have a vote in the state`],
            ]),
            '',
            lost.blocks === 0
              ? 'No uncertified block is lost.'
              : `${counted(lost.blocks, 'uncertified block')} with ${counted(lost.transactions, 'transaction')} above it end with the old chain: nobody was told that they are committed. Whoever submitted them submits again.`,
            'Next: every institution named runs: assent recover sign --genesis FILE --folder THEIR-FOLDER',
          ],
          options,
        )
      })
    })

  recover
    .command('sign')
    .description("check the genesis against this institution's own ledger and sign it")
    .requiredOption('--genesis <file>', 'the genesis of the recovery')
    .option('--folder <folder>', "the institution's folder", '.')
    .option('--unchecked', "sign on the others' word: this institution's own ledger is lost or behind")
    .option('--json', 'print the result as JSON')
    .action(async (options) => {
      const loaded = loadGenesis(options.genesis, { complete: false })
      const config = configIn(options.folder)
      const keys = loadKeyFile(join(options.folder, 'keys.json'))
      const { genesis, signed } = loaded
      const founder = genesis.founders.find(({ institution }) => institution === keys.institution)
      if (founder?.signingKey !== keys.signing.publicKey) {
        throw new UsageError(`--folder: the institution of ${options.folder} does not sign ${options.genesis}`)
      }
      if (options.unchecked !== true) {
        const old = loadGenesis(config.genesis, { complete: true })
        await withLedgers([ledgerOf(config, options.folder)], old, ([own]) => {
          const fault = disagreement(genesis, own as SurvivingLedger)
          if (fault !== null) throw new UsageError(`--genesis: not signed: ${fault}`)
        })
      }
      const others = signed.signatures.filter(({ institution }) => institution !== keys.institution)
      const signatures = [...others, signGenesis(genesis, keys)]
      saveGenesis(options.genesis, { genesis, signatures }, loaded.addresses)
      const missing = genesis.founders.filter(
        (f) => !signatures.some(({ institution }) => institution === f.institution),
      )
      print(
        { chainId: loaded.chainId, signed: signatures.length, missing: missing.map(({ name }) => name) },
        ({ missing }) => (missing.length > 0 ? `Signed. Still missing: ${missing.join(', ')}` : 'Signed. Complete.'),
        options,
      )
    })

  recover
    .command('apply')
    .description('take a stopped node over to the new chain: its state is carried over, the old chain is set aside')
    .requiredOption('--genesis <file>', 'the genesis of the recovery, signed by all')
    .option('--folder <folder>', "the institution's folder", '.')
    .option(
      '--from <folder>',
      "a copy of another survivor's ledger, where the own one is behind; where it is lost, the node fetches the state",
    )
    .option('--json', 'print the result as JSON')
    .action(async (options) => {
      const { genesis, chainId } = loadGenesis(options.genesis, { complete: true })
      if (!genesis.predecessor) throw new UsageError('--genesis: goes on from no chain')
      const config = configIn(options.folder)
      const from: string | null = options.from ?? endedLedgerOf(config, genesis)
      const { setAside } = await applyRecovery({ config, genesis, genesisFile: options.genesis, from })
      const result = { chainId, height: genesis.predecessor.head.height, setAside }
      print(
        result,
        () => [
          ...pairs([
            ['chain', chainId],
            [
              'state of',
              `height ${result.height} of the chain before${from === null ? ', fetched from a peer at the start' : ''}`,
            ],
            ['set aside', setAside],
          ]),
          '',
          `Next: assent start --folder ${options.folder}`,
        ],
        options,
      )
    })
}

const configIn = (folder: string): Config => loadConfig(join(folder, 'assent.json'))

function ledgerOf({ dataFolder }: Config, folder: string): string {
  const ledger = join(dataFolder, 'ledger')
  if (!existsSync(ledger)) throw new UsageError(`--folder: ${folder} holds no ledger`)
  return ledger
}

/** After an attempt that was cut short the old ledger has been set aside already. Null where there is none. */
function endedLedgerOf({ dataFolder }: Config, genesis: Genesis): string | null {
  const places = [join(dataFolder, 'ledger'), join(setAsideIn(dataFolder, genesis), 'ledger')]
  return places.find((place) => existsSync(place)) ?? null
}

async function withLedgers(
  places: readonly string[],
  { genesis }: LoadedGenesis,
  use: (ledgers: readonly SurvivingLedger[]) => void | Promise<void>,
): Promise<void> {
  const open: SurvivingLedger[] = []
  try {
    for (const from of places) {
      const store = await openLevelStore(from)
      try {
        open.push({ from, store, ledger: await openLedger({ store, genesis }) })
      } catch (error) {
        await store.close()
        throw error
      }
    }
    await use(open)
  } finally {
    for (const { ledger } of open) await ledger.close()
  }
}

function addressesOf({ addresses }: LoadedGenesis, keys: readonly PublicKey[]): LoadedGenesis['addresses'] {
  return new Map([...addresses].filter(([key]) => keys.includes(key)))
}
