// The folders of a consortium on one machine: three hospitals and a laboratory validate, a regulator observes. Each has
// its own keys, data folder and ports, as if they were five machines.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { BUILT_IN_SETUP, compileBuiltInContracts } from '../node/built-in-contracts.ts'
import {
  buildGenesis,
  type LoadedGenesis,
  loadGenesis,
  loadJoinCard,
  saveGenesis,
  signGenesis,
} from '../node/genesis-file.ts'
import { initInstitution } from '../node/institution-folder.ts'
import { loadKeyFile, type NodeKeys } from '../node/key-file.ts'
import { StartError } from '../node/start-error.ts'
import type { InstitutionKind } from '../types/genesis.ts'

/** One institution of a consortium that is to be made. */
export interface MemberPlan<Name extends string = string> {
  readonly name: Name
  readonly title: string
  readonly kind: InstitutionKind
  readonly role: 'validator' | 'observer'
}

export const MEMBERS = [
  { name: 'hospital-a', title: 'Hospital A', kind: 'hospital', role: 'validator' },
  { name: 'hospital-b', title: 'Hospital B', kind: 'hospital', role: 'validator' },
  { name: 'hospital-c', title: 'Hospital C', kind: 'hospital', role: 'validator' },
  { name: 'laboratory', title: 'Laboratory', kind: 'laboratory', role: 'validator' },
  { name: 'regulator', title: 'Regulator', kind: 'regulator', role: 'observer' },
] as const satisfies readonly MemberPlan[]

/** Another consortium, for whoever needs more or fewer validators: hospitals named by letters, at least two, and a regulator. */
export function hospitals(validators: number): readonly MemberPlan[] {
  const plans = Array.from({ length: Math.max(2, validators) }, (_, i): MemberPlan => {
    const letter = String.fromCharCode('a'.charCodeAt(0) + i)
    const role = i < validators ? 'validator' : 'observer'
    return { name: `hospital-${letter}`, title: `Hospital ${letter.toUpperCase()}`, kind: 'hospital', role }
  })
  return [...plans, { name: 'regulator', title: 'Regulator', kind: 'regulator', role: 'observer' }]
}

export type MemberName = (typeof MEMBERS)[number]['name']

export interface DevnetMember<Name extends string = MemberName> {
  readonly name: Name
  readonly title: string
  readonly role: 'validator' | 'observer'
  readonly folder: string
  readonly rpcUrl: string
  readonly p2pAddress: string
  readonly keys: NodeKeys
}

export interface Devnet<Name extends string = MemberName> {
  readonly folder: string
  readonly genesis: LoadedGenesis
  readonly genesisFile: string
  readonly members: readonly DevnetMember<Name>[]
}

export interface DevnetOptions {
  /** What the institutions take as the name of a patient, and the zone their consents' dates are meant in. */
  readonly fhir: { readonly masterIdentifierSystem: string; readonly timeZone: string }
}

/** A file that says "made by us": only such a folder is ever emptied. */
const MARKER = 'devnet.json'

/** Makes a new consortium in `folder`; an earlier one there is removed. Throws where the folder holds anything else. */
export function createDevnet(folder: string, options: DevnetOptions): Promise<Devnet> {
  return layOut(folder, MEMBERS, options)
}

/** The same for other members than those of the devnet. */
export async function layOut<Name extends string>(
  folder: string,
  plans: readonly MemberPlan<Name>[],
  options: DevnetOptions,
): Promise<Devnet<Name>> {
  clearFolder(folder)
  const ports = await freePorts(plans.length * 2)
  const cards = plans.map(({ name, title, kind, role }, i) => {
    const home = join(folder, name)
    initInstitution(home, {
      name: title,
      kind,
      role,
      listen: `/ip4/127.0.0.1/tcp/${ports[2 * i]}`,
      rpcPort: ports[2 * i + 1] as number,
      config: { genesis: '../genesis.json', fhir: options.fhir, log: { file: 'node.log' } },
    })
    return loadJoinCard(join(home, 'join-card.json'))
  })
  const genesis = buildGenesis({
    name: 'Devnet consortium',
    timeMs: Date.now(),
    cards,
    contracts: compileBuiltInContracts(),
    setup: BUILT_IN_SETUP,
  })
  const signatures = plans.map(({ name }) => signGenesis(genesis, loadKeyFile(join(folder, name, 'keys.json'))))
  const addresses = new Map(cards.map(({ founder, addresses }) => [founder.transportKey, addresses]))
  saveGenesis(join(folder, 'genesis.json'), { genesis, signatures }, addresses)
  return openLayout(folder, plans)
}

export const openDevnet = (folder: string): Devnet => openLayout(folder, MEMBERS)

function openLayout<Name extends string>(folder: string, plans: readonly MemberPlan<Name>[]): Devnet<Name> {
  const genesisFile = join(folder, 'genesis.json')
  const members = plans.map(({ name, title, role }) => {
    const home = join(folder, name)
    const config = JSON.parse(readFileSync(join(home, 'assent.json'), 'utf8'))
    return {
      name,
      title,
      role,
      folder: home,
      rpcUrl: `http://127.0.0.1:${config.rpc.port}`,
      p2pAddress: config.p2p.listen,
      keys: loadKeyFile(join(home, 'keys.json')),
    }
  })
  return { folder, genesisFile, genesis: loadGenesis(genesisFile, { complete: true }), members }
}

export function memberNamed<Name extends string>(devnet: Devnet<Name>, name: Name): DevnetMember<Name> {
  const member = devnet.members.find((each) => each.name === name)
  if (member === undefined) throw new Error(`no member ${name}`)
  return member
}

function clearFolder(folder: string): void {
  if (existsSync(folder) && !existsSync(join(folder, MARKER))) {
    throw new StartError(`--folder: ${folder} exists and was not made by 'assent devnet'; expected a new folder`)
  }
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(join(folder, MARKER), `${JSON.stringify({ format: 'assent-devnet/1' })}\n`)
}

/** Below the ports that systems hand out by themselves: whoever asks for any port gets none of these in the meantime. */
const PORTS = { least: 12_000, most: 32_000 } as const

/** Ports that nobody listens on right now; all are held until the last is found, so they differ. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers: Server[] = []
  while (servers.length < count) {
    const server = await listenOn(PORTS.least + Math.floor(Math.random() * (PORTS.most - PORTS.least)))
    if (server !== null) servers.push(server)
  }
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** Null where somebody listens already. */
function listenOn(port: number): Promise<Server | null> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null)
      else reject(error)
    })
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
