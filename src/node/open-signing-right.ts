// At start: may this validator sign? A node whose sign-state is not the one that it wrote runs all the same, and follows.

import { join } from 'node:path'
import { decodeSignState, EMPTY_SIGN_STATE, encodeSignState } from '../consensus/sign-state.ts'
import { openDurableNote } from '../ledger/durable-note.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openSignState, readSignedUnder, type SignStateFile, signStatePath } from '../ledger/sign-state-file.ts'
import { behind, type SignStateRefusal } from '../ledger/sign-state-refusal.ts'
import type { PublicKey } from '../types/brand.ts'
import { seatOf } from '../types/validator-set.ts'
import type { Config } from './config.ts'
import { createConsensusVerifier } from './consensus-verifier.ts'
import { type Inheritance, inheritSignState } from './inherit-sign-state.ts'
import type { Log } from './log.ts'
import { coverageOf } from './own-chain.ts'
import type { SigningRight } from './signing-right.ts'
import { StartError } from './start-error.ts'

export interface SigningRightParts {
  readonly config: Pick<Config, 'role' | 'dataFolder'>
  readonly key: PublicKey | null
  readonly ledger: Ledger
  readonly log: Log
}

/**
 * A key gets its file while it cannot have signed anything: before the first block, or before it has a seat. So whoever is to
 * become a validator follows once with its key, and a file that is missing later is a file that was lost. Throws StartError
 * where nobody else could go on: a chain of one validator.
 */
export async function openSigningRight({ config, key, ledger, log }: SigningRightParts): Promise<SigningRight> {
  if (key === null) return { kind: 'none' }
  const { dataFolder, role } = config
  const { validators } = ledger
  const isSeated = seatOf(validators, key) !== undefined
  if (isSeated && role === 'observer') return { kind: 'none' }
  const mayBegin = ledger.head.header.height === 0 || !isSeated
  const opening = await openSignState({ dataFolder, key, mayBegin })
  if (role === 'observer') {
    if (opening.kind === 'open') await opening.file.close()
    return { kind: 'none' }
  }
  const refused = (refusal: SignStateRefusal): SigningRight => {
    if (validators.members.length === 1) {
      throw new StartError(`this chain has one validator, and it must not sign: ${refusal.text}`)
    }
    log.error({ reason: refusal.code }, `this validator only follows, and signs nothing: ${refusal.text}`)
    return { kind: 'refused', refusal }
  }
  if (opening.kind === 'refused') return refused(opening.refusal)
  const { file, unguarded } = opening
  const refusal = await compareWithLedger(file, {
    ledger,
    key,
    signedUnder: (former) => readSignedUnder({ dataFolder, key: former }),
  })
  if (refusal !== null) {
    await file.close()
    return refused(refusal)
  }
  if (unguarded.length > 0) {
    log.warn(
      { file: signStatePath({ dataFolder, key }), unguarded },
      'the system does not tell all that the sign-state is guarded by: a copy of it is recognised by less',
    )
  }
  log.info({ incarnation: file.incarnation }, 'sign-state open')
  return { kind: 'granted', file, heard: await openDurableNote(join(dataFolder, 'sign-state', 'heard')) }
}

/**
 * Once the key has a seat. What was signed under the keys before goes over to it; where that is not known, it must not sign.
 * A sign-state that does not cover what its own ledger holds is silenced for good. One that a crash left behind its own last
 * blocks is brought up to them, on disk.
 */
export async function compareWithLedger(
  file: SignStateFile,
  { ledger, key, signedUnder }: Inheritance & { readonly ledger: Ledger },
): Promise<SignStateRefusal | null> {
  const { validators, chainId } = ledger
  const seat = seatOf(validators, key)
  if (seat === undefined) return null
  const verifier = createConsensusVerifier({ chainId, setOf: (epoch) => ledger.setOf(epoch) })
  const unknown = await inheritSignState(file, {
    ledger,
    key,
    signedUnder,
    coverage: (signState, former) => coverageOf(signState, { ledger, verifier, ...former }),
  })
  if (unknown !== null) return unknown
  const signState = file.content === undefined ? EMPTY_SIGN_STATE : decodeSignState(file.content)
  const coverage = coverageOf(signState, { ledger, seat, verifier, isAlone: validators.members.length === 1 })
  if (coverage.kind === 'covered') {
    if (coverage.signState !== signState) await file.write(encodeSignState(coverage.signState))
    return null
  }
  const refusal = behind(coverage.what)
  await file.silence(refusal)
  return refusal
}
