// What a client process is told to do, and what it answers. Plain data: it crosses a process boundary.

export type Arrival =
  /** So many requests under way at any time. */
  | { readonly kind: 'closed'; readonly workers: number }
  /** One request every 1/perSecond seconds, whatever became of the earlier ones. */
  | { readonly kind: 'open'; readonly perSecond: number }

/** What a request is, and its share of all; together 1. */
export type Kind = 'routine' | 'consentChange' | 'breakGlass' | 'auditRead'
export type Mix = { readonly [kind in Kind]: number }
export const ROUTINE_ONLY: Mix = { routine: 1, consentChange: 0, breakGlass: 0, auditRead: 0 }

export interface LoadPlan {
  readonly genesisFile: string
  /** The nodes' RPC; requests go to each in turn. */
  readonly urls: readonly string[]
  readonly custodian: string
  readonly institution: string
  readonly recipientKey: string
  readonly patients: readonly string[]
  /** Key files of practitioners; each signs its own requests. */
  readonly practitioners: readonly string[]
  /** Key file of the institution that signs batches in its practitioners' names. */
  readonly institutionKeys: string
  /** Key files of who changes consents, and of who reads the log. */
  readonly custodianKeys: string
  readonly regulatorKeys: string
  readonly mix: Mix
  readonly callsPerTransaction: number
  readonly arrival: Arrival
  readonly seed: number
  /** Monotonic ms. */
  readonly startMs: number
  readonly endMs: number
}

export interface Sample {
  /** Monotonic ms: when the request was due, which in an open load may be before it was sent. */
  readonly dueMs: number
  /** When its verified receipt was there. */
  readonly doneMs: number
  readonly kind: Kind
  /** Of its block. */
  readonly height: number
}

export type ToClient = { readonly kind: 'plan'; readonly plan: LoadPlan }
export type FromClient =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'done'
      readonly samples: readonly Sample[]
      /** Reasons of requests that failed, or were not permitted. */
      readonly failures: readonly string[]
    }
