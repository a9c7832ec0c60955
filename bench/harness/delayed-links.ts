// TCP proxies in front of nodes: what is sent through them arrives later by a fixed time, in order, in both directions. The
// nodes do not know: their genesis file names the proxies.

import { createServer, type Server, Socket } from 'node:net'

export interface DelayedLink {
  /** Where others reach the node from now on. */
  readonly port: number
  close(): Promise<void>
}

/** To `port` on this machine, each way `delayMs`. */
export async function delayedLink(port: number, delayMs: number): Promise<DelayedLink> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = new Socket()
    far.connect(port, '127.0.0.1')
    for (const socket of [near, far]) {
      socket.setNoDelay(true)
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    }
    forward(near, far, delayMs)
    forward(far, near, delayMs)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return { port: portOf(server), close: () => closeAll(server, sockets) }
}

function forward(from: Socket, to: Socket, delayMs: number): void {
  from.on('data', (bytes) => setTimeout(() => !to.destroyed && to.write(bytes), delayMs))
  from.once('close', () => setTimeout(() => to.destroy(), delayMs))
  from.once('error', () => from.destroy())
}

const portOf = (server: Server): number => (server.address() as { port: number }).port

async function closeAll(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  for (const socket of sockets) socket.destroy()
  await closed
}
