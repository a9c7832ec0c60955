// How long the consortium is without a leader that commits: the leader's process is killed (its connections close) or
// stopped without a word (SIGSTOP: nothing closes), under a light load that goes on.

import { percentiles } from '../src/devnet/percentiles.ts'
import { Failovers, type Trial, type TrialKind } from './harness/failovers.ts'
import { histogram } from './harness/histogram.ts'
import type { Answer, Question } from './harness/question.ts'

const KINDS: readonly { readonly kind: TrialKind; readonly name: string }[] = [
  { kind: 'kill', name: 'killed' },
  { kind: 'silence', name: 'silenced' },
]

export const failover: Question = {
  name: 'failover',
  question: 'How long after its leader is killed, or falls silent, does a client see the next commit?',
  async run(options) {
    const { kills, silences, validators } = options
    if (validators < 4) throw new Error('--validators: expected at least 4, so that the others can go on')
    const trials = await new Failovers(options).run([
      ...Array<TrialKind>(kills).fill('kill'),
      ...Array<TrialKind>(silences).fill('silence'),
    ])
    const all = summary(trials)
    return {
      setup: `${validators} validators as ${validators} processes on this machine; open load of ${options.rate} access requests a second through the public RPC of the validators that were left alone; timed from the signal to the leader until a client holds the verified receipt of a block of a later term; then the leader is started again or continued, and everybody is given time to settle`,
      figures: {
        p50Ms: all.p50,
        p99Ms: all.p99,
        maxMs: all.max,
        ...Object.fromEntries(
          KINDS.map(({ kind, name }) => [name, summary(trials.filter((each) => each.kind === kind))]),
        ),
      },
      series: KINDS.map(({ kind, name }) => ({
        name: `time without a commit, leader ${name}`,
        unit: 'ms',
        points: trials
          .filter((each) => each.kind === kind)
          .map(({ atMs, tookMs }) => [Math.round(atMs / 1_000), tookMs]),
      })),
      notes: KINDS.flatMap(({ kind, name }): NonNullable<Answer['notes']> => {
        const times = trials.filter((each) => each.kind === kind).map(({ tookMs }) => tookMs)
        return times.length === 0
          ? []
          : [{ title: `leader ${name}, ms until the next commit`, lines: histogram(times) }]
      }),
    }
  },
}

function summary(trials: readonly Trial[]): { trials: number; p50: number; p95: number; p99: number; max: number } {
  const times = trials.map(({ tookMs }) => tookMs)
  return { trials: times.length, ...percentiles(times), max: Math.max(0, ...times) }
}
