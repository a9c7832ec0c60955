// contract.*: which contracts there are, and their views.

import * as z from 'zod'
import { type Abi, type AbiEntry, AbiError, argumentsFromJson, valueToJson } from '../contracts/abi.ts'
import { asIdentityId } from '../types/brand.ts'
import type { Value } from '../types/canonical-value.ts'
import { RpcError } from './errors.ts'
import { toJson } from './json.ts'
import { defineMethod, type Method } from './method.ts'
import { consistencySchema, heightSchema, jsonSchema, nameSchema, signedReadSchema } from './schema.ts'
import type { RpcServices } from './services.ts'
import type { ReadGuard } from './signed-reads.ts'

export function contractMethods(
  { queries, consensus }: Pick<RpcServices, 'queries' | 'consensus'>,
  guard: ReadGuard,
): readonly Method[] {
  async function abiOf(name: string, deployment?: number): Promise<Abi> {
    const contracts = await queries.contracts(deployment)
    if (contracts.length === 0) throw new RpcError('NOT_FOUND', { field: 'params.deployment' })
    const found = contracts.find((contract) => contract.name === name)
    if (found) return found.abi
    const accepted = contracts.map((contract) => contract.name).join(', ')
    throw new RpcError('NOT_FOUND', { field: 'params.contract', accepted })
  }

  return [
    defineMethod({
      name: 'contract.list',
      summary: 'The contracts in force.',
      params: z.strictObject({}),
      result: z.array(z.strictObject({ name: z.string(), version: z.int() })),
      errors: ['NOT_READY'],
      run: async () => (await queries.contracts()).map(({ name, abi }) => ({ name, version: abi.version })),
    }),
    defineMethod({
      name: 'contract.abi',
      summary: 'Entries, events and refusals of a contract, with their types.',
      params: z.strictObject({ contract: nameSchema }),
      result: jsonSchema,
      errors: ['NOT_FOUND', 'NOT_READY'],
      run: async ({ contract }) => toJson(await abiOf(contract)),
    }),
    defineMethod({
      name: 'contract.query',
      summary: 'Asks a view of a contract on the committed state. A view that reveals a patient needs a signed read.',
      params: z.strictObject({
        contract: nameSchema,
        method: nameSchema,
        args: z.record(z.string(), jsonSchema, 'an object with named members').default({}),
        deployment: z.int().min(1).optional().describe('Whose code is asked: an earlier one explains what it decided.'),
        read: signedReadSchema.optional(),
        consistency: consistencySchema,
      }),
      result: z.strictObject({
        value: jsonSchema,
        height: heightSchema,
        timeMs: z.int().describe('What the contract took for now.'),
        fresh: z.boolean().describe('False: the node cannot show that its head is recent.'),
      }),
      errors: [
        'NOT_FOUND',
        'NOT_READY',
        'QUERY_REFUSED',
        'READ_REQUIRED',
        'INVALID_READ',
        'NOT_ENTITLED',
        'STALE',
        'NOT_A_VALIDATOR',
        'RETRY_LATER',
      ],
      run: async ({ contract, method, args: named, deployment, read, consistency }) => {
        const abi = await abiOf(contract, deployment)
        const view = viewOf(abi, method)
        const args = convertArguments(abi, { method, named })
        const subject = revealedSubject(view, args)
        if (subject !== null) await guard.admit(read, { scope: { kind: 'query', contract, method }, subject })
        if (consistency === 'linearizable') await consensus.readIndex()
        const { value, height, timeMs, fresh } = await queries.query({ contract, method, args, deployment })
        return {
          value: view.returns === null ? null : valueToJson(view.returns, value),
          height,
          timeMs,
          fresh: fresh || consistency === 'linearizable',
        }
      },
    }),
  ]
}

function viewOf(abi: Abi, method: string): AbiEntry {
  const views = abi.entries.filter((entry) => entry.kind === 'view')
  const view = views.find((entry) => entry.name === method)
  if (view) return view
  throw new RpcError('NOT_FOUND', { field: 'params.method', accepted: views.map((entry) => entry.name).join(', ') })
}

function convertArguments(
  abi: Abi,
  { method, named }: { method: string; named: Parameters<typeof argumentsFromJson>[2] },
) {
  try {
    return argumentsFromJson(abi, method, named)
  } catch (error) {
    if (!(error instanceof AbiError)) throw error
    // The path of an unknown parameter is what the caller wrote.
    const field = error.code === 'UNKNOWN_PARAMETER' ? 'params.args' : `params.args.${error.path}`
    const accepted = error.message.slice(error.path.length + 2)
    throw new RpcError('INVALID_PARAMS', { field, accepted }, { cause: error })
  }
}

/** Whom the answer is about; null where the view reveals nobody. */
function revealedSubject({ reveals, parameters }: AbiEntry, args: readonly Value[]) {
  if (reveals === null) return null
  const value = args[parameters.findIndex(({ name }) => name === reveals)]
  if (!(value instanceof Uint8Array))
    throw new RpcError('INVALID_PARAMS', { field: `params.args.${reveals}`, accepted: 'an id' })
  return asIdentityId(value.toHex())
}
