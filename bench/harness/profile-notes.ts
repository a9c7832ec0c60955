// The profile of a run for people: where the microseconds of a transaction go at leader and follower, and which functions of
// leader, one follower and one client process take most.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { table } from '../../src/cli/output.ts'
import type { StackProfile } from './flame-graph.ts'
import type { Network } from './network.ts'
import { describeSelfTimes, selfTimes } from './profile.ts'
import type { Answer } from './question.ts'
import type { Measured } from './run-load.ts'
import { workOf } from './work-kinds.ts'

const TOP = 25

/** After the network has stopped: a profile is written at the end of its process. */
export function profileNotes(
  folder: string,
  { network, measured }: { network: Network; measured: Measured },
): NonNullable<Answer['notes']> {
  const { leader, window } = measured
  const follower = network.nodes.find(({ member }) => member.name !== leader)?.member.name ?? leader
  const notes = [
    { title: `leader (${leader}), self time`, process: leader },
    { title: `a follower (${follower}), self time`, process: follower },
    { title: 'a client process, self time', process: 'client-0' },
  ]
  return [
    {
      title: 'where the microseconds of a transaction go',
      lines: accounting(folder, { leader, follower, measured }),
    },
    ...notes.map(({ title, process }) => ({
      title,
      lines: describeSelfTimes(selfTimes(join(folder, process), window), TOP),
    })),
  ]
}

/** Time of a node within the window, by kind of work, over the transactions committed in it. */
function accounting(
  folder: string,
  { leader, follower, measured }: { leader: string; follower: string; measured: Measured },
): readonly string[] {
  const { window, samples } = measured
  const transactions = Math.max(1, samples.length)
  const [atLeader, atFollower] = [leader, follower].map((name) => {
    const work = profilesIn(join(folder, name)).flatMap((profile) => workOf(profile, window))
    return new Map(work.map(({ kind, microseconds }) => [kind, Math.round(microseconds / transactions)]))
  }) as [Map<string, number>, Map<string, number>]
  const kinds = [...new Set([...atLeader.keys(), ...atFollower.keys()])]
  const rows = kinds.map((kind) => [kind, atLeader.get(kind) ?? 0, atFollower.get(kind) ?? 0] as const)
  const busy = (work: Map<string, number>) =>
    [...work].reduce((sum, [kind, each]) => sum + (kind === 'idle' ? 0 : each), 0)
  return table(
    ['µs a transaction', 'leader', 'follower'],
    [...rows, ['all but idle', busy(atLeader), busy(atFollower)]],
  )
}

const profilesIn = (folder: string): readonly StackProfile[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
