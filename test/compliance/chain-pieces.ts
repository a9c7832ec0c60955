// What stands in a stopped node's ledger, piece by piece: every block, receipt and event as values, every state entry, and
// every raw key and value of the store.
//
// Bytecode of contracts is left out: the test compares it with what the sources in this repository compile to. So are the
// codes that they write at genesis, when no patient is known yet.
// Numbers of the protocol itself (heights, terms, times, gas) are not pieces: no contract and no client chooses them.

import { SPACE, spaceRange } from '../../src/ledger/keys.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLevelStore } from '../../src/ledger/level-store.ts'
import { openLedger } from '../../src/ledger/open-ledger.ts'
import type { KeyValueStore } from '../../src/ledger/store.ts'
import type { Height } from '../../src/types/brand.ts'
import { decodeValue, type Value } from '../../src/types/canonical-value.ts'
import type { Genesis } from '../../src/types/genesis.ts'
import type { Call } from '../../src/types/transaction.ts'
import type { Piece } from './matcher.ts'

const WHOLE_STORE = { from: Uint8Array.of(0), to: Uint8Array.of(0xff) }

export interface ChainPieces {
  readonly height: number
  readonly transactions: number
  readonly events: number
  readonly stateEntries: number
  readonly pieces: readonly Piece[]
}

/** Opens the ledger in `folder` and closes it again. `where` of each piece starts with `name`. */
export async function readChain(
  folder: string,
  { genesis, name }: { genesis: Genesis; name: string },
): Promise<ChainPieces> {
  const store = await openLevelStore(folder)
  const ledger = await openLedger({ store, genesis })
  try {
    const pieces: Piece[] = [...genesisPieces(genesis, name)]
    const { height } = ledger.head.header
    let transactions = 0
    let events = 0
    for (let at = 0; at <= height; at++) {
      const found = blockPieces(ledger, { at: at as Height, where: `${name}, block ${at}` })
      transactions += found.transactions
      events += found.events
      pieces.push(...found.pieces)
    }
    const state = await statePieces(store, name)
    pieces.push(...state.pieces, ...(await rawPieces(store, name)))
    return { height, transactions, events, stateEntries: state.entries, pieces }
  } finally {
    await ledger.close()
  }
}

function* genesisPieces({ name: title, founders, setup }: Genesis, name: string): Generator<Piece> {
  const where = `${name}, genesis`
  yield { where, content: title }
  for (const founder of founders) yield { where, content: founder.name }
  for (const call of setup) yield* callPieces(call, where)
}

function blockPieces(
  ledger: Ledger,
  { at, where }: { at: Height; where: string },
): { pieces: Piece[]; transactions: number; events: number } {
  const block = ledger.block(at)
  if (block === undefined) throw new Error(`${where}: missing`)
  const pieces: Piece[] = []
  for (const { transaction, signature } of block.transactions) {
    pieces.push({ where, content: transaction.salt }, { where, content: signature })
    for (const call of transaction.calls) pieces.push(...callPieces(call, where))
  }
  let events = 0
  for (const [index, { calls }] of (ledger.receipts(at) ?? []).entries()) {
    for (const call of calls) {
      const receipt = `${where}, receipt ${index}`
      pieces.push({ where: receipt, content: call.code }, ...valuePieces(call.value, receipt))
      for (const { contract, name, fields } of call.events) {
        const event = `${where}, event ${contract}.${name}`
        pieces.push({ where: event, content: contract }, { where: event, content: name })
        pieces.push(...valuePieces(fields, event))
        events++
      }
    }
  }
  return { pieces, transactions: block.transactions.length, events }
}

function* callPieces({ contract, method, args }: Call, where: string): Generator<Piece> {
  yield { where, content: contract }
  yield { where, content: method }
  yield* valuePieces(args, `${where}, ${contract}.${method}`)
}

/** Keys of the state are contract 0x00 state 0x00 key bytes, values canonical. */
async function statePieces(store: KeyValueStore, name: string): Promise<{ pieces: Piece[]; entries: number }> {
  const pieces: Piece[] = []
  let entries = 0
  for await (const [key, value] of store.range(spaceRange(SPACE.state))) {
    entries++
    const [contract = '', state = ''] = Buffer.from(key.subarray(1)).toString('latin1').split('\0')
    if (contract === 'policy' && state === 'codes') continue
    const where = `${name}, state ${contract}.${state}`
    pieces.push({ where, content: key.subarray(1) })
    pieces.push({ where, content: key.subarray(1 + contract.length + 1 + state.length + 1) })
    pieces.push(...valuePieces(decodeValue(value), where))
  }
  return { pieces, entries }
}

async function rawPieces(store: KeyValueStore, name: string): Promise<readonly Piece[]> {
  const pieces: Piece[] = []
  for await (const [key, value] of store.range(WHOLE_STORE)) {
    const where = `${name}, store ${String.fromCharCode(key[0] as number)}`
    pieces.push({ where, content: key }, { where, content: value })
  }
  return pieces
}

/** Texts, numbers and bytes of a value, names of fields included. */
export function* valuePieces(value: Value, where: string): Generator<Piece> {
  if (typeof value === 'string' || typeof value === 'number' || value instanceof Uint8Array) {
    yield { where, content: value }
  } else if (Array.isArray(value)) {
    for (const each of value) yield* valuePieces(each, where)
  } else if (typeof value === 'object' && value !== null) {
    for (const [field, child] of Object.entries(value)) {
      yield { where, content: field }
      yield* valuePieces(child as Value, where)
    }
  }
}
