// Transactions on the contract `register`, by the institution that the simulated clients belong to.

import type { Value } from '../../src/types/canonical-value.ts'
import { signTransaction } from '../../src/types/signing.ts'
import type { SignedTransaction } from '../../src/types/transaction.ts'
import { EPOCH_MS } from './clock.ts'
import type { Consortium } from './consortium.ts'
import type { Random } from './random.ts'
import type { RegisterInput } from './register-model.ts'

/** Until a transaction expires. */
export const LIFETIME_MS = 30_000
/** Above those of all clients, whose histories are judged. */
const UNWATCHED_KEY = 1_000_000

interface Circumstances {
  readonly random: Random
  /** Virtual time, or that of a block. */
  readonly nowMs: number
}

export function callRegister(
  { chainId, clients }: Consortium,
  input: RegisterInput,
  { random, nowMs }: Circumstances,
): SignedTransaction {
  return signTransaction(
    {
      version: 1,
      chainId,
      sender: clients.institution,
      keyId: 0,
      calls: [{ contract: 'register', method: input.kind, args: argumentsOf(input) }],
      atomic: false,
      gasLimit: 1_000_000,
      expiresAtMs: Math.floor(EPOCH_MS + nowMs + LIFETIME_MS),
      salt: random.bytes(16),
    },
    clients.signing.sign,
  )
}

/** A write that no client waits for: something to fill a block with. */
export function writeUnwatched(consortium: Consortium, circumstances: Circumstances): SignedTransaction {
  const value = circumstances.random.below(1_000_000)
  return callRegister(consortium, { kind: 'write', key: UNWATCHED_KEY, value }, circumstances)
}

function argumentsOf(input: RegisterInput): readonly Value[] {
  switch (input.kind) {
    case 'read':
      return [input.key]
    case 'write':
      return [input.key, input.value]
    case 'compareAndSet':
      return [input.key, input.expected, input.value]
  }
}
