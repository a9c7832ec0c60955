// Four validators, two of which burn down with all that they had. The other two go on under a new genesis.

import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, connect } from '../../src/client/client.ts'
import { loadGenesis } from '../../src/node/genesis-file.ts'
import { loadKeyFile } from '../../src/node/key-file.ts'
import { toBytes } from '../../src/types/canonical.ts'
import { receiptProofCodec } from '../../src/types/receipt-proof.ts'
import { AssentNode, assent, type Finished, freePorts } from '../support/assent-cli.ts'

const NAMES = ['a', 'b', 'c', 'd'] as const
type Name = (typeof NAMES)[number]

let home: string
let rpcPorts: readonly number[]
let nodes: AssentNode[] = []

const path = (...parts: string[]): string => join(home, ...parts)
const run = (...args: string[]): Promise<Finished> => assent(args, { cwd: home })
async function done(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}
const json = async (...args: string[]) => JSON.parse(await done(...args, '--json'))
/** It says on the way how far it is, where it takes long. */
async function verified(...args: string[]) {
  const { code, stdout, stderr } = await run('verify', 'chain', ...args, '--json')
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout)
}
async function refused(message: RegExp, ...args: string[]): Promise<void> {
  const { code, stderr, stdout } = await run(...args)
  expect(stdout + stderr).toMatch(message)
  expect(code).not.toBe(0)
}

const urlOf = (name: Name): string => `http://127.0.0.1:${rpcPorts[NAMES.indexOf(name)]}`

async function startAll(names: readonly Name[]): Promise<void> {
  nodes = names.map((name) => new AssentNode(name, { cwd: home, rpcUrl: urlOf(name) }))
  await Promise.all(nodes.map((node) => node.ready()))
}
async function stopAll(): Promise<void> {
  await Promise.all(nodes.map((node) => node.stop()))
  nodes = []
}

const clientOf = (name: Name): Client =>
  connect({ url: urlOf(name), genesis: loadGenesis(path(name, 'genesis.json'), { complete: true }).signed })

/** A patient enrolled by this hospital; its receipt's proof goes into a file. */
async function enrol(name: Name, proofFile?: string): Promise<{ patient: Uint8Array; bytes: Uint8Array }> {
  const keys = loadKeyFile(path(name, 'keys.json'))
  const client = clientOf(name)
  const patient = crypto.getRandomValues(new Uint8Array(32))
  const call = {
    contract: 'registry',
    method: 'enrollPatient',
    args: { patient: patient.toHex(), signing: null, encryption: null },
  }
  const signer = { identity: keys.institution, keyId: 0, sign: keys.signing.sign }
  const transaction = client.sign([call], { signer })
  const receipt = await client.submitSigned(transaction)
  if (proofFile !== undefined) writeFileSync(path(proofFile), toBytes(receiptProofCodec, receipt.proof).toBase64())
  return { patient, bytes: transaction.bytes }
}

async function enrolMany(name: Name, count: number): Promise<void> {
  const keys = loadKeyFile(path(name, 'keys.json'))
  const calls = Array.from({ length: count }, () => ({
    contract: 'registry',
    method: 'enrollPatient',
    args: { patient: crypto.getRandomValues(new Uint8Array(32)).toHex(), signing: null, encryption: null },
  }))
  const signer = { identity: keys.institution, keyId: 0, sign: keys.signing.sign }
  await clientOf(name).submit(calls, { signer })
}

/** Bytes of the files in a folder; 0 where there is none. */
function sizeOf(folder: string): number {
  if (!existsSync(folder)) return 0
  return readdirSync(folder).reduce(
    (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'assent-recovery-'))
  const ports = await freePorts(10)
  rpcPorts = ports.slice(5)
  await Promise.all(
    NAMES.map((name, i) =>
      done(
        ...['init', '--name', `Hospital ${name.toUpperCase()}`, '--kind', 'hospital', '--role', 'validator'],
        ...['--folder', name, '--listen', `/ip4/127.0.0.1/tcp/${ports[i]}`, '--rpc-port', String(rpcPorts[i])],
      ),
    ),
  )
  await done(
    ...['init', '--name', 'Regulator', '--kind', 'regulator', '--role', 'observer', '--folder', 'regulator'],
    ...['--listen', `/ip4/127.0.0.1/tcp/${ports[4]}`, '--rpc-port', String(rpcPorts[4])],
  )
  const founders = [...NAMES, 'regulator']
  await done(
    'genesis',
    'build',
    '--name',
    'Four hospitals',
    '--card',
    ...founders.map((name) => `${name}/join-card.json`),
  )
  for (const name of founders) await done('genesis', 'sign', '--genesis', 'genesis.json', '--folder', name)
  for (const name of NAMES) cpSync(path('genesis.json'), path(name, 'genesis.json'))
}, 120_000)

afterAll(async () => {
  await stopAll()
  rmSync(home, { recursive: true, force: true })
})

describe('two of four validators are lost for good', () => {
  let known: Uint8Array
  let oldBytes: Uint8Array
  let newChainId: string
  let oldChainId: string

  beforeAll(async () => {
    await startAll(NAMES)
    for (const name of NAMES) await enrol(name)
    const made = await enrol('a', 'old-receipt.txt')
    known = made.patient
    oldBytes = made.bytes
    oldChainId = loadGenesis(path('a', 'genesis.json'), { complete: true }).chainId
    await stopAll()
    for (const name of ['c', 'd']) rmSync(path(name), { recursive: true })
  }, 240_000)

  it('the survivors build a genesis from the highest certified head; a minority has to be accepted by name', async () => {
    await done('recover', 'head', '--folder', 'b', '--out', 'head-b.json')
    const build = ['recover', 'build', '--folder', 'a', 'b', '--head', 'head-b.json']
    const surviving = ['--surviving', 'Hospital A', 'Hospital B']
    await refused(/2 of 4 institutions with a vote sign; expected 3/, ...build, ...surviving, '--out', 'no.json')
    const built = await json(...build, ...surviving, '--accept-minority', '--out', 'recovery.json')
    expect(built).toMatchObject({ predecessor: oldChainId, validators: 2, quorum: 2, b: 0, signers: 2, voters: 4 })
    expect(built.height).toBeGreaterThanOrEqual(5)
    newChainId = built.chainId
    expect(newChainId).not.toBe(oldChainId)
  })

  it('each survivor signs what its own ledger bears out; unsigned or without its state nobody starts', async () => {
    cpSync(path('recovery.json'), path('unsigned.json'))
    await done('recover', 'sign', '--genesis', 'recovery.json', '--folder', 'a')
    await refused(/not signed by Hospital B/, 'recover', 'apply', '--genesis', 'recovery.json', '--folder', 'a')
    expect(await done('recover', 'sign', '--genesis', 'recovery.json', '--folder', 'b')).toContain('Complete')

    const forged = JSON.parse(readFileSync(path('recovery.json'), 'utf8'))
    const bytes = Uint8Array.fromBase64(forged.signedGenesis)
    bytes[bytes.length - 300] = (bytes[bytes.length - 300] as number) ^ 1
    writeFileSync(path('forged.json'), JSON.stringify({ ...forged, signedGenesis: bytes.toBase64() }))
    await refused(/forged\.json/, 'recover', 'apply', '--genesis', 'forged.json', '--folder', 'a')
  })

  it('a survivor whose own ledger is gone takes the state from another one, or leaves it to its node', async () => {
    cpSync(path('a', 'data', 'ledger'), path('copy-of-a'), { recursive: true })
    expect(await json('recover', 'apply', '--genesis', 'recovery.json', '--folder', 'a')).toMatchObject({
      chainId: newChainId,
    })
    rmSync(path('b', 'data', 'ledger'), { recursive: true })
    await done('recover', 'apply', '--genesis', 'recovery.json', '--folder', 'b', '--from', 'copy-of-a')
    // ... or from its peers, when it starts.
    rmSync(path('b', 'data', 'ledger'), { recursive: true })
    const told = await done('recover', 'apply', '--genesis', 'recovery.json', '--folder', 'b')
    expect(told).toContain('fetched from a peer at the start')
    expect(existsSync(path('b', 'data', 'ledger'))).toBe(false)
    // Once is enough: the folder is on the new chain now.
    await refused(
      /not of the chain that the genesis goes on from/,
      'recover',
      'apply',
      '--genesis',
      'recovery.json',
      '--folder',
      'a',
    )
    const kept = path('a', 'data', `ended-${oldChainId.slice(0, 16)}`)
    for (const name of ['ledger', 'sign-state', 'genesis.json']) expect(existsSync(join(kept, name)), name).toBe(true)
  })

  it('the two go on with the state that was there, and commit', async () => {
    await startAll(['a', 'b'])
    const client = clientOf('b')
    expect((await client.nodeStatus()).chainId).toBe(newChainId)
    await enrol('b', 'new-receipt.txt')
    // The registry knows who was enrolled before: a second time is refused.
    const keys = loadKeyFile(path('a', 'keys.json'))
    const args = { patient: known.toHex(), signing: null, encryption: null }
    const again = await client.submit([{ contract: 'registry', method: 'enrollPatient', args }], {
      signer: { identity: keys.institution, keyId: 0, sign: keys.signing.sign },
    })
    expect(again.calls[0]).toMatchObject({ status: 'refused', code: 'IDENTITY_EXISTS' })
  })

  it('a member with nothing but its keys and the new genesis takes the state from a peer, though killed meanwhile', async () => {
    for (let i = 0; i < 12; i++) await enrolMany('b', 250)
    cpSync(path('recovery.json'), path('regulator', 'genesis.json'))
    const config = JSON.parse(readFileSync(path('regulator', 'assent.json'), 'utf8'))
    writeFileSync(path('regulator', 'assent.json'), JSON.stringify({ ...config, log: { file: path('regulator.log') } }))
    const start = (): AssentNode =>
      new AssentNode('regulator', { cwd: home, rpcUrl: `http://127.0.0.1:${rpcPorts[4]}` })
    const killed = start()
    while (sizeOf(path('regulator', 'data', 'ledger.pieces')) < 300_000) await pause(2)
    await killed.kill()
    expect(existsSync(path('regulator', 'data', 'ledger.incoming.complete'))).toBe(false)

    const regulator = start()
    nodes.push(regulator)
    await regulator.ready()
    const lines = readFileSync(path('regulator.log'), 'utf8').trim().split('\n')
    const complete = lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === 'snapshot complete')
    expect(complete.piecesKept).toBeGreaterThan(0)
    expect(existsSync(path('regulator', 'data', 'ledger.pieces'))).toBe(false)
    const statusOf = (folder: string) => json('status', '--folder', folder)
    expect((await statusOf('regulator')).chainId).toBe(newChainId)
    // From there on it executes what comes, on the state that it was given.
    await enrol('b')
    const { height } = await statusOf('a')
    for (const deadline = Date.now() + 30_000; (await statusOf('regulator')).height < height; ) {
      if (Date.now() > deadline) throw new Error('the regulator does not follow')
    }
    expect(await regulator.stop()).toBe(0)
    expect(await verified('--folder', 'regulator')).toMatchObject({ ok: true, from: 1 })
  }, 240_000)

  it('a transaction of the old chain has no effect on the new one', async () => {
    const answer = await fetch(urlOf('a'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'transaction.submit',
        params: { transaction: oldBytes.toBase64() },
      }),
    })
    expect(await answer.json()).toMatchObject({ error: { data: { reason: 'WRONG_CHAIN' } } })
  })

  it('receipts of both chains verify with the new genesis alone', async () => {
    const old = await json('verify', 'receipt', '--proof', 'old-receipt.txt', '--genesis', 'recovery.json')
    expect(old).toMatchObject({ ok: true, chainId: oldChainId })
    const present = await json('verify', 'receipt', '--proof', 'new-receipt.txt', '--genesis', 'recovery.json')
    expect(present).toMatchObject({ ok: true, chainId: newChainId })
    await refused(/proves nothing/, 'verify', 'receipt', '--proof', 'new-receipt.txt', '--genesis', 'genesis.json')
  })

  it('the new chain verifies from its first block, the state before it under the root that all signed', async () => {
    await stopAll()
    await refused(/--predecessor/, 'verify', 'chain', '--folder', 'a')
    const report = await verified('--folder', 'a', '--predecessor', 'copy-of-a')
    expect(report).toMatchObject({ ok: true, from: 1 })
    expect(report.height).toBeGreaterThanOrEqual(2)
    expect(await done('genesis', 'show', '--genesis', 'recovery.json')).toMatch(/goes on from +height/)
  })
})
