// The constitution of a consortium: founders, validators, contracts, first calls. chainId is its hash, so whoever holds
// the genesis file can check every certificate, receipt and proof of the chain. spec/ledger.md, "Genesis".

import { type Header, headerCodec } from './block.ts'
import type { Hash, Height, IdentityId, PublicKey } from './brand.ts'
import {
  boolean,
  bytes,
  type Codec,
  hash,
  height,
  identityId,
  list,
  literal,
  oneOf,
  optional,
  publicKey,
  record,
  signature,
  text,
  uint,
} from './canonical.ts'
import { type CommitCert, commitCertCodec } from './certificate.ts'
import { EPOCHS_MAX, FOUNDERS_MAX, MODULE_BYTES_MAX, NAME_LENGTH_MAX, PAST_CHAINS_MAX, VOTERS_MAX } from './limits.ts'
import { type Call, callCodec, name } from './transaction.ts'
import { type ValidatorSet, validatorSetCodec } from './validator-set.ts'

export const INSTITUTION_KINDS = ['hospital', 'clinic', 'laboratory', 'regulator'] as const
export type InstitutionKind = (typeof INSTITUTION_KINDS)[number]

/** What an institution brings to the founding: public keys only. */
export interface Founder {
  readonly institution: IdentityId
  readonly kind: InstitutionKind
  readonly name: string
  readonly signingKey: PublicKey
  readonly encryptionKey: PublicKey
  readonly transportKey: PublicKey
  /** Present where the institution runs a validator; an observer has none. */
  readonly consensusKey: PublicKey | null
}

export interface ContractModule {
  readonly name: string
  /** Verified bytecode with its ABI, as compiled from the contract's source. */
  readonly module: Uint8Array
}

/** A chain that ended, and what its certificates are checked against for ever. */
export interface PastChain {
  readonly chainId: Hash
  /** Its validators in every epoch, ascending. */
  readonly sets: readonly ValidatorSet[]
  /** Its last certified block: what claims to stand above it does not count. */
  readonly height: Height
  readonly headHash: Hash
}

/** What a chain goes on from when too many validators of another were lost for good. spec/ledger.md, "Recovery". */
export interface Predecessor {
  /** That chain first, then the one before it, and so on. */
  readonly chains: readonly PastChain[]
  /** Its last certified block, with the certificate. */
  readonly head: Header
  readonly commitCert: CommitCert
  /** Those of its validators that are left, in an epoch of their own. */
  readonly validators: ValidatorSet
  /** Institutions with a vote in its last state; more than half of them sign, unless `acceptsMinority`. */
  readonly voters: readonly IdentityId[]
  readonly acceptsMinority: boolean
  /** The state that it left, after the first calls of this chain: block 0 has it. */
  readonly stateRoot: Hash
}

export interface Genesis {
  readonly version: 1
  readonly name: string
  readonly timeMs: number
  /** Liars that must not be able to fork the chain. */
  readonly b: number
  /** Validators of epoch 0 are the founders with a consensus key, in this order. */
  readonly founders: readonly Founder[]
  /** In dependency order. */
  readonly contracts: readonly ContractModule[]
  /** Executed in block 0, after the founders were entered into the registry. */
  readonly setup: readonly Call[]
  /** In place of founding: the state is carried over. Absent for a new consortium. */
  readonly predecessor?: Predecessor | null
}

export interface FounderSignature {
  readonly institution: IdentityId
  /** Of the founder's signing key over the tagged genesis. */
  readonly signature: Uint8Array
}

export interface SignedGenesis {
  readonly genesis: Genesis
  readonly signatures: readonly FounderSignature[]
}

/** A founder's application, signed by its own signing key; made by `assent init`. */
export interface JoinCard {
  readonly founder: Founder
  /** Multiaddresses under which the node can be reached. A hint; not part of the chain. */
  readonly addresses: readonly string[]
  readonly signature: Uint8Array
}

// Letters of any script, digits, space and a little punctuation: an institution's public name, never a person's.
const PUBLIC_NAME = { pattern: /^[\p{L}\p{N}][\p{L}\p{N} .,'&()-]*$/u, expected: 'a name of letters, digits, spaces' }

export const founderCodec: Codec<Founder> = record<Founder>({
  institution: identityId,
  kind: oneOf(...INSTITUTION_KINDS),
  name: text(NAME_LENGTH_MAX, PUBLIC_NAME),
  signingKey: publicKey,
  encryptionKey: publicKey,
  transportKey: publicKey,
  consensusKey: optional(publicKey),
})

const pastChainCodec: Codec<PastChain> = record<PastChain>({
  chainId: hash,
  sets: list(validatorSetCodec, EPOCHS_MAX),
  height,
  headHash: hash,
})

const predecessorCodec: Codec<Predecessor | null> = optional(
  record<Predecessor>({
    chains: list(pastChainCodec, PAST_CHAINS_MAX),
    head: headerCodec,
    commitCert: commitCertCodec,
    validators: validatorSetCodec,
    voters: list(identityId, VOTERS_MAX),
    acceptsMinority: boolean,
    stateRoot: hash,
  }),
)

export const genesisCodec: Codec<Genesis> = record<Genesis>({
  version: literal(1),
  name: text(NAME_LENGTH_MAX, PUBLIC_NAME),
  timeMs: uint,
  b: uint,
  founders: list(founderCodec, FOUNDERS_MAX),
  contracts: list(record<ContractModule>({ name, module: bytes(MODULE_BYTES_MAX) }), 32),
  setup: list(callCodec, 4_096),
  predecessor: {
    write: (writer, predecessor) => predecessorCodec.write(writer, predecessor ?? null),
    read: predecessorCodec.read,
  },
})

export const signedGenesisCodec: Codec<SignedGenesis> = record<SignedGenesis>({
  genesis: genesisCodec,
  signatures: list(record<FounderSignature>({ institution: identityId, signature }), FOUNDERS_MAX),
})

const addresses = list(text(256), 8)
/** What a join card's signature covers. */
export const joinCardBodyCodec = record<Omit<JoinCard, 'signature'>>({ founder: founderCodec, addresses })
export const joinCardCodec: Codec<JoinCard> = record<JoinCard>({ founder: founderCodec, addresses, signature })
