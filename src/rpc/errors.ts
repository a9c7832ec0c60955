// Every error that the RPC answers with, and what a caller does about it. The table is the source of rpc.discover and
// of spec/rpc.md; error data never holds a value of the request.

interface ErrorKind {
  /** JSON-RPC error code. */
  readonly number: number
  readonly meaning: string
  readonly action: string
}

export const RPC_ERRORS = {
  PARSE_ERROR: {
    number: -32700,
    meaning: 'The body is not JSON.',
    action: 'Send one JSON-RPC request, or a list of them, as UTF-8 JSON.',
  },
  INVALID_REQUEST: {
    number: -32600,
    meaning: 'The JSON is not a JSON-RPC 2.0 request.',
    action: 'Correct the member named in data.field.',
  },
  METHOD_NOT_FOUND: {
    number: -32601,
    meaning: 'There is no such method here.',
    action: 'Ask rpc.discover; subscriptions need a WebSocket.',
  },
  INVALID_PARAMS: {
    number: -32602,
    meaning: 'A parameter is missing, unknown or of the wrong form.',
    action: 'Correct the parameter named in data.field; data.accepted says what is accepted.',
  },
  INTERNAL_ERROR: {
    number: -32603,
    meaning: 'The node failed.',
    action: 'Ask another node; show the operator the time of the request.',
  },
  NOT_READY: {
    number: -32001,
    meaning: 'The node is starting, stopping, or cut off from its consortium.',
    action: 'Ask another node, or wait until GET /readyz answers 200.',
  },
  RETRY_LATER: {
    number: -32002,
    meaning: 'A bounded resource of the node is used up.',
    action: 'Send the same bytes again after data.retryAfterMs.',
  },
  TOO_LARGE: {
    number: -32003,
    meaning: 'The request or the answer is larger than accepted.',
    action: 'Send or ask for less; data.accepted names the bound.',
  },
  NOT_FOUND: {
    number: -32004,
    meaning: 'The height, contract or method does not exist on this node.',
    action: 'Correct the parameter named in data.field, or wait for the height.',
  },
  TIMEOUT: {
    number: -32005,
    meaning: 'The transaction was accepted but is not committed yet.',
    action: 'Ask transaction.status, or submit the same bytes again; they take effect once.',
  },
  STALE: {
    number: -32006,
    meaning: 'The node cannot show that its head is recent.',
    action: 'Ask another node, or wait until this one hears from its consortium.',
  },
  NOT_KEPT: {
    number: -32007,
    meaning: 'This node began with a snapshot of the chain and does not have what lies before it.',
    action: 'Ask another node, or begin where data.accepted says.',
  },
  NOT_A_VALIDATOR: {
    number: -32008,
    meaning: 'This node observes: it takes no part in consensus.',
    action: 'Ask the node of a validator; contract.query answers here with consistency local.',
  },
  INVALID_TRANSACTION: {
    number: -32010,
    meaning: 'The transaction can never be committed.',
    action: 'Build and sign a new one; data.reason says what is wrong.',
  },
  UNKNOWN_TRANSACTION: {
    number: -32011,
    meaning: 'The node knows no such transaction.',
    action: 'Submit the signed bytes (again).',
  },
  READ_REQUIRED: {
    number: -32020,
    meaning: 'The answer concerns a patient, or is for members: it needs a signed read.',
    action: 'Send a signed read in params.read.',
  },
  INVALID_READ: {
    number: -32021,
    meaning: 'The signed read is malformed, expired, used before, for something else, or not signed by its reader.',
    action: 'Sign a new read; data.reason says what is wrong.',
  },
  NOT_ENTITLED: {
    number: -32022,
    meaning: 'The reader may not read this.',
    action: 'Ask the patient, a privacy officer or a regulator in whose mandate it lies.',
  },
  QUERY_REFUSED: {
    number: -32030,
    meaning: 'The contract refused the query.',
    action: 'See data.reason: a code of the contract.',
  },
  TOKEN_REQUIRED: {
    number: -32040,
    meaning: "The method acts in the institution's name and needs its token.",
    action: 'Send the content of the file rpc-token in the data folder as Authorization: Bearer.',
  },
  UNACCEPTABLE_RESOURCE: {
    number: -32041,
    meaning: 'The FHIR resource cannot be accepted.',
    action: 'Correct the elements named in data.problems.',
  },
  CALL_REFUSED: {
    number: -32042,
    meaning: 'The contract refused what the node asked in the name of its institution.',
    action: 'See data.reason: a code of spec/contracts.md, with the action to take.',
  },
  NOT_TRANSFERRED: {
    number: -32044,
    meaning: 'Leadership was not handed over.',
    action: 'See data.reason: NOT_LEADER, NO_TARGET, NOT_CONNECTED or TIMEOUT; node.status says who leads.',
  },
  NOT_A_RELEASE: {
    number: -32045,
    meaning: 'What the institutions have decided does not free anybody.',
    action: 'See data.reason: NOT_A_RELEASE, WORDS, or what is wrong with the signatures; build and sign it anew.',
  },
  NOT_RELEASED: {
    number: -32043,
    meaning: 'The custodian did not release the records.',
    action: 'Where the custodian reveals it, data.reason says why; request access again.',
  },
} as const satisfies { readonly [code: string]: ErrorKind }

export type RpcErrorCode = keyof typeof RPC_ERRORS

/** Goes to the caller as it is: names of fields, codes and bounds, never a value. */
export interface RpcErrorDetail {
  readonly field?: string
  readonly accepted?: string
  /** A code of the layer that refused: mempool, registry or contract. */
  readonly reason?: string
  readonly retryAfterMs?: number
  readonly transactionId?: string
  /** Elements of a FHIR resource: path, reason, what is accepted. */
  readonly problems?: readonly object[]
}

/** Thrown by methods and by the services behind them. Anything else that they throw is an INTERNAL_ERROR. */
export class RpcError extends Error {
  readonly code: RpcErrorCode
  readonly detail: RpcErrorDetail

  constructor(code: RpcErrorCode, detail: RpcErrorDetail = {}, options?: ErrorOptions) {
    super(describe(code, detail), options)
    this.name = 'RpcError'
    this.code = code
    this.detail = detail
  }
}

function describe(code: RpcErrorCode, { field, accepted, reason }: RpcErrorDetail): string {
  const { meaning } = RPC_ERRORS[code]
  const what = [field, reason, accepted && `accepted: ${accepted}`].filter(Boolean).join('; ')
  return what === '' ? meaning : `${meaning} (${what})`
}

/** The `error` member of a response. */
export interface ErrorBody {
  readonly code: number
  readonly message: string
  readonly data: { readonly code: RpcErrorCode; readonly action: string } & RpcErrorDetail
}

export function errorBody(error: RpcError): ErrorBody {
  const { number, action } = RPC_ERRORS[error.code]
  return { code: number, message: error.message, data: { code: error.code, ...error.detail, action } }
}
