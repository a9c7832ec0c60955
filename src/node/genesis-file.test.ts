import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { genesis as contractsOf } from '../ledger/consortium.fixture.ts'
import { fromBytes, toBytes } from '../types/canonical.ts'
import type { Genesis, JoinCard, SignedGenesis } from '../types/genesis.ts'
import { signedGenesisCodec } from '../types/genesis.ts'
import {
  buildGenesis,
  createJoinCard,
  GenesisError,
  loadGenesis,
  loadJoinCard,
  saveGenesis,
  saveJoinCard,
  signGenesis,
} from './genesis-file.ts'
import { createKeyFile, loadKeyFile, type NodeKeys } from './key-file.ts'

let folder: string
let file: string
let keys: readonly NodeKeys[]
let cards: readonly JoinCard[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assent-genesis-'))
  file = join(folder, 'genesis.json')
  keys = ['a', 'b', 'c', 'regulator'].map((name) => {
    createKeyFile(join(folder, name), { validator: name !== 'regulator' })
    return loadKeyFile(join(folder, name))
  })
  cards = keys.map((own, i) => {
    const kind = own.consensus === null ? 'regulator' : 'hospital'
    return createJoinCard(own, { kind, name: `Institution ${i + 1}`, addresses: ['/ip4/127.0.0.1/tcp/7000'] })
  })
})
afterEach(() => rmSync(folder, { recursive: true }))

const build = (change: Partial<Parameters<typeof buildGenesis>[0]> = {}): Genesis =>
  buildGenesis({ name: 'Consortium', timeMs: 1, cards, contracts: contractsOf.contracts, setup: [], ...change })
const signedBy = (genesis: Genesis, by: readonly NodeKeys[] = keys): SignedGenesis => ({
  genesis,
  signatures: by.map((own) => signGenesis(genesis, own)),
})
const problemOf = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    expect(error).toBeInstanceOf(GenesisError)
    return (error as Error).message
  }
  return 'no error'
}
const rewrite = (path: string, change: object): void =>
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...change }))
const load = () => loadGenesis(file, { complete: true })

describe('a join card', () => {
  it('comes back from its file as it was', () => {
    const path = join(folder, 'card.json')
    saveJoinCard(path, cards[0] as JoinCard)
    expect(loadJoinCard(path)).toEqual(cards[0])
  })

  it('is refused when anything in it was changed', () => {
    const path = join(folder, 'card.json')
    const card = cards[0] as JoinCard
    for (const altered of [
      { ...card, founder: { ...card.founder, name: 'Another' } },
      { ...card, founder: { ...card.founder, consensusKey: null } },
      { ...card, addresses: ['/ip4/10.0.0.1/tcp/7000'] },
    ]) {
      saveJoinCard(path, altered)
      expect(problemOf(() => loadJoinCard(path))).toContain('the signature is not by the card')
    }
  })

  it('is refused by the name of a field that cannot be read', () => {
    const path = join(folder, 'card.json')
    saveJoinCard(path, cards[0] as JoinCard)
    rewrite(path, { card: 'AAAA' })
    expect(problemOf(() => loadJoinCard(path))).toContain(path)
    rewrite(path, { format: 'something else' })
    expect(problemOf(() => loadJoinCard(path))).toContain('format')
    writeFileSync(path, 'not JSON')
    expect(problemOf(() => loadJoinCard(path))).toBe(`${path}: is not JSON`)
    expect(problemOf(() => loadJoinCard(join(folder, 'absent')))).toContain('ENOENT')
  })

  it('cannot be made with a name that nobody could read back', () => {
    const name = 'x'.repeat(500)
    expect(() => createJoinCard(keys[0] as NodeKeys, { kind: 'hospital', name, addresses: [] })).toThrow('name')
  })
})

describe('a genesis', () => {
  it('has the validators among its founders, in order, and the number of liars that follows from it', () => {
    const genesis = build()
    expect(genesis.b).toBe(0)
    saveGenesis(file, signedBy(genesis), new Map())
    const { validators } = load()
    expect(validators.members.map(({ institution }) => institution)).toEqual(
      keys.slice(0, 3).map(({ institution }) => institution),
    )
  })

  it('needs a validator, and no more liars than its validators bear', () => {
    expect(problemOf(() => build({ cards: cards.slice(3) }))).toContain('no validator among them')
    expect(problemOf(() => build({ b: 1 }))).toBe('b: at most 0 of 3 validators, got 1')
  })

  it('names an institution, and a key, that stands in it twice', () => {
    const [first, second] = cards as [JoinCard, JoinCard]
    expect(problemOf(() => build({ cards: [...cards, first] }))).toContain('institution of Institution 1: in use by')
    // Whoever had two votes by one key would be two of a quorum.
    for (const field of ['signingKey', 'encryptionKey', 'transportKey', 'consensusKey'] as const) {
      const twin = { ...second, founder: { ...second.founder, [field]: first.founder[field] } }
      expect(problemOf(() => build({ cards: [first, twin] }))).toContain(
        `${field} of Institution 2: in use by Institution 1`,
      )
    }
    const crossed = { ...second, founder: { ...second.founder, transportKey: first.founder.consensusKey as never } }
    expect(problemOf(() => build({ cards: [first, crossed] }))).toContain('transportKey of Institution 2')
  })
})

describe('a genesis file', () => {
  it('comes back with genesis, signatures and addresses', () => {
    const signed = signedBy(build())
    const addresses = new Map(cards.map(({ founder, addresses: own }) => [founder.transportKey, own]))
    saveGenesis(file, signed, addresses)
    const loaded = load()
    expect(loaded.signed).toEqual(signed)
    expect(loaded.addresses).toEqual(addresses)
  })

  it('names the founder whose signature is missing, unless it is still being collected', () => {
    const genesis = build()
    saveGenesis(file, signedBy(genesis, keys.slice(0, 3)), new Map())
    expect(problemOf(load)).toContain('not signed by Institution 4')
    expect(loadGenesis(file, { complete: false }).signed.signatures).toHaveLength(3)
  })

  it('names the founder whose signature is not valid, complete or not', () => {
    const genesis = build()
    const { signatures } = signedBy(genesis)
    const swapped = signatures.map((entry, i) => (i === 0 ? { ...entry, signature: new Uint8Array(64) } : entry))
    saveGenesis(file, { genesis, signatures: swapped }, new Map())
    for (const complete of [true, false]) {
      expect(problemOf(() => loadGenesis(file, { complete }))).toContain('the signature of Institution 1 is not valid')
    }
  })

  it('is refused when its contents were changed after they were signed', () => {
    const signed = signedBy(build())
    saveGenesis(file, { ...signed, genesis: { ...signed.genesis, timeMs: 2 } }, new Map())
    expect(problemOf(load)).toContain('the signature of Institution 1 is not valid')
  })

  it('is refused when the chain id beside it is another', () => {
    saveGenesis(file, signedBy(build()), new Map())
    rewrite(file, { chainId: 'ab'.repeat(32) })
    expect(problemOf(load)).toContain('chainId: is not the hash of the genesis inside')
  })

  it('is refused when its founders signed what can be no consortium', () => {
    const genesis: Genesis = { ...build(), b: 2 }
    saveGenesis(file, signedBy(genesis), new Map())
    expect(problemOf(load)).toContain('b: at most 0 of 3 validators, got 2')
  })

  it('is refused, whichever byte of it is changed', () => {
    saveGenesis(file, signedBy(build()), new Map())
    const { signedGenesis } = JSON.parse(readFileSync(file, 'utf8'))
    const bytes = Uint8Array.fromBase64(signedGenesis)
    expect(fromBytes(signedGenesisCodec, bytes)).toBeDefined()
    for (let position = 3; position < bytes.length; position += 997) {
      const altered = bytes.map((byte, i) => (i === position ? byte ^ 1 : byte))
      rewrite(file, { signedGenesis: altered.toBase64() })
      expect(problemOf(load)).not.toBe('no error')
    }
    expect(toBytes(signedGenesisCodec, signedBy(build())).length).toBe(bytes.length)
  })

  it('is refused by the name of an unknown or missing field', () => {
    saveGenesis(file, signedBy(build()), new Map())
    rewrite(file, { surplus: 1 })
    expect(problemOf(load)).toContain('surplus')
    writeFileSync(file, '{"format":"assent-genesis/1"}')
    expect(problemOf(load)).toContain('signedGenesis')
  })

  it('is told from a file of another kind in one sentence', () => {
    writeFileSync(file, '{"format":"assent-join-card/1"}')
    expect(problemOf(load)).toMatch(/genesis\.json: not a file of this kind; expected format assent-genesis\/1$/)
    writeFileSync(file, '[]')
    expect(problemOf(load)).toContain('not a file of this kind')
  })
})
