// The shapes that cross the RPC, as zod schemas: what checks parameters, and what rpc.discover documents. Messages say
// what is accepted; none repeats what was sent.

import * as z from 'zod'
import type { Json } from '../contracts/abi.ts'
import type { Hash, Height, IdentityId, PublicKey } from '../types/brand.ts'
import { READ_REASONS, type SignedRead } from '../types/signed-read.ts'
import { EVENTS_DEFAULT, EVENTS_MAX } from './limits.ts'
import type { Cursor } from './services.ts'

const hex32 = z.string('64 lowercase hex characters').regex(/^[0-9a-f]{64}$/, '64 lowercase hex characters')
export const hashSchema = hex32 as unknown as z.ZodType<Hash, string>
export const identitySchema = hex32 as unknown as z.ZodType<IdentityId, string>
export const publicKeySchema = hex32 as unknown as z.ZodType<PublicKey, string>
const integerFrom0 = z.int('an integer from 0 to 2^53-1').min(0, 'an integer from 0 to 2^53-1')
export const integerSchema = integerFrom0
/** What a read may miss: local is what this node has; linearizable is all that anybody was told is committed. */
export const consistencySchema = z
  .enum(['local', 'linearizable'], 'local or linearizable')
  .default('local')
  .describe('linearizable: nothing that was acknowledged anywhere before the question is missing.')

export const heightSchema = integerFrom0 as unknown as z.ZodType<Height, number>
export const nameSchema = z
  .string('a name of letters and digits')
  .regex(/^[A-Za-z][A-Za-z0-9]{0,63}$/, 'a name of letters and digits')
export const base64Schema = z.base64('base64')
export const jsonSchema = z.unknown() as z.ZodType<Json, Json>

/** Bytes as lowercase hex or base64; a transaction's first byte is 0x82, so no base64 of one looks like hex. */
export const transactionSchema = z
  .string('base64 or lowercase hex of the signed transaction')
  .transform((text, context): Uint8Array => {
    try {
      return /^[0-9a-f]+$/.test(text) ? Uint8Array.fromHex(text) : Uint8Array.fromBase64(text)
    } catch {
      context.addIssue('base64 or lowercase hex of the signed transaction')
      return z.NEVER
    }
  })

const CURSOR = /^(0|[1-9]\d{0,15})\.(0|[1-9]\d{0,8})$/

/** A cursor as `height.index`, or a height. */
export const cursorSchema = z
  .union([integerFrom0, z.string().regex(CURSOR)], 'a height, or a cursor as given by an earlier answer')
  .transform((from): Cursor => {
    if (typeof from === 'number') return { height: from, index: 0 }
    const [height, index] = from.split('.').map(Number) as [number, number]
    return { height, index }
  })

export const cursorText = ({ height, index }: Cursor): string => `${height}.${index}`

/** Fields are those of types/signed-read.ts; hashes and signature as lowercase hex. */
export const signedReadSchema = z
  .strictObject(
    {
      version: z.literal(1, '1'),
      chainId: hashSchema,
      reader: identitySchema,
      keyId: integerFrom0,
      subject: identitySchema.nullable(),
      reason: z.enum(READ_REASONS, `one of ${READ_REASONS.join(', ')}`),
      range: z.strictObject({ fromMs: integerFrom0, toMs: integerFrom0 }, 'null or {fromMs, toMs}').nullable(),
      nonce: hashSchema,
      expiresAtMs: integerFrom0,
      signature: z.string('128 lowercase hex characters').regex(/^[0-9a-f]{128}$/, '128 lowercase hex characters'),
    },
    'a signed read',
  )
  .transform((read): SignedRead => ({ ...read, signature: Uint8Array.fromHex(read.signature) }))

export const eventFilterSchema = z.strictObject({ contract: nameSchema.optional(), name: nameSchema.optional() })
export type EventFilter = z.output<typeof eventFilterSchema>

export const eventLimitSchema = z
  .int(`an integer from 1 to ${EVENTS_MAX}`)
  .min(1, `an integer from 1 to ${EVENTS_MAX}`)
  .max(EVENTS_MAX, `an integer from 1 to ${EVENTS_MAX}`)
  .default(EVENTS_DEFAULT)

export const eventSchema = z.strictObject({
  cursor: z.string().describe('Where to go on behind this event.'),
  height: integerFrom0,
  timeMs: integerFrom0,
  transactionId: hex32.nullable().describe('Shown to members only: it opens the whole receipt.'),
  callIndex: integerFrom0,
  contract: z.string(),
  name: z.string(),
  fields: jsonSchema,
})
export type EventJson = z.output<typeof eventSchema>

const memberSignature = z.strictObject({ member: integerFrom0, signature: z.string() })

export const headerSchema = z.strictObject({
  hash: hex32,
  header: z.strictObject({
    version: integerSchema,
    chainId: hex32,
    epoch: integerFrom0,
    height: integerFrom0,
    term: integerFrom0,
    parentHash: hex32,
    timeMs: integerFrom0,
    proposer: integerFrom0,
    txRoot: hex32,
    receiptRoot: hex32,
    stateRoot: hex32,
    logRoot: hex32,
    leaderCertHash: hex32,
    commitCertHash: hex32,
  }),
  signature: z.string(),
  commitCert: z
    .strictObject({
      chainId: hex32,
      epoch: integerFrom0,
      term: integerFrom0,
      height: integerFrom0,
      blockHash: hex32,
      signatures: z.array(memberSignature),
    })
    .nullable(),
})

export const receiptSchema = z.strictObject({
  transactionId: hex32,
  height: integerFrom0,
  blockHash: hex32,
  timeMs: integerFrom0,
  index: integerFrom0,
  calls: z.array(
    z.strictObject({
      status: z.enum(['ok', 'refused']),
      code: z.string(),
      value: jsonSchema,
      events: z.array(z.strictObject({ contract: z.string(), name: z.string(), fields: jsonSchema })),
      gas: integerFrom0,
    }),
  ),
  proof: z.string().describe('Canonical bytes of the receipt proof, base64.'),
})
