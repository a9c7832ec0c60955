// Who may sign for a sender: asked of the registry contract, in the state that counts, at every execution.
// spec/contracts.md, view registry.signer.

import { type ContractSet, queryView, type StateAccess } from '../contracts/execute.ts'
import { assert } from '../types/assert.ts'
import type { IdentityId, PublicKey } from '../types/brand.ts'

export interface Signer {
  readonly key: PublicKey
  /** Until the key is revoked. */
  readonly active: boolean
}

/** Undefined unless `keyId` is a signing key of that identity. */
export type SignerOf = (sender: IdentityId, keyId: number) => Signer | undefined

/** One state read by the contract; far below this, whatever the registry holds. */
const SIGNER_GAS_MAX = 1_000_000

/** What the registry has answered. Good for every state with this registry: a block that writes into it begins anew. */
export type KnownSigners = Map<string, Signer | undefined>

/** Whoever asks for senders that do not exist cannot fill the memory. */
const KNOWN_MAX = 16_384

/** Asks the registry in one state, and remembers in `known`. */
export function createSignerOf(options: {
  readonly contracts: ContractSet
  readonly state: Pick<StateAccess, 'get' | 'range'>
  /** Of the block whose state it is. */
  readonly at: { readonly height: number; readonly epoch: number; readonly timeMs: number }
  readonly known: KnownSigners
}): SignerOf {
  const { contracts, state, known } = options
  const { height, epoch, timeMs } = options.at
  return (sender, keyId) => {
    const name = `${sender}/${keyId}`
    const kept = known.get(name)
    if (kept !== undefined || known.has(name)) return kept
    if (known.size >= KNOWN_MAX) known.clear()
    const outcome = queryView(
      contracts,
      { contract: 'registry', method: 'signer', args: [Uint8Array.fromHex(sender), keyId] },
      { context: { height, epoch, timeMs }, state, gasLimit: SIGNER_GAS_MAX },
    )
    const signer = outcome.status === 'ok' ? signerFrom(outcome.value) : undefined
    known.set(name, signer)
    return signer
  }
}

function signerFrom(value: unknown): Signer | undefined {
  if (value === null) return undefined
  const { key, active } = value as { key: unknown; active: unknown }
  assert(key instanceof Uint8Array && typeof active === 'boolean', 'registry.signer answers {key, active} or none')
  return { key: key.toHex() as PublicKey, active }
}
