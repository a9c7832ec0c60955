// The SDK: build, sign, submit, follow, verify. Runs under Node and in a browser. It trusts the genesis it was given and
// nothing that a node says without proof: every receipt it returns has been verified.

import * as z from 'zod'
import type { Json } from '../contracts/abi.ts'
import { randomBytes } from '../crypto/random.ts'
import type { Hash } from '../types/brand.ts'
import { asIdentityId } from '../types/brand.ts'
import type { SignedGenesis } from '../types/genesis.ts'
import { EXPIRY_WINDOW_MS, TRANSACTION_GAS_MAX } from '../types/limits.ts'
import type { ReceiptProof } from '../types/receipt-proof.ts'
import { chainIdOf, signTransaction } from '../types/signing.ts'
import type { SignedTransaction } from '../types/transaction.ts'
import { type CallOptions, Endpoint } from './endpoint.ts'
import { ClientError } from './errors.ts'
import type { ChainEvent } from './event-stream.ts'
import { type FollowOptions, followEvents } from './follow.ts'
import { type DecodedCall, Interfaces, type NamedCall } from './interfaces.ts'
import { createRead, type ReadRequest, type Signer } from './signer.ts'
import { submitUntilDecided } from './submit.ts'
import { verifyReceipt } from './verify-receipt.ts'

export interface ConnectOptions {
  /** One node, or several to fail over between: `http://127.0.0.1:7001`. */
  readonly url: string | readonly string[]
  readonly genesis: SignedGenesis
  /** Replace the globals, for example to show a client certificate. */
  readonly fetch?: typeof fetch
  readonly WebSocket?: typeof WebSocket
}

export interface TransactionOptions {
  readonly signer: Signer
  /** All calls or none. Default: each on its own. */
  readonly atomic?: boolean
  readonly gasLimit?: number
  /** From now; at most 10 minutes. */
  readonly lifetimeMs?: number
}

export interface SubmitOptions extends TransactionOptions {
  readonly signal?: AbortSignal
}

/** A committed, verified receipt, its values decoded by the contracts' interfaces. */
export interface CommittedReceipt {
  readonly transactionId: Hash
  readonly height: number
  /** Block time. */
  readonly timeMs: number
  readonly index: number
  readonly calls: readonly DecodedCall[]
  /** Shows the receipt to anybody who holds the genesis file: `verifyReceipt`. */
  readonly proof: ReceiptProof
}

const LIFETIME_MS = 60_000

const statusSchema = z.object({
  chainId: z.string(),
  institution: z.string(),
  role: z.enum(['validator', 'observer']),
  signing: z.object({
    state: z.enum(['none', 'unseated', 'greeting', 'signing', 'refused']),
    reason: z.string().nullable(),
    advice: z.string().nullable(),
  }),
  version: z.string(),
  epoch: z.int(),
  term: z.int(),
  leader: z.string().nullable(),
  height: z.int(),
  headHash: z.string(),
  headTimeMs: z.int(),
  stateRoot: z.string(),
  peers: z.int(),
  pending: z.int(),
  evidence: z.int(),
  protocol: z.object({
    version: z.int(),
    supported: z.array(z.int()),
    next: z.object({ height: z.int(), version: z.int() }).nullable(),
    announced: z.array(z.object({ institution: z.string(), versions: z.array(z.int()).nullable() })),
    quorum: z.int(),
  }),
})
export type NodeStatus = z.output<typeof statusSchema>

const nodeReportSchema = z.object({
  institution: z.string(),
  consensusKey: z.string().nullable(),
  signs: z.boolean(),
  height: z.int(),
  versions: z.array(z.int()),
})
export type NodeReport = z.output<typeof nodeReportSchema>

const querySchema = z.object({ value: z.unknown(), height: z.int(), timeMs: z.int(), fresh: z.boolean() })

export interface QueryAnswer {
  readonly value: Json
  readonly height: number
  /** What the contract took for now. */
  readonly timeMs: number
  /** False: the node cannot show that its head is recent. */
  readonly fresh: boolean
}

const transactionStatusSchema = z.object({
  status: z.enum(['UNKNOWN', 'PENDING', 'COMMITTED', 'INVALID']),
  height: z.int().optional(),
  index: z.int().optional(),
  reason: z.string().optional(),
})
export type TransactionStatus = z.output<typeof transactionStatusSchema>

export function connect(options: ConnectOptions): Client {
  return new Client(options)
}

export class Client {
  readonly chainId: Hash
  private readonly genesis: SignedGenesis['genesis']
  private readonly endpoint: Endpoint
  private readonly interfaces: Interfaces
  private readonly webSocket: typeof WebSocket

  constructor({ url, genesis: { genesis }, fetch, WebSocket = globalThis.WebSocket }: ConnectOptions) {
    this.genesis = genesis
    this.chainId = chainIdOf(genesis)
    this.endpoint = new Endpoint({ urls: typeof url === 'string' ? [url] : url, ...(fetch && { fetch }) })
    this.interfaces = new Interfaces(genesis)
    this.webSocket = WebSocket
  }

  /** Builds and signs; sends nothing. Throws BAD_ARGUMENT. */
  sign(calls: readonly NamedCall[], options: TransactionOptions): SignedTransaction {
    const { signer, atomic = false, gasLimit = TRANSACTION_GAS_MAX, lifetimeMs = LIFETIME_MS } = options
    if (!(lifetimeMs > 0 && lifetimeMs <= EXPIRY_WINDOW_MS)) {
      const message = `lifetimeMs: expected more than 0 and at most ${EXPIRY_WINDOW_MS}`
      throw new ClientError('BAD_ARGUMENT', message, { field: 'lifetimeMs' })
    }
    const transaction = {
      version: 1 as const,
      chainId: this.chainId,
      sender: signer.identity,
      keyId: signer.keyId,
      calls: calls.map((call) => this.interfaces.encode(call)),
      atomic,
      gasLimit,
      expiresAtMs: Date.now() + lifetimeMs,
      salt: randomBytes(16),
    }
    return signTransaction(transaction, signer.sign)
  }

  /**
   * Signs, submits and waits for the commit. Node failures on the way are outlived: the same bytes go to the next node
   * until the transaction expires. A call that a contract refused is in the receipt, not an error.
   */
  async submit(calls: readonly NamedCall[], { signal, ...options }: SubmitOptions): Promise<CommittedReceipt> {
    return this.submitSigned(this.sign(calls, options), signal)
  }

  /** The same with bytes signed earlier, perhaps submitted before. */
  async submitSigned(signed: SignedTransaction, signal?: AbortSignal): Promise<CommittedReceipt> {
    const { id: transactionId, bytes, transaction } = signed
    const { expiresAtMs, calls } = transaction
    const answer = await submitUntilDecided(this.endpoint, bytes, {
      wait: 'committed',
      expiresAtMs,
      transactionId,
      signal,
    })
    if (answer.receipt === undefined) throw new ClientError('BAD_ANSWER', 'transaction.submit: receipt is missing')
    return this.readReceipt(answer.receipt.proof, { transactionId, calls })
  }

  /** Returns when a node has accepted it: no promise that it will be committed. */
  async send(signed: SignedTransaction, signal?: AbortSignal): Promise<{ transactionId: Hash; exists: boolean }> {
    const { expiresAtMs } = signed.transaction
    const options = { wait: 'accepted' as const, expiresAtMs, transactionId: signed.id, signal }
    const { exists } = await submitUntilDecided(this.endpoint, signed.bytes, options)
    return { transactionId: signed.id, exists }
  }

  /** Of a transaction whose calls are known. Throws REFUSED (UNKNOWN_TRANSACTION, TIMEOUT, INVALID_TRANSACTION). */
  async receipt({ id: transactionId, transaction }: Pick<SignedTransaction, 'id' | 'transaction'>) {
    const schema = z.object({ proof: z.base64() })
    const { proof } = await this.endpoint.call('transaction.receipt', { transactionId }, schema)
    return this.readReceipt(proof, { transactionId, calls: transaction.calls })
  }

  status(transactionId: Hash): Promise<TransactionStatus> {
    return this.endpoint.call('transaction.status', { transactionId }, transactionStatusSchema)
  }

  nodeStatus(): Promise<NodeStatus> {
    return this.endpoint.call('node.status', {}, statusSchema)
  }

  /** What every node that this one heard lately said of itself; nobody vouches for it. */
  nodes(): Promise<readonly NodeReport[]> {
    return this.endpoint.call('node.nodes', {}, z.array(nodeReportSchema))
  }

  /** Asks a view that reveals nobody. */
  query({ contract, method, args = {} }: NamedCall, signal?: AbortSignal): Promise<QueryAnswer> {
    return this.ask({ contract, method, args }, signal)
  }

  /** The same, linearizable: misses nothing that anybody was told is committed. Answered by validators alone. */
  queryLatest({ contract, method, args = {} }: NamedCall, signal?: AbortSignal): Promise<QueryAnswer> {
    return this.ask({ contract, method, args, consistency: 'linearizable' }, signal)
  }

  /** Asks a view that reveals a patient or an institution: signed for its subject, and recorded on the chain. */
  async signedQuery(
    call: NamedCall,
    { signal, ...read }: ReadRequest & { signal?: AbortSignal; deployment?: number | undefined },
  ): Promise<QueryAnswer> {
    const { contract, method, args = {} } = call
    const { deployment } = read
    const { reveals } = this.interfaces.entry(call).entry
    if (reveals === null) return this.query(call, signal)
    const named = args[reveals]
    if (typeof named !== 'string') {
      throw new ClientError('BAD_ARGUMENT', `args.${reveals}: expected an id`, { field: `args.${reveals}` })
    }
    const subject = asIdentityId(named, `args.${reveals}`)
    const signed = createRead(read, { chainId: this.chainId, subject })
    return this.ask({ contract, method, args, ...(deployment !== undefined && { deployment }), read: signed }, signal)
  }

  /** Each event once, in order, over reconnects and node failures. */
  follow(options: FollowOptions = {}): AsyncGenerator<ChainEvent, void> {
    const { endpoint, chainId, webSocket } = this
    return followEvents({ endpoint, chainId, WebSocket: webSocket }, options)
  }

  /** Any other method of spec/rpc.md. */
  call<T>(method: string, params: object, result: z.ZodType<T>, options: CallOptions = {}): Promise<T> {
    return this.endpoint.call(method, params, result, options)
  }

  private async ask(params: object, signal: AbortSignal | undefined): Promise<QueryAnswer> {
    const answer = await this.endpoint.call('contract.query', params, querySchema, { signal })
    return { ...answer, value: answer.value as Json }
  }

  private readReceipt(
    proofBase64: string,
    { transactionId, calls }: { transactionId: Hash; calls: SignedTransaction['transaction']['calls'] },
  ): CommittedReceipt {
    const { receipt, header, index, proof } = verifyReceipt(Uint8Array.fromBase64(proofBase64), this.genesis)
    if (receipt.transactionId !== transactionId || receipt.calls.length !== calls.length) {
      throw new ClientError('BAD_ANSWER', 'receipt: of another transaction', { transactionId })
    }
    return {
      transactionId,
      height: header.height,
      timeMs: header.timeMs,
      index,
      calls: this.interfaces.decode(receipt, calls),
      proof,
    }
  }
}
