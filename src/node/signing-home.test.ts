import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSignState } from '../ledger/sign-state-file.ts'
import { behind } from '../ledger/sign-state-refusal.ts'
import type { PublicKey } from '../types/brand.ts'
import { acceptSigning, describeSigning, expectSigning, exportSigning, moveSigning } from './signing-home.ts'

const [first, second] = ['ab', 'cd'].map((digits) => digits.repeat(32)) as [PublicKey, PublicKey]

let folder: string
const home = (name: string, keys: readonly PublicKey[] = [first, second]) => ({ dataFolder: join(folder, name), keys })
const begin = async (name: string, key: PublicKey) => {
  const opening = await openSignState({ dataFolder: join(folder, name), key, mayBegin: true })
  if (opening.kind === 'refused') throw new Error(opening.refusal.text)
  return opening.file
}
const stateOf = async (name: string, key: PublicKey) => (await describeSigning(home(name), key)).state

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assent-home-'))
  for (const key of [first, second]) await (await begin('old', key)).close()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('a validator that has changed its consensus key', () => {
  it('takes the sign-state of every key along', async () => {
    const { done, left } = await moveSigning(home('old'), home('new'))
    expect(done.map(({ key }) => key)).toEqual([first, second])
    expect(left).toEqual([])
    for (const key of [first, second]) {
      expect([await stateOf('old', key), await stateOf('new', key)]).toEqual(['SIGN_STATE_MOVED', 'in service'])
    }
    await expect(moveSigning(home('old'), home('new'))).rejects.toThrow(/signs here already/)
  })

  it('completes what was begun: one key has moved, the other has not', async () => {
    await moveSigning(home('old', [first]), home('new'))
    const { done, left } = await moveSigning(home('old'), home('new'))
    expect(done.map(({ key }) => key)).toEqual([second])
    expect(left).toMatchObject([{ key: first, reason: expect.stringMatching(/signs here already/) }])
  })

  it('leaves a silenced key where it is, and moves the one that replaces it', async () => {
    const file = await begin('old', first)
    await file.silence(behind('an ack'))
    await file.close()
    const { done, left } = await moveSigning(home('old'), home('new'))
    expect(done.map(({ key }) => key)).toEqual([second])
    expect(left.map(({ key }) => key)).toEqual([first])
    expect(await stateOf('old', first)).toBe('SIGN_STATE_BEHIND')
  })

  it('moves to another machine under one ticket, with one handover, once', async () => {
    const ticket = await expectSigning(home('new'))
    expect(await expectSigning(home('new'))).toBe(ticket)
    const { handovers, done } = await exportSigning(home('old'), { ticket })
    expect(done).toHaveLength(2)
    expect((await exportSigning(home('old'), { ticket })).handovers).toEqual(handovers)
    expect((await acceptSigning(home('new'), handovers)).done.map(({ key }) => key)).toEqual([first, second])
    for (const key of [first, second]) expect(await stateOf('new', key)).toBe('in service')
    await expect(acceptSigning(home('new'), handovers)).rejects.toThrow(/serves already/)
    await expect(acceptSigning(home('new'), Uint8Array.of(1, 2))).rejects.toThrow(/not a handover/)
  })

  it('hands nothing over to whoever has not its keys, or another ticket', async () => {
    const ticket = await expectSigning(home('new'))
    const { handovers } = await exportSigning(home('old'), { ticket })
    await expectSigning(home('third'))
    await expect(acceptSigning(home('third'), handovers)).rejects.toThrow(/is for ticket/)
    await expect(acceptSigning(home('new', []), handovers)).rejects.toThrow(/not here/)
  })

  it('says of each key where its file is', async () => {
    expect(await describeSigning(home('old'), second)).toMatchObject({ key: second, state: 'in service', starts: 1 })
    expect(await describeSigning(home('nowhere'), first)).toMatchObject({ state: 'missing' })
  })
})
