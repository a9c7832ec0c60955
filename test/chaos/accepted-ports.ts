// Who is connected to a port, as the kernel lists it: shows that nodes reach each other through the proxies alone.

import { readFileSync } from 'node:fs'

const ESTABLISHED = '01'

/** Remote ports of the connections that are open on this local port; null where the system does not tell. */
export function remotePortsAt(localPort: number): readonly number[] | null {
  let table: string
  try {
    table = readFileSync('/proc/net/tcp', 'utf8')
  } catch {
    return null
  }
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === ESTABLISHED && portOf(local) === localPort)
    .map(([, , remote]) => portOf(remote))
}

const portOf = (address: string | undefined): number => Number.parseInt(address?.split(':')[1] ?? '', 16)
