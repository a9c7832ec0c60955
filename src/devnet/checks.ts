// What the scenario claims, one line each: recorded whether it held or not, so that a report shows everything.

export interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}

export class Checks {
  readonly list: Check[] = []
  readonly #onCheck: (check: Check) => void

  constructor(onCheck: (check: Check) => void) {
    this.#onCheck = onCheck
  }

  record(name: string, ok: boolean, detail = ''): boolean {
    const check = { name, ok, detail }
    this.list.push(check)
    this.#onCheck(check)
    return ok
  }

  /** A step that throws is a check that failed, with the reason. */
  async attempt(name: string, step: () => Promise<void>): Promise<void> {
    try {
      await step()
    } catch (error) {
      this.record(name, false, (error as Error).message)
    }
  }

  get ok(): boolean {
    return this.list.length > 0 && this.list.every(({ ok }) => ok)
  }
}
