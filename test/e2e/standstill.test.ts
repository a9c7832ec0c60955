// Seven validators, b = 2, one machine lost. The leader shows two of the others one block and three of them another, and dies: no
// message frees anybody, since a second liar could be among those who turned away. The institutions do, by what the commands
// tell their operators and nothing else.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect } from '../../src/client/client.ts'
import { randomBytes } from '../../src/crypto/random.ts'
import { type Devnet, hospitals, layOut } from '../../src/devnet/layout.ts'
import { NodeProcess } from '../../src/devnet/node-process.ts'
import { eventually } from '../../src/devnet/sleep.ts'
import { assent, type Finished } from '../support/assent-cli.ts'
import type { TellLie } from '../support/lying-node.ts'

const LYING_NODE = fileURLToPath(new URL('../support/lying-node.ts', import.meta.url))
const WAIT_MS = 90_000

type Member = Devnet<string>['members'][number]

let home: string
let devnet: Devnet<string>
/** A to E. F lies; G never starts. */
let honest: readonly NodeProcess[]
let liar: NodeProcess

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'assent-standstill-'))
  const fhir = { masterIdentifierSystem: 'urn:assent:mrn', timeZone: 'UTC' }
  devnet = await layOut(join(home, 'consortium'), hospitals(7), { fhir })
  honest = devnet.members.slice(0, 5).map((member) => new NodeProcess(member))
  liar = new NodeProcess(devnet.members[5] as Member, { program: LYING_NODE })
  const all = [...honest, liar]
  for (const node of all) node.start()
  await Promise.all(all.map((node) => node.ready()))
}, 150_000)

afterAll(async () => {
  await Promise.all([...(honest ?? []), liar].map((node) => node?.stop()))
  rmSync(home, { recursive: true, force: true })
}, 60_000)

const run = (...args: string[]): Promise<Finished> => assent(args, { cwd: devnet.folder })
const release = (command: string, ...args: string[]): Promise<Finished> => run('consensus', 'release', command, ...args)
const at = (letter: string): readonly string[] => ['--folder', `hospital-${letter}`]
const ofDecision = ['--release', 'release.json'] as const
const sign = (letter: string): Promise<Finished> => release('sign', ...at(letter), ...ofDecision, '--yes')
const apply = (letter: string): Promise<Finished> => release('apply', ...at(letter), ...ofDecision)

function clientOf({ rpcUrl }: Pick<Member, 'rpcUrl'>) {
  return connect({ url: rpcUrl, genesis: devnet.genesis.signed })
}

function submit(lifetimeMs: number) {
  const first = devnet.members[0] as Member
  const args = { patient: randomBytes(32).toHex(), signing: null, encryption: null }
  const { keys } = first
  return clientOf(first).submit([{ contract: 'registry', method: 'enrollPatient', args }], {
    signer: { identity: keys.institution, keyId: 0, sign: keys.signing.sign },
    lifetimeMs,
  })
}

async function letLiarLead(): Promise<void> {
  const leads = await eventually(
    async () => {
      const { leader } = await clientOf(devnet.members[0] as Member).nodeStatus()
      const led = devnet.members.find(({ keys }) => keys.institution === leader)
      if (led === undefined || led.name === liar.member.name) return led !== undefined
      await run('consensus', 'transfer', '--folder', led.name, '--to', liar.member.title)
      return false
    },
    { withinMs: WAIT_MS, everyMs: 300 },
  )
  expect(leads).toBe(true)
}

async function isBound(letter: string): Promise<boolean> {
  const { stdout } = await run('consensus', 'status', '--json', ...at(letter))
  const { head, own } = JSON.parse(stdout)
  return own.lastAck !== null && own.lastAck.height > head.height
}

it('institutions free a group that no message frees, by four commands', async () => {
  expect((await submit(WAIT_MS)).calls[0]?.status).toBe('ok')
  expect((await release('show', ...at('a'))).stdout).toContain('Nothing is stuck here')
  await letLiarLead()
  liar.send({ lie: 'split' } satisfies TellLie)
  void submit(5_000).catch(() => undefined)
  for (const letter of 'abcde') {
    const hasAcked = await eventually(() => isBound(letter), { withinMs: WAIT_MS, everyMs: 300 })
    expect(hasAcked, `${letter} has acked one of the two`).toBe(true)
  }
  await liar.kill()

  // What stands, why, and what to do.
  let shown = ''
  const canBeGivenUp = async (): Promise<boolean> => {
    shown = (await release('show', ...at('a'))).stdout
    return shown.includes('Next:\n')
  }
  expect(await eventually(canBeGivenUp, { withinMs: WAIT_MS, everyMs: 1_000 }), shown).toBe(true)
  expect(shown).toContain('Hospital F made two blocks in one place')
  expect(shown).toContain('No candidate gets the 5 of 7 votes')
  expect(shown).toMatch(/Hospital F .*proven to have lied/)
  expect(shown).toMatch(/Hospital G .*not heard/)
  expect(shown).toMatch(/turned away +2 of the 3 that it takes\noutcome +cannot be given up/)
  expect(shown).toMatch(/turned away +3 of the 3 that it takes\noutcome +CAN BE GIVEN UP/)
  expect((await run('consensus', 'status', ...at('a'))).stdout).toContain('assent consensus release show')
  const step = /assent (consensus release build .*)$/m.exec(shown)?.[1] ?? ''
  const built = await run(...step.split(' '))
  expect(built.code, built.stderr).toBe(0)

  // Who still has to sign.
  const early = await apply('a')
  expect(early.code).toBe(2)
  expect(early.stderr).toContain('signed by 0 of the 5 institutions that it takes; 5 more, of: Hospital A, Hospital B')
  const unasked = await release('sign', ...at('a'), ...ofDecision)
  expect(unasked.stderr).toMatch(/answers for the word of those who turned away[\s\S]*--yes: needed/)
  for (const letter of 'abcb') expect((await sign(letter)).code).toBe(0)
  const fourth = await sign('d')
  expect(fourth.stdout).toMatch(/signed +4 of 5: Hospital A, Hospital B, Hospital C, Hospital D\nstill needed +1 more/)
  const last = await sign('e')
  expect(last.stdout).toContain('Complete. Next')

  const applied = await apply('b')
  expect(applied.code, applied.stderr).toBe(0)
  expect((await submit(WAIT_MS)).calls[0]?.status).toBe('ok')
  expect((await release('show', ...at('c'))).stdout).toContain('Nothing is stuck here')
  const late = await sign('e')
  expect(late.stderr).toContain('nothing is stuck there')
  await honest[0]?.stop()
  const verified = await run('verify', 'chain', ...at('a'))
  expect(verified.code, verified.stdout).toBe(0)
}, 400_000)
