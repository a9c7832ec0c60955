import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decodeSignState, EMPTY_SIGN_STATE, encodeSignState, type SignState } from '../consensus/sign-state.ts'
import { openSignState, readSignedUnder, type SignStateFile, signStatePath } from '../ledger/sign-state-file.ts'
import { behind } from '../ledger/sign-state-refusal.ts'
import type { Epoch, IdentityId, PublicKey, Seat, Term } from '../types/brand.ts'
import type { Genesis } from '../types/genesis.ts'
import type { ValidatorSet } from '../types/validator-set.ts'
import { type FormerSeat, formerSeatsOf, inheritSignState } from './inherit-sign-state.ts'
import type { Coverage } from './own-chain.ts'

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
  const SIGNED = encodeSignState({ ...EMPTY_SIGN_STATE, term: 7 as Term })
  const LATER = encodeSignState({ ...EMPTY_SIGN_STATE, term: 8 as Term })
  const covers = (signState: SignState): Coverage => ({ kind: 'covered', signState })
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
  const inherit = (
    keys: readonly (PublicKey | null)[],
    coverage: (of: SignState, seat: FormerSeat) => Coverage = covers,
  ) =>
    inheritSignState(file, {
      ledger: ledgerOf(keys),
      key: second,
      signedUnder: (former) => readSignedUnder({ dataFolder, key: former }),
      coverage,
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
    await file.write(LATER)
    expect(await inherit([first, first, second, second])).toBe(null)
    expect(file.content).toEqual(LATER)
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

  it.each([
    ['what was signed', SIGNED],
    ['nothing', null],
  ])(
    'is silenced for good where the file says %s, and the own ledger shows more by the former seat',
    async (_, said) => {
      await leave(first, async (former) => (said === null ? undefined : former.write(said)))
      const asked: FormerSeat[] = []
      const refusal = await inherit([first, second], (_, seat) => {
        asked.push(seat)
        return { kind: 'beyond', what: 'the own ledger holds an ack of this validator' }
      })
      expect(asked).toEqual([{ seat: 1, key: first, isAlone: false }])
      expect(refusal?.code).toBe('SIGN_STATE_BEHIND')
      expect(refusal?.text).toMatch(/under the key that this one replaces.*the own ledger holds an ack/)
      expect(file.content).toBe(undefined)
      await file.close()
      const again = await openSignState({ dataFolder, key: second, mayBegin: true })
      expect(again).toMatchObject({ kind: 'refused', refusal: { code: 'SIGN_STATE_BEHIND' } })
    },
  )

  it('is bound by own blocks that a crash kept from the former sign-state', async () => {
    await leave(first, (former) => former.write(SIGNED))
    expect(await inherit([first, second], () => covers(decodeSignState(LATER)))).toBe(null)
    expect(file.content).toEqual(LATER)
  })

  const keysBefore = (...ledger: Parameters<typeof ledgerOf>): PublicKey[] =>
    formerSeatsOf({ ledger: ledgerOf(...ledger), key: second }).map(({ key }) => key)

  it('owes nothing to a key that had left before', async () => {
    expect(await inherit([first, null, second])).toBe(null)
    expect(keysBefore([first, third, second])).toEqual([third, first])
    expect(keysBefore([first, third, null, second])).toEqual([])
    expect(keysBefore([first])).toEqual([])
  })

  it('owes nothing to the keys of a chain that has ended', () => {
    expect(keysBefore([first, second], 4)).toEqual([first])
    expect(keysBefore([second], 5)).toEqual([])
  })
})
