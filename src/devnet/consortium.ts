// The running consortium as its users see it: a process, a client and an institution's desk for every member.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Client, type CommittedReceipt, connect } from '../client/client.ts'
import { InstitutionClient } from '../client/institution-client.ts'
import type { DecodedCall } from '../client/interfaces.ts'
import type { Signer } from '../client/signer.ts'
import type { Json } from '../contracts/abi.ts'
import type { PersonKeys } from '../node/person-file.ts'
import { type Devnet, type DevnetMember, type MemberName, memberNamed } from './layout.ts'
import { NodeProcess } from './node-process.ts'

export interface JsonCall {
  readonly contract: string
  readonly method: string
  readonly args: object
}

export class Consortium {
  readonly devnet: Devnet
  readonly processes: readonly NodeProcess[]
  readonly #clients = new Map<MemberName, Client>()

  constructor(devnet: Devnet, options: { nodeArgs?: readonly string[] } = {}) {
    this.devnet = devnet
    this.processes = devnet.members.map((member) => new NodeProcess(member, options))
  }

  async start(onReady: (member: DevnetMember) => void): Promise<void> {
    for (const each of this.processes) each.start()
    await Promise.all(
      this.devnet.members.map(async (member) => {
        await this.process(member.name).ready()
        onReady(member)
      }),
    )
  }

  async stop(): Promise<boolean> {
    const graceful = await Promise.all(this.processes.map((each) => each.stop()))
    return graceful.every(Boolean)
  }

  member(name: MemberName): DevnetMember {
    return memberNamed(this.devnet, name)
  }

  process(name: MemberName): NodeProcess {
    return this.processes.find(({ member }) => member.name === name) as NodeProcess
  }

  /** One node's client; it talks to no other. */
  client(name: MemberName): Client {
    let client = this.#clients.get(name)
    if (client === undefined) {
      client = connect({ url: this.member(name).rpcUrl, genesis: this.devnet.genesis.signed })
      this.#clients.set(name, client)
    }
    return client
  }

  /** A client that fails over between these nodes. */
  clientOf(names: readonly MemberName[]): Client {
    return connect({ url: names.map((name) => this.member(name).rpcUrl), genesis: this.devnet.genesis.signed })
  }

  desk(name: MemberName): InstitutionClient {
    const { rpcUrl, folder } = this.member(name)
    const token = readFileSync(join(folder, 'data', 'rpc-token'), 'utf8').trim()
    return new InstitutionClient({ url: rpcUrl, genesis: this.devnet.genesis.signed }, token)
  }

  institutionSigner(name: MemberName): Signer {
    const { institution, signing } = this.member(name).keys
    return { identity: institution, keyId: 0, sign: signing.sign }
  }

  /** Calls in an institution's name; throws with the contract's code when one is refused. */
  async act(name: MemberName, calls: readonly JsonCall[]): Promise<CommittedReceipt> {
    const receipt = await this.client(name).submit(calls as never, { signer: this.institutionSigner(name) })
    const refused = receipt.calls.find(({ status }) => status === 'refused')
    if (refused) throw new Error(`${refused.contract}.${refused.method} refused: ${refused.code}`)
    return receipt
  }

  /** One call by anybody, through any node, whatever becomes of it. */
  async call(
    via: MemberName | Client,
    signer: Signer,
    call: JsonCall,
  ): Promise<DecodedCall & { receipt: CommittedReceipt; value: Json }> {
    const client = typeof via === 'string' ? this.client(via) : via
    const receipt = await client.submit([call as never], { signer })
    return { ...(receipt.calls[0] as DecodedCall), receipt }
  }
}

export function personSigner({ identity, signing }: PersonKeys): Signer {
  return { identity, keyId: 0, sign: signing.sign }
}
