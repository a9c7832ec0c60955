// A validator's consensus core, restored from what the disk kept, and the loop that runs it.

import type { Verifier } from '../consensus/certificate.ts'
import { createState } from '../consensus/create-state.ts'
import { DEFAULT_TIMING, type Timing } from '../consensus/limits.ts'
import { decodeSignState, EMPTY_SIGN_STATE } from '../consensus/sign-state.ts'
import type { State } from '../consensus/state.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { assert } from '../types/assert.ts'
import type { Hash, Height } from '../types/brand.ts'
import { seatOf } from '../types/validator-set.ts'
import type { Config } from './config.ts'
import type { SigningKey } from './key-file.ts'
import { Runtime } from './runtime.ts'
import type { RuntimeParts } from './runtime-parts.ts'

export interface ValidatorParts extends Omit<RuntimeParts, 'state' | 'self' | 'batchDelayMs'> {
  /** What is not named is the default. */
  readonly timing: Partial<Timing> & Pick<Config['consensus'], 'batchDelayMs'>
  readonly verifier: Verifier
  readonly consensusKey: SigningKey
}

export function createRuntime(parts: ValidatorParts): { readonly runtime: Runtime; readonly state: State } {
  const { verifier, consensusKey, ledger, signStateFile } = parts
  const { batchDelayMs, ...timing } = parts.timing
  const self = seatOf(ledger.validators, consensusKey.publicKey)
  assert(self !== undefined, 'a validator is a member of the set')
  const state = createState(
    {
      chainId: verifier.chainId,
      verify: verifier.verify,
      restoredSetOf: (epoch) => ledger.setOf(epoch),
      self,
      sign: consensusKey.sign,
      timing: { ...DEFAULT_TIMING, ...timing },
    },
    { ...restoredFrom(ledger), signState: decodeContent(signStateFile.content) },
  )
  return { runtime: new Runtime({ ...parts, state, self, batchDelayMs }), state }
}

function restoredFrom(ledger: Ledger) {
  const { head, restored } = ledger
  const block = ledger.block(head.hash)
  assert(block !== undefined, 'the head is stored')
  return {
    certified: { block, commitCert: head.commitCert, ancestors: head.ancestors },
    uncommitted: restored.uncommitted,
    leaderCerts: restored.leaderCerts,
    certifiedHashAt: (height: number) => ledger.block(height as Height)?.hash,
    nextSetOf: (blockHash: Hash) => ledger.nextSetOf(blockHash),
    lineageAt(height: Height) {
      const ancestor = ledger.block(height)?.hash
      const proof = ledger.ancestry(height)
      return ancestor === undefined || proof === undefined ? null : { header: head.header, ancestor, proof }
    },
  }
}

const decodeContent = (content: Uint8Array | undefined) =>
  content === undefined ? EMPTY_SIGN_STATE : decodeSignState(content)
