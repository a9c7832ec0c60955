// The constitution of a simulated consortium: keys, genesis, and the disk image that a node finds when it starts for the
// first time. Made once per process and kind of consortium; seeds share it.

import { readFileSync } from 'node:fs'
import type { ContractSet } from '../../src/contracts/execute.ts'
import { compile } from '../../src/contracts/lang/compile.ts'
import { publicKeyOf } from '../../src/crypto/ed25519.ts'
import { sha256 } from '../../src/crypto/hash.ts'
import { type ByteString, toByteString } from '../../src/ledger/byte-string.ts'
import { MemoryStore } from '../../src/ledger/memory-store.ts'
import { contractsOf, openLedger } from '../../src/ledger/open-ledger.ts'
import { BUILT_IN_SETUP, compileBuiltInContracts } from '../../src/node/built-in-contracts.ts'
import { buildGenesis, createJoinCard } from '../../src/node/genesis-file.ts'
import { encryptionKey, type NodeKeys, type SigningKey, signingKey } from '../../src/node/key-file.ts'
import type { Block } from '../../src/types/block.ts'
import type { Hash, IdentityId, PublicKey } from '../../src/types/brand.ts'
import type { Genesis } from '../../src/types/genesis.ts'
import { chainIdOf } from '../../src/types/signing.ts'
import { type ValidatorSet, validatorsOf } from '../../src/types/validator-set.ts'
import { EPOCH_MS } from './clock.ts'
import { chooseScheme, type Scheme } from './crypto-backend.ts'

export interface Constitution {
  /** Validators. */
  readonly n: number
  /** Liars that must not be able to fork the chain. */
  readonly b: number
  /** Institutions whose nodes follow, and may become validators. */
  readonly learners: number
  readonly scheme: Scheme
}

export interface Consortium {
  readonly genesis: Genesis
  readonly chainId: Hash
  /** Verified and linked once. */
  readonly contracts: ContractSet
  /** Of epoch 0: the first nodes, by seat. */
  readonly validators: ValidatorSet
  readonly nodes: readonly NodeKeys[]
  /** An institution without a node, which the simulated clients belong to. */
  readonly clients: NodeKeys
  readonly genesisBlock: Block
  /** What a fresh disk holds. */
  readonly image: ReadonlyMap<ByteString, Uint8Array>
}

const made = new Map<string, Promise<Consortium>>()

/** Chooses the scheme of signatures, too. */
export function consortiumOf(constitution: Constitution): Promise<Consortium> {
  chooseScheme(constitution.scheme)
  const name = JSON.stringify(constitution)
  const known = made.get(name)
  if (known !== undefined) return known
  const consortium = createConsortium(constitution)
  made.set(name, consortium)
  return consortium
}

const contracts = [...compileBuiltInContracts(), compileRegister()]

function compileRegister() {
  const text = readFileSync(new URL('./register.clause', import.meta.url), 'utf8')
  const [module] = compile([{ name: 'register', text }])
  if (module === undefined) throw new Error('register.clause: nothing came of it')
  return { name: module.name, module: module.bytes }
}

async function createConsortium({ n, b, learners }: Constitution): Promise<Consortium> {
  const nodes = Array.from({ length: n + learners }, (_, i) => createKeys(`node ${i}`, { isValidator: true }))
  const clients = createKeys('clients', { isValidator: false })
  const genesis = buildGenesis({
    name: 'Simulated',
    timeMs: EPOCH_MS - 60_000,
    cards: [...nodes, clients].map((keys, i) =>
      createJoinCard(i < n ? keys : { ...keys, consensus: null }, {
        kind: 'hospital',
        name: `Institution ${i + 1}`,
        addresses: [],
      }),
    ),
    contracts,
    setup: BUILT_IN_SETUP,
    b,
  })
  return {
    genesis,
    chainId: chainIdOf(genesis),
    contracts: contractsOf(genesis),
    validators: validatorsOf(genesis),
    nodes,
    clients,
    ...(await createImage(genesis)),
  }
}

function createKeys(name: string, { isValidator }: { isValidator: boolean }): NodeKeys {
  const secret = (purpose: string): Uint8Array => sha256(new TextEncoder().encode(`${name}/${purpose}`))
  const transport = secret('transport')
  const encryption = secret('encryption').toHex()
  return {
    institution: secret('institution').toHex() as IdentityId,
    signing: signingKey(secret('signing').toHex()),
    // Nothing is sealed in a simulation: any 32 bytes will do for a public key.
    encryption: encryptionKey({ publicKey: secret('sealing').toHex(), secretKey: encryption }),
    transport: { publicKey: publicKeyOf(transport).toHex() as PublicKey, seed: transport },
    consensus: isValidator ? signingKey(secret('consensus').toHex()) : null,
    laterConsensus: [],
    indexKey: secret('index'),
  }
}

/** A consensus key for a seat to come. */
export function laterKeyOf({ institution }: Pick<NodeKeys, 'institution'>, serial: number): SigningKey {
  return signingKey(sha256(new TextEncoder().encode(`${institution}/consensus ${serial}`)).toHex())
}

async function createImage(genesis: Genesis): Promise<Pick<Consortium, 'genesisBlock' | 'image'>> {
  const store = new MemoryStore()
  const { genesisBlock } = await openLedger({ store, genesis })
  const image = new Map<ByteString, Uint8Array>()
  for await (const [key, value] of store.range({ from: Uint8Array.of(0), to: Uint8Array.of(255) })) {
    image.set(toByteString(key), value)
  }
  return { genesisBlock, image }
}
