// 1 A physician of hospital B asks for a record held by hospital A under a consent: permitted, released, decrypted at B,
// byte-identical to what A stored; under a consent within data limits, what these leave.

import { CUSTODIAN } from '../import-folder.ts'
import { requestAccess, type Scenario, sameBytes } from '../scenario.ts'
import { limitedAccess } from './limited-access.ts'

export async function permittedAccess(scenario: Scenario): Promise<void> {
  const { checks, cast, consortium } = scenario
  const { answer } = await requestAccess(scenario, { by: 'dr-b1', patient: cast.permitted, purpose: 'TREAT' })
  checks.record(
    'a physician of hospital B is permitted a record of hospital A under a consent',
    answer.outcome === 'PERMIT' && answer.basis === 'consent',
    `${answer.outcome}, ${answer.reasons.join(', ')}`,
  )
  const { records: fetched } = await consortium
    .desk('hospital-b')
    .fetchRecords(cast.permitted.keys.identity, answer.decision)
  const identical = fetched.filter(({ record, bytes }) => sameBytes(bytes, cast.permitted.records.get(record)))
  checks.record(
    'the record is released, decrypted at hospital B and byte-identical',
    fetched.length > 0 && identical.length === fetched.length && fetched.length === cast.permitted.records.size,
    `${identical.length} of ${cast.permitted.records.size} resources identical`,
  )
  const own = await requestAccess(scenario, { by: 'dr-a1', patient: cast.permitted, purpose: 'TREAT' })
  const { records: local } = await consortium
    .desk(CUSTODIAN)
    .fetchRecords(cast.permitted.keys.identity, own.answer.decision)
  checks.record(
    "hospital A's own physician is decided on and recorded in the same way",
    own.answer.outcome === 'PERMIT' && local.length === cast.permitted.records.size,
    `${own.answer.outcome}, ${local.length} resources`,
  )
  const plaintext = [...cast.permitted.records.values()][0] as Uint8Array
  const folder = consortium.member(CUSTODIAN).folder
  checks.record(
    'hospital A keeps it encrypted: the vault folder holds no plaintext',
    !(await containsBytes(folder, plaintext.subarray(0, 64))),
    'searched all files of the data folder',
  )
  await limitedAccess(scenario)
}

async function containsBytes(folder: string, needle: Uint8Array): Promise<boolean> {
  const { readdir, readFile } = await import('node:fs/promises')
  const { join } = await import('node:path')
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const content = await readFile(join(entry.parentPath, entry.name))
    if (content.includes(needle)) return true
  }
  return false
}
