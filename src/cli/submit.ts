// One call of a contract, signed, committed and verified; its receipt kept for whoever wants to verify it later.

import { writeFileSync } from 'node:fs'
import type { Client, CommittedReceipt } from '../client/client.ts'
import { isRefusal } from '../client/errors.ts'
import { type DecodedCall, Interfaces, type NamedCall } from '../client/interfaces.ts'
import type { Signer } from '../client/signer.ts'
import type { LoadedGenesis } from '../node/genesis-file.ts'
import { toBytes } from '../types/canonical.ts'
import { receiptProofCodec } from '../types/receipt-proof.ts'
import { newPath } from './option-values.ts'

/** The chain committed a call and refused what it asked: not a mistake in how it was asked. */
export class CallRefusedError extends Error {
  override name = 'CallRefusedError'
}

export interface SubmitOptions {
  readonly client: Client
  readonly genesis: LoadedGenesis
  readonly signer: Signer
  /** Where to keep the receipt's proof. */
  readonly receipt?: string | undefined
}

/** Throws CallRefusedError with the contract's code and its meaning. */
export async function submitCall(
  call: NamedCall,
  { client, genesis, signer, receipt: file }: SubmitOptions,
): Promise<{ call: DecodedCall; receipt: CommittedReceipt }> {
  if (file !== undefined) newPath(file, '--receipt')
  const receipt = await client.submit([call], { signer })
  if (file !== undefined) writeReceipt(file, receipt)
  const [decoded] = receipt.calls as readonly [DecodedCall]
  if (decoded.status === 'refused') {
    const { contract, method, code } = decoded
    throw new CallRefusedError(`${contract}.${method} was refused: ${refusalInWords(code, genesis)}`)
  }
  return { call: decoded, receipt }
}

/** As the RPC's transaction.receipt has it; `assent verify receipt` reads it. */
function writeReceipt(file: string, { transactionId, height, timeMs, proof }: CommittedReceipt): void {
  const content = { transactionId, height, timeMs, proof: toBytes(receiptProofCodec, proof).toBase64() }
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`, { flag: 'wx' })
}

/** What the node asks in the institution's name may be refused, too: that is said in the same words. */
export async function atDesk<T>(action: Promise<T>, genesis: LoadedGenesis): Promise<T> {
  try {
    return await action
  } catch (error) {
    if (!isRefusal(error, 'CALL_REFUSED') || error.refusal.reason === undefined) throw error
    throw new CallRefusedError(`the chain refused it: ${refusalInWords(error.refusal.reason, genesis)}`)
  }
}

/** What a refusal means stands in the contracts' interfaces, which the genesis holds. */
export function refusalInWords(code: string, { genesis }: LoadedGenesis): string {
  const contracts = new Interfaces(genesis)
  const refusals = contracts.names.flatMap((name) => contracts.abi(name)?.refusals ?? [])
  const meaning = refusals.find((refusal) => refusal.code === code)?.meaning
  return meaning === undefined ? code : `${code}: ${meaning}`
}
