// A validator's home: the consensus keys in its key file, and the sign-state of each in its data folder. A validator that has
// changed its key has several, and takes all of them along when it moves. The steps of a move, and why nobody signs twice, are
// those of ledger/sign-state-move.ts, key by key: what a crash has left undone is done by the same command again.

import { decodeSignState, type SignState } from '../consensus/sign-state.ts'
import { type FoundSignState, readSignState, refusalOf, signStatePath } from '../ledger/sign-state-file.ts'
import {
  acceptSignState,
  expectSignState,
  HANDOVER_BYTES_MAX,
  keyOfHandover,
  retireSignState,
  SignStateMoveError,
} from '../ledger/sign-state-move.ts'
import type { PublicKey } from '../types/brand.ts'
import { bytes, type Codec, fromBytes, list, toBytes } from '../types/canonical.ts'
import { DecodeError } from '../types/canonical-bytes.ts'

export interface SigningHome {
  readonly dataFolder: string
  /** In the order in which they were made. */
  readonly keys: readonly PublicKey[]
}

/** What became of each key, file by file. */
export interface Outcome<T> {
  readonly done: readonly ({ readonly key: PublicKey } & T)[]
  /** Not there, silenced, a copy, or done before: the others go on without it. */
  readonly left: readonly { readonly key: PublicKey; readonly reason: string }[]
}

/** Far more than a validator ever has at once. */
const HANDOVERS_MAX = 32
export const HANDOVERS_BYTES_MAX = HANDOVERS_MAX * HANDOVER_BYTES_MAX
const handoversCodec: Codec<readonly Uint8Array[]> = list(bytes(HANDOVER_BYTES_MAX), HANDOVERS_MAX)

const at = ({ dataFolder }: SigningHome, key: PublicKey) => ({ dataFolder, key })

/** All three steps at once, while the node is stopped. Each old file is retired before its new one serves. */
export function moveSigning(
  from: SigningHome,
  to: SigningHome,
): Promise<Outcome<{ retired: string; serving: string }>> {
  return forEach(from.keys, async (key) => {
    await requireThere(from, key)
    const [retired, serving] = [signStatePath(at(from, key)), signStatePath(at(to, key))]
    const ticket = await expectSignState(at(to, key))
    await acceptSignState(at(to, key), await retireSignState(at(from, key), { ticket, to: serving }))
    return { retired, serving }
  })
}

/** At the new place: files that wait, under one ticket. */
export async function expectSigning(home: SigningHome): Promise<string> {
  let ticket: string | undefined
  await forEach(home.keys, async (key) => {
    ticket = await expectSignState(at(home, key), ticket)
    return {}
  })
  if (ticket === undefined) throw new SignStateMoveError('there is no consensus key')
  return ticket
}

/** At the old place, while the node is stopped: retires every file, and answers what to take to the new one. */
export async function exportSigning(
  from: SigningHome,
  { ticket }: { ticket: string },
): Promise<Outcome<{ retired: string }> & { readonly handovers: Uint8Array }> {
  const handovers: Uint8Array[] = []
  const outcome = await forEach(from.keys, async (key) => {
    await requireThere(from, key)
    const to = `the machine that made ticket ${ticket}`
    handovers.push(await retireSignState(at(from, key), { ticket, to }))
    return { retired: signStatePath(at(from, key)) }
  })
  return { ...outcome, handovers: toBytes(handoversCodec, handovers) }
}

/** At the new place. */
export async function acceptSigning(home: SigningHome, exported: Uint8Array): Promise<Outcome<{ serving: string }>> {
  const handovers = new Map(handoversIn(exported).map((handover) => [keyOfHandover(handover), handover]))
  return forEach([...handovers.keys()], async (key) => {
    if (!home.keys.includes(key)) throw new SignStateMoveError('the handover is of a consensus key that is not here')
    await acceptSignState(at(home, key), handovers.get(key) as Uint8Array)
    return { serving: signStatePath(at(home, key)) }
  })
}

function handoversIn(exported: Uint8Array): readonly Uint8Array[] {
  try {
    return fromBytes(handoversCodec, exported)
  } catch (error) {
    if (error instanceof DecodeError) throw new SignStateMoveError('not a handover of a sign-state')
    throw error
  }
}

async function requireThere(home: SigningHome, key: PublicKey): Promise<void> {
  const found = await readSignState(at(home, key))
  if (found.kind !== 'found') throw new SignStateMoveError(`${signStatePath(at(home, key))}: ${found.kind}`)
  await found.slots.close()
}

/** One after the other. Throws where nothing could be done for any key. */
async function forEach<T>(keys: readonly PublicKey[], act: (key: PublicKey) => Promise<T>): Promise<Outcome<T>> {
  const done: ({ key: PublicKey } & T)[] = []
  const left: { key: PublicKey; reason: string }[] = []
  for (const key of keys) {
    try {
      done.push({ key, ...(await act(key)) })
    } catch (error) {
      if (!(error instanceof SignStateMoveError)) throw error
      left.push({ key, reason: error.message })
    }
  }
  const [first] = left
  if (done.length === 0 && first !== undefined) throw new SignStateMoveError(first.reason)
  return { done, left }
}

/** Of one key: where its file is, what keeps it from service, and the last statements that it covers. */
export async function describeSigning(home: SigningHome, key: PublicKey) {
  const file = signStatePath(at(home, key))
  const found = await readSignState(at(home, key))
  if (found.kind !== 'found') return { file, key, state: found.kind, advice: null }
  await found.slots.close()
  const refusal = refusalOf(found, file)
  return {
    file,
    key,
    state: refusal === null ? 'in service' : refusal.code,
    advice: refusal?.text ?? null,
    starts: found.record.incarnation,
    ...lastStatements(found),
  }
}

function lastStatements({ record: { content } }: FoundSignState) {
  const { term, vote, promise, lastAck }: Partial<SignState> = content === null ? {} : decodeSignState(content)
  return {
    term: term ?? null,
    vote: vote ? `term ${vote.term}, for seat ${vote.candidate}` : null,
    promise: promise ? `term ${promise.term}` : null,
    ack: lastAck ? `term ${lastAck.term}, height ${lastAck.height}, ${lastAck.hash}` : null,
  }
}
