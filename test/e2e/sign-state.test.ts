// A validator's folder is copied, as somebody would who wants a second node, or restores a backup: the copy follows and
// signs nothing, and says so, whatever runs beside it. Then the validator moves to another folder, as planned.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomBytes } from '../../src/crypto/random.ts'
import { Consortium } from '../../src/devnet/consortium.ts'
import { createDevnet } from '../../src/devnet/layout.ts'
import { eventually } from '../../src/devnet/sleep.ts'
import { AssentNode, assent, freePorts } from '../support/assent-cli.ts'

const WAIT_MS = 30_000

let home: string
let consortium: Consortium
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'assent-copied-'))
  const fhir = { masterIdentifierSystem: 'urn:assent:mrn', timeZone: 'UTC' }
  consortium = new Consortium(await createDevnet(join(home, 'devnet'), { fhir }))
  await consortium.start(() => undefined)
}, 120_000)
afterAll(async () => {
  await consortium?.stop()
  rmSync(home, { recursive: true, force: true })
}, 60_000)

const commit = () =>
  consortium.act('hospital-b', [
    {
      contract: 'registry',
      method: 'enrollPatient',
      args: { patient: randomBytes(32).toHex(), signing: null, encryption: null },
    },
  ])

/** A copy of a member's folder with everything that cp can keep, on ports of its own. */
async function copyOf(source: string, name: string): Promise<{ folder: string; rpcUrl: string }> {
  const folder = join(home, name)
  cpSync(source, folder, { recursive: true, preserveTimestamps: true })
  const [rpcPort = 0, p2pPort = 0] = await freePorts(2)
  const file = join(folder, 'assent.json')
  const config = JSON.parse(readFileSync(file, 'utf8'))
  const genesis = join(home, 'devnet', 'genesis.json')
  writeFileSync(
    file,
    JSON.stringify({ ...config, genesis, rpc: { port: rpcPort }, p2p: { listen: `/ip4/127.0.0.1/tcp/${p2pPort}` } }),
  )
  return { folder, rpcUrl: `http://127.0.0.1:${rpcPort}` }
}

async function signingOf(rpcUrl: string) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'node.status', params: {} })
  const answer = await fetch(rpcUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return (await answer.json()).result.signing
}

const signStateIn = (folder: string) => join(folder, 'data', 'sign-state')
const fileOf = (folder: string) =>
  readFileSync(join(signStateIn(folder), readdirSync(signStateIn(folder))[0] as string))

describe('a copied folder', () => {
  it('is started beside the original: it signs nothing, says why and how to go on; the original signs on', async () => {
    const original = consortium.member('laboratory')
    const copy = await copyOf(original.folder, 'copied')
    const before = fileOf(copy.folder)
    const node = new AssentNode(copy.folder, { cwd: home, rpcUrl: copy.rpcUrl })
    try {
      await node.live()
      expect(await signingOf(copy.rpcUrl)).toMatchObject({
        state: 'refused',
        reason: 'SIGN_STATE_COPIED',
        advice: expect.stringMatching(/assent signstate move/),
      })
      const { stdout } = await assent(['status', '--folder', copy.folder], { cwd: home })
      expect(stdout).toMatch(/signs +NO, it only follows: SIGN_STATE_COPIED/)
      const metrics = await (await fetch(`${copy.rpcUrl}/metrics`)).text()
      expect(metrics).toContain('assent_signing 0')
      expect(metrics).toContain('assent_signing_refused 1')
      for (let i = 0; i < 3; i++) await commit()
    } finally {
      await node.stop()
    }
    expect(fileOf(copy.folder).equals(before)).toBe(true)
    expect(readFileSync(join(copy.folder, 'node.log'), 'utf8')).toContain('this validator only follows')
    await expect.poll(() => signingOf(original.rpcUrl).then(({ state }) => state), { timeout: WAIT_MS }).toBe('signing')
  })

  it('is started alone: it follows its consortium and keeps up', async () => {
    await consortium.process('laboratory').stop()
    const copy = await copyOf(consortium.member('laboratory').folder, 'alone')
    const node = new AssentNode(copy.folder, { cwd: home, rpcUrl: copy.rpcUrl })
    try {
      await node.ready()
      const { height } = await commit()
      const keepsUp = await eventually(
        async () => {
          const { stdout } = await assent(['status', '--folder', copy.folder, '--json'], { cwd: home })
          return JSON.parse(stdout).height >= height
        },
        { withinMs: WAIT_MS },
      )
      expect(keepsUp).toBe(true)
      expect(await signingOf(copy.rpcUrl)).toMatchObject({ state: 'refused' })
    } finally {
      await node.stop()
    }
  })
})

describe('assent signstate', () => {
  it('shows the file, and the last statements that it covers', async () => {
    const { stdout, code } = await assent(['signstate', 'show', '--folder', consortium.member('hospital-c').folder], {
      cwd: home,
    })
    expect(code).toBe(0)
    expect(stdout).toMatch(/state +in service/)
    expect(stdout).toMatch(/ack +term \d+, height \d+, [0-9a-f]{64}/)
  })

  it('does not move what a running node writes to', async () => {
    const { folder } = consortium.member('hospital-c')
    const to = join(home, 'elsewhere')
    const { stderr, code } = await assent(['signstate', 'move', '--folder', folder, '--to', to], { cwd: home })
    expect(stderr).toMatch(/in use by another process/)
    expect(code).toBe(2)
  })

  it('moves it: the copy signs, the original never again', async () => {
    await consortium.process('laboratory').stop()
    const { folder } = consortium.member('laboratory')
    const moved = await copyOf(folder, 'moved')
    const move = ['signstate', 'move', '--folder', folder, '--to', moved.folder]
    expect(await assent(move, { cwd: home })).toMatchObject({ code: 0, stderr: '' })
    expect((await assent(move, { cwd: home })).stderr).toMatch(/signs here already/)
    const node = new AssentNode(moved.folder, { cwd: home, rpcUrl: moved.rpcUrl })
    try {
      await node.ready()
      await expect.poll(() => signingOf(moved.rpcUrl).then(({ state }) => state), { timeout: WAIT_MS }).toBe('signing')
      await commit()
    } finally {
      await node.stop()
    }
    const { stdout } = await assent(['signstate', 'show', '--folder', folder], { cwd: home })
    expect(stdout).toMatch(/SIGN_STATE_MOVED/)
    expect(stdout).toContain(moved.folder)
  })

  it('a validator that is alone on its chain, and must not sign, ends with exit code 2 and one line', async () => {
    const run = (...args: string[]) => assent(args, { cwd: home })
    await run('init', '--name', 'Alone', '--kind', 'hospital', '--folder', 'one')
    await run('genesis', 'build', '--name', 'One hospital', '--card', 'one/join-card.json')
    await run('genesis', 'sign', '--genesis', 'genesis.json', '--folder', 'one')
    cpSync(join(home, 'genesis.json'), join(home, 'one', 'genesis.json'))
    const [rpcPort = 0, p2pPort = 0] = await freePorts(2)
    const file = join(home, 'one', 'assent.json')
    const config = { ...JSON.parse(readFileSync(file, 'utf8')), rpc: { port: rpcPort } }
    writeFileSync(file, JSON.stringify({ ...config, p2p: { listen: `/ip4/127.0.0.1/tcp/${p2pPort}` } }))
    const node = new AssentNode('one', { cwd: home, rpcUrl: `http://127.0.0.1:${rpcPort}` })
    try {
      await node.ready()
    } finally {
      await node.stop()
    }
    execFileSync('cp', ['-a', join(home, 'one'), join(home, 'two')])
    const { code, stderr } = await run('start', '--folder', 'two')
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(stderr).toMatch(/one validator, and it must not sign/)
    expect(code).toBe(2)
  })
})
