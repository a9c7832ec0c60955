// At start: may this validator sign? A node whose sign-state is not the one that it wrote runs all the same, and follows.

import type { Ledger } from '../ledger/ledger.ts'
import { openSignState, signStatePath } from '../ledger/sign-state-file.ts'
import { assert } from '../types/assert.ts'
import { seatOf } from '../types/validator-set.ts'
import type { Config } from './config.ts'
import type { NodeKeys } from './key-file.ts'
import type { Log } from './log.ts'
import type { SigningRight } from './signing-right.ts'
import { StartError } from './start-error.ts'

export interface SigningRightParts {
  readonly config: Pick<Config, 'role' | 'dataFolder'>
  readonly keys: Pick<NodeKeys, 'consensus'>
  readonly ledger: Pick<Ledger, 'head' | 'validators'>
  readonly log: Log
}

/** Throws StartError where nobody else could go on: a chain of one validator. */
export async function openSigningRight({ config, keys, ledger, log }: SigningRightParts): Promise<SigningRight> {
  if (config.role === 'observer') return { kind: 'none' }
  assert(keys.consensus !== null, 'a validator has a consensus key')
  const { dataFolder } = config
  const key = keys.consensus.publicKey
  const { validators } = ledger
  // Before the first block, or without a seat, nobody has had anything to sign with this key.
  const mayBegin = ledger.head.header.height === 0 || seatOf(validators, key) === undefined
  const opening = await openSignState({ dataFolder, key, mayBegin })
  if (opening.kind === 'refused') {
    const { refusal } = opening
    if (validators.members.length === 1)
      throw new StartError(`this chain has one validator, and it must not sign: ${refusal.text}`)
    log.error({ reason: refusal.code }, `this validator only follows, and signs nothing: ${refusal.text}`)
    return opening
  }
  const { file, unguarded } = opening
  if (unguarded.length > 0) {
    log.warn(
      { file: signStatePath({ dataFolder, key }), unguarded },
      'the system does not tell all that the sign-state is guarded by: a copy of it is recognised by less',
    )
  }
  log.info({ incarnation: file.incarnation }, 'sign-state open')
  return { kind: 'granted', file }
}
