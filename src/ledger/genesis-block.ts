// Block 0: founders and first calls of the genesis, executed on the empty state. Nobody proposes or signs it; whoever
// holds the genesis computes it. spec/ledger.md, "Genesis".

import { type ContractCall, type ContractSet, executeCall, loadContracts } from '../contracts/execute.ts'
import { merkleRoot } from '../crypto/merkle.ts'
import { EMPTY_RANGE, rangeRoot } from '../crypto/mountain-range.ts'
import type { Block, Header } from '../types/block.ts'
import { type Epoch, type Hash, type Height, type IdentityId, type Seat, type Term, ZERO_HASH } from '../types/brand.ts'
import type { Founder, Genesis } from '../types/genesis.ts'
import { TRANSACTION_GAS_MAX } from '../types/limits.ts'
import { FIRST_VERSION } from '../types/protocol-version.ts'
import { blockHash, chainIdOf } from '../types/signing.ts'
import { validatorsOf } from '../types/validator-set.ts'
import { LedgerError } from './errors.ts'
import type { StateOverlay } from './overlay.ts'
import type { StateVersion } from './state-version.ts'

/** Calls of the genesis itself have no sender. */
const NOBODY = ZERO_HASH as string as IdentityId

export interface GenesisOutcome {
  readonly chainId: Hash
  readonly contracts: ContractSet
  readonly block: Block
  readonly state: StateVersion
}

/** Throws LedgerError GENESIS_REFUSED, ContractError. `empty` is the state without a key. */
export function executeGenesis(genesis: Genesis, empty: StateVersion): GenesisOutcome {
  const contracts = loadContracts(genesis.contracts.map(({ name, module }) => ({ name, bytes: module })))
  const chainId = chainIdOf(genesis)
  const overlay = empty.overlay()
  const calls = [
    ...genesis.founders.map((founder) => ({ sender: founder.institution, call: foundingCall(founder) })),
    { sender: NOBODY, call: establishingCall(genesis) },
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
  const state = empty.after(overlay.diff())
  return {
    chainId,
    contracts,
    block: genesisBlock({ chainId, timeMs: genesis.timeMs, stateRoot: state.stateRoot }),
    state,
  }
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

function bytes(hex: string): Uint8Array {
  return Uint8Array.fromHex(hex)
}

function genesisBlock({ chainId, timeMs, stateRoot }: { chainId: Hash; timeMs: number; stateRoot: Hash }): Block {
  const header: Header = {
    version: FIRST_VERSION,
    chainId,
    epoch: 0 as Epoch,
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
