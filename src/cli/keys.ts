// assent keys: public halves of this institution's keys; key files for patients and practitioners.

import { join } from 'node:path'
import type { Command } from 'commander'
import { loadKeyFile } from '../node/key-file.ts'
import { createPersonFile, loadPersonFile } from '../node/person-file.ts'
import { pairs, print } from './output.ts'

export function addKeys(program: Command): void {
  const keys = program.command('keys').description('show and make keys; secret halves are never printed')

  keys
    .command('show')
    .description("public halves of this institution's keys")
    .option('--folder <folder>', "the institution's folder", '.')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  assent keys show --folder hospital-a')
    .action((options) => {
      const { institution, signing, encryption, transport, consensus } = loadKeyFile(join(options.folder, 'keys.json'))
      const result = {
        institution,
        signing: signing.publicKey,
        encryption: encryption.publicKey,
        transport: transport.publicKey,
        consensus: consensus?.publicKey ?? null,
      }
      print(result, () => pairs(Object.entries(result).map(([name, key]) => [name, key ?? '-'])), options)
    })

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
