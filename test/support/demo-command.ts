// `npm start -- --once` as somebody types it, in a temporary folder.

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Report } from '../../src/devnet/report.ts'

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))

/** FHIR R4 data that lies beside the repository on some machines; null elsewhere. */
export const SAMPLE_FHIR = ((folder) => (existsSync(folder) ? folder : null))(join(REPOSITORY, '../shared/fhir'))

/** How long a run may take on a machine that does other things, too. */
export const DEMO_TIMEOUT_MS = 300_000

export interface DemoRun {
  readonly exitCode: number | null
  /** Standard output and error, as they came. */
  readonly terminal: string
  readonly devnet: string
  readonly report: Report
  /** What the caller removes. */
  readonly temporary: string
}

export async function runDemoCommand({ fhir }: { fhir: string | null }): Promise<DemoRun> {
  const temporary = mkdtempSync(join(tmpdir(), 'assent-demo-'))
  const devnet = join(temporary, 'devnet')
  const reportFile = join(temporary, 'report.json')
  const options = ['--once', '--report', reportFile, '--folder', devnet, ...(fhir === null ? [] : ['--fhir', fhir])]
  const child = spawn('npm', ['start', '--', ...options], { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'pipe'] })
  let terminal = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      terminal += text
    })
  }
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve)
  })
  if (!existsSync(reportFile)) {
    rmSync(temporary, { recursive: true, force: true })
    throw new Error(`npm start ended with code ${exitCode} and no report:\n${terminal}`)
  }
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Report
  return { exitCode, terminal, devnet, report, temporary }
}
