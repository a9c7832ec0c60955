// The OpenRPC document of this node, made from the one method table. https://spec.open-rpc.org (1.3.2)

import * as z from 'zod'
import { RPC_ERRORS, type RpcErrorCode } from './errors.ts'
import { defineMethod, type Method } from './method.ts'

const OPENRPC_VERSION = '1.3.2'
const COMMON_ERRORS: readonly RpcErrorCode[] = ['INVALID_PARAMS', 'INTERNAL_ERROR']

/** rpc.discover; it lists itself. */
export function discoverMethod(others: readonly Method[], version: string): Method {
  const discover: Method = defineMethod({
    name: 'rpc.discover',
    summary: 'This document.',
    params: z.strictObject({}),
    result: z.looseObject({ openrpc: z.string() }),
    errors: [],
    run: () => openRpcDocument([...others, discover], version),
  })
  return discover
}

export function openRpcDocument(methods: readonly Method[], version: string) {
  return {
    openrpc: OPENRPC_VERSION,
    info: {
      title: 'Assent node',
      version,
      description: 'Consent, access and audit of a health consortium. POST / for HTTP, / or /ws for WebSocket.',
      license: { name: 'Apache-2.0' },
    },
    methods: methods.map(describeMethod),
  }
}

function describeMethod({ name, summary, params, result, errors, needsSocket }: Method) {
  return {
    name,
    summary: needsSocket ? `${summary} WebSocket only.` : summary,
    paramStructure: 'by-name',
    params: Object.entries(params.shape).map(([member, schema]) => ({
      name: member,
      required: !(schema as z.ZodType).safeParse(undefined).success,
      schema: jsonSchemaOf(schema as z.ZodType, 'input'),
    })),
    result: { name: 'result', schema: jsonSchemaOf(result, 'output') },
    errors: [...COMMON_ERRORS, ...errors].map(describeError),
  }
}

function describeError(code: RpcErrorCode) {
  const { number, meaning, action } = RPC_ERRORS[code]
  return { code: number, message: meaning, data: { code, action } }
}

/** JSON Schema draft 7, as OpenRPC wants it. */
function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output') {
  const { $schema: _, ...body } = z.toJSONSchema(schema, { io, target: 'draft-7', unrepresentable: 'any' })
  return body
}
