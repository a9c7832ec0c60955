// evidence.*: proofs that validators lied, as this node holds them. Behind the institution's token: a proof may show a
// transaction in full.

import * as z from 'zod'
import { createAuthorizer } from './authorize.ts'
import { RpcError } from './errors.ts'
import { defineMethod, type Method } from './method.ts'
import { base64Schema, hashSchema, identitySchema, integerSchema } from './schema.ts'
import type { EvidenceService, InstitutionService } from './services.ts'

const entrySchema = z.strictObject({
  hash: hashSchema,
  kind: z.string(),
  term: integerSchema,
  accused: z.array(z.strictObject({ seat: integerSchema, institution: identitySchema.nullable() })).readonly(),
})

export function evidenceMethods(evidence: EvidenceService, { token }: InstitutionService): readonly Method[] {
  const authorize = createAuthorizer(token)
  return [
    defineMethod({
      name: 'evidence.list',
      summary: 'Proofs that validators lied, oldest first: kind, term, who is convicted.',
      params: z.strictObject({}),
      result: z.array(entrySchema),
      errors: ['TOKEN_REQUIRED', 'NOT_READY'],
      run: async (_params, caller) => {
        authorize(caller)
        return [...(await evidence.list())]
      },
    }),
    defineMethod({
      name: 'evidence.get',
      summary:
        'One of them, in canonical bytes, with the proofs of the validator sets since the genesis: anybody can check it offline.',
      params: z.strictObject({ hash: hashSchema }),
      result: entrySchema.extend({ evidence: base64Schema }),
      errors: ['TOKEN_REQUIRED', 'NOT_FOUND', 'NOT_READY'],
      run: async ({ hash }, caller) => {
        authorize(caller)
        const found = await evidence.get(hash)
        if (found === null)
          throw new RpcError('NOT_FOUND', { field: 'params.hash', accepted: 'a hash of evidence.list' })
        return { ...found.entry, evidence: found.bytes.toBase64() }
      },
    }),
  ]
}
