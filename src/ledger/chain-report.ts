// What `assent verify` answers.

/** What is wrong, and where. */
export interface ChainFault {
  readonly height: number
  /** In words; never holds a value. */
  readonly what: string
}

export type ChainReport =
  | {
      readonly ok: true
      readonly height: number
      readonly transactions: number
      /** First block that is here: above 1 where the chain began with a snapshot. Blocks were not executed again then. */
      readonly from: number
    }
  | { readonly ok: false; readonly fault: ChainFault; readonly faults: readonly ChainFault[] }

export type OnProgress = (progress: { readonly height: number; readonly headHeight: number }) => void
