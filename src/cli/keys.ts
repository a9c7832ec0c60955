// assent keys: public halves of this institution's keys; key files for patients and practitioners.

import { join } from 'node:path'
import type { Command } from 'commander'
import { openSignState } from '../ledger/sign-state-file.ts'
import { loadConfig } from '../node/config.ts'
import { addConsensusKey, loadKeyFile } from '../node/key-file.ts'
import { createPersonFile, loadPersonFile } from '../node/person-file.ts'
import { pairs, print } from './output.ts'
import { addTransportKeys } from './transport-keys.ts'

export function addKeys(program: Command): void {
  const keys = program.command('keys').description('show and make keys; secret halves are never printed')

  keys
    .command('show')
    .description("public halves of this institution's keys")
    .option('--folder <folder>', "the institution's folder", '.')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  assent keys show --folder hospital-a')
    .action((options) => {
      const keys = loadKeyFile(join(options.folder, 'keys.json'))
      const { institution, signing, encryption, transport, consensus, laterConsensus } = keys
      const result = {
        institution,
        signing: signing.publicKey,
        encryption: encryption.publicKey,
        transport: transport.publicKey,
        consensus: consensus?.publicKey ?? null,
        laterConsensus: laterConsensus.map(({ publicKey }) => publicKey),
      }
      print(
        result,
        () =>
          pairs(Object.entries(result).map(([name, key]) => [name, (Array.isArray(key) ? key.join(' ') : key) || '-'])),
        options,
      )
    })

  keys
    .command('rotate-consensus')
    .description(
      'make the consensus key of the next seat: the institutions decide on it, and a running node takes it up when it counts',
    )
    .option('--folder <folder>', "the institution's folder", '.')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Example:
  assent keys rotate-consensus --folder hospital-a
  Then propose the key to the institutions. The running node finds it in the file when it has got its seat. The former key
  stays there until its seat has ended; after that, take it out: nobody may ever sign with it again.`,
    )
    .action(async (options) => {
      const { dataFolder } = loadConfig(join(options.folder, 'assent.json'))
      const consensus = addConsensusKey(join(options.folder, 'keys.json'))
      // The key gets its file while it cannot have signed anything: missing later, it would be taken for lost.
      const opening = await openSignState({ dataFolder, key: consensus, mayBegin: true })
      if (opening.kind === 'open') await opening.file.close()
      print({ consensus }, () => pairs([['consensus', consensus]]), options)
    })

  addTransportKeys(keys)

  keys
    .command('person')
    .description(
      'make the key file of a patient, practitioner or delegate: a random id, a signing and an encryption key',
    )
    .requiredOption('--out <file>', 'the key file; written with mode 0600')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  assent keys person --out dr-b1.json')
    .action((options) => {
      createPersonFile(options.out)
      const { identity, signing, encryption } = loadPersonFile(options.out)
      const result = { identity, signing: signing.publicKey, encryption: encryption.publicKey, file: options.out }
      print(result, () => pairs(Object.entries(result)), options)
    })
}
