// Pieces of a state that were verified while they came, by hash. A fetch that is cut short is gone on with from them, be it
// with another snapshot of another peer: whatever is the same in both states has the same hash. spec/ledger.md, "Snapshots".

import { sha256 } from '../crypto/hash.ts'
import type { Hash } from '../types/brand.ts'
import { fromBytes, hash, list, toBytes } from '../types/canonical.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import { type StatePiece, statePieceCodec } from './snapshot-format.ts'
import type { KeyValueStore, StoreWrite } from './store.ts'

/** Each adds one state at the very most, mostly what has changed since the one before. */
export const STATES_KEPT_MAX = 8
const statesCodec = list(hash, STATES_KEPT_MAX)
/** No hash of a branch: those are of 32 bytes, too, but nobody finds one with this value. */
const STATES_KEY = sha256(new TextEncoder().encode('states whose pieces are kept'))
const LOWEST = new Uint8Array(0)
const ABOVE_ALL = new Uint8Array(33).fill(0xff)
const DELETES_MAX = 1_000

export class KeptPieces {
  private readonly store: KeyValueStore

  constructor(store: KeyValueStore) {
    this.store = store
  }

  /** Pieces of the state with this root are going to come. After too many that nobody finished, all that is kept is let go. */
  async begin(stateRoot: Hash): Promise<void> {
    const states = this.states()
    if (states.includes(stateRoot)) return
    if (states.length >= STATES_KEPT_MAX) await this.clear()
    const value = toBytes(statesCodec, [...this.states(), stateRoot])
    await this.store.write([{ type: 'put', key: STATES_KEY, value }], { sync: false })
  }

  /** Of the branch with this hash; undefined where it is not kept, or cannot be read. */
  get(branch: Hash): StatePiece | undefined {
    const stored = this.store.get(Uint8Array.fromHex(branch))
    return stored && read(() => fromBytes(statePieceCodec, stored))
  }

  async keep(pieces: ReadonlyMap<Hash, StatePiece>): Promise<void> {
    const writes = [...pieces].map(
      ([branch, piece]): StoreWrite => ({
        type: 'put',
        key: Uint8Array.fromHex(branch),
        value: toBytes(statePieceCodec, piece),
      }),
    )
    await this.store.write(writes, { sync: false })
  }

  async forget(branch: Hash): Promise<void> {
    await this.store.write([{ type: 'del', key: Uint8Array.fromHex(branch) }], { sync: false })
  }

  private states(): readonly Hash[] {
    const stored = this.store.get(STATES_KEY)
    return (stored && read(() => fromBytes(statesCodec, stored))) ?? []
  }

  private async clear(): Promise<void> {
    let deletes: StoreWrite[] = []
    for await (const [key] of this.store.range({ from: LOWEST, to: ABOVE_ALL })) {
      deletes.push({ type: 'del', key })
      if (deletes.length < DELETES_MAX) continue
      await this.store.write(deletes, { sync: false })
      deletes = []
    }
    await this.store.write(deletes, { sync: false })
  }
}

/** What is damaged is fetched again. */
function read<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}
