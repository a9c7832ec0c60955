// consensus.*: what an operator asks of the validators' protocol. Behind the institution's token.

import * as z from 'zod'
import { createAuthorizer } from './authorize.ts'
import { defineMethod, type Method } from './method.ts'
import { identitySchema } from './schema.ts'
import type { ConsensusService, InstitutionService } from './services.ts'

export function consensusMethods(
  consensus: ConsensusService,
  { token }: Pick<InstitutionService, 'token'>,
): readonly Method[] {
  const authorize = createAuthorizer(token)
  return [
    defineMethod({
      name: 'consensus.transfer',
      summary:
        'Hands leadership from this node to the validator of another institution, before maintenance for example.',
      params: z.strictObject({ to: identitySchema }),
      result: z.strictObject({ leader: identitySchema.describe('Who leads now.') }),
      errors: ['TOKEN_REQUIRED', 'NOT_A_VALIDATOR', 'NOT_TRANSFERRED', 'NOT_READY'],
      async run({ to }, caller) {
        authorize(caller)
        return { leader: await consensus.transfer(to) }
      },
    }),
  ]
}
