import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSignState, readSignedUnder, type SignStateFile, signStatePath } from '../ledger/sign-state-file.ts'
import { behind } from '../ledger/sign-state-refusal.ts'
import type { Epoch, IdentityId, PublicKey, Seat } from '../types/brand.ts'
import type { Genesis } from '../types/genesis.ts'
import type { ValidatorSet } from '../types/validator-set.ts'
import { formerKeysOf, inheritSignState } from './inherit-sign-state.ts'

const [first, second, third, other] = ['aa', 'bb', 'cc', 'dd'].map((digits) => digits.repeat(32)) as [
  PublicKey,
  PublicKey,
  PublicKey,
  PublicKey,
]

/** Of one institution beside another one, by epoch; null: it has no seat. */
function ledgerOf(keys: readonly (PublicKey | null)[], from = 0) {
  const member = (institution: string, consensusKey: PublicKey, seat: number) => ({
    seat: seat as Seat,
    institution: institution as IdentityId,
    consensusKey,
    governanceKey: other,
  })
  const sets = keys.map((key, epoch): ValidatorSet => {
    const own = key === null ? [] : [member('north', key, epoch + 1)]
    return { epoch: (from + epoch) as Epoch, b: 0, members: [member('south', other, 0), ...own] }
  })
  return {
    genesis: { predecessor: { validators: { epoch: from } } } as Genesis,
    epoch: (from + keys.length - 1) as Epoch,
    setOf: (epoch: Epoch) => sets[epoch - from],
  }
}

describe('a consensus key that took over a seat', () => {
  const SIGNED = Uint8Array.of(7, 7)
  let dataFolder: string
  let file: SignStateFile

  const opened = async (key: PublicKey): Promise<SignStateFile> => {
    const opening = await openSignState({ dataFolder, key, mayBegin: true })
    if (opening.kind === 'refused') throw new Error(opening.refusal.text)
    return opening.file
  }
  const leave = async (key: PublicKey, act: (former: SignStateFile) => Promise<void> = async () => undefined) => {
    const former = await opened(key)
    await act(former)
    await former.close()
  }
  const inherit = (keys: readonly (PublicKey | null)[], key = second) =>
    inheritSignState(file, {
      ledger: ledgerOf(keys),
      key,
      signedUnder: (former) => readSignedUnder({ dataFolder, key: former }),
    })

  beforeEach(async () => {
    dataFolder = mkdtempSync(join(tmpdir(), 'assent-inherit-'))
    file = await opened(second)
  })
  afterEach(async () => {
    await file.close()
    rmSync(dataFolder, { recursive: true, force: true })
  })

  it('begins with what was signed under the one before, read from its file', async () => {
    await leave(first, (former) => former.write(SIGNED))
    expect(await inherit([first, second])).toBe(null)
    expect(file.content).toEqual(SIGNED)
  })

  it('begins with it in whatever later epoch the seat is taken up, and only once', async () => {
    await leave(first, (former) => former.write(SIGNED))
    expect(await inherit([first, first, second, second])).toBe(null)
    expect(file.content).toEqual(SIGNED)
    await file.write(Uint8Array.of(8))
    expect(await inherit([first, first, second, second])).toBe(null)
    expect(file.content).toEqual(Uint8Array.of(8))
  })

  it('goes back over a key that had the seat and signed nothing', async () => {
    await leave(first, (former) => former.write(SIGNED))
    await leave(third)
    expect(await inherit([first, third, second])).toBe(null)
    expect(file.content).toEqual(SIGNED)
  })

  it('begins empty where nothing was ever signed', async () => {
    await leave(first)
    expect(await inherit([first, second])).toBe(null)
    expect(file.content).toBe(undefined)
  })

  it('must not sign where the file is lost with its disk, and is told to leave and come back', async () => {
    const refusal = await inherit([first, second])
    expect(refusal?.code).toBe('SIGN_STATE_MISSING')
    expect(refusal?.text).toContain(signStatePath({ dataFolder, key: first }))
    expect(refusal?.text).toMatch(/assent validator remove; .*validator promote/)
    expect(file.content).toBe(undefined)
  })

  it('must not sign where the file is a copy, or was silenced', async () => {
    await leave(first, (former) => former.write(SIGNED))
    const path = signStatePath({ dataFolder, key: first })
    copyFileSync(path, `${path}.copy`)
    rmSync(path)
    copyFileSync(`${path}.copy`, path)
    expect((await inherit([first, second]))?.code).toBe('SIGN_STATE_COPIED')
    await leave(third, (former) => former.silence(behind('an ack')))
    expect((await inherit([third, second]))?.code).toBe('SIGN_STATE_BEHIND')
    expect(file.content).toBe(undefined)
  })

  it('owes nothing to a key that had left before', async () => {
    expect(await inherit([first, null, second])).toBe(null)
    expect(formerKeysOf(ledgerOf([first, third, second]), second)).toEqual([third, first])
    expect(formerKeysOf(ledgerOf([first, third, null, second]), second)).toEqual([])
    expect(formerKeysOf(ledgerOf([first]), second)).toEqual([])
  })

  it('owes nothing to the keys of a chain that has ended', () => {
    expect(formerKeysOf(ledgerOf([first, second], 4), second)).toEqual([first])
    expect(formerKeysOf(ledgerOf([second], 5), second)).toEqual([])
  })
})
