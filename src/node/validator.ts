// A validator's part of the node: the consensus core with its sign-state, restored from disk, and the loop that runs it.

import { join } from 'node:path'
import type { Verifier } from '../consensus/certificate.ts'
import { createState } from '../consensus/create-state.ts'
import { DEFAULT_TIMING } from '../consensus/limits.ts'
import { decodeSignState, EMPTY_SIGN_STATE } from '../consensus/sign-state.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openSignStateFile } from '../ledger/sign-state-file.ts'
import { assert } from '../types/assert.ts'
import type { Height } from '../types/brand.ts'
import { memberIndexOf } from '../types/validator-set.ts'
import type { Config } from './config.ts'
import type { SigningKey } from './key-file.ts'
import { Runtime, type RuntimeParts } from './runtime.ts'

export interface ValidatorParts
  extends Omit<RuntimeParts, 'state' | 'self' | 'validators' | 'signStateFile' | 'batchDelayMs'> {
  readonly config: Config
  readonly verifier: Verifier
  readonly consensusKey: SigningKey
}

export interface Validator {
  readonly runtime: Runtime
  stop(): Promise<void>
}

export async function openValidator(parts: ValidatorParts): Promise<Validator> {
  const { config, verifier, consensusKey, ledger } = parts
  const validators = verifier.set
  const self = memberIndexOf(validators, consensusKey.publicKey)
  assert(self !== undefined, 'a validator is a member of the set')
  const signStateFile = await openSignStateFile(join(config.dataFolder, 'sign-state'))
  const { heartbeatMs, electionTimeoutMinMs, electionTimeoutMaxMs, batchDelayMs } = config.consensus
  const timing = { ...DEFAULT_TIMING, heartbeatMs, electionTimeoutMinMs, electionTimeoutMaxMs }
  const state = createState(
    { ...verifier, self, sign: consensusKey.sign, timing },
    { ...restoredFrom(ledger), signState: decodeContent(signStateFile.content) },
  )
  const runtime = new Runtime({ ...parts, state, self, validators, signStateFile, batchDelayMs })
  return {
    runtime,
    async stop() {
      await runtime.stop()
      await signStateFile.close()
    },
  }
}

function restoredFrom(ledger: Ledger) {
  const { head, restored } = ledger
  const block = ledger.block(head.hash)
  assert(block !== undefined, 'the head is stored')
  return {
    certified: { block, commitCert: head.commitCert },
    uncommitted: restored.uncommitted,
    leaderCerts: restored.leaderCerts,
    certifiedHashAt: (height: number) => ledger.block(height as Height)?.hash,
  }
}

const decodeContent = (content: Uint8Array | undefined) =>
  content === undefined ? EMPTY_SIGN_STATE : decodeSignState(content)
