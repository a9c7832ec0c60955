// What a bench is: one question, answered by figures. Each file in bench/ holds one.

export interface Group {
  readonly [name: string]: number
}

/** Numbers by name; a group of numbers by name, or a table of them, where one would not do. */
export interface Figures {
  readonly [name: string]: number | Group | readonly Group[]
}

export interface Series {
  readonly name: string
  /** Of the points' second number. */
  readonly unit: string
  /** What the points' first number is, with its unit; seconds since the measured window began where nothing is said. */
  readonly over?: string
  readonly points: readonly (readonly [over: number, value: number])[]
}

export interface Answer {
  readonly setup: string
  readonly figures: Figures
  readonly series: readonly Series[]
  /** Further sections for people: a title and its lines. */
  readonly notes?: readonly { readonly title: string; readonly lines: readonly string[] }[]
}

export interface BenchOptions {
  /** Length of the measured window. */
  readonly seconds: number
  readonly seed: number
  readonly validators: number
  /** The same where it was asked for; else the numbers that a question compares. */
  readonly validatorCounts: readonly number[]
  /** Requests under way in a closed load. */
  readonly workers: number
  /** Arrivals a second in an open load. */
  readonly rate: number
  /** The same where it was asked for; else the rates that a question compares. */
  readonly rates: readonly number[]
  /** In the state of questions about growth, the most; and blocks in the chain of questions about restart. */
  readonly consents: number
  readonly blocks: number
  /** Processes that make the load. */
  readonly clients: number
  /** Runs of each side of a comparison. */
  readonly rounds: number
  /** Leaders killed, and leaders silenced. */
  readonly kills: number
  readonly silences: number
  /** Where CPU profiles go; null: no profile is taken. */
  readonly profileFolder: string | null
  readonly onProgress: (text: string) => void
}

export interface Question {
  readonly name: string
  readonly question: string
  /** Length of the measured window where none is asked for. */
  readonly seconds?: number
  readonly run: (options: BenchOptions) => Promise<Answer>
}
