// Block 0: founders and first calls of the genesis, executed on the empty state. Nobody proposes or signs it; whoever
// holds the genesis computes it. spec/ledger.md, "Genesis".

import { type ContractCall, type ContractSet, executeCall, loadContracts } from '../contracts/execute.ts'
import { merkleRoot } from '../crypto/merkle.ts'
import { EMPTY_RANGE, rangeRoot } from '../crypto/mountain-range.ts'
import { assert } from '../types/assert.ts'
import type { Block, Header } from '../types/block.ts'
import { type Hash, type Height, type IdentityId, type Seat, type Term, ZERO_HASH } from '../types/brand.ts'
import { contractToValue } from '../types/deployment.ts'
import type { Founder, Genesis, Predecessor } from '../types/genesis.ts'
import { TRANSACTION_GAS_MAX } from '../types/limits.ts'
import { FIRST_VERSION } from '../types/protocol-version.ts'
import { blockHash, chainIdOf } from '../types/signing.ts'
import { validatorsOf } from '../types/validator-set.ts'
import { deployedByGenesis } from './contracts-in-force.ts'
import { LedgerError } from './errors.ts'
import type { StateOverlay } from './overlay.ts'
import { recoveringCalls } from './recover-state.ts'
import type { StateVersion } from './state-version.ts'

/** Calls of the genesis itself have no sender. */
const NOBODY = ZERO_HASH as string as IdentityId

export interface GenesisOutcome {
  readonly chainId: Hash
  readonly contracts: ContractSet
  readonly block: Block
  readonly state: StateVersion
}

/**
 * `before`: the state without a key, or, for a recovery, the one that the predecessor left. Throws LedgerError
 * GENESIS_REFUSED, ContractError.
 */
export function executeGenesis(genesis: Genesis, before: StateVersion): GenesisOutcome {
  const contracts = loadContracts(genesis.contracts.map(({ name, module }) => ({ name, bytes: module })))
  const chainId = chainIdOf(genesis)
  const { predecessor } = genesis
  const state = predecessor
    ? recoverState(predecessor, { genesis, contracts, before })
    : foundState(genesis, { contracts, before, chainId })
  if (predecessor && state.stateRoot !== predecessor.stateRoot) {
    throw new LedgerError(
      'GENESIS_REFUSED',
      'genesis: its stateRoot is not what its calls make of the state carried over',
    )
  }
  return { chainId, contracts, block: genesisBlock(genesis, state.stateRoot), state }
}

/** Block 0 without its state, where a recovery's genesis says which one it is. */
export function recoveredBlockZero(genesis: Genesis): Block {
  const { predecessor } = genesis
  assert(predecessor !== null && predecessor !== undefined, 'the genesis names a predecessor')
  return genesisBlock(genesis, predecessor.stateRoot)
}

/** The state after block 0 of a chain that goes on from another. */
export function recoverState(
  predecessor: Pick<Predecessor, 'validators' | 'head'>,
  on: {
    readonly genesis: Pick<Genesis, 'contracts' | 'timeMs'>
    readonly contracts: ContractSet
    readonly before: StateVersion
  },
): StateVersion {
  const { genesis, contracts, before } = on
  const { timeMs } = genesis
  const overlay = before.overlay()
  const { epoch } = predecessor.validators
  const calls = [...recoveringCalls(predecessor, contracts), ...deployingCalls('recover', { genesis, contracts })]
  for (const [callIndex, call] of calls.entries()) {
    const transactionId = predecessor.head.chainId
    const context = { sender: NOBODY, timeMs, height: 0, epoch, transactionId, callIndex, genesis: true }
    run(call, { contracts, overlay, context })
  }
  return before.after(overlay.diff())
}

function foundState(
  genesis: Genesis,
  on: { readonly contracts: ContractSet; readonly before: StateVersion; readonly chainId: Hash },
): StateVersion {
  const { contracts, before, chainId } = on
  const overlay = before.overlay()
  const calls = [
    ...genesis.founders.map((founder) => ({ sender: founder.institution, call: foundingCall(founder) })),
    { sender: NOBODY, call: establishingCall(genesis) },
    ...deployingCalls('establish', { genesis, contracts }).map((call) => ({ sender: NOBODY, call })),
    ...genesis.setup.map((call) => ({ sender: NOBODY, call })),
  ]
  for (const [callIndex, { sender, call }] of calls.entries()) {
    const context = {
      sender,
      timeMs: genesis.timeMs,
      height: 0,
      epoch: 0,
      transactionId: chainId,
      callIndex,
      genesis: true,
    }
    run(call, { contracts, overlay, context })
  }
  return before.after(overlay.diff())
}

function run(
  call: ContractCall,
  on: { contracts: ContractSet; overlay: StateOverlay; context: Parameters<typeof executeCall>[2]['context'] },
): void {
  const outcome = executeCall(on.contracts, call, {
    context: on.context,
    state: on.overlay,
    gasLimit: TRANSACTION_GAS_MAX,
  })
  if (outcome.status === 'ok') return
  const which = `call ${on.context.callIndex} (${call.contract}.${call.method})`
  const detail = outcome.detail === undefined ? '' : `, ${outcome.detail}`
  throw new LedgerError('GENESIS_REFUSED', `genesis: ${which} was refused with ${outcome.code}${detail}`)
}

/** spec/contracts.md, registry.found. */
function foundingCall({ institution, kind, name, signingKey, encryptionKey, transportKey }: Founder): ContractCall {
  const keys = [signingKey, encryptionKey, transportKey].map(bytes)
  return { contract: 'registry', method: 'found', args: [bytes(institution), kind, name, ...keys] }
}

/** spec/contracts.md, validators.establish. */
function establishingCall(genesis: Genesis): ContractCall {
  const { b, members } = validatorsOf(genesis)
  const founders = members.map(({ institution, consensusKey }) => ({
    institution: bytes(institution),
    consensus: bytes(consensusKey),
  }))
  return { contract: 'validators', method: 'establish', args: [b, founders] }
}

/** spec/contracts.md, "deployments". A chain without that contract has those of its genesis for ever. */
export function deployingCalls(
  method: 'establish' | 'recover',
  on: { readonly genesis: Pick<Genesis, 'contracts'>; readonly contracts: ContractSet },
): readonly ContractCall[] {
  if (on.contracts.abi('deployments') === undefined) return []
  const contracts = deployedByGenesis(on.genesis, on.contracts).map(contractToValue)
  return [{ contract: 'deployments', method, args: [contracts] }]
}

function bytes(hex: string): Uint8Array {
  return Uint8Array.fromHex(hex)
}

function genesisBlock(genesis: Genesis, stateRoot: Hash): Block {
  const { timeMs, predecessor } = genesis
  const header: Header = {
    version: predecessor?.head.version ?? FIRST_VERSION,
    chainId: chainIdOf(genesis),
    epoch: validatorsOf(genesis).epoch,
    height: 0 as Height,
    term: 0 as Term,
    parentHash: ZERO_HASH,
    timeMs,
    proposer: 0 as Seat,
    txRoot: merkleRoot([]),
    receiptRoot: merkleRoot([]),
    stateRoot,
    logRoot: rangeRoot(EMPTY_RANGE),
    leaderCertHash: ZERO_HASH,
    commitCertHash: ZERO_HASH,
  }
  return { header, signature: new Uint8Array(64), hash: blockHash(header), transactions: [], epochCert: null }
}
