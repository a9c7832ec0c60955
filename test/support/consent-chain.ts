// A chain with the contracts of the product that tests ask block by block: every call is signed by its sender, stands in a
// transaction at a place in a block at a time, and is executed by the ledger as a validator would.

import { type Abi, type AbiEntry, argumentsFromJson, type Json, valueToJson } from '../../src/contracts/abi.ts'
import {
  type Answer,
  encryptionKeyOf,
  MINUTE,
  type RequestOptions,
  registration,
  requestFields,
} from '../../src/contracts/builtin/consortium.test-support.ts'
import {
  createGenesis,
  GENESIS_TIME_MS,
  idOf,
  Proposer,
  signerNamed,
  transaction,
} from '../../src/ledger/consortium.fixture.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { MemoryStore } from '../../src/ledger/memory-store.ts'
import { openLedger } from '../../src/ledger/open-ledger.ts'
import { BUILT_IN_SETUP, compileBuiltInContracts } from '../../src/node/built-in-contracts.ts'
import { queryView } from '../../src/node/query.ts'
import { chainIdOf } from '../../src/types/signing.ts'
import type { Call, SignedTransaction } from '../../src/types/transaction.ts'

const genesis = createGenesis({ contracts: compileBuiltInContracts(), setup: BUILT_IN_SETUP })
const GAS = 100_000_000

type Fields = { readonly [name: string]: Json }

/** Institutions, their people and patients, by name: who signs a call is told by name, who is meant by id. */
export const custodian = idOf('Alpha')
export const hospital = idOf('Beta')
export const laboratory = idOf('Gamma')
export const physician = idOf('physician of Beta')
export const nurse = idOf('nurse of Beta')
export const chemist = idOf('physician of Gamma')
export const patient = idOf('patient')
export const mother = idOf('mother')
export const father = idOf('father')

/** Of an institution, by name. */
export const sealingKeyOf = (name: string): string => signerNamed(`${name}, encryption`).publicKey.toHex()

/** Of one call: the code of its refusal, of its transaction's refusal, or what it returned. */
export type Result = { readonly code: string; readonly value: Json }

export class ConsentChain {
  readonly ledger: Ledger
  private readonly proposer: Proposer
  /** Of whoever signs; each block moves it on. */
  nowMs = GENESIS_TIME_MS

  private constructor(ledger: Ledger) {
    this.ledger = ledger
    this.proposer = new Proposer(ledger)
  }

  static async start(): Promise<ConsentChain> {
    const chain = new ConsentChain(await openLedger({ store: new MemoryStore(), genesis }))
    const keysOf = (name: string) => ({
      signing: signerNamed(name).publicKey.toHex(),
      encryption: encryptionKeyOf(idOf(name)),
    })
    const practitioner = (at: string, name: string, role: string) =>
      chain.sign(at, 'registry.enrollPractitioner', { practitioner: idOf(name), roles: [role], ...keysOf(name) })
    const person = (name: string) =>
      chain.sign('Alpha', 'registry.enrollPatient', { patient: idOf(name), ...keysOf(name) })
    await chain.done(
      practitioner('Beta', 'physician of Beta', 'physician'),
      practitioner('Beta', 'nurse of Beta', 'nurse'),
      practitioner('Gamma', 'physician of Gamma', 'physician'),
      ...['patient', 'mother', 'father'].map(person),
    )
    return chain
  }

  /** Of the patient at the custodian, by default a permit to everybody for treatment. */
  consent(by: string, name: string, terms: Parameters<typeof registration>[1] = {}): SignedTransaction {
    return this.sign(by, 'consent.register', registration(name, { custodian, ...terms }))
  }

  /** By the physician of Beta with her own key, for treatment. */
  request(options: RequestOptions = {}, by = 'physician of Beta'): SignedTransaction {
    return this.sign(
      by,
      'access.request',
      requestFields({ custodian, institution: hospital, practitioner: physician, ...options }),
    )
  }

  /** One call in a transaction of its own; `key` signs where it is not the sender's. */
  sign(by: string, method: string, named: Fields, { key = by }: { key?: string } = {}): SignedTransaction {
    return this.signCalls(by, [this.call(method, named)], { key })
  }

  signCalls(by: string, calls: readonly Call[], { key = by }: { key?: string } = {}): SignedTransaction {
    const expiresAtMs = this.nowMs + MINUTE
    return transaction(calls, { by, key, chainId: chainIdOf(genesis), gasLimit: GAS, expiresAtMs })
  }

  call(method: string, named: Fields): Call {
    const { contract, name, abi } = this.method(method)
    return { contract, method: name, args: argumentsFromJson(abi, name, named) }
  }

  /** Executes them in one block, in this order: a result per call, or one for the transaction that no block may hold. */
  async block(transactions: readonly SignedTransaction[], { timeMs = this.nowMs + 1_000 } = {}): Promise<Result[]> {
    const { head } = this.ledger
    const { epoch } = head.header
    const execution = this.ledger.execute({ parentHash: head.hash, epoch, timeMs, transactions })
    if (!execution.ok) {
      const { refusal } = execution
      return [{ code: refusal.transaction?.code ?? refusal.code, value: null }]
    }
    await this.proposer.commit(transactions, { timeMs })
    this.nowMs = timeMs
    return transactions.flatMap(({ id, transaction: { calls } }) =>
      calls.map(({ contract, method }, index) => {
        const receipt = this.ledger.receipt(id)?.calls[index]
        const { entry } = this.method(`${contract}.${method}`)
        const value = receipt?.status === 'ok' && entry.returns ? valueToJson(entry.returns, receipt.value) : null
        return { code: receipt?.code ?? 'no receipt', value }
      }),
    )
  }

  /** In one block, all accepted; a refusal is an error of the test. */
  async done(...transactions: readonly SignedTransaction[]): Promise<void> {
    const results = await this.block(transactions)
    const refused = results.find(({ code }) => code !== 'OK')
    if (refused !== undefined) throw new Error(`refused: ${refused.code}`)
  }

  /** Of one transaction in a block of its own. */
  async codeOf(sent: SignedTransaction): Promise<string> {
    const [result] = await this.block([sent])
    return result?.code ?? 'no result'
  }

  async answerTo(sent: SignedTransaction, { timeMs = this.nowMs + 1_000 } = {}): Promise<Answer> {
    const [result] = await this.block([sent], { timeMs })
    return answerIn(result)
  }

  /** To a request that is signed and decided then. */
  async answerAt(timeMs: number, options: RequestOptions = {}): Promise<Answer> {
    this.nowMs = timeMs - 1
    return this.answerTo(this.request(options), { timeMs })
  }

  /** What the custodian's node is told before a release, at the time of its own clock. */
  releasable(decision: number, nowMs = this.nowMs): string {
    const { entry } = this.method('access.releasable')
    const answered = queryView(this.ledger, this.call('access.releasable', { patient, decision }), nowMs)
    const shown = entry.returns && valueToJson(entry.returns, answered)
    const { releasable, reasons } = shown as { releasable: boolean; reasons: string[] }
    return releasable ? 'releasable' : reasons.join(' ')
  }

  private method(method: string): { contract: string; name: string; abi: Abi; entry: AbiEntry } {
    const [contract = '', name = ''] = method.split('.')
    const abi = this.ledger.contracts().find((each) => each.name === contract)?.abi
    const entry = abi?.entries.find((each) => each.name === name)
    if (abi === undefined || entry === undefined) throw new Error(`no method ${method}`)
    return { contract, name, abi, entry }
  }
}

/** Of a request that was not refused. */
export function answerIn(result: Result | undefined): Answer {
  if (result?.code !== 'OK') throw new Error(`refused: ${result?.code}`)
  return result.value as unknown as Answer
}

/** Short for a decision: outcome and reasons. */
export const said = ({ outcome, reasons }: Answer): string => [outcome, ...reasons].join(' ')
