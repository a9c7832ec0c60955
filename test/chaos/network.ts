// The network under test: validators and an observer, each a process of its own that reaches the others through proxies
// only.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Client, connect } from '../../src/client/client.ts'
import type { NamedCall } from '../../src/client/interfaces.ts'
import type { Signer } from '../../src/client/signer.ts'
import { type Devnet, type DevnetMember, hospitals, layOut } from '../../src/devnet/layout.ts'
import { NodeProcess } from '../../src/devnet/node-process.ts'
import { Mesh } from './mesh.ts'
import type { StepClock } from './node-with-clock.ts'

const NODE_PROGRAM = fileURLToPath(new URL('./node-with-clock.ts', import.meta.url))

export type Member = DevnetMember<string>

export class Network {
  readonly devnet: Devnet<string>
  readonly mesh: Mesh
  readonly nodes: readonly NodeProcess[]
  /** Of the node that answers nobody else's requests. */
  readonly #clients: ReadonlyMap<string, Client>

  private constructor(devnet: Devnet<string>, mesh: Mesh) {
    this.devnet = devnet
    this.mesh = mesh
    this.nodes = devnet.members.map((member) => new NodeProcess(member, { program: NODE_PROGRAM }))
    this.#clients = new Map(
      devnet.members.map(({ name, rpcUrl }) => [name, connect({ url: rpcUrl, genesis: devnet.genesis.signed })]),
    )
  }

  /** Folders and proxies; nothing runs yet. */
  static async layOut(folder: string, validators: number): Promise<Network> {
    const fhir = { masterIdentifierSystem: 'urn:assent:mrn', timeZone: 'UTC' }
    const devnet = await layOut(folder, hospitals(validators), { fhir })
    const mesh = await Mesh.open(devnet.members.map(({ name, p2pAddress }) => ({ name, port: portOf(p2pAddress) })))
    for (const member of devnet.members) routeThrough(mesh, devnet, member)
    return new Network(devnet, mesh)
  }

  async start(): Promise<void> {
    for (const node of this.nodes) node.start()
    await Promise.all(this.nodes.map((node) => node.ready()))
  }

  /** Answers who did not stop gracefully. */
  async stop(): Promise<readonly string[]> {
    const graceful = await Promise.all(this.nodes.map((node) => node.stop()))
    await this.mesh.close()
    return this.nodes.filter((_, i) => !graceful[i]).map(({ member }) => member.name)
  }

  /** At once and without a word, for a run that is given up. */
  kill(): void {
    for (const node of this.nodes) node.signal('SIGKILL')
  }

  get members(): readonly Member[] {
    return this.devnet.members
  }

  node(name: string): NodeProcess {
    const node = this.nodes.find(({ member }) => member.name === name)
    if (node === undefined) throw new Error(`no node ${name}`)
    return node
  }

  client(name: string): Client {
    return this.#clients.get(name) as Client
  }

  stepClock(name: string, offsetMs: number): void {
    this.node(name).send({ kind: 'stepClock', offsetMs } satisfies StepClock)
  }

  /** As most validators see it that answer at once; null while none is known. */
  async leader(): Promise<string | null> {
    const seen = await Promise.all(
      this.members
        .filter(({ role }) => role === 'validator')
        .map(async ({ rpcUrl }) => {
          try {
            const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'node.status', params: {} })
            const headers = { 'content-type': 'application/json' }
            const answer = await fetch(rpcUrl, { method: 'POST', headers, body, signal: AbortSignal.timeout(500) })
            const { result } = (await answer.json()) as { result?: { term: number; leader: string | null } }
            return result
          } catch {
            return undefined
          }
        }),
    )
    const latest = seen.filter((each) => each !== undefined).sort((a, b) => b.term - a.term)
    const leader = latest.find((each) => each.leader !== null)?.leader
    return this.members.find(({ keys }) => keys.institution === leader)?.name ?? null
  }

  /** In the institution's name; all of them must succeed. */
  async act(name: string, calls: readonly NamedCall[]): Promise<void> {
    const receipt = await this.client(name).submit(calls, { signer: this.signer(name) })
    const refused = receipt.calls.find(({ status }) => status === 'refused')
    if (refused) throw new Error(`set-up: ${refused.contract}.${refused.method} refused: ${refused.code}`)
  }

  signer(name: string): Signer {
    const { keys } = this.node(name).member
    return { identity: keys.institution, keyId: 0, sign: keys.signing.sign }
  }
}

export const portOf = (p2pAddress: string): number => Number(p2pAddress.split('/').at(-1))

/** Writes into a node's configuration that it reaches every peer at the proxy. */
function routeThrough(mesh: Mesh, devnet: Devnet<string>, { name, folder }: Member): void {
  const file = join(folder, 'assent.json')
  const config = JSON.parse(readFileSync(file, 'utf8'))
  const peers = devnet.members
    .filter((peer) => peer.name !== name)
    .map((peer) => ({
      transportKey: peer.keys.transport.publicKey,
      addresses: [`/ip4/127.0.0.1/tcp/${mesh.portFor(name, peer.name)}`],
    }))
  writeFileSync(file, JSON.stringify({ ...config, p2p: { ...config.p2p, peers } }, null, 2))
}
