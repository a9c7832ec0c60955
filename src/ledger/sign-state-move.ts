// A planned move of the sign-state to another disk or machine, so that at no moment two places may sign:
//
//   1. expect  the new place makes a file bound to itself, with a random ticket; it does not serve yet
//   2. retire  the old file takes the ticket and is out of service for good, on disk, before anything is handed over
//   3. accept  the new file takes the one handover that has its ticket, and serves
//
// Every step may be repeated after a crash. A copy of the new file is not in its place, a handover fits one file only and
// once: afterwards that file no longer waits. A crash between 2 and 3 leaves nobody who signs, and 2 gives the same
// handover again.

import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { taggedHash } from '../crypto/hash.ts'
import { randomBytes } from '../crypto/random.ts'
import { assert } from '../types/assert.ts'
import type { Hash, PublicKey } from '../types/brand.ts'
import { bytes, type Codec, fromBytes, hash, optional, publicKey, record, toBytes, uint } from '../types/canonical.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import { TAG } from '../types/tags.ts'
import { differences } from './file-place.ts'
import {
  createSignState,
  type FoundSignState,
  readSignState,
  refusalOf,
  type SignStateOptions,
  signStatePath,
} from './sign-state-file.ts'
import {
  clip,
  encodeSignStateRecord,
  SIGN_STATE_BYTES_MAX,
  type SignStateStatus,
  ticketCodec,
} from './sign-state-record.ts'
import { syncFolder } from './slotted-file.ts'

/** The move cannot be made as asked; the message says why, and nothing was changed. */
export class SignStateMoveError extends Error {
  override name = 'SignStateMoveError'
}

type Where = Omit<SignStateOptions, 'mayBegin'>

interface Handover {
  readonly key: PublicKey
  readonly ticket: string
  readonly incarnation: number
  readonly content: Uint8Array | null
}

const handoverCodec: Codec<Handover> = record<Handover>({
  key: publicKey,
  ticket: ticketCodec,
  incarnation: uint,
  content: optional(bytes(SIGN_STATE_BYTES_MAX)),
})
const sealedCodec = record<{ handover: Uint8Array; digest: Hash }>({
  handover: bytes(2 * SIGN_STATE_BYTES_MAX),
  digest: hash,
})
export const HANDOVER_BYTES_MAX = 4 * SIGN_STATE_BYTES_MAX

/** Step 1, at the new place. Answers the ticket, `given` or a new one; the same one while the file waits. */
export async function expectSignState(where: Where, given?: string): Promise<string> {
  const path = signStatePath(where)
  const found = await readSignState(where)
  if (found.kind === 'found') {
    await found.slots.close()
    const { record, place } = found
    const isInPlace = found.isOwn && differences(record.place, place).length === 0
    if (isInPlace && record.status.kind === 'awaiting') {
      const { ticket } = record.status
      if (given === undefined || given === ticket) return ticket
      throw new SignStateMoveError(`${path}: waits for ticket ${ticket} already`)
    }
    if (isInPlace && record.status.kind === 'serving') {
      throw new SignStateMoveError(`${path}: signs here already; there is nothing to move to it`)
    }
  }
  // A copy, a retired or a damaged file: whoever serves elsewhere decides, and hands over what counts.
  if (found.kind !== 'missing') await rm(path)
  const ticket = given ?? randomBytes(16).toHex()
  const { slots } = await createSignState(where, {
    incarnation: 0,
    status: { kind: 'awaiting', ticket },
    content: null,
  })
  await slots.close()
  return ticket
}

/** Step 2, at the old place, while its node is stopped. Answers the handover for the file with this ticket. */
export async function retireSignState(
  where: Where,
  { ticket, to }: { ticket: string; to: string },
): Promise<Uint8Array> {
  const path = signStatePath(where)
  return withFound(where, async (found) => {
    const { record, slots } = found
    const isRepeated = record.status.kind === 'moved' && record.status.ticket === ticket
    const refusal = refusalOf(found, path)
    const isInPlace = found.isOwn && differences(record.place, found.place).length === 0
    if (refusal !== null && !(isRepeated && isInPlace)) throw new SignStateMoveError(refusal.text)
    if (!isRepeated)
      await slots.write(encodeSignStateRecord({ ...record, status: { kind: 'moved', ticket, to: clip(to) } }))
    const { key, incarnation, content } = record
    return seal({ key, ticket, incarnation, content })
  })
}

/** Step 3, at the new place. */
export async function acceptSignState(where: Where, handover: Uint8Array): Promise<void> {
  const path = signStatePath(where)
  const { key, ticket, incarnation, content } = unseal(handover)
  if (key !== where.key) throw new SignStateMoveError('the handover is of another consensus key')
  await withFound(where, async (found) => {
    const { record, slots } = found
    const isInPlace = found.isOwn && differences(record.place, found.place).length === 0
    const isAwaiting = isInPlace && record.status.kind === 'awaiting'
    if (!isAwaiting) {
      const refusal = refusalOf(found, path)
      throw new SignStateMoveError(refusal?.text ?? `${path}: serves already; a handover is accepted once`)
    }
    assert(record.status.kind === 'awaiting', 'waits for a handover')
    if (record.status.ticket !== ticket) {
      throw new SignStateMoveError(
        `the handover is for ticket ${ticket}, and ${path} waits for ${record.status.ticket}`,
      )
    }
    const status: SignStateStatus = { kind: 'serving' }
    await slots.write(encodeSignStateRecord({ ...record, status, incarnation, content }))
    await syncFolder(dirname(path))
  })
}

/** The consensus key that it is about. */
export const keyOfHandover = (handover: Uint8Array): PublicKey => unseal(handover).key

async function withFound<T>(where: Where, use: (found: FoundSignState) => Promise<T>): Promise<T> {
  const found = await readSignState(where)
  if (found.kind !== 'found') throw new SignStateMoveError(`${signStatePath(where)}: ${found.kind}`)
  try {
    return await use(found)
  } finally {
    await found.slots.close()
  }
}

function seal(content: Handover): Uint8Array {
  const handover = toBytes(handoverCodec, content)
  return toBytes(sealedCodec, { handover, digest: taggedHash(TAG.handover, handover) })
}

function unseal(sealed: Uint8Array): Handover {
  try {
    const { handover, digest } = fromBytes(sealedCodec, sealed)
    if (taggedHash(TAG.handover, handover) === digest) return fromBytes(handoverCodec, handover)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
  }
  throw new SignStateMoveError('not a handover of a sign-state, or damaged on its way')
}
