// What one register does, for the checker of histories. register.clause does it on the chain.

import type { Model } from '../support/linearizability.ts'

export type RegisterInput =
  | { readonly kind: 'read'; readonly key: number }
  | { readonly kind: 'write'; readonly key: number; readonly value: number }
  | {
      readonly kind: 'compareAndSet'
      readonly key: number
      readonly expected: number | null
      readonly value: number
    }

/** Of `read` and `compareAndSet`: what the register held; null when nothing. */
export interface RegisterOutput {
  readonly value: number | null
}

/** The state is undefined where a step is impossible for the checker, so "nothing" needs a form of its own. */
export interface Register {
  readonly held: number | null
}

export const registerModel: Model<Register, RegisterInput, RegisterOutput> = {
  initial: { held: null },
  step(state, input, output) {
    switch (input.kind) {
      case 'write':
        return { held: input.value }
      case 'read':
        return output === null || output.value === state.held ? state : null
      case 'compareAndSet':
        if (output !== null && output.value !== state.held) return null
        return state.held === input.expected ? { held: input.value } : state
    }
  },
  nameOf: ({ held }) => String(held),
}
