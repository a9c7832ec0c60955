import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PublicKey } from '../types/brand.ts'
import { openSignState } from './sign-state-file.ts'
import { acceptSignState, expectSignState, retireSignState } from './sign-state-move.ts'

const key = 'ab'.repeat(32) as PublicKey
const content = Uint8Array.of(1, 2, 3)

let home: string
const at = (name: string) => ({ dataFolder: join(home, name), key })
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'assent-move-'))
  const opening = await openSignState({ ...at('old'), mayBegin: true })
  if (opening.kind === 'refused') throw new Error(opening.refusal.text)
  await opening.file.write(content)
  await opening.file.close()
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

/** What a start in that folder comes to. */
async function start(name: string): Promise<string | Uint8Array | undefined> {
  const opening = await openSignState({ ...at(name), mayBegin: false })
  if (opening.kind === 'refused') return opening.refusal.code
  await opening.file.close()
  return opening.file.content
}
async function move(from: string, to: string): Promise<void> {
  const ticket = await expectSignState(at(to))
  await acceptSignState(at(to), await retireSignState(at(from), { ticket, to }))
}

describe('a planned move', () => {
  test('the new place goes on with what was signed and counted; the old one never signs again', async () => {
    await move('old', 'new')
    expect(await start('old')).toBe('SIGN_STATE_MOVED')
    expect(await start('new')).toEqual(content)
    const opening = await openSignState({ ...at('new'), mayBegin: false })
    expect(opening).toMatchObject({ kind: 'open', file: { incarnation: 3 } })
    if (opening.kind === 'open') await opening.file.close()
  })

  test('there and back again', async () => {
    await move('old', 'new')
    await move('new', 'old')
    expect(await start('old')).toEqual(content)
    expect(await start('new')).toBe('SIGN_STATE_MOVED')
  })

  test('at no step may both places sign, and after a crash at any of them it can be completed', async () => {
    const ticket = await expectSignState(at('new'))
    expect([await start('old'), await start('new')]).toEqual([content, 'SIGN_STATE_AWAITING'])
    expect(await expectSignState(at('new'))).toBe(ticket)

    const handover = await retireSignState(at('old'), { ticket, to: 'new' })
    expect([await start('old'), await start('new')]).toEqual(['SIGN_STATE_MOVED', 'SIGN_STATE_AWAITING'])
    expect(await retireSignState(at('old'), { ticket, to: 'new' })).toEqual(handover)

    await acceptSignState(at('new'), handover)
    expect([await start('old'), await start('new')]).toEqual(['SIGN_STATE_MOVED', content])
  })

  test('a handover is accepted once, by the file that it was made for', async () => {
    const ticket = await expectSignState(at('new'))
    const third = await expectSignState(at('third'))
    const handover = await retireSignState(at('old'), { ticket, to: 'new' })
    await expect(acceptSignState(at('third'), handover)).rejects.toThrow(`waits for ${third}`)
    await acceptSignState(at('new'), handover)
    await expect(acceptSignState(at('new'), handover)).rejects.toThrow('accepted once')
    await expect(retireSignState(at('old'), { ticket: third, to: 'third' })).rejects.toThrow('was retired')
    expect(await start('third')).toBe('SIGN_STATE_AWAITING')
  })

  test.runIf(process.platform === 'linux')('a copy of the waiting file takes no handover', async () => {
    const ticket = await expectSignState(at('new'))
    execFileSync('cp', ['-a', join(home, 'new'), join(home, 'copy')])
    const handover = await retireSignState(at('old'), { ticket, to: 'new' })
    await expect(acceptSignState(at('copy'), handover)).rejects.toThrow('not the file that was recorded')
    await acceptSignState(at('new'), handover)
  })

  test.runIf(process.platform === 'linux')(
    'a copy cannot be moved, but gives way to what is moved to its place',
    async () => {
      execFileSync('cp', ['-a', join(home, 'old'), join(home, 'copy')])
      const ticket = await expectSignState(at('new'))
      await expect(retireSignState(at('copy'), { ticket, to: 'new' })).rejects.toThrow('not the file that was recorded')
      await move('old', 'copy')
      expect(await start('copy')).toEqual(content)
    },
  )

  test('a place that signs is no target', async () => {
    await move('old', 'new')
    await expect(expectSignState(at('new'))).rejects.toThrow('signs here already')
  })

  test('a handover with any byte changed is refused', async () => {
    const ticket = await expectSignState(at('new'))
    const handover = await retireSignState(at('old'), { ticket, to: 'new' })
    for (let i = 0; i < handover.length; i++) {
      const changed = Uint8Array.from(handover)
      changed[i] = (changed[i] as number) ^ 1
      await expect(acceptSignState(at('new'), changed), `byte ${i}`).rejects.toThrow('handover')
    }
    await acceptSignState(at('new'), handover)
  })

  test('there is nothing to move where nothing is', async () => {
    await expect(retireSignState(at('nowhere'), { ticket: '0'.repeat(32), to: 'new' })).rejects.toThrow('missing')
  })
})
