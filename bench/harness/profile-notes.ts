// The profile of a run for people: leader, one follower, one client process.

import { join } from 'node:path'
import type { Network } from './network.ts'
import { describeSelfTimes, selfTimes } from './profile.ts'
import type { Answer } from './question.ts'
import type { Measured } from './run-load.ts'

const TOP = 25

/** After the network has stopped: a profile is written at the end of its process. */
export function profileNotes(
  folder: string,
  { network, measured }: { network: Network; measured: Measured },
): NonNullable<Answer['notes']> {
  const { leader, window } = measured
  const follower = network.nodes.find(({ member }) => member.name !== leader)?.member.name
  const notes = [
    { title: `leader (${leader}), self time`, process: leader },
    { title: `a follower (${follower}), self time`, process: follower ?? '' },
    { title: 'a client process, self time', process: 'client-0' },
  ]
  return notes.map(({ title, process }) => ({
    title,
    lines: describeSelfTimes(selfTimes(join(folder, process), window), TOP),
  }))
}
