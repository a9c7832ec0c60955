// 8 One byte is changed in a copy of a stopped node's data folder: `assent verify` names the height.

import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Scenario } from '../scenario.ts'

const PROGRAM = fileURLToPath(new URL('../../../bin/assent.ts', import.meta.url))

export async function tampering({ consortium, checks }: Scenario): Promise<void> {
  const node = consortium.process('laboratory')
  const graceful = await node.stop()
  checks.record('a node stops gracefully', graceful, 'laboratory')
  const source = join(node.member.folder, 'data', 'ledger')
  const copy = join(consortium.devnet.folder, 'tampered')
  const untouched = join(consortium.devnet.folder, 'untouched')
  for (const folder of [copy, untouched]) cpSync(source, folder, { recursive: true })
  node.start()

  const clean = verify(untouched, consortium.devnet.genesisFile)
  checks.record('an untouched copy of its data folder verifies', clean.status === 0, firstLine(clean.output))
  const file = flipOneByte(copy)
  const found = verify(copy, consortium.devnet.genesisFile)
  const height = /height (\d+)/.exec(found.output)?.[1]
  checks.record(
    'one changed byte in a copy is found, and its height named',
    found.status === 1 && height !== undefined,
    `${file}: ${firstLine(found.output)}`,
  )
  await node.ready()
}

function verify(data: string, genesis: string): { status: number | null; output: string } {
  const run = spawnSync(process.execPath, [PROGRAM, 'verify', 'chain', '--data', data, '--genesis', genesis], {
    encoding: 'utf8',
  })
  return { status: run.status, output: `${run.stdout}${run.stderr}` }
}

/** In the middle of the largest file: where the blocks are. */
function flipOneByte(folder: string): string {
  const files = readdirSync(folder)
    .filter((name) => /\.(ldb|log)$/.test(name))
    .map((name) => ({ name, bytes: readFileSync(join(folder, name)) }))
    .sort((a, b) => b.bytes.length - a.bytes.length)
  const [largest] = files
  if (largest === undefined) throw new Error('the data folder has no tables')
  const at = largest.bytes.length >> 1
  largest.bytes[at] = (largest.bytes[at] as number) ^ 0x40
  writeFileSync(join(folder, largest.name), largest.bytes)
  return `byte ${at} of ${largest.name}`
}

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? ''
