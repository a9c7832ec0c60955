// A state key in one version of the state: that it holds its value, or that it is not there.

import { sha256Hex } from '../crypto/hash.ts'
import type { StateProof } from '../crypto/state-proof.ts'
import { fromByteString } from './byte-string.ts'
import { missing } from './certified-reader.ts'
import type { StateVersion } from './state-version.ts'

export function proveState(state: StateVersion, key: Uint8Array): StateProof {
  const { steps, leaf } = state.proveKey(key)
  if (leaf === undefined) return { steps, leaf: null }
  const value = state.get(leaf) ?? missing('value of a state key')
  return { steps, leaf: { keyHash: sha256Hex(fromByteString(leaf)), valueHash: sha256Hex(value) } }
}
