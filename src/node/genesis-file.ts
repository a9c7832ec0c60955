// The genesis file and the join cards that it is built from. Public data: it holds no secret, and travels by any means.

import { readFileSync, writeFileSync } from 'node:fs'
import * as z from 'zod'
import { commitCertFault } from '../consensus/certificate.ts'
import { verify } from '../crypto/ed25519.ts'
import { signersFault } from '../ledger/recover-state.ts'
import type { Hash, PublicKey } from '../types/brand.ts'
import { fromBytes, toBytes } from '../types/canonical.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import {
  type ContractModule,
  type Founder,
  type Genesis,
  type JoinCard,
  joinCardCodec,
  type SignedGenesis,
  signedGenesisCodec,
} from '../types/genesis.ts'
import { VALIDATORS_MAX } from '../types/limits.ts'
import { blockHash, chainIdOf, genesisMessage, joinCardMessage } from '../types/signing.ts'
import { defaultLiars, isValidatorSet, type ValidatorSet, validatorsOf } from '../types/validator-set.ts'
import type { NodeKeys } from './key-file.ts'

export class GenesisError extends Error {
  override name = 'GenesisError'
}

/** Multiaddresses by transport key, as the join cards gave them. Unsigned hints: configuration may replace them. */
export type AddressBook = ReadonlyMap<PublicKey, readonly string[]>

export interface LoadedGenesis {
  readonly signed: SignedGenesis
  readonly genesis: Genesis
  readonly chainId: Hash
  readonly validators: ValidatorSet
  readonly addresses: AddressBook
}

const genesisSchema = z.strictObject({
  format: z.literal('assent-genesis/1'),
  name: z.string(),
  chainId: z.string(),
  addresses: z.record(z.string(), z.array(z.string())),
  signedGenesis: z.base64(),
})

const cardSchema = z.strictObject({
  format: z.literal('assent-join-card/1'),
  name: z.string(),
  institution: z.string(),
  card: z.base64(),
})

export function createJoinCard(
  keys: NodeKeys,
  body: Pick<Founder, 'kind' | 'name'> & { addresses: string[] },
): JoinCard {
  const founder: Founder = {
    institution: keys.institution,
    kind: body.kind,
    name: body.name,
    signingKey: keys.signing.publicKey,
    encryptionKey: keys.encryption.publicKey,
    transportKey: keys.transport.publicKey,
    consensusKey: keys.consensus?.publicKey ?? null,
  }
  const unsigned = { founder, addresses: body.addresses }
  const card = { ...unsigned, signature: keys.signing.sign(joinCardMessage(unsigned)) }
  // Through the codec, so that a name that nobody could read back fails here, with its field.
  return fromBytes(joinCardCodec, toBytes(joinCardCodec, card))
}

export function saveJoinCard(file: string, card: JoinCard): void {
  const { name, institution } = card.founder
  const content = { format: 'assent-join-card/1', name, institution, card: toBytes(joinCardCodec, card).toBase64() }
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`)
}

export function loadJoinCard(file: string): JoinCard {
  const { card: bytes } = readJson(file, cardSchema)
  const card = decode(file, () => fromBytes(joinCardCodec, Uint8Array.fromBase64(bytes)))
  if (!isSigned(card.founder.signingKey, joinCardMessage(card), card.signature)) {
    throw new GenesisError(`${file}: the signature is not by the card's own signing key`)
  }
  return card
}

/** A genesis from the founders' cards, still without their signatures. */
export function buildGenesis(options: {
  name: string
  timeMs: number
  cards: readonly JoinCard[]
  contracts: readonly ContractModule[]
  setup: Genesis['setup']
  b?: number
}): Genesis {
  const { name, timeMs, contracts, setup, cards } = options
  const founders = cards.map(({ founder }) => founder)
  const validators = founders.filter(({ consensusKey }) => consensusKey !== null).length
  const b = options.b ?? defaultLiars(Math.max(1, validators))
  const genesis: Genesis = { version: 1, name, timeMs, b, founders, contracts, setup, predecessor: null }
  const fault = genesisFault(genesis)
  if (fault !== null) throw new GenesisError(fault)
  return genesis
}

/** Why this cannot be the constitution of a consortium, or null. A key stands for one founder, and for one use. */
function genesisFault(genesis: Genesis): string | null {
  const { founders, b } = genesis
  const validators = founders.filter(({ consensusKey }) => consensusKey !== null).length
  if (validators === 0) return 'founders: no validator among them; expected at least one'
  if (validators > VALIDATORS_MAX) return `founders: ${validators} validators; expected at most ${VALIDATORS_MAX}`
  const recovery = predecessorFault(genesis)
  if (recovery !== null) return recovery
  if (b > defaultLiars(validators))
    return `b: at most ${defaultLiars(validators)} of ${validators} validators, got ${b}`
  const owners = new Map<string, string>()
  for (const founder of founders) {
    for (const field of IDENTIFYING) {
      const key = founder[field]
      if (key === null) continue
      const owner = owners.get(key)
      if (owner !== undefined) return `${field} of ${founder.name}: in use by ${owner} already; expected one of its own`
      owners.set(key, founder.name)
    }
  }
  return null
}

/** Of a recovery: does it name one certified end of one chain, and do enough institutions sign? */
function predecessorFault(genesis: Genesis): string | null {
  const { predecessor, founders, b } = genesis
  if (!predecessor) return null
  const { chains, head, commitCert, validators } = predecessor
  const [chain] = chains
  const hash = blockHash(head)
  if (chain === undefined || chain.chainId !== head.chainId || chain.height !== head.height || chain.headHash !== hash)
    return 'predecessor: its chain does not end with its head'
  if (commitCert.blockHash !== hash || commitCert.height !== head.height || commitCert.term !== head.term)
    return 'predecessor: its CommitCert is on another block'
  const fault = commitCertFault(commitCert, {
    chainId: chain.chainId,
    setOf: (epoch) => chain.sets.find((set) => set.epoch === epoch),
    verify: (key, message, signature) => verify(Uint8Array.fromHex(key), message, signature),
  })
  if (fault !== null) return `predecessor: CommitCert: ${fault}`
  if (!isValidatorSet(validators) || validators.b !== b) return 'predecessor: its validators cannot go on'
  for (const { institution, consensusKey } of validators.members) {
    const founder = founders.find((each) => each.institution === institution)
    if (founder?.consensusKey !== consensusKey) return 'founders: not those of the validators that go on'
  }
  if (founders.filter(({ consensusKey }) => consensusKey !== null).length !== validators.members.length)
    return 'founders: more validators than go on'
  return signersFault(genesis)
}

const IDENTIFYING = ['institution', 'signingKey', 'encryptionKey', 'transportKey', 'consensusKey'] as const

export function signGenesis(genesis: Genesis, keys: NodeKeys): SignedGenesis['signatures'][number] {
  return { institution: keys.institution, signature: keys.signing.sign(genesisMessage(genesis)) }
}

export function saveGenesis(file: string, signed: SignedGenesis, addresses: AddressBook): void {
  const content = {
    format: 'assent-genesis/1',
    name: signed.genesis.name,
    chainId: chainIdOf(signed.genesis),
    addresses: Object.fromEntries(addresses),
    signedGenesis: toBytes(signedGenesisCodec, signed).toBase64(),
  }
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`)
}

/** Reads and checks a genesis file. `complete` demands the signature of every founder, as a node does. */
export function loadGenesis(file: string, { complete }: { complete: boolean }): LoadedGenesis {
  const content = readJson(file, genesisSchema)
  const signed = decode(file, () => fromBytes(signedGenesisCodec, Uint8Array.fromBase64(content.signedGenesis)))
  const { genesis, signatures } = signed
  const chainId = chainIdOf(genesis)
  if (content.chainId !== chainId) throw new GenesisError(`${file}: chainId: is not the hash of the genesis inside`)
  const fault = genesisFault(genesis)
  if (fault !== null) throw new GenesisError(`${file}: ${fault}`)
  const message = genesisMessage(genesis)
  for (const founder of genesis.founders) {
    const entry = signatures.find(({ institution }) => institution === founder.institution)
    if (entry === undefined) {
      if (complete) throw new GenesisError(`${file}: not signed by ${founder.name}; run 'assent genesis sign' there`)
    } else if (!isSigned(founder.signingKey, message, entry.signature)) {
      throw new GenesisError(`${file}: the signature of ${founder.name} is not valid`)
    }
  }
  const addresses = new Map(Object.entries(content.addresses)) as unknown as AddressBook
  return { signed, genesis, chainId, validators: validatorsOf(genesis), addresses }
}

function isSigned(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  return verify(Uint8Array.fromHex(key), message, signature)
}

function decode<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof DecodeError || error instanceof SyntaxError)
      throw new GenesisError(`${file}: ${error.message}`)
    throw error
  }
}

function readJson<S extends z.ZodObject<{ format: z.ZodLiteral<string> }>>(file: string, schema: S): z.output<S> {
  let input: unknown
  try {
    input = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new GenesisError(`${file}: ${code ? `cannot be read: ${code}` : 'is not JSON'}`)
  }
  const { format } = (input ?? {}) as { format?: unknown }
  const expected = schema.shape.format.value
  if (format !== expected) throw new GenesisError(`${file}: not a file of this kind; expected format ${expected}`)
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(whole file)'}: ${issue.message}`)
  throw new GenesisError(`${file}: ${problems.join('; ')}`)
}
