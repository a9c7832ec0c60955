// Prints what a few hundred calls of the built-in contracts do, step by step: every read and write of state, every outcome
// with its gas. Started as a process of its own by trace.test.ts: `node trace.test-support.ts SEED`.

import {
  type ConsentOptions,
  Consortium,
  deny,
  emergency,
  HOUR,
  nurse,
  patient,
  permit,
  physician,
  registration,
  requestFields,
  researcher,
  toPerson,
} from './builtin/consortium.test-support.ts'

const CALLS = 300

/** The same numbers for the same seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * sides)
  }
}

export function trace(seed: number): readonly string[] {
  const lines: string[] = []
  const roll = dice(seed)
  const pick = <T>(all: readonly T[]): T => all[roll(all.length)] as T
  const consortium = new Consortium()
  const { state } = consortium
  const { get, put } = state
  state.get = (key) => {
    const found = get.call(state, key)
    lines.push(`get ${key.toHex()} ${found?.toHex() ?? '-'}`)
    return found
  }
  state.put = (key, value) => {
    lines.push(`put ${key.toHex()} ${value.toHex()}`)
    put.call(state, key, value)
  }
  const note = (attempt: unknown): void => {
    lines.push(JSON.stringify(attempt, (_, value) => (value instanceof Uint8Array ? value.toHex() : value)))
  }
  const clause = () =>
    pick([permit, deny])({ purposes: [pick(['TREAT', 'HRESCH', 'BTG', 'treat'])], recipients: recipients() })
  const recipients = () => pick([[], [toPerson(physician)], [toPerson(nurse), toPerson(researcher)]])
  for (let i = 0; i < CALLS; i++) {
    const options: Partial<ConsentOptions> = { clauses: [clause(), clause()] }
    const who = pick([physician, nurse, researcher])
    switch (roll(5)) {
      case 0:
        note(consortium.attempt(patient, 'consent.register', registration(`consent ${roll(40)}`, options)))
        break
      case 1:
        note(
          consortium.attempt(pick([patient, nurse]), 'consent.revoke', {
            consent: registration(`consent ${roll(40)}`).consent as string,
          }),
        )
        break
      case 2:
        note(consortium.attempt(who, 'access.request', requestFields({ practitioner: who, ...emergency })))
        break
      default: {
        const purpose = pick(['TREAT', 'ETREAT', 'HRESCH', 'BTG'])
        note(consortium.attempt(who, 'access.request', requestFields({ practitioner: who, purpose })))
      }
    }
    consortium.pass(roll(HOUR))
  }
  return lines
}

if (import.meta.main) process.stdout.write(`${trace(Number(process.argv[2])).join('\n')}\n`)
