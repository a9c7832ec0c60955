// What a bench is: one question, answered by figures. Each file in bench/ holds one.

/** Numbers by name; a group of numbers by name where one would not do. */
export interface Figures {
  readonly [name: string]: number | { readonly [name: string]: number }
}

export interface Series {
  readonly name: string
  /** Of the points' second number. */
  readonly unit: string
  /** Seconds since the measured window began, and a value. */
  readonly points: readonly (readonly [seconds: number, value: number])[]
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
  /** Requests under way in a closed load. */
  readonly workers: number
  /** Arrivals a second in an open load. */
  readonly rate: number
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
  readonly run: (options: BenchOptions) => Promise<Answer>
}
