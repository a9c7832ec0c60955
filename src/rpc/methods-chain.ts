// node.status, chain.*, genesis.get: what this node holds of the chain.

import * as z from 'zod'
import { toBytes } from '../types/canonical.ts'
import { signedGenesisCodec } from '../types/genesis.ts'
import { chainIdOf } from '../types/signing.ts'
import { RpcError } from './errors.ts'
import { blockToJson, headerToJson } from './json.ts'
import { defineMethod, type Method } from './method.ts'
import {
  base64Schema,
  consistencySchema,
  hashSchema,
  headerSchema,
  heightSchema,
  identitySchema,
  integerSchema,
  publicKeySchema,
  signedReadSchema,
} from './schema.ts'
import type { RpcServices } from './services.ts'
import type { ReadGuard } from './signed-reads.ts'

const signingSchema = z.strictObject({
  state: z.enum(['none', 'unseated', 'greeting', 'signing', 'refused']),
  reason: z.string().nullable(),
  advice: z.string().nullable(),
})

export function chainMethods({ chain, genesis, consensus }: RpcServices, guard: ReadGuard): readonly Method[] {
  const chainId = chainIdOf(genesis.genesis)
  const genesisBase64 = toBytes(signedGenesisCodec, genesis).toBase64()

  return [
    defineMethod({
      name: 'node.status',
      summary: 'Who this node is, and how far its chain is.',
      params: z.strictObject({}),
      result: z.strictObject({
        chainId: hashSchema,
        institution: identitySchema,
        role: z.enum(['validator', 'observer']),
        signing: signingSchema,
        version: z.string(),
        epoch: integerSchema,
        term: integerSchema,
        leader: identitySchema.nullable(),
        height: integerSchema,
        headHash: hashSchema,
        headTimeMs: integerSchema,
        stateRoot: hashSchema,
        peers: integerSchema,
        pending: integerSchema,
        evidence: integerSchema,
        protocol: z.strictObject({
          version: integerSchema,
          supported: z.array(integerSchema).readonly(),
          next: z.strictObject({ height: integerSchema, version: integerSchema }).nullable(),
          announced: z
            .array(
              z.strictObject({ institution: identitySchema, versions: z.array(integerSchema).readonly().nullable() }),
            )
            .readonly(),
          quorum: integerSchema,
        }),
      }),
      errors: ['NOT_READY'],
      run: async () => ({ chainId, ...(await chain.status()) }),
    }),
    defineMethod({
      name: 'node.nodes',
      summary: 'What every node of the consortium that was heard in the last 15 seconds said of itself.',
      params: z.strictObject({}),
      result: z.array(
        z.strictObject({
          institution: identitySchema,
          consensusKey: publicKeySchema.nullable(),
          signs: z.boolean(),
          height: integerSchema,
          versions: z.array(integerSchema).readonly(),
        }),
      ),
      errors: ['NOT_READY'],
      run: async () => [...(await chain.nodes())],
    }),
    defineMethod({
      name: 'chain.head',
      summary: 'The highest committed header, with its certificate.',
      params: z.strictObject({ consistency: consistencySchema }),
      result: headerSchema,
      errors: ['NOT_READY', 'STALE', 'RETRY_LATER', 'NOT_A_VALIDATOR'],
      run: async ({ consistency }) => {
        if (consistency === 'linearizable') await consensus.readIndex()
        return headerToJson(await chain.head())
      },
    }),
    defineMethod({
      name: 'chain.header',
      summary: 'The committed header at a height, with a certificate on it or on a descendant.',
      params: z.strictObject({ height: heightSchema }),
      result: headerSchema,
      errors: ['NOT_FOUND', 'NOT_KEPT', 'NOT_READY'],
      run: async ({ height }) => headerToJson((await chain.header(height)) ?? noSuchHeight()),
    }),
    defineMethod({
      name: 'chain.block',
      summary: 'The committed block at a height, with its signed transactions. For members: needs their signed read.',
      params: z.strictObject({ height: heightSchema, read: signedReadSchema.optional() }),
      result: z.strictObject({
        hash: hashSchema,
        header: headerSchema.shape.header,
        signature: z.string(),
        transactions: z.array(z.strictObject({ id: hashSchema, bytes: base64Schema })),
      }),
      errors: ['NOT_FOUND', 'NOT_KEPT', 'NOT_READY', 'READ_REQUIRED', 'INVALID_READ', 'NOT_ENTITLED', 'RETRY_LATER'],
      run: async ({ height, read }) => {
        await guard.admit(read, { scope: { kind: 'block', height }, subject: null })
        return blockToJson((await chain.block(height)) ?? noSuchHeight())
      },
    }),
    defineMethod({
      name: 'genesis.get',
      summary: 'The signed genesis. Compare chainId with one that you were given by somebody you trust.',
      params: z.strictObject({}),
      result: z.strictObject({ chainId: hashSchema, name: z.string(), signedGenesis: base64Schema }),
      errors: [],
      run: () => ({ chainId, name: genesis.genesis.name, signedGenesis: genesisBase64 }),
    }),
  ]
}

function noSuchHeight(): never {
  throw new RpcError('NOT_FOUND', { field: 'params.height', accepted: 'a height from 0 to that of chain.head' })
}
