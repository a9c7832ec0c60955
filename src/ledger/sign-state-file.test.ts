// With real files and real copies: what a copy keeps and what it does not is the file system's to say.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ACKED_PATH_MAX, EARLIER_ACKS_MAX, encodeSignState } from '../consensus/sign-state.ts'
import type { Epoch, Hash, Height, PublicKey, Seat, Term } from '../types/brand.ts'
import { openSignState, type SignStateFile, signStatePath } from './sign-state-file.ts'
import { rival } from './sign-state-refusal.ts'

const key = 'ab'.repeat(32) as PublicKey
const machine = '11'.repeat(32) as Hash
const otherMachine = '22'.repeat(32) as Hash

let home: string
let dataFolder: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'assent-sign-state-'))
  dataFolder = join(home, 'data')
  mkdirSync(dataFolder)
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const open = (change: Partial<Parameters<typeof openSignState>[0]> = {}) =>
  openSignState({ dataFolder, key, mayBegin: false, machine, ...change })

async function opened(change: Parameters<typeof open>[0] = {}): Promise<SignStateFile> {
  const opening = await open(change)
  if (opening.kind === 'refused') throw new Error(opening.refusal.text)
  return opening.file
}
async function refusal(change: Parameters<typeof open>[0] = {}) {
  const opening = await open(change)
  if (opening.kind === 'open') throw new Error('it was opened')
  return opening.refusal
}
/** A validator that has signed, and stopped. */
async function used(content = bytes(1)): Promise<void> {
  const file = await opened({ mayBegin: true })
  await file.write(content)
  await file.close()
}

test('the fullest sign-state fits', async () => {
  const most = Number.MAX_SAFE_INTEGER
  const tip = { term: most as Term, height: most as Height, hash: machine }
  const word = { chainId: machine, epoch: most as Epoch, term: most as Term }
  const content = encodeSignState({
    term: most as Term,
    vote: { ...word, candidate: most as Seat, tip, releasesHash: machine },
    promise: { ...word, lastAck: tip },
    lastAck: tip,
    ackedPath: Array.from({ length: ACKED_PATH_MAX }, () => tip),
    earlierAcks: Array.from({ length: EARLIER_ACKS_MAX }, () => tip),
    branch: tip,
  })
  await used(content)
  const file = await opened()
  expect(file.content).toEqual(content)
  await file.close()
})

describe('openSignState()', () => {
  test('a first start makes a file that its owner alone may read; it holds nothing', async () => {
    const file = await opened({ mayBegin: true })
    expect(file.content).toBe(undefined)
    expect(file.incarnation).toBe(1)
    expect(statSync(signStatePath({ dataFolder, key })).mode & 0o777).toBe(0o600)
    await file.close()
  })

  test('what was written last is there at the next start, and every start is counted on disk before anything else', async () => {
    await used(bytes(1, 2))
    for (const start of [2, 3, 4]) {
      const file = await opened()
      expect(file.content).toEqual(bytes(1, 2))
      expect(file.incarnation).toBe(start)
      // The process ends without a word.
      await file.close()
    }
  })

  test('a missing file is refused where the key may have signed', async () => {
    expect(await refusal()).toMatchObject({ code: 'SIGN_STATE_MISSING' })
    await used()
    rmSync(signStatePath({ dataFolder, key }))
    const { code, text } = await refusal()
    expect(code).toBe('SIGN_STATE_MISSING')
    expect(text).toContain('assent validator remove')
  })

  test('a file that was made and never written to is no more than a missing one', async () => {
    mkdirSync(join(dataFolder, 'sign-state'))
    writeFileSync(signStatePath({ dataFolder, key }), '')
    expect(await refusal()).toMatchObject({ code: 'SIGN_STATE_MISSING' })
    const file = await opened({ mayBegin: true })
    expect(file.incarnation).toBe(1)
    await file.close()
  })

  test('a damaged file is refused, and left as it is', async () => {
    await used()
    const path = signStatePath({ dataFolder, key })
    writeFileSync(path, Buffer.alloc(16_384, 0x55))
    expect(await refusal({ mayBegin: true })).toMatchObject({ code: 'SIGN_STATE_DAMAGED' })
    expect(readFileSync(path).equals(Buffer.alloc(16_384, 0x55))).toBe(true)
  })

  test.runIf(process.platform === 'linux')(
    'a copy of the folder that keeps all that cp can keep is refused',
    async () => {
      await used()
      const copy = join(home, 'copy')
      execFileSync('cp', ['-a', dataFolder, copy])
      expect(await refusal({ dataFolder: copy })).toMatchObject({ code: 'SIGN_STATE_COPIED' })
      await (await opened()).close()
    },
  )

  test.runIf(process.platform === 'linux')('a backup that is put in the place of the original is refused', async () => {
    await used(bytes(1))
    execFileSync('tar', ['-C', home, '-cf', join(home, 'backup.tar'), 'data'])
    await used(bytes(2))
    rmSync(dataFolder, { recursive: true })
    execFileSync('tar', ['-C', home, '-xf', join(home, 'backup.tar')])
    const { code, text } = await refusal()
    expect(code).toBe('SIGN_STATE_COPIED')
    expect(text).toMatch(/another .*(inode|time of birth)/)
  })

  test('a folder that is renamed on its disk keeps its file', async () => {
    await used()
    const renamed = join(home, 'renamed')
    renameSync(dataFolder, renamed)
    await (await opened({ dataFolder: renamed })).close()
  })

  test('the same file on another machine is refused; a machine without a name is not compared', async () => {
    await used()
    const { code, text } = await refusal({ machine: otherMachine })
    expect(code).toBe('SIGN_STATE_COPIED')
    expect(text).toContain('another machine')
    const opening = await open({ machine: null })
    expect(opening).toMatchObject({ kind: 'open', unguarded: expect.arrayContaining(['machine']) })
    if (opening.kind === 'open') await opening.file.close()
  })

  test('a file under the name of another key is refused', async () => {
    await used()
    const sameBeginning = `${key.slice(0, 16)}${'cd'.repeat(24)}` as PublicKey
    expect((await refusal({ key: sameBeginning })).text).toContain('another consensus key')
  })

  test('each key has a file of its own', async () => {
    await used(bytes(1))
    const next = 'cd'.repeat(32) as PublicKey
    const file = await opened({ key: next, mayBegin: true })
    expect(file.content).toBe(undefined)
    await file.close()
    expect((await opened()).content).toEqual(bytes(1))
  })

  test('a silenced validator writes nothing more, and stays silent over restarts, with its reason', async () => {
    const file = await opened({ mayBegin: true })
    const reason = rival('somebody else signs')
    await file.silence(reason)
    await expect(file.write(bytes(1))).rejects.toThrow('silenced')
    await file.close()
    expect(await refusal()).toEqual(reason)
  })

  test('a reason of any length can be read back', async () => {
    const file = await opened({ mayBegin: true })
    await file.silence(rival('ß'.repeat(10_000)))
    await file.close()
    expect((await refusal()).code).toBe('SIGN_STATE_RIVAL')
  })
})
