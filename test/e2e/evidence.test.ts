// A leader that lies, on a network of real nodes: everybody comes to hold the proof, and an operator saves it, hands it to
// somebody who has the genesis file and nothing else, and that somebody convicts the liar and nobody else.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from '../../src/client/client.ts'
import { randomBytes } from '../../src/crypto/random.ts'
import { type Devnet, hospitals, layOut } from '../../src/devnet/layout.ts'
import { NodeProcess } from '../../src/devnet/node-process.ts'
import { eventually } from '../../src/devnet/sleep.ts'
import { assent, type Finished } from '../support/assent-cli.ts'
import type { TellLie } from '../support/lying-node.ts'

const LYING_NODE = fileURLToPath(new URL('../support/lying-node.ts', import.meta.url))
const WAIT_MS = 60_000

let home: string
let devnet: Devnet<string>
let honest: readonly NodeProcess[]
let liar: NodeProcess

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'assent-evidence-'))
  const fhir = { masterIdentifierSystem: 'urn:assent:mrn', timeZone: 'UTC' }
  devnet = await layOut(join(home, 'consortium'), hospitals(4), { fhir })
  const [a, b, c, d] = devnet.members as unknown as [Member, Member, Member, Member]
  honest = [a, b, c].map((member) => new NodeProcess(member))
  liar = new NodeProcess(d, { program: LYING_NODE })
  const all = [...honest, liar]
  for (const node of all) node.start()
  await Promise.all(all.map((node) => node.ready()))
  // The auditor has the genesis, and what it is given.
  mkdirSync(join(home, 'auditor'))
  cpSync(devnet.genesisFile, join(home, 'auditor', 'genesis.json'))
}, 120_000)

afterAll(async () => {
  await Promise.all([...(honest ?? []), liar].map((node) => node?.stop()))
  rmSync(home, { recursive: true, force: true })
}, 60_000)

type Member = Devnet<string>['members'][number]
interface Entry {
  readonly hash: string
  readonly kind: string
  readonly accused: readonly { readonly seat: number; readonly institution: string }[]
}

const tell = (lie: TellLie['lie']): void => liar.send({ lie } satisfies TellLie)
const run = (...args: string[]): Promise<Finished> => assent(args, { cwd: home })
const asAuditor = (...args: string[]): Promise<Finished> => assent(args, { cwd: join(home, 'auditor') })
const folderOf = (index: number): string => (honest[index] as NodeProcess).member.folder
const evidenceAt = async (index: number): Promise<readonly Entry[]> =>
  JSON.parse((await run('evidence', 'list', '--folder', folderOf(index), '--json')).stdout || '[]')

async function leader(): Promise<Member | undefined> {
  const client = connect({ url: devnet.members[0]?.rpcUrl as string, genesis: devnet.genesis.signed })
  const { leader: led } = await client.nodeStatus()
  return devnet.members.find(({ keys }) => keys.institution === led)
}

/** The liar takes over, as an operator would have it. */
async function letLiarLead(): Promise<void> {
  const leads = await eventually(
    async () => {
      const led = await leader()
      if (led === undefined || led.name === liar.member.name) return led !== undefined
      await run('consensus', 'transfer', '--folder', led.folder, '--to', liar.member.title)
      return false
    },
    { withinMs: WAIT_MS, everyMs: 300 },
  )
  expect(leads).toBe(true)
}

const submit = (lifetimeMs: number) => {
  const { rpcUrl, keys } = devnet.members[0] as Member
  const args = { patient: randomBytes(32).toHex(), signing: null, encryption: null }
  return connect({ url: rpcUrl, genesis: devnet.genesis.signed }).submit(
    [{ contract: 'registry', method: 'enrollPatient', args }],
    { signer: { identity: keys.institution, keyId: 0, sign: keys.signing.sign }, lifetimeMs },
  )
}

/** The liar leads and tells this lie until a node can prove it. */
async function lieUntilProven(lie: TellLie['lie'], kind: string): Promise<Entry> {
  const find = async (): Promise<Entry | undefined> => (await evidenceAt(1)).find((entry) => entry.kind === kind)
  const proven = await eventually(
    async () => {
      await letLiarLead()
      tell(lie)
      // Whether it is committed, and by whom, is not the question here.
      await submit(5_000).catch(() => undefined)
      tell('none')
      return (await find()) !== undefined
    },
    { withinMs: WAIT_MS },
  )
  expect(proven, `${kind} is proven`).toBe(true)
  return (await find()) as Entry
}

describe('a leader that lies is convicted by the command line alone', () => {
  it.each([
    ['badTransaction', 'E7', /not signed by an active signing key of its sender/],
    ['falseCertificate', 'E8', /LeaderCert, not valid/],
    // The last: who is shown two blocks of its own knows that something else signs with its key, and falls silent.
    ['twoBlocks', 'E1', /two different blocks for one height/],
  ] as const)(
    'of %s: %s, shown on one node, verified offline with the genesis',
    async (lie, kind, words) => {
      const { hash, accused } = await lieUntilProven(lie, kind)
      expect(accused).toEqual([{ seat: 3, institution: liar.member.keys.institution }])

      const file = join(home, 'auditor', `${kind}.bin`)
      const shown = await run('evidence', 'show', hash.slice(0, 10), '--folder', folderOf(1), '--out', file)
      expect(shown.code, shown.stderr).toBe(0)
      expect(shown.stdout).toMatch(words)
      expect(shown.stdout).toMatch(/convicted +Hospital D \(seat 3\)/)
      const asJson = await run('evidence', 'show', hash, '--folder', folderOf(1), '--json')
      writeFileSync(join(home, 'auditor', `${kind}.json`), asJson.stdout)

      for (const name of [`${kind}.bin`, `${kind}.json`]) {
        const verified = await asAuditor('evidence', 'verify', name, '--genesis', 'genesis.json')
        expect(verified.code, verified.stderr).toBe(0)
        expect(verified.stdout).toBe(shown.stdout)
      }
      const result = JSON.parse(
        (await asAuditor('evidence', 'verify', `${kind}.bin`, '--genesis', 'genesis.json', '--json')).stdout,
      )
      expect(result).toMatchObject({ hash, kind, convicted: [3], names: ['Hospital D (seat 3)'] })
    },
    150_000,
  )

  it('proves nothing with one byte changed, and says whose chain it is about', async () => {
    const bytes = readFileSync(join(home, 'auditor', 'E1.bin'))
    const at = bytes.length - 20
    bytes[at] = (bytes[at] as number) ^ 1
    writeFileSync(join(home, 'auditor', 'changed.bin'), bytes)
    const changed = await asAuditor('evidence', 'verify', 'changed.bin', '--genesis', 'genesis.json')
    expect(changed.code).toBe(1)
    expect(changed.stdout).toMatch(/NOBODY: this proves nothing/)

    const other = await layOut(join(home, 'other'), hospitals(2), {
      fhir: { masterIdentifierSystem: 'urn:assent:mrn', timeZone: 'UTC' },
    })
    cpSync(other.genesisFile, join(home, 'auditor', 'other.json'))
    const foreign = await asAuditor('evidence', 'verify', 'E1.bin', '--genesis', 'other.json')
    expect(foreign.code).toBe(2)
    expect(foreign.stderr).toMatch(/E1\.bin: is about another chain/)
    const junk = await asAuditor('evidence', 'verify', 'genesis.json', '--genesis', 'genesis.json')
    expect(junk.stderr).toMatch(/is no evidence/)
  }, 60_000)

  it('is on every node and on the chain, and the chain goes on', async () => {
    const receipt = await submit(WAIT_MS)
    expect(receipt.calls[0]?.status).toBe('ok')
    const client = connect({ url: devnet.members[2]?.rpcUrl as string, genesis: devnet.genesis.signed })
    const kinds = ['E1', 'E7', 'E8']
    for (const index of [0, 1, 2]) {
      const holds = async (): Promise<boolean> => {
        const held = (await evidenceAt(index)).map(({ kind }) => kind)
        return kinds.every((kind) => held.includes(kind))
      }
      expect(await eventually(holds, { withinMs: WAIT_MS, everyMs: 500 }), `node ${index} holds all`).toBe(true)
    }
    for (const { hash, accused } of await evidenceAt(2)) {
      expect(accused.map(({ seat }) => seat)).toEqual([3])
      const isRecorded = async (): Promise<boolean> =>
        (await client.query({ contract: 'evidence', method: 'isRecorded', args: { evidence: hash } })).value === true
      expect(await eventually(isRecorded, { withinMs: WAIT_MS, everyMs: 500 }), `${hash} is on the chain`).toBe(true)
    }
  }, 180_000)
})
