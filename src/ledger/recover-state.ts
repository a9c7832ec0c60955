// Disaster recovery: the state that a chain left becomes the state of a new one. The validators that are left are entered,
// the version in force stays, everything else is carried over as it was. spec/ledger.md, "Recovery".

import type { ContractCall, ContractSet } from '../contracts/execute.ts'
import type { IdentityId } from '../types/brand.ts'
import type { Genesis, Predecessor } from '../types/genesis.ts'

/** In block 0, in this order, on the carried-over state. They do not depend on the new chain's id, which hashes their outcome. */
export function recoveringCalls(
  { validators, head }: Pick<Predecessor, 'validators' | 'head'>,
  contracts: ContractSet,
): readonly ContractCall[] {
  const seats = validators.members.map(({ seat }) => seat)
  const calls = [
    { contract: 'validators', method: 'recover', args: [seats, validators.b] },
    { contract: 'governance', method: 'recover', args: [head.version] },
  ]
  // A chain without governance has one version for ever.
  return calls.filter(({ contract }) => contracts.abi(contract) !== undefined || contract === 'validators')
}

/** A vote each for more than half, or for all that could be reached where that was accepted. */
export function signersFault({ founders, predecessor }: Pick<Genesis, 'founders' | 'predecessor'>): string | null {
  if (!predecessor) return null
  const { voters, validators, acceptsMinority } = predecessor
  const signers = new Set<IdentityId>(founders.map(({ institution }) => institution))
  for (const { institution } of validators.members) {
    if (!signers.has(institution)) return `founders: the validator of ${institution} goes on and does not sign`
  }
  const voting = voters.filter((voter) => signers.has(voter)).length
  const needed = Math.floor(voters.length / 2) + 1
  if (voting >= needed || acceptsMinority) return null
  return `founders: ${voting} of ${voters.length} institutions with a vote sign; expected ${needed}, or that a minority is accepted`
}
