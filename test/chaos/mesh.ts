// Proxies between all nodes of a network: one for each that dials and each that is dialled, so that every byte between two
// nodes passes here, whoever opened the connection. Needs no privileges.

import { connect, createServer, type Server, type Socket } from 'node:net'
import { type Conditions, WHOLE, Wire } from './wire.ts'

export interface Port {
  readonly name: string
  /** Where the node itself listens. */
  readonly port: number
}

interface Proxy {
  readonly dialler: string
  readonly target: Port
  readonly server: Server
}

export class Mesh {
  readonly names: readonly string[]
  readonly #wires = new Map<string, Wire>()
  readonly #proxies: Proxy[] = []
  readonly #sockets = new Set<Socket>()

  private constructor(nodes: readonly Port[]) {
    this.names = nodes.map(({ name }) => name)
    for (const from of this.names) {
      for (const to of this.names) if (from !== to) this.#wires.set(`${from} ${to}`, new Wire())
    }
  }

  static async open(nodes: readonly Port[]): Promise<Mesh> {
    const mesh = new Mesh(nodes)
    for (const { name: dialler } of nodes) {
      for (const target of nodes) if (target.name !== dialler) await mesh.#listen(dialler, target)
    }
    return mesh
  }

  /** Where `dialler` reaches `target`. */
  portFor(dialler: string, target: string): number {
    const proxy = this.#proxies.find((each) => each.dialler === dialler && each.target.name === target)
    if (proxy === undefined) throw new Error(`no proxy from ${dialler} to ${target}`)
    return (proxy.server.address() as { port: number }).port
  }

  /** One way. Unstated conditions stay as they are. */
  set({ from, to }: { from: string; to: string }, conditions: Partial<Conditions>): void {
    const wire = this.#wire(from, to)
    wire.set({ ...wire.conditions, ...conditions })
  }

  /** Every wire as on a quiet day. */
  heal(): void {
    for (const wire of this.#wires.values()) wire.set(WHOLE)
  }

  /** Local ports of the connections to nodes: whatever else a node accepts did not come through here. */
  outgoingPorts(): ReadonlySet<number> {
    return new Set([...this.#sockets].map(({ localPort }) => localPort ?? 0))
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(this.#proxies.map(({ server }) => new Promise((resolve) => server.close(resolve))))
  }

  #wire(from: string, to: string): Wire {
    const wire = this.#wires.get(`${from} ${to}`)
    if (wire === undefined) throw new Error(`no wire from ${from} to ${to}`)
    return wire
  }

  async #listen(dialler: string, target: Port): Promise<void> {
    const server = createServer({ noDelay: true }, (inbound) => void this.#connect(inbound, { dialler, target }))
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
    this.#proxies.push({ dialler, target, server })
  }

  async #connect(inbound: Socket, { dialler, target }: { dialler: string; target: Port }): Promise<void> {
    this.#keep(inbound)
    const there = this.#wire(dialler, target.name)
    const back = this.#wire(target.name, dialler)
    // A connection is not made over a cut wire: its first packets get no answer.
    await Promise.all([there.passable(), back.passable()])
    if (inbound.destroyed) return
    const outbound = connect({ port: target.port, host: '127.0.0.1', noDelay: true })
    this.#keep(outbound)
    there.carry(inbound, outbound)
    back.carry(outbound, inbound)
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => this.#sockets.delete(socket))
  }
}
