// CPU time of a process as the kernel counts it: unlike throughput it hardly depends on what else the machine does.

import { readFileSync } from 'node:fs'

/** Of every Linux on the architectures we ship for. */
const TICKS_PER_SECOND = 100

/** User and system time so far, in ms; null where there is no /proc. */
export function processTimeMs(pid: number): number | null {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return null
  }
  // The second field, the name, may hold spaces; it ends with the last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [user, system] = [Number(fields[11]), Number(fields[12])]
  return ((user + system) * 1_000) / TICKS_PER_SECOND
}
