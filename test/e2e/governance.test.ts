// The institutions of a running consortium decide by the command line: two validators, and a clinic that wants to join.

import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AssentNode, assent, type Finished, freePorts } from '../support/assent-cli.ts'

let home: string
let a: AssentNode
let b: AssentNode

const run = (...args: string[]): Promise<Finished> => assent(args, { cwd: home })

async function done(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args)
  expect(code, stderr).toBe(0)
  return stdout
}
const json = async (...args: string[]) => JSON.parse(await done(...args, '--json'))

async function fails(message: RegExp, ...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await run(...args)
  expect(stdout + stderr).toMatch(message)
  expect(stderr).not.toMatch(/^\s+at .*:\d+/m)
  expect(code).toBe(2)
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'assent-governance-'))
  const [p2pA = 0, rpcA = 0, p2pB = 0, rpcB = 0] = await freePorts(4)
  const init = (folder: string, name: string, p2p: number, rpc: number) =>
    done(
      ...['init', '--name', name, '--kind', 'hospital', '--folder', folder],
      ...['--listen', `/ip4/127.0.0.1/tcp/${p2p}`, '--rpc-port', String(rpc)],
    )
  await Promise.all([
    init('a', 'Hospital A', p2pA, rpcA),
    init('b', 'Hospital B', p2pB, rpcB),
    init('c', 'Clinic', 1, 1),
  ])
  await done('genesis', 'build', '--name', 'Two hospitals', '--card', 'a/join-card.json', 'b/join-card.json')
  for (const folder of ['a', 'b']) await done('genesis', 'sign', '--genesis', 'genesis.json', '--folder', folder)
  for (const folder of ['a', 'b']) cpSync(join(home, 'genesis.json'), join(home, folder, 'genesis.json'))
  a = new AssentNode('a', { cwd: home, rpcUrl: `http://127.0.0.1:${rpcA}` })
  b = new AssentNode('b', { cwd: home, rpcUrl: `http://127.0.0.1:${rpcB}` })
  await Promise.all([a.ready(), b.ready()])
  const presences = async () =>
    (await json('validator', 'list', '--folder', 'a')).current.members.map(
      (member: { presence: string }) => member.presence,
    )
  while ((await presences()).includes('silent')) await sleep(200)
}, 120_000)

afterAll(async () => {
  await Promise.all([a?.stop(), b?.stop()])
  rmSync(home, { recursive: true, force: true })
})

describe('assent validator', () => {
  it('lists validators, quorum and what the nodes say', async () => {
    const text = await done('validator', 'list', '--folder', 'a')
    expect(text).toContain('Epoch 0, as founded')
    expect(text).toMatch(/0 {2}Hospital A {3}[0-9a-f]{12} +signs +\d/)
    expect(text).toContain(
      '2 validators, b = 0: 2 signatures certify a block; no fork by 1 liar, progress with 0 silent',
    )
  })

  it('shows beside it who leads, who voted for whom, and who signs', async () => {
    const text = await done('consensus', 'status', '--folder', 'a')
    expect(text).toMatch(/^leader +Hospital [AB], term \d+, since 20\d\d-.* \(\d+ blocks?, /)
    expect(text).toMatch(/^elected by +Hospital A, Hospital B$/m)
    expect(text).toMatch(/^ +0 +Hospital A +here, (leader|follower) .* yes +(\d+) of \2$/m)
    const { validators, certificate } = await json('consensus', 'status', '--folder', 'b')
    expect(certificate.missing).toEqual([])
    expect(validators).toMatchObject([{ isConnected: true }, { isSelf: true, isConnected: true }])
  })

  it('shows the quorum before and after, and does nothing without a yes', async () => {
    const { code, stderr } = await run('validator', 'remove', 'Hospital B', '--folder', 'a')
    expect(code).toBe(2)
    expect(stderr).toMatch(/validators \(n\) +2 +1\n/)
    expect(stderr).toMatch(/quorum \(q\) +2 +1\n/)
    expect(stderr).toContain('--yes: needed where nobody can be asked; nothing was done')
    expect(await json('governance', 'list', '--folder', 'b')).toEqual([])
  })

  it('says why the chain refuses what was asked', async () => {
    await fails(/STALLS_NOT_ACCEPTED: /, 'validator', 'liars', '1', '--yes', '--folder', 'a')
    await fails(/QUORUM_IMPOSSIBLE: /, 'validator', 'liars', '2', '--accept-stalls', '--yes', '--folder', 'a')
    await fails(/ALREADY_VALIDATOR: /, 'validator', 'promote', '--yes', '--folder', 'a')
    await fails(/KEY_TAKEN: /, 'validator', 'replace-key', '--yes', '--folder', 'a')
    await fails(/<b>: expected a whole number/, 'validator', 'liars', 'two', '--yes', '--folder', 'a')
    await fails(/<institution>: expected "/, 'validator', 'remove', 'Nobody', '--yes', '--folder', 'a')
  })

  it('a proposal is rejected, another one withdrawn', async () => {
    const proposed = await done('validator', 'remove', 'Hospital B', '--yes', '--folder', 'a')
    expect(proposed).toMatch(/change +the validator of Hospital B leaves/)
    expect(proposed).toMatch(/votes +1 for; 2 of 2 voters pass it/)
    expect(await done('governance', 'list', '--folder', 'b')).toMatch(
      /1 +open +Hospital A +the validator of Hospital B/,
    )
    const { proposal } = await json('governance', 'reject', '1', '--yes', '--folder', 'b')
    expect(proposal).toMatchObject({ number: 1, status: 'rejected' })
    await fails(/proposal 1: is rejected/, 'governance', 'approve', '1', '--yes', '--folder', 'a')
    await fails(/there is no proposal 9/, 'governance', 'show', '9', '--folder', 'a')

    const { quorum } = await json('validator', 'liars', '1', '--accept-stalls', '--yes', '--folder', 'a')
    expect(quorum).toMatchObject({ now: { b: 0, quorum: 2 }, after: { b: 1, quorum: 2 } })
    expect(await done('governance', 'withdraw', '2', '--folder', 'a')).toMatch(/status +withdrawn/)
  })
})

describe('assent governance', () => {
  it('admits an institution by its join card; from then on it has a name', async () => {
    const { proposal } = await json('governance', 'admit', '--card', 'c/join-card.json', '--yes', '--folder', 'a')
    const number = String(proposal.number)
    expect(await done('governance', 'show', number, '--folder', 'b')).toMatch(/change +admit Clinic \(hospital, /)
    expect(await done('governance', 'approve', number, '--yes', '--folder', 'b')).toMatch(/status +passed at height/)
    expect(await done('governance', 'suspend', 'Clinic', '--yes', '--folder', 'a')).toMatch(/change +suspend Clinic/)
    expect(
      (await json('governance', 'list', '--all', '--folder', 'a')).map((each: { status: string }) => each.status),
    ).toEqual(['rejected', 'withdrawn', 'passed', 'open'])
  })

  it('warns before a protocol version that the validators do not support', async () => {
    const command = ['governance', 'version', '2', '--from', '1000', '--yes', '--folder', 'a']
    await fails(/0 of 2 validators announce protocol version 2, 2 are needed.*nothing was done; --force/s, ...command)
    expect(await done(...command, '--force')).toMatch(/change +protocol version 2 from height 1000 on/)
  })

  it('deploys a contract, and then a new version of it, each from a height on', async () => {
    const write = (version: number, views: string) =>
      writeFileSync(join(home, 'shelf.clause'), `contract shelf version ${version}\n\nstate books: int\n\n${views}`)
    const size = 'view size() returns int {\n  return books else 0\n}\n'
    const height = async () => (await json('status', '--folder', 'a')).height as number
    const twoBlocks = async () => {
      const { proposal } = await json('governance', 'suspend', 'Clinic', '--yes', '--folder', 'b')
      await done('governance', 'withdraw', String(proposal.number), '--folder', 'b')
    }
    const query = async (method: string): Promise<{ result?: { value: number } }> => {
      const params = { contract: 'shelf', method }
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'contract.query', params })
      return (await fetch(a.rpcUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).json()
    }
    const deploy = async () => {
      const from = String((await height()) + 5)
      const text = await done('governance', 'deploy', 'shelf.clause', '--from', from, '--yes', '--folder', 'a')
      expect(text).toMatch(/change +\d+ contracts from height \d+ on, in place of deployment \d/)
      const number = /proposal +(\d+)/.exec(text)?.[1] as string
      expect(await done('governance', 'show', number, '--folder', 'b')).toMatch(/shelf +(new|1) +\d/)
      expect(await done('governance', 'approve', number, '--yes', '--folder', 'b')).toMatch(/status +passed at height/)
    }

    write(1, size)
    await deploy()
    const shown = await done('governance', 'contracts', '--folder', 'b')
    expect(shown).toMatch(/Deployment 1, of the genesis, in force from height 0 on/)
    expect(shown).toMatch(/Deployment 2, by proposal \d+, from height \d+ on, in \d blocks?/)
    expect((await query('size')).result).toBeUndefined()
    await twoBlocks()
    expect((await query('size')).result?.value).toBe(0)

    const again = ['governance', 'deploy', 'shelf.clause', '--from', '900', '--yes', '--folder', 'a']
    await fails(/nothing changes: deployment 2 has these contracts/, ...again)
    write(2, 'view amount() returns int {\n  return books else 0\n}\n')
    await fails(/not deployable: shelf, view size: is gone/, ...again)
    write(1, size.replace('else 0', 'else 7'))
    await fails(/contract shelf: its code changed; expected a version above 1, got 1/, ...again)
    write(2, size.replace('else 0', 'else 7'))
    await deploy()
    await twoBlocks()
    expect((await query('size')).result?.value).toBe(7)
  }, 60_000)
})

describe('the tables that decisions read', () => {
  it('a purpose is added by two thirds, and seen by everybody in its version', async () => {
    const added = await json(...'governance add-code purpose HEARTSTUDY --under HRESCH --yes --folder a'.split(' '))
    expect(added.proposal.change.code).toEqual({ kind: 'purpose', code: 'HEARTSTUDY', under: ['HRESCH'] })
    const number = String(added.proposal.number)
    expect(await done('governance', 'show', number, '--folder', 'b')).toMatch(
      /purpose HEARTSTUDY is added under HRESCH.*2 of 3 voters.*names HRESCH or PurposeOfUse means HEARTSTUDY, too/s,
    )
    await done('governance', 'approve', number, '--yes', '--folder', 'b')
    const now = await json('policy', 'codes', '--kind', 'purpose', '--folder', 'b')
    const found = now.codes.find(({ code }: { code: string }) => code === 'HEARTSTUDY')
    expect([now.version, found.covering]).toEqual([2, ['HEARTSTUDY', 'HRESCH', 'PurposeOfUse']])
    expect(await done('policy', 'codes', '--of-version', '1', '--folder', 'b')).not.toContain('HEARTSTUDY')
    await fails(/CODE_EXISTS: /, ...'governance add-code purpose HEARTSTUDY --under TREAT --yes --folder a'.split(' '))
    await fails(/<kind>: expected purpose, /, ...'governance add-code colour RED --yes --folder a'.split(' '))
  })

  it('a role, a choice and a share are decided the same way', async () => {
    const decided = async (...command: string[]) => {
      const { proposal } = await json('governance', ...command, '--yes', '--folder', 'b')
      return done('governance', 'approve', String(proposal.number), '--yes', '--folder', 'a')
    }
    expect(await decided('set-role', 'dietitian', '--may-claim', 'TREAT', '--clinician')).toMatch(/status +passed/)
    expect(await done('policy', 'roles', '--folder', 'a')).toMatch(/version 2.*dietitian +yes +TREAT\n/s)
    const choice = ['limit-choice', 'Hospital A', '--implicit', 'basicNormal', '--break-glass', 'override,never']
    expect(await decided(...choice)).toMatch(/Hospital A chooses among basicNormal; break-glass override, never/)
    expect(await json('policy', 'show', '--folder', 'a')).toMatchObject({ implicitPolicy: 'basicNormal', version: 1 })
    const refused = await run('policy', 'set', '--implicit', 'deny', '--folder', 'a')
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('NOT_A_CHOICE')])
    await decided('set-share', 'withdrawCode', 'all')
    expect(await decided('withdraw-code', 'purpose', 'HMARKT')).toMatch(/status +open.*3 of 3 voters pass it/s)
  })
})

describe('when a validator is silent', () => {
  it('a change that would need its signature is refused', async () => {
    await b.stop()
    const isSilent = async () =>
      (await json('validator', 'list', '--folder', 'a')).current.members[1].presence === 'silent'
    while (!(await isSilent())) await sleep(500)
    await fails(
      /1 of 2 validators would sign, 2 are needed: the chain would stop. Not signing now: Hospital B/,
      ...['validator', 'liars', '1', '--accept-stalls', '--yes', '--folder', 'a'],
    )
  }, 60_000)
})
