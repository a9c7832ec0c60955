// What `assent verify` answers.

/** What is wrong, and where. */
export interface ChainFault {
  readonly height: number
  /** In words; never holds a value. */
  readonly what: string
}

export type ChainReport =
  | { readonly ok: true; readonly height: number; readonly transactions: number }
  | { readonly ok: false; readonly fault: ChainFault; readonly faults: readonly ChainFault[] }

export type OnProgress = (progress: { readonly height: number; readonly headHeight: number }) => void
